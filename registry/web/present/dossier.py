"""A version's dossier, put together from what its pages show and from what only paper needs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from registry.cards.schemas import load_schema
from registry.exceptions import NotNow
from registry.models import DatasetVersion, Document, ModelVersion, User
from registry.models.choices import Stage, Standing
from registry.models.gate_inputs import database_now
from registry.reports import dossier_files as files
from registry.reports.dossier import Dossier
from registry.reports.moments import in_utc
from registry.reports.pdf import Attached
from registry.reports.wording import asked_words
from registry.reports.wording import judged as outcome_of
from registry.web.present import documents, dossier_evidence, dossier_record, evidence, lineage, risks, versions
from registry.web.present.dossier_verdict import Judged, judge
from registry.web.present.dossier_verdict import section as verdict_section

TRIES = 3
# How many reasons the first page has room for.
FIRST_REASONS = 7
STANDARDS = (
    (
        "Signatures",
        "Name, moment and meaning in every readable form (21 CFR 11.50), bound to an evidence digest.",
    ),
    (
        "Signed answer",
        "in-toto Statement v1 and SLSA Verification Summary v1 in a DSSE envelope; ECDSA P-256.",
    ),
    ("Root digest", "OpenSSF Model Signing: SHA-256 over the digests of the files in the order of their names."),
    ("Attached JSON", "RFC 8785, so that the same content always has the same digest."),
    ("This file", "PDF/A-3 (ISO 19005-3), with the data as embedded files."),
)


def dossier(version: ModelVersion, *, person: User) -> Dossier:
    """Everything as of one moment; NotNow when the version keeps changing while it is read."""
    for _ in range(TRIES):
        before = _fresh(version)
        content = _compose(before, person)
        if _state(_fresh(version)) == _state(before):
            return content
    raise NotNow("The version was changing while its dossier was put together. Ask again in a moment.")


def _fresh(version: ModelVersion) -> ModelVersion:
    found: ModelVersion = versions.for_pages(ModelVersion.objects.filter(pk=version.pk)).get()
    return found


def _state(version: ModelVersion) -> tuple[Any, ...]:
    """What changes with every write that a gate or a signature depends on."""
    return version.stage, version.standing, version.evidence_rev, version.touched, version.root_digest


def _compose(version: ModelVersion, person: User) -> Dossier:
    judged, now = judge(version), database_now()
    measured = evidence.newest_measurements(version)
    attestation = dossier_record.newest_attestation(version)
    key = dossier_record.notary_key(attestation)
    held, hidden = _documents(version, person)
    return Dossier(
        name=str(version),
        evidence_digest=judged.evidence_digest,
        title=_title(version, judged, person, now, key.key_id if key else ""),
        verdict=verdict_section(version, judged),
        evidence=dossier_evidence.section(version, measured, judged.requirements),
        documents=[_document(each, person) for each in held],
        risks=_without_links(risks.section(version, person=person)) | {"hidden_datasets": hidden},
        lineage=_without_links(lineage.section(version, person=person)),
        record=dossier_record.section(version, waived=judged.body["waived"]),
        attestation=dossier_record.attested(attestation, key, evidence_digest=judged.evidence_digest),
        sources=list(_sources(judged, held)),
        attachments=(
            *_judged_files(version, judged, now),
            files.measurements_file(version, measured),
            *files.document_files(held),
            *files.manifest_file(version),
            *files.attested_files(attestation, key),
        ),
    )


def _title(version: ModelVersion, judged: Judged, person: User, now: datetime, key_id: str) -> dict[str, Any]:
    model, revision = version.model, judged.revision
    return {
        "name": str(model),
        "label": version.label,
        "lead": model.description,
        "project": model.project.name,
        "purpose": model.project.purpose,
        "stage": version.stage,
        "target": versions.next_stage(version),
        "left": versions.left_stage(version),
        "question": judged.question,
        "word": judged.title,
        "mark": judged.mark,
        "reason": judged.reason,
        **_reasons(judged),
        "facts": [
            {"name": "Stage", "value": Stage(version.stage).label},
            *([{"name": "Approved until", "value": judged.until}] if judged.until else []),
            {"name": "Standing", "value": Standing(version.standing).label},
            {"name": "Root digest of the files", "code": version.root_digest or "no files registered"},
            {"name": "Policy", "value": str(revision or "none is active"), "code": revision.digest if revision else ""},
            {"name": "Evidence", "value": f"revision {judged.evidence_rev}", "code": judged.evidence_digest},
            {"name": "Notary key", "code": key_id or "no key is known yet"},
            {"name": "Registered", "value": f"{in_utc(version.registered_at)}, by {version.registered_by}"},
            {"name": "This dossier", "value": f"{in_utc(now)}, for {person}"},
        ],
    }


def _reasons(judged: Judged) -> dict[str, Any]:
    """Why, in a few lines: what is not met or only accepted for a while; where all is met, who signed."""
    unmet = [item for item in judged.requirements if outcome_of(item) != "passed"]
    signed = [item for item in judged.requirements if item.kind == "sign_off"]
    shown = unmet or signed
    return {
        "reasons_title": "Why" if unmet else "Signed",
        "reasons": shown[:FIRST_REASONS],
        "reasons_left": max(0, len(shown) - FIRST_REASONS),
    }


def _judged_files(version: ModelVersion, judged: Judged, now: datetime) -> Iterator[Attached]:
    signed = version.sign_offs.filter(snapshot__digest=judged.evidence_digest).exists()
    yield files.evidence_file(judged.evidence_body, signed=signed)
    said = {
        "version": str(version),
        "root_digest": version.root_digest,
        "standing": version.standing,
        "policy": {"name": str(judged.revision), "digest": judged.revision.digest} if judged.revision else None,
        "evidence": {"revision": judged.evidence_rev, "digest": judged.evidence_digest},
        "exported_at": now.isoformat(),
        **judged.body,
    }
    yield files.data("verdict.json", "The verdict with every requirement, in fields", said)


def _documents(version: ModelVersion, person: User) -> tuple[list[Document], int]:
    """The card, the datasheets of pinned data that the reader may see, and how many they may not."""
    pinned: QuerySet[DatasetVersion] = DatasetVersion.objects.filter(children__child_model=version).distinct()
    seen = pinned.visible_to(person)
    rows = Document.objects.select_related("model_version__model__team", "dataset_version__dataset__team")
    card, sheets = rows.filter(model_version=version), rows.filter(dataset_version__in=seen)
    return [*card, *sheets.order_by("dataset_version__registered_at")], pinned.count() - seen.count()


def _document(document: Document, person: User) -> dict[str, Any]:
    shown = documents.page(document, person=person)
    revision = shown["revision"]
    return {
        "title": document.get_kind_display(),
        "subject": str(document.model_version or document.dataset_version),
        "sections": shown["sections"],
        "progress": shown["progress"],
        "revision": revision and revision | {"at": in_utc(revision["at"])},
    }


def _without_links(shown: Any) -> Any:
    """The same without addresses of this site, which lead nowhere from paper."""
    if isinstance(shown, dict):
        return {key: _without_links(value) for key, value in shown.items() if key != "href"}
    return [_without_links(each) for each in shown] if isinstance(shown, list) else shown


def _sources(judged: Judged, held: list[Document]) -> Iterator[dict[str, Any]]:
    """Where the limits, the questions and the forms come from."""
    limits = [item for item in judged.requirements if item.detail.get("source")]
    if limits:
        yield {"title": "Limits", "rows": [(asked_words(item), item.detail["source"]) for item in limits]}
    schemas = [load_schema(kind) for kind in dict.fromkeys(document.kind for document in held)]
    yield {"title": "Documents", "rows": [(schema.title, schema.source) for schema in schemas]}
    yield {"title": "Forms and formats", "rows": list(STANDARDS)}
