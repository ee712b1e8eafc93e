"""The dossier of a version: what its approval rests on, on pages for people, with the data itself inside the PDF."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from registry.reports.pdf import Attached, to_pdf

SHEETS = ("charts.css", "print.css", "dossier.css")
Presented = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """Values as they are printed, part by part, and the files that travel inside the PDF.

    What people wrote is plain text here, or HTML that `prose.render_markdown` made harmless; moments are words in UTC.
    """

    name: str
    evidence_digest: str
    title: Presented
    verdict: Presented
    evidence: Presented
    documents: Sequence[Presented]
    risks: Presented
    lineage: Presented
    record: Presented
    attestation: Presented
    sources: Sequence[Presented]
    attachments: tuple[Attached, ...] = field(default=())


def render(content: Dossier) -> bytes:
    """The dossier as PDF/A-3 with its attachments. RenderingFailed when the closed child can't draw it."""
    return to_pdf(to_html(content), attachments=content.attachments)


def to_html(content: Dossier) -> str:
    """The pages before they are set, with their whole style inside."""
    context = {"dossier": content, "style": _style(), "attached": [_listed(each) for each in content.attachments]}
    return render_to_string("reports/dossier.html", context)


def _style() -> SafeString:
    folder = settings.BASE_DIR / "static" / "css"
    return mark_safe("\n".join((folder / name).read_text() for name in SHEETS))  # noqa: S308 (files of our own)


def _listed(attached: Attached) -> dict[str, Any]:
    """What the last page says of an attached file."""
    return {
        "name": attached.name,
        "description": attached.description,
        "size": len(attached.content),
        "sha256": hashlib.sha256(attached.content).hexdigest(),
    }
