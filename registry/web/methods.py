"""The method pages: what can be measured, and how a number came to be."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_safe

from registry.models import Measurement, ModelVersion
from registry.web.present import methods, metrics
from registry.web.present.pages import crumbs


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Everything that can be measured, by family."""
    return render(request, "registry/evaluations/methods.html", methods.index())


@require_safe
@login_required
def method(request: HttpRequest, metric: str) -> HttpResponse:
    """How a metric is measured, and what it can't tell; with `?reading=`, how one number was."""
    known = metrics.facts().get(metric)
    if known is None:
        raise Http404
    context = methods.page(known) | {"crumbs": crumbs("methods")}
    if asked := request.GET.get("reading"):
        context |= {"reading": methods.reading(_reading(request, metric, asked))}
    return render(request, "registry/evaluations/method.html", context)


def _reading(request: HttpRequest, metric: str, asked: str) -> Measurement:
    """The measurement that is asked about, if the visitor may see it."""
    if not asked.isdecimal() or len(asked) > 18:
        raise Http404
    seen = Measurement.objects.filter(metric=metric, version__in=ModelVersion.objects.visible_to(request.user))
    related = ("evaluation", "version__model__team")
    found: Measurement = get_object_or_404(seen.select_related(*related), pk=int(asked))
    return found


urlpatterns = [
    path("methods/", index, name="methods"),
    path("methods/<str:metric>/", method, name="method"),
]
