"""The audit log."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from registry.web.access import teams_of
from registry.web.paging import asked, keyset_page
from registry.web.present.audit import having, visible_events, whole_entries


@require_safe
@login_required
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what to what, newest first."""
    query, team = asked(request, "q"), asked(request, "team")
    events = having(visible_events(request.user), query)
    if team:
        events = events.filter(team__slug=team)
    page = keyset_page(request, events.select_related("actor", "team"), by=("id",), descending=True, size=50)
    context = {"page": page, "entries": whole_entries(page.rows), "q": query, "team": team}
    return render(request, "registry/audit/audit.html", context | {"choices": teams_of(request.user)})


urlpatterns = [path("audit/", audit, name="audit")]
