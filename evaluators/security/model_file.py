"""What a model file could do to whoever opens it, found out without opening it as a model."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.files import open_verified, required
from evaluators.libraries import library
from evaluators.security import safetensors
from evaluators.security.archives import scan_compressed, scan_tar, scan_torch
from evaluators.security.formats import EXECUTES, REVIEWED, SAFE, UNKNOWN, Format, identify
from evaluators.security.machine import Finding
from evaluators.security.pickles import MAX_BYTES, scan

CLASS = "security.serialisation_class"
PICKLE = "security.pickle.disallowed_globals"
SAFETENSORS = "security.safetensors.valid"
SKOPS = "security.skops.untrusted_types"
SEVERITY = {SAFE: 1, REVIEWED: 2, EXECUTES: 3, UNKNOWN: 4}
SHOWN = 100


class ModelFile:
    """Reads one file of any format. Nothing is unpickled, imported or executed."""

    id = "security.model_file"
    version = "1"
    title = "Safety of a model file"
    input_kind = "F"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {"files": ("model",), "columns": (), "optional": ()}
    parameters: Mapping[str, Mapping[str, Any]] = {}
    metrics = (
        Metric(id=CLASS, title="Serialisation class (A=1 to D=4)", direction=Direction.LOWER, unit="class"),
        Metric(id=PICKLE, title="Pickle findings", direction=Direction.LOWER, unit="findings"),
        Metric(id=SAFETENSORS, title="Safetensors errors", direction=Direction.LOWER, unit="findings"),
        Metric(id=SKOPS, title="Skops types to be trusted by a person", direction=Direction.LOWER, unit="types"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        ref = required(subject, "model")
        progress(0.0, "checking the digest")
        with open_verified(ref) as handle:
            size = os.fstat(handle.fileno()).st_size
            found = identify(handle, size, ref.name)
            progress(0.3, f"inspecting {found.name}")
            statistics: Json = {"size": size, **_inspect(handle, size, found)}
        return Measured(statistics=statistics)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        serialisation = statistics["serialisation"]
        detail = {"format": statistics["format"], "class": serialisation, "reason": statistics["reason"]}
        readings = [_counted(CLASS, SEVERITY[serialisation], detail, common)]
        for metric in (PICKLE, SAFETENSORS, SKOPS):
            findings = statistics["findings"].get(metric)
            if findings is None:
                reason = f"the file is {statistics['format']}"
                status = Status.NOT_APPLICABLE
                readings.append(Reading(metric=metric, slice=OVERALL, status=status, reason=reason, **common))
            else:
                detail = {"findings": findings[:SHOWN], **statistics["facts"]}
                readings.append(_counted(metric, len(findings), detail, common))
        return readings


def _inspect(handle: BinaryIO, size: int, found: Format) -> Json:
    """Format, class, and findings per metric; a metric that doesn't concern the format is left out."""
    findings: dict[str, list[Any]] = {}
    facts: Json = {}
    serialisation, reason = found.serialisation, found.reason
    if found.name == "safetensors":
        inspection = safetensors.inspect(handle, size)
        findings[SAFETENSORS] = [*inspection.errors, *(f"{name}: NaN or infinity" for name in inspection.not_finite)]
        facts = {"tensors": len(inspection.tensors), "values": sum(tensor.count for tensor in inspection.tensors)}
        if inspection.errors:
            serialisation, reason = UNKNOWN, inspection.errors[0]
    elif found.name == "skops":
        findings[SKOPS] = _untrusted(handle)
    elif found.serialisation == EXECUTES:
        findings[PICKLE] = [asdict(finding) for finding in _pickles(handle, size, found)]
    return {
        "format": found.name,
        "serialisation": serialisation,
        "reason": reason,
        "findings": findings,
        "facts": facts,
    }


def _pickles(handle: BinaryIO, size: int, found: Format) -> list[Finding]:
    handle.seek(0)
    if found.name == "torch":
        return scan_torch(handle)
    if found.name == "tar":
        return scan_tar(handle)
    if found.name in ("pickle", "compressed") and size <= MAX_BYTES:
        head = handle.read(8)
        handle.seek(0)
        inside = scan_compressed(head, handle) if found.name == "compressed" else None
        return scan(handle.read()) if inside is None else inside
    return [Finding(0, "format", found.reason if size <= MAX_BYTES else "too large to be inspected")]


def _untrusted(handle: BinaryIO) -> list[str]:
    """Types a skops file would rebuild that the library doesn't trust by itself. Nothing is built."""
    handle.seek(0)
    io = library("skops.io")
    return sorted(str(name) for name in io.get_untrusted_types(data=handle.read()))


def _counted(metric: str, count: int, detail: Json, common: Json) -> Reading:
    """A count without sampling error: the interval is the number itself."""
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=count,
        low=count,
        high=count,
        method="exact",
        n=1,
        detail=detail,
        **common,
    )
