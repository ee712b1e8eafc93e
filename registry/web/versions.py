"""The pages of one version: its gate, evidence, card, risks, lineage and history."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_safe

from registry.models import ModelVersion
from registry.web.present import (
    changes,
    coverage,
    documents,
    evidence,
    history,
    lineage,
    risks,
    signatures,
    verdict,
    versions,
)


def fetch_version(request: HttpRequest, pk: UUID) -> ModelVersion:
    """The version with what its pages show; 404 where the visitor may not see it."""
    rows = versions.for_pages(ModelVersion.objects.visible_to(request.user), person=request.user)
    found: ModelVersion = get_object_or_404(rows, pk=pk)
    return found


def _section(request: HttpRequest, version: ModelVersion, tab: str, template: str, **more: Any) -> HttpResponse:
    context = versions.frame(version, tab) | more
    return render(request, f"registry/catalog/{template}.html", context)


@require_safe
@login_required
def version_gate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the gate says, who signed, and what changed since."""
    version = fetch_version(request, pk)
    gate = verdict.section(version)
    signed = signatures.sign_offs(version)
    since = changes.since_signed(signed[0] if signed else None, gate.get("reviewed"), person=request.user)
    shown = {"sign_offs": signatures.signature_entries(signed, version)} | since
    offered = versions.offers(version, gate, signed, request.user)
    return _section(request, version, "gate", "version", **gate, **shown, **offered)


@require_safe
@login_required
def version_evidence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every measurement against its limit."""
    version = fetch_version(request, pk)
    return _section(request, version, "evidence", "version_evidence", **evidence.section(version))


@require_safe
@login_required
def version_coverage(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Known techniques of attack against what was measured."""
    version = fetch_version(request, pk)
    shown = coverage.section(version, evidence.asked_of(version))
    return _section(request, version, "coverage", "version_coverage", **shown)


@require_safe
@login_required
def version_card(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The model card, and the datasheets it rests on."""
    version = fetch_version(request, pk)
    return _section(request, version, "card", "version_card", **documents.card_section(version, person=request.user))


@require_safe
@login_required
def version_risks(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What could go wrong and what is done about it."""
    version = fetch_version(request, pk)
    return _section(request, version, "risks", "version_risks", **risks.section(version, person=request.user))


@require_safe
@login_required
def version_lineage(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What it was made from, and what was made from it."""
    version = fetch_version(request, pk)
    return _section(request, version, "lineage", "version_lineage", **lineage.section(version, person=request.user))


@require_safe
@login_required
def version_history(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everything that happened to it."""
    version = fetch_version(request, pk)
    return _section(request, version, "history", "version_history", **history.section(version, request.GET))


@require_safe
@login_required
def version_compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """This version beside another one of the same model."""
    version = fetch_version(request, pk)
    context = changes.compare(version, against=request.GET.get("against", ""), person=request.user)
    return render(request, "registry/catalog/compare.html", context)


urlpatterns = [
    path("versions/<uuid:pk>/", version_gate, name="version"),
    path("versions/<uuid:pk>/evidence/", version_evidence, name="version-evidence"),
    path("versions/<uuid:pk>/coverage/", version_coverage, name="version-coverage"),
    path("versions/<uuid:pk>/card/", version_card, name="version-card"),
    path("versions/<uuid:pk>/risks/", version_risks, name="version-risks"),
    path("versions/<uuid:pk>/lineage/", version_lineage, name="version-lineage"),
    path("versions/<uuid:pk>/history/", version_history, name="version-history"),
    path("versions/<uuid:pk>/compare/", version_compare, name="version-compare"),
]
