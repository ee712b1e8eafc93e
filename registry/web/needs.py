"""How much trust a project needs: questions propose levels, a person sets them with a reason."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from registry.cards.needs import load_rubric, propose_levels
from registry.models import Project, User
from registry.services.catalog import set_trust_need
from registry.web.access import fetch
from registry.web.forms.needs import TrustNeedForm
from registry.web.present.pages import crumbs
from registry.web.present.projects import needs_of
from registry.web.submission import carry_out, done, form_page, sent


@login_required
def trust_needs(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the questions by GET, which proposes levels; set one aspect's level by POST."""
    project = fetch(Project, request, pk, "team")
    answers = {question["slug"]: question["slug"] in request.GET for question in load_rubric()["questions"]}
    form = TrustNeedForm(**sent(request))
    if need := carry_out(form, lambda data: _set(project, data, answers, by=request.user)):
        level = need.get_level_display().lower()
        said = f"{need.get_aspect_display()}: {level}. Signatures on this project's versions lapsed."
        return done(request, said, f"{request.path}?{request.GET.urlencode()}")
    asked = [question | {"yes": answers[question["slug"]]} for question in load_rubric()["questions"]]
    proposed = propose_levels(answers) if any(answers.values()) or "asked" in request.GET else {}
    needs = [need | {"proposed": proposed.get(need["key"])} for need in needs_of(project)]
    context = {"project": project, "questions": asked, "needs": needs, "section": "models"}
    where = crumbs("project-list", (str(project), "project", pk))
    return form_page(request, form, "registry/catalog/needs.html", proposed=proposed, crumbs=where, **context)


def _set(project: Project, data: dict[str, Any], answers: dict[str, bool], *, by: User) -> Any:
    return set_trust_need(project, **data, answers=answers, by=by)


urlpatterns = [path("projects/<uuid:pk>/needs/", trust_needs, name="trust-needs")]
