"""Real envelopes, real files, and verify.py run as its users run it: alone, in a bare interpreter."""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.cards.artifacts import FileEntry, manifest_digest, root_digest
from registry.cards.statements import PAYLOAD_TYPE, VerdictFacts, pae, verdict_statement
from registry.exchange.dsse import load_or_create_signer, public_key_pem, sign_statement

VERIFY = Path(__file__).resolve().parents[2] / "static" / "verify.py"
FILES = {"model.skops": b"weights", "x.py.txt": b"harmless", "sub/config.json": b"{}"}
DECIDED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NOW = "2026-11-21T09:30:00Z"


@dataclass(frozen=True)
class Answer:
    """What a run of verify.py said and how it exited."""

    code: int
    text: str


def run_verify(*arguments: object, now: str | None = NOW) -> Answer:
    """Run verify.py isolated: no environment, no user packages, nothing of this repository on its path."""
    extra = () if now is None else ("--now", now)
    command = [sys.executable, "-I", str(VERIFY), *map(str, arguments), *extra]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={}, cwd="/", check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return Answer(done.returncode, done.stdout + done.stderr)


@dataclass(frozen=True)
class Notary:
    """A notary with its key, an artifact on disk, and the facts of its approval."""

    folder: Path
    signer: Any
    facts: VerdictFacts

    @property
    def key(self) -> Path:
        return self.folder / "notary.pub"

    @property
    def artifact(self) -> Path:
        return self.folder / "artifact"

    def statement(self, **changes: Any) -> dict[str, Any]:
        return verdict_statement(replace(self.facts, **changes))

    def envelope(self, **changes: Any) -> dict[str, Any]:
        return sign_statement(self.statement(**changes), self.signer)

    def sign_bytes(self, payload: bytes, payload_type: str = PAYLOAD_TYPE) -> dict[str, Any]:
        signature = self.signer.sign(pae(payload_type, payload))
        sig = base64.b64encode(bytes.fromhex(signature.signature)).decode()
        return {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": payload_type,
            "signatures": [{"keyid": signature.keyid, "sig": sig}],
        }

    def write(self, document: Any) -> Path:
        path = self.folder / "attestation.json"
        path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        return path

    def check(self, document: Any, *arguments: object, now: str | None = NOW) -> Answer:
        return run_verify(self.write(document), "--key", self.key, "--dir", self.artifact, *arguments, now=now)


@pytest.fixture
def make_notary(tmp_path: Path) -> Callable[..., Notary]:
    """A notary in a folder of its own, with an artifact of the given files."""

    def make(name: str = "notary", files: dict[str, bytes] = FILES) -> Notary:
        folder = tmp_path / name
        signer = load_or_create_signer(folder)
        (folder / "notary.pub").write_text(public_key_pem(signer))
        entries = []
        for file, content in files.items():
            path = folder / "artifact" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            entries.append(FileEntry(name=file, size=len(content), sha256=_sha256(content)))
        return Notary(folder, signer, _facts(entries))

    return make


@pytest.fixture
def notary(make_notary: Callable[..., Notary]) -> Notary:
    return make_notary()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _facts(entries: list[FileEntry]) -> VerdictFacts:
    return VerdictFacts(
        name="lending/mortgage-approval@2",
        root_digest=root_digest(entries),
        manifest_digest=manifest_digest(entries),
        evidence_digest="c" * 64,
        stage="inference",
        outcome="passed",
        decided_at=DECIDED,
        expires_at=DECIDED + timedelta(days=10),
        verifier_uri="https://assay.example/notary/k",
        policy_uri="assay:policy/lending@3",
        policy_digest="d" * 64,
    )
