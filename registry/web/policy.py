"""Policies: reading them in plain words, writing the next revision, agreeing, activating."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from registry import policies
from registry.exceptions import NotPermitted
from registry.models import Policy, PolicyRevision, User
from registry.models.choices import Role
from registry.services import policy as verbs
from registry.web.access import fetch, teams_of
from registry.web.forms.policy import ActivateForm, RevisionForm
from registry.web.present import policy, policy_writing
from registry.web.present.pages import crumbs
from registry.web.submission import carry_out, done, form_page, sent


@require_safe
@login_required
def policy_list(request: HttpRequest) -> HttpResponse:
    """Policies of the visitor's teams."""
    return render(request, "registry/policy/policies.html", policy.policy_list(request))


@require_safe
@login_required
def policy_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A policy and its revisions."""
    found = fetch(Policy, request, pk, "team", "created_by")
    return render(request, "registry/policy/policy.html", policy.policy_page(found, person=request.user))


@require_safe
@login_required
def policy_revision(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A revision in plain words: what it asks before which stage, and why."""
    revision = fetch(PolicyRevision, request, pk, "policy__team", "written_by")
    context = policy.revision_page(revision, person=request.user)
    context["form"] = ActivateForm(team=revision.policy.team)
    return render(request, "registry/policy/revision.html", context)


@login_required
def policy_revision_new(request: HttpRequest) -> HttpResponse:
    """Write the next revision as JSON; `?from=` begins with an earlier one, or with an example."""
    if not teams_of(request.user, Role.CONTRIBUTOR, Role.ADMINISTRATOR).exists():
        raise NotPermitted("Writing a policy takes a contributor or administrator of a team.")
    form = RevisionForm(**sent(request), person=request.user, initial=policy_writing.beginning(request))
    if revision := carry_out(form, lambda data: _write(data, by=request.user)):
        said = f"{revision} is written. It applies once two others agreed and one activated it."
        return done(request, said, "policy-revision", pk=revision.pk)
    context = policy_writing.writing_help(request.user) | {"crumbs": crumbs("policy-list"), "section": "policies"}
    return form_page(request, form, "registry/policy/new.html", **context)


def _write(data: dict[str, Any], *, by: User) -> PolicyRevision:
    return verbs.write_revision(data["team"], slug=data["slug"], body=data["body"], by=by)


@require_POST
@login_required
def policy_agree(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Agree to somebody else's revision."""
    revision = fetch(PolicyRevision, request, pk, "policy__team", "written_by")
    verbs.agree(revision, by=request.user)
    published = verbs.is_published(revision)
    said = "With your word it is published and can be activated." if published else "One more person has to agree."
    return done(request, f"You agreed to {revision}. {said}", "policy-revision", pk=pk)


@login_required
def policy_activate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a published revision apply to a project."""
    revision = fetch(PolicyRevision, request, pk, "policy__team", "written_by")
    if not policies.may_publish_policy(request.user, revision.policy.team):
        raise NotPermitted("Activating a policy takes a reviewer or administrator of its team who did not write it.")
    form = ActivateForm(**sent(request), team=revision.policy.team)
    if made := carry_out(form, lambda data: verbs.activate(revision, project=data["project"], by=request.user)):
        said = f"{revision} applies to {made.project.name} from now on. Signatures given under another one lapsed."
        return done(request, said, "policy-revision", pk=pk)
    where = crumbs("policy-list", (str(revision), "policy-revision", pk))
    context = {"title": "Activate a policy", "lead": f"{revision} shall apply to a project from now on."}
    return form_page(request, form, submit="Activate", crumbs=where, section="policies", **context)


urlpatterns = [
    path("policies/", policy_list, name="policy-list"),
    path("policies/<uuid:pk>/", policy_page, name="policy"),
    path("policies/new/", policy_revision_new, name="policy-revision-new"),
    path("policy-revisions/<uuid:pk>/", policy_revision, name="policy-revision"),
    path("policy-revisions/<uuid:pk>/agree/", policy_agree, name="policy-agree"),
    path("policy-revisions/<uuid:pk>/activate/", policy_activate, name="policy-activate"),
]
