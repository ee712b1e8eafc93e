"""Which columns a model reads, as far as its files say without being opened: none of them can be the truth as well."""

import json
from collections.abc import Iterator

from registry.models import ModelVersion
from registry.services.artifacts import blob_path

NAMING = ("architecture.json", "signature.json")
MOST_BYTES = 1 << 20


def known_inputs(version: ModelVersion) -> frozenset[str]:
    """The features that a description among the version's files names; none where no file says so."""
    return frozenset(_named(version))


def _named(version: ModelVersion) -> Iterator[str]:
    if version.artifact is None or not version.artifact.is_held:
        return
    for file in version.artifact.files.filter(name__in=NAMING):
        path = blob_path(file.sha256)
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            continue
        try:
            said = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            continue
        features = said.get("features") if isinstance(said, dict) else None
        yield from (name for name in features if isinstance(name, str)) if isinstance(features, list) else ()
