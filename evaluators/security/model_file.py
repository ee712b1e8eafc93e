"""What a model file could do to whoever opens it, found out without opening it as a model."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.exact import counted, table
from evaluators.inputs.files import open_verified
from evaluators.libraries import library
from evaluators.security import safetensors
from evaluators.security.archives import scan_compressed, scan_tar, scan_torch
from evaluators.security.formats import EXECUTES, REVIEWED, SAFE, UNKNOWN, Format
from evaluators.security.machine import Finding
from evaluators.security.parts import identify_part, model_files
from evaluators.security.pickles import MAX_BYTES, scan

CLASS = "security.serialisation_class"
PICKLE = "security.pickle.disallowed_globals"
SAFETENSORS = "security.safetensors.valid"
SKOPS = "security.skops.untrusted_types"
SEVERITY = {SAFE: 1, REVIEWED: 2, EXECUTES: 3, UNKNOWN: 4}
SHOWN = 100


class ModelFile:
    """Reads one file of any format, or all files of a folder. Nothing is unpickled, imported or executed.

    Of several files the class is that of the worst, and findings are those of all. Evidence `model_files`: each file's
    format, class and reason.
    """

    id = "security.model_file"
    version = "2"
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
        files = model_files(subject)
        inspected: dict[str, Json] = {}
        for i, (name, ref) in enumerate(files.items()):
            progress(i / len(files), f"inspecting {name}")
            with open_verified(ref) as handle:
                size = os.fstat(handle.fileno()).st_size
                found = identify_part(handle, name, is_alone=len(files) == 1)
                inspected[name] = {"size": size, **_inspect(handle, size, found)}
        rows = [[name, item["format"], item["serialisation"], item["reason"]] for name, item in inspected.items()]
        evidence = table("model_files", "The files of the model", ["file", "format", "class", "reason"], rows)
        return Measured(statistics=_together(inspected), evidence=(evidence,))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        serialisation = statistics["serialisation"]
        detail = {"format": statistics["format"], "class": serialisation, "reason": statistics["reason"]}
        readings = [counted(CLASS, SEVERITY[serialisation], common=common, detail=detail)]
        for metric in (PICKLE, SAFETENSORS, SKOPS):
            findings = statistics["findings"].get(metric)
            if findings is None:
                is_alone = "files" not in statistics["facts"]
                reason = f"the file is {statistics['format']}" if is_alone else "no file of the model is of this kind"
                status = Status.NOT_APPLICABLE
                readings.append(Reading(metric=metric, slice=OVERALL, status=status, reason=reason, **common))
            else:
                detail = {"findings": findings[:SHOWN], **statistics["facts"]}
                readings.append(counted(metric, len(findings), common=common, detail=detail))
        return readings


def _together(inspected: Mapping[str, Json]) -> Json:
    """One description of all files: the worst class with its reason, and the findings of all, each with its file."""
    if len(inspected) == 1:
        return next(iter(inspected.values()))
    name, worst = max(inspected.items(), key=lambda item: SEVERITY[item[1]["serialisation"]])
    findings: dict[str, list[Any]] = {}
    facts: Json = {"files": len(inspected)}
    for other, item in inspected.items():
        for metric, found in item["findings"].items():
            findings.setdefault(metric, []).extend(_named(other, finding) for finding in found)
        for key, count in item["facts"].items():
            facts[key] = facts.get(key, 0) + count
    if all(item["format"] == "text" for item in inspected.values()):
        worst = worst | {"serialisation": UNKNOWN, "reason": "no file holds a model"}
    size = sum(item["size"] for item in inspected.values())
    reason = f"{name}: {worst['reason']}"
    return worst | {"size": size, "reason": reason, "findings": findings, "facts": facts}


def _named(file: str, finding: Any) -> Any:
    """A finding that says in which file it was made."""
    return finding | {"what": f"{file}: {finding['what']}"} if isinstance(finding, dict) else f"{file}: {finding}"


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
