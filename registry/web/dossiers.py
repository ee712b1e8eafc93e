"""A version's dossier as a PDF."""

import hashlib
import logging
import re
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from registry.models import ModelVersion
from registry.reports import dossier
from registry.reports.dossier_files import file_name
from registry.reports.pdf import RenderingFailed, RenderingTimedOut
from registry.reports.turns import NoTurn, turn
from registry.services.exports import record_dossier_export
from registry.web.access import fetch
from registry.web.present.dossier import dossier as presented

AGAIN_S = 10
BUSY = "Other dossiers are being drawn just now, and only so many are drawn at a time. It takes some seconds."
WORD = re.compile("[a-z0-9]{1,20}")
TOO_LONG = "Drawing it took longer than it may."

logger = logging.getLogger(__name__)


@require_GET
@login_required
def version_dossier(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everything about a version on paper, with its data inside. Who took it, and its digest, are on record."""
    version = fetch(ModelVersion, request, pk, "model__team", "team")
    try:
        with turn():
            content = presented(version, person=request.user)
            pdf = dossier.render(content)
    except NoTurn:
        return unavailable(request, version, title="The dossier has to wait", reason=BUSY)
    except RenderingFailed as error:
        logger.exception("the dossier of %s could not be drawn", version.pk)
        reason = TOO_LONG if isinstance(error, RenderingTimedOut) else ""
        return unavailable(request, version, title="The dossier could not be drawn", reason=reason)
    record_dossier_export(
        version, pdf_digest=hashlib.sha256(pdf).hexdigest(), evidence_digest=content.evidence_digest, by=request.user
    )
    name = f"{file_name('dossier', version.model.team.slug, version.model.slug, version.label)}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return told(request, HttpResponse(pdf, content_type="application/pdf", headers=headers), version)


def told(request: HttpRequest, answer: HttpResponse, version: ModelVersion) -> HttpResponse:
    """The answer with the word that the page's script waits for, where it sent one: a browser tells it nothing else."""
    if WORD.fullmatch(word := request.GET.get("word", "")):
        here = reverse("version", args=[version.pk])
        answer.set_cookie("dossier", word, max_age=60, path=here, secure=settings.SECURE, samesite="Strict")
    return answer


def unavailable(request: HttpRequest, version: ModelVersion, *, title: str, reason: str) -> HttpResponse:
    """A page that says why there is no dossier just now, and when to ask again."""
    context = {"title": title, "reason": reason, "back": reverse("version", args=[version.pk])}
    answer = render(request, "503.html", context, status=503)
    answer["Retry-After"] = str(AGAIN_S)
    return answer


urlpatterns = [path("versions/<uuid:pk>/dossier.pdf", version_dossier, name="version-dossier")]
