"""A version's dossier as a PDF."""

import hashlib
import logging
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from registry.models import ModelVersion
from registry.reports import dossier
from registry.reports.dossier_files import file_name
from registry.reports.pdf import RenderingFailed
from registry.services.exports import record_dossier_export
from registry.web.access import fetch
from registry.web.present.dossier import dossier as presented

logger = logging.getLogger(__name__)


@require_GET
@login_required
def version_dossier(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everything about a version on paper, with its data inside. Who took it, and its digest, are on record."""
    version = fetch(ModelVersion, request, pk, "model__team", "team")
    content = presented(version, person=request.user)
    try:
        pdf = dossier.render(content)
    except RenderingFailed:
        logger.exception("the dossier of %s could not be drawn", version.pk)
        return render(request, "503.html", {"title": "The dossier could not be drawn"}, status=503)
    record_dossier_export(
        version, pdf_digest=hashlib.sha256(pdf).hexdigest(), evidence_digest=content.evidence_digest, by=request.user
    )
    name = f"{file_name('dossier', version.model.team.slug, version.model.slug, version.label)}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


urlpatterns = [path("versions/<uuid:pk>/dossier.pdf", version_dossier, name="version-dossier")]
