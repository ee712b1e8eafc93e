"""Asking that one finding be accepted for a while, and granting it."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from registry import policies
from registry.exceptions import NotPermitted
from registry.gates.values import WAIVABLE_KINDS
from registry.models import ModelVersion, User, Waiver, WaiverGrant
from registry.services import lifecycle, verdicts
from registry.web.access import fetch
from registry.web.forms.lifecycle import PresenceForm, WaiverForm
from registry.web.present import limits_asked
from registry.web.present.pages import crumbs
from registry.web.present.versions import next_stage
from registry.web.present.waivers import waiver_page
from registry.web.signing import prove_presence
from registry.web.submission import carry_out, done, form_page, sent


@login_required
def version_waive(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for a waiver of one finding that bars the way now."""
    version = fetch(ModelVersion, request, pk, "model__team", "model__project", "team")
    if not policies.may_contribute(request.user, version.team):
        raise NotPermitted("Asking for a waiver takes a contributor of the team.")
    reviewed = verdicts.review(version, to_stage=next_stage(version) or "inference")
    unmet = limits_asked.said(item for item in reviewed.decision.unmet if item.kind in WAIVABLE_KINDS)
    most = reviewed.revision.max_waiver_hours if reviewed.revision else 72
    chosen = next((f"{r.id} {r.found}" for r in unmet if r.id == request.GET.get("requirement")), None)
    form = WaiverForm(**sent(request), unmet=unmet, most_hours=most, initial={"finding": chosen})
    if waiver := carry_out(form, lambda data: _ask(version, reviewed.to_stage, form, data, by=request.user)):
        return done(request, "The waiver is asked for. It holds once two reviewers granted it.", "waiver", pk=waiver.pk)
    where = crumbs("model-list", (str(version), "version", pk))
    return form_page(request, form, "registry/lifecycle/waive.html", version=version, unmet=unmet, crumbs=where)


def _ask(version: ModelVersion, to_stage: str, form: WaiverForm, data: dict[str, Any], *, by: User) -> Waiver:
    requirement, found = form.chosen()
    return lifecycle.request_waiver(
        version,
        to_stage=to_stage,
        requirement=requirement,
        found=found,
        reason=data["reason"],
        expires_at=form.expires_at(),
        by=by,
    )


@login_required
def waiver(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A waiver: what it accepts, why, until when, who granted it; and the form that grants it."""
    found = fetch(Waiver, request, pk, "version__model__team", "version__team", "requested_by")
    form = PresenceForm(**sent(request))
    if carry_out(form, lambda data: _grant(request, found, form)):
        return done(request, "You granted the waiver.", "waiver", pk=pk)
    return form_page(request, form, "registry/lifecycle/waiver.html", **waiver_page(found, person=request.user))


def _grant(request: HttpRequest, found: Waiver, form: PresenceForm) -> WaiverGrant | None:
    proof = prove_presence(request, form)
    return lifecycle.grant_waiver(found, proof=proof, by=request.user) if proof else None


urlpatterns = [
    path("versions/<uuid:pk>/waive/", version_waive, name="version-waive"),
    path("waivers/<uuid:pk>/", waiver, name="waiver"),
]
