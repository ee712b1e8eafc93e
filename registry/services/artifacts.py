"""Files in, digests out: content-addressed storage, and the artifacts made of it."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from registry import policies
from registry.cards.artifacts import FileEntry, file_set, manifest_digest, name_problem, root_digest
from registry.exceptions import InvalidInput, NotPermitted, TooLarge
from registry.models import Artifact, ArtifactFile, Team, User
from registry.services import audit

CHUNK = 1024 * 1024


def blob_path(sha256: str) -> Path:
    """Where the bytes with this digest lie. The path is made of the digest alone, never of a name that was sent."""
    return Path(settings.BLOB_ROOT) / sha256[:2] / sha256


@contextmanager
def incoming(files: Sequence[tuple[str, BinaryIO]]) -> Iterator[dict[Path, FileEntry]]:
    """Copies of `files` beside the blobs, which go with the block unless `keep` took them; TooLarge past the limit."""
    root = Path(settings.BLOB_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix="incoming-") as folder:
        copies, left = {}, settings.UPLOAD_LIMIT_BYTES
        for number, (name, stream) in enumerate(files):
            copy = Path(folder) / str(number)
            stream.seek(0)  # an earlier try may have read it
            sha256, size = _copy(stream, copy, allowance=left)
            left -= size
            copies[copy] = FileEntry(name=name, size=size, sha256=sha256)
        yield copies


def keep(copies: Mapping[Path, FileEntry]) -> None:
    """Put copies where their digests say."""
    for copy, entry in copies.items():
        target = blob_path(entry.sha256)
        target.parent.mkdir(exist_ok=True)
        copy.chmod(0o644)
        copy.replace(target)


def _copy(stream: BinaryIO, target: Path, *, allowance: int) -> tuple[str, int]:
    whole, size = hashlib.sha256(), 0
    with target.open("wb") as kept:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > allowance:
                limit = f"{settings.UPLOAD_LIMIT_BYTES:,} bytes"
                raise TooLarge(f"The upload is over its limit of {limit}. Nothing was kept.")
            whole.update(chunk)
            kept.write(chunk)
        kept.flush()
        os.fsync(kept.fileno())
    return whole.hexdigest(), size


def store_artifact(team: Team, *, files: Sequence[tuple[str, BinaryIO]], by: User) -> Artifact:
    """Keep files and register the artifact they make. Names are checked before a byte is read.

    Where it is refused, none of the files is kept.
    """
    with audit.acting("artifact.stored", by=by, on=team):
        _check_right(team, by)
        if len(files) > settings.UPLOAD_LIMIT_FILES:
            raise TooLarge(f"More than {settings.UPLOAD_LIMIT_FILES} files were sent. Nothing was kept.")
        if bad := {name: [problem] for name, _ in files if (problem := name_problem(name))}:
            raise InvalidInput("Some file names can't be used.", errors=bad)
    # Outside of a transaction: copying takes its time, and the database ends a transaction that idles.
    with incoming(files) as copies, audit.acting("artifact.stored", by=by, on=team):
        _check_right(team, by)
        artifact = _register(team, list(copies.values()), is_held=True, by=by)
        # Before the commit: what is registered as held is there.
        keep(copies)
    return artifact


def declare_artifact(team: Team, *, files: Iterable[FileEntry], by: User) -> Artifact:
    """Register an artifact by the digests of its files alone; the bytes stay where they are."""
    with audit.acting("artifact.declared", by=by, on=team):
        _check_right(team, by)
        return _register(team, list(files), is_held=False, by=by)


def _check_right(team: Team, by: User) -> None:
    if not policies.may_evaluate(by, team):
        raise NotPermitted(f"{by} may not bring files to {team}.")


def _register(team: Team, entries: list[FileEntry], *, is_held: bool, by: User) -> Artifact:
    entries = list(file_set(entries))
    manifest = manifest_digest(entries)
    known = Artifact.objects.filter(team=team, manifest_digest=manifest).first()
    if known is not None and (known.is_held or not is_held):
        return known
    if known is not None:
        raise InvalidInput(
            "These files are registered by their digests; they can't become held files of the same artifact."
        )
    artifact = Artifact.objects.create(
        team=team, root_digest=root_digest(entries), manifest_digest=manifest, is_held=is_held, created_by=by
    )
    ArtifactFile.objects.bulk_create(
        ArtifactFile(artifact=artifact, name=entry.name, size=entry.size, sha256=entry.sha256) for entry in entries
    )
    audit.record("artifact.registered", subject=artifact, actor=by, detail={"root_digest": artifact.root_digest})
    return artifact
