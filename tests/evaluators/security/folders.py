"""Models of several files, and small files of formats that are read without their libraries."""

import base64
import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from evaluators.contract import FileRef, Reading, Subject
from evaluators.evaluate import evaluate
from evaluators.security.manifest import PAYLOAD_TYPE, PREDICATE, authenticated, root_digest


def folder(place: Path, files: Mapping[str, bytes]) -> Subject:
    """A subject of files by name, each in the role that says where in the model it lies."""
    refs = {}
    for i, (name, content) in enumerate(files.items()):
        path = place / f"part{i}"
        path.write_bytes(content)
        role = name if name == "signature" else f"model/{name}"
        refs[role] = FileRef(path=str(path), sha256=hashlib.sha256(content).hexdigest(), name=name)
    return Subject(kind="files", files=refs)


def first(evaluator: str, place: Path, files: Mapping[str, bytes], **params: Any) -> Reading:
    return evaluate(evaluator, folder(place, files), params=params).readings[0]


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(*, template: str = "{{ messages[0]['content'] }}", tensors: int = 1, extra: bytes = b"") -> bytes:
    """A small sound GGUF file: two values and tensors of four floats each."""
    head = b"GGUF" + struct.pack("<IQQ", 3, tensors, 2)
    head += text("general.name") + struct.pack("<I", 8) + text("small")
    head += text("tokenizer.chat_template") + struct.pack("<I", 8) + text(template)
    for i in range(tensors):
        head += text(f"w{i}") + struct.pack("<IQIQ", 1, 4, 0, 32 * i)
    head += b"\0" * (-len(head) % 32)
    return head + (b"\0" * 32) * (tensors - 1) + b"\0" * 16 + extra


def key() -> tuple[ec.EllipticCurvePrivateKey, str]:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public.decode()


def statement(files: Mapping[str, bytes]) -> dict[str, Any]:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    resources = [{"name": name, "algorithm": "sha256", "digest": digest} for name, digest in sorted(digests.items())]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": {"sha256": root_digest(digests)}}],
        "predicateType": PREDICATE,
        "predicate": {"resources": resources, "serialization": {"method": "files", "hash_type": "sha256"}},
    }


def signed(private: ec.EllipticCurvePrivateKey, content: Mapping[str, Any], kind: str = PAYLOAD_TYPE) -> bytes:
    """A bundle as OpenSSF Model Signing writes it."""
    payload = json.dumps(content).encode()
    signature = private.sign(authenticated(kind, payload), ec.ECDSA(hashes.SHA256()))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": kind,
        "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
    }
    about = {"publicKey": {"hint": "test"}, "tlogEntries": []}
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": about,
        "dsseEnvelope": envelope,
    }
    return json.dumps(bundle).encode()
