"""Naming risks, rating them again, resolving them."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from registry import policies
from registry.exceptions import NotPermitted
from registry.models import ModelVersion, Risk, Team, User
from registry.services.risks import CHANGEABLE, record_risk, update_risk
from registry.web.access import fetch
from registry.web.forms.risks import NewRiskForm, RiskForm
from registry.web.present.pages import crumbs
from registry.web.submission import carry_out, done, form_page, sent


def _require_contributor(person: User, team: Team) -> None:
    if not policies.may_contribute(person, team):
        raise NotPermitted("Rating risks takes a contributor of the team.")


@login_required
def risk_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Name a risk of a version."""
    version = fetch(ModelVersion, request, pk, "model__team", "team")
    _require_contributor(request.user, version.team)
    form = NewRiskForm(**sent(request), team=version.team)
    if carry_out(form, lambda data: record_risk(version, **data, by=request.user)):
        return done(request, "The risk is on record. Signatures on this version lapsed.", "version-risks", pk=pk)
    lead = f"It joins the assessment of the stage {version.stage} and is carried forward until it is resolved."
    where = crumbs("model-list", (str(version), "version-risks", pk))
    back = reverse("version-risks", args=[pk])
    return form_page(request, form, title="Add a risk", lead=lead, submit="Record it", cancel=back, crumbs=where)


def _newest(risk: Risk) -> Risk:
    """The risk where it stands now: a stage that was left keeps what was thought of it then."""
    while later := Risk.objects.filter(carried_from=risk).first():
        risk = later
    return risk


@login_required
def risk_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rate a risk again, say what was done, resolve it."""
    risk = fetch(Risk, request, pk, "version__model__team", "version__team")
    _require_contributor(request.user, risk.version.team)
    if request.method != "POST" and (newest := _newest(risk)) != risk:
        return redirect("risk-edit", pk=newest.pk)
    initial = {name: getattr(risk, name) for name in CHANGEABLE}
    form = RiskForm(**sent(request), team=risk.version.team, initial=initial)
    if carry_out(form, lambda data: update_risk(risk, changes=data, by=request.user)):
        return done(
            request, "The risk is updated. Signatures on this version lapsed.", "version-risks", pk=risk.version_id
        )
    where = crumbs("model-list", (str(risk.version), "version-risks", risk.version_id))
    context = {"title": "Risk", "lead": risk.issue, "cancel": reverse("version-risks", args=[risk.version_id])}
    return form_page(request, form, submit="Save", crumbs=where, **context)


urlpatterns = [
    path("versions/<uuid:pk>/risks/new/", risk_new, name="risk-new"),
    path("risks/<int:pk>/", risk_edit, name="risk-edit"),
]
