"""Known techniques of attack, and how far what is measured here answers them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from registry.web.present import coverage as covered
from registry.web.present.pages import crumbs


@require_safe
@login_required
def coverage(request: HttpRequest) -> HttpResponse:
    """Every model that the visitor sees, at its newest version, against the techniques."""
    context = covered.overview(request.user) | {"crumbs": crumbs("model-list")}
    return render(request, "registry/taxonomies/coverage.html", context)


urlpatterns = [path("coverage/", coverage, name="coverage")]
