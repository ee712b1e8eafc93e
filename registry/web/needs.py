"""How much trust a project needs: questions propose levels, a person sets them with a reason."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from registry.cards.needs import load_rubric
from registry.models import Project, SignOff, User
from registry.models.choices import Aspect, NeedLevel
from registry.services.catalog import set_trust_need
from registry.web.access import fetch
from registry.web.forms.needs import TrustNeedForm
from registry.web.present import needs
from registry.web.present.pages import crumbs
from registry.web.submission import carry_out, done, form_page, sent


@login_required
def trust_needs(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the questions by GET, which proposes levels; set one aspect's level by POST."""
    project = fetch(Project, request, pk, "team")
    answers = _answers(request) or needs.last_answers(project)
    query = urlencode({"asked": 1} | {slug: 1 for slug, yes in answers.items() if yes}) if answers else ""
    form = TrustNeedForm(**sent(request), initial=_beginning(request, answers))
    if need := carry_out(form, lambda data: _set(project, data, answers, by=request.user)):
        level = need.get_level_display().lower()
        is_signed = SignOff.objects.filter(version__model__project=project).exists()
        lapsed = " Signatures on this project's versions lapsed." if is_signed else ""
        return done(request, f"{need.get_aspect_display()}: {level}.{lapsed}", f"{request.path}?{query}")
    context = needs.page(project, answers=answers, query=query)
    where = crumbs("project-list", (str(project), "project", pk))
    return form_page(request, form, "registry/catalog/needs.html", crumbs=where, **context)


def _answers(request: HttpRequest) -> dict[str, bool]:
    """What was ticked; empty where nobody asked."""
    slugs = [question["slug"] for question in load_rubric()["questions"]]
    if "asked" not in request.GET and not any(slug in request.GET for slug in slugs):
        return {}
    return {slug: slug in request.GET for slug in slugs}


def _beginning(request: HttpRequest, answers: dict[str, bool]) -> dict[str, Any]:
    """What the form starts with: the proposal that was chosen, and its reasons to be put in one's own words."""
    aspect, level = request.GET.get("aspect", ""), request.GET.get("level", "")
    if aspect not in Aspect.values or level not in NeedLevel.values:
        return {}
    reason = "; ".join(needs.reasons(aspect, answers))
    return {"aspect": aspect, "level": level, "reason": f"{reason}." if reason else ""}


def _set(project: Project, data: dict[str, Any], answers: dict[str, bool], *, by: User) -> Any:
    return set_trust_need(project, **data, answers=answers, by=by)


urlpatterns = [path("projects/<uuid:pk>/needs/", trust_needs, name="trust-needs")]
