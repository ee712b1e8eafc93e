"""The files inside a dossier: the data behind its pages, byte for byte what was signed where it was signed."""

import re
from collections.abc import Iterable
from typing import Any

from registry.cards.artifacts import FileEntry, manifest
from registry.cards.canonical import canonical_bytes
from registry.models import Attestation, Document, EvidenceFile, Measurement, ModelVersion, SigningKey
from registry.models.choices import RunState
from registry.reports.document_json import export_document
from registry.reports.pdf import Attached

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
MEASURED = (
    "id", "metric", "slice", "status", "reason", "value", "low", "high", "level", "method", "n", "p_value", "excluded",
    "statistics", "detail", "seed", "assurance", "spec_digest", "root_digest", "attempt",
)  # fmt: skip
RUN = ("evaluator", "evaluator_version", "parameters", "level", "subject", "environment")


def file_name(*parts: object) -> str:
    """A name that every file system takes, from words that people chose."""
    return UNSAFE.sub("-", "-".join(map(str, parts))).strip("-.") or "unnamed"


def data(name: str, description: str, content: Any) -> Attached:
    """A value as canonical JSON, so that the same value always has the same digest."""
    return Attached(name=name, description=description, content=canonical_bytes(content))


def evidence_file(body: str, *, signed: bool) -> Attached:
    """The exact text that signatures cover; its SHA-256 is the evidence digest."""
    whose = "signatures cover" if signed else "a signature would cover"
    said = f"What the gate looked at, in the very bytes that {whose}: the SHA-256 is the evidence digest"
    return Attached(name="evidence.json", description=said, content=body.encode())


def measurements_file(version: ModelVersion, measured: Iterable[Measurement]) -> Attached:
    """Every reading with its statistics, the runs it came from, and the tables behind the curves."""
    rows = list(measured)
    runs = {row.evaluation_id: row.evaluation for row in rows}
    drawn = EvidenceFile.objects.filter(evaluation__in=runs, evaluation__state=RunState.DONE).order_by("pk")
    content = {
        "version": str(version),
        "root_digest": version.root_digest,
        "measurements": [_measurement(row) for row in rows],
        "runs": {str(pk): {name: getattr(run, name) for name in RUN} for pk, run in runs.items()},
        "tables": [{"run": str(each.evaluation_id), "name": each.name, "data": each.data} for each in drawn],
    }
    said = "Every reading: value, interval, method, seed and the statistics it can be computed again from"
    return data("measurements.json", said, content)


def _measurement(row: Measurement) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in MEASURED}
    return shown | {"run": str(row.evaluation_id), "measured_at": row.measured_at.isoformat()}


def document_files(documents: Iterable[Document]) -> list[Attached]:
    """The card as card.json, each datasheet under the name of its dataset version; nothing for an empty one."""
    files: dict[str, Attached] = {}
    for document in documents:
        content = export_document(document)
        if content is None:
            continue
        name = "card.json" if document.model_version else f"{file_name('datasheet', document.dataset_version)}.json"
        if name in files:
            name = f"{file_name(name.removesuffix('.json'), document.pk)}.json"
        said = f"{document.get_kind_display()} of {content['subject']}: schema, answers, who gave each and when"
        files[name] = data(name, said, content)
    return list(files.values())


def manifest_file(version: ModelVersion) -> list[Attached]:
    """Name, size and digest of each file of the artifact; its SHA-256 is the manifest digest that is attested."""
    if version.artifact is None:
        return []
    entries = [FileEntry(name=file.name, size=file.size, sha256=file.sha256) for file in version.artifact.files.all()]
    return [data("manifest.json", "The files of this version: name, size, SHA-256", manifest(entries))]


def attested_files(attestation: Attestation | None, key: SigningKey | None) -> list[Attached]:
    """The signed statement as it was stored, and the public key it names."""
    files = []
    if attestation is not None and attestation.envelope is not None:
        said = "The signed answer: an in-toto statement in a DSSE envelope"
        files.append(Attached(name="attestation.json", description=said, content=bytes(attestation.envelope)))
    if key is not None:
        said = f"The notary's public key {key.key_id}; trust it only where another source confirms it"
        files.append(Attached(name="notary.pem", description=said, content=key.public_pem.encode()))
    return files
