"""Code that a model would bring along or fetch: found in its files' names, settings, templates and layers."""

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from evaluators.contract import Direction, FileRef, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.exact import counted, table
from evaluators.inputs.files import open_verified
from evaluators.protobuf import Malformed, read_onnx
from evaluators.security import gguf
from evaluators.security.archives import ZIP_ERRORS
from evaluators.security.formats import MAX_JSON, MAX_ONNX, ONNX_DOMAINS, Format, is_outside
from evaluators.security.parts import CODE, identify_part, model_files
from evaluators.security.settings import LAYERS, setting_findings
from evaluators.security.tags import MAX_YAML, tag_findings
from evaluators.security.templates import template_findings

REMOTE = "security.remote_code"
SHOWN = 100
CHUNK = 1 << 22


class RemoteCode:
    """Reads one file or several. Nothing is imported, rendered or fetched. Evidence `remote_code`: file and finding."""

    id = "security.remote_code"
    version = "2"
    title = "Code that a model brings along"
    input_kind = "F"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {"files": ("model",), "columns": (), "optional": ()}
    parameters: Mapping[str, Mapping[str, Any]] = {}
    metrics = (Metric(id=REMOTE, title="Ways to run code from elsewhere", direction=Direction.LOWER, unit="findings"),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        files = model_files(subject)
        found: list[list[str]] = []
        for i, (name, ref) in enumerate(files.items()):
            progress(i / len(files), f"reading {name}")
            found += [[name, what] for what in file_findings(name, ref, is_alone=len(files) == 1)]
        statistics: Json = {"files": len(files), "count": len(found), "findings": found[:SHOWN]}
        evidence = table("remote_code", "Ways to run code from elsewhere", ["file", "finding"], found)
        return Measured(statistics=statistics, evidence=(evidence,))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        detail = {"findings": statistics["findings"]}
        return [counted(REMOTE, statistics["count"], common=common, detail=detail, n=statistics["files"])]


def file_findings(name: str, ref: FileRef, *, is_alone: bool) -> list[str]:
    """What one file could make run, beyond what its format does anyway."""
    if name.lower().endswith(CODE):
        return ["is code"]
    with open_verified(ref) as handle:
        found = identify_part(handle, name, is_alone=is_alone)
        handle.seek(0)
        return list(_inspect(handle, name, found))


def _inspect(handle: BinaryIO, name: str, found: Format) -> Iterator[str]:
    size, low = os.fstat(handle.fileno()).st_size, name.lower()
    if low.endswith(".jinja"):
        yield from template_findings(handle.read(MAX_JSON).decode("utf-8", "replace"))
    elif low.endswith((".yaml", ".yml")):
        yield from tag_findings(handle.read(MAX_YAML + 1))
    elif low.endswith(".json") or found.name == "json":
        yield from _json(handle, size)
    elif low.endswith(".onnx") or found.name == "onnx":
        yield from _onnx(handle, size)
    else:
        yield from _by_format(handle, size, found.name)


def _by_format(handle: BinaryIO, size: int, known: str) -> Iterator[str]:
    if known == "gguf":
        yield from (text for one in gguf.inspect(handle, size).templates.values() for text in template_findings(one))
    elif known == "keras":
        yield from _keras(handle)
    elif known == "hdf5":
        yield from _layers(handle)
    elif known in ("torchscript", "program"):
        yield f"is {known}"


def _json(handle: BinaryIO, size: int) -> Iterator[str]:
    if size > MAX_JSON:
        yield "is JSON too large to be inspected"
        return
    try:
        content = json.loads(handle.read().decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        yield "is called JSON and isn't"
        return
    yield from setting_findings(content)


def _onnx(handle: BinaryIO, size: int) -> Iterator[str]:
    if size > MAX_ONNX:
        yield "is too large to be inspected"
        return
    try:
        found = read_onnx(handle.read())
    except Malformed as error:
        yield f"is no sound ONNX file ({str(error)[:80]})"
        return
    for place in sorted(set(found.external)):
        if is_outside(place):
            yield f"takes weights from outside its folder ({place[:80]!r})"
    for domain in sorted(found.domains - ONNX_DOMAINS):
        yield f"uses operators of {domain[:80]!r}, which only a library brought along can run"


def _keras(handle: BinaryIO) -> Iterator[str]:
    try:
        with zipfile.ZipFile(handle) as archive:
            if archive.getinfo("config.json").file_size > MAX_JSON:
                yield "has settings too large to be inspected"
                return
            content = json.loads(archive.read("config.json"))
    except (KeyError, UnicodeDecodeError, RecursionError, *ZIP_ERRORS) as error:
        yield f"is no sound Keras archive ({str(error)[:80]})"
        return
    yield from setting_findings(content)


def _layers(handle: BinaryIO) -> Iterator[str]:
    """HDF5 keeps the layers as text among its bytes."""
    before = b""
    while chunk := handle.read(CHUNK):
        if LAYERS.search(before + chunk):
            yield "holds a layer with code"
            return
        before = chunk[-200:]
