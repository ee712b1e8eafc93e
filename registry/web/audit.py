"""The audit log."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from registry.web.access import teams_of
from registry.web.paging import asked, keyset_page
from registry.web.present.audit import event_row, visible_events

COLUMNS = [{"title": name} for name in ("What", "Of what", "Who", "Team", "When", "Leaf hash")]


@require_safe
@login_required
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what to what, newest first."""
    events, query, team = visible_events(request.user), asked(request, "q"), asked(request, "team")
    for word in query.split()[:8]:
        events = events.filter(
            Q(verb__icontains=word) | Q(subject_name__icontains=word) | Q(actor__username__icontains=word)
        )
    if team:
        events = events.filter(team__slug=team)
    page = keyset_page(request, events.select_related("actor", "team"), by=("id",), descending=True, size=50)
    rows = [event_row(event) for event in page.rows]
    context = {"page": page, "columns": COLUMNS, "rows": rows, "q": query, "team": team}
    return render(request, "registry/audit/audit.html", context | {"choices": teams_of(request.user)})


urlpatterns = [path("audit/", audit, name="audit")]
