"""The first page: what is blocked and why, what waits for the visitor, what expires soon, what happened."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from registry.web.present import overview


@require_safe
@login_required
def overview_page(request: HttpRequest) -> HttpResponse:
    """Where things stand."""
    return render(request, "registry/overview/overview.html", overview.page(request.user))


urlpatterns = [path("", overview_page, name="overview")]
