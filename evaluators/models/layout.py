"""The files of a model: checked by name before any is read, and read only through their digests."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evaluators.contract import FileRef, Json, SubjectError
from evaluators.inputs.files import open_verified
from evaluators.limits import MAX_WRITTEN_BYTES

MAX_JSON = 64 << 20
CHUNK = 1 << 22
RUNS_CODE = {
    "Python code": (".py", ".pyc", ".so", ".ipynb"),
    "a pickle": (".bin", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".npy", ".npz", ".msgpack"),
    "a format that may carry code": (".h5", ".hdf5", ".keras", ".pb", ".pt2"),
}
# Keys of a configuration that make a library fetch or run something else.
REMOTE = ("auto_map", "trust_remote_code", "custom_pipelines", "quantization_config")


def check_names(files: Mapping[str, FileRef]) -> None:
    """Raise SubjectError if one of the files is code, or may run code when it is loaded."""
    for name in sorted(files):
        for what, endings in RUNS_CODE.items():
            if name.lower().endswith(endings):
                raise SubjectError(f"{name}: is {what}, and nothing of a model that has it is opened")


def read_bytes(ref: FileRef, *, limit: int) -> bytes:
    """The verified content: what was hashed is what is returned. Raises SubjectError."""
    with open_verified(ref, limit=limit) as handle:
        data = handle.read()
    if hashlib.sha256(data).hexdigest() != ref.sha256:
        raise SubjectError(f"{ref.name}: changed while it was read")
    return data


def read_json(ref: FileRef) -> Json:
    """The object in a JSON file. Raises SubjectError if it is something else."""
    try:
        found = json.loads(read_bytes(ref, limit=MAX_JSON))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise SubjectError(f"{ref.name}: is not JSON ({str(error)[:80]})") from error
    if not isinstance(found, dict):
        raise SubjectError(f"{ref.name}: is not a JSON object")
    return found


def check_local(config: Any, name: str) -> None:
    """Raise SubjectError if a configuration, at any depth, asks for code from elsewhere."""
    pending = [config]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            found = next((key for key in REMOTE if item.get(key)), None)
            if found:
                raise SubjectError(f"{name}: asks for {found}, and no code from elsewhere is run")
            pending += item.values()
        elif isinstance(item, list):
            pending += item


@contextmanager
def laid_out(files: Mapping[str, FileRef]) -> Iterator[Path]:
    """A folder of its own with copies of the files, each made of exactly the bytes that were hashed."""
    with tempfile.TemporaryDirectory(prefix="assay-model-") as folder:
        for name, ref in files.items():
            _copy(ref, Path(folder, os.path.basename(name)))
        yield Path(folder)


def _copy(ref: FileRef, target: Path) -> None:
    found = hashlib.sha256()
    try:
        if (size := os.stat(ref.path).st_size) > MAX_WRITTEN_BYTES:
            raise SubjectError(
                f"{ref.name}: {size:,} bytes, more than the {MAX_WRITTEN_BYTES:,} of a file that a measurement may copy"
            )
        with open(ref.path, "rb") as source, target.open("wb") as copy:
            while chunk := source.read(CHUNK):
                found.update(chunk)
                copy.write(chunk)
    except OSError as error:
        raise SubjectError(f"{ref.name}: can't be copied ({error.strerror})") from error
    if found.hexdigest() != ref.sha256:
        raise SubjectError(
            f"{ref.name}: the content has SHA-256 {found.hexdigest()[:12]}…, expected {ref.sha256[:12]}…"
        )
