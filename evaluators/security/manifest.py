"""Signed manifests of model files: OpenSSF Model Signing v1.0 bundles, checked offline with a public key.

The manifest lists every file with its SHA-256; the bundle is a DSSE envelope around an in-toto statement.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from evaluators.libraries import library

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE = "https://model_signing/signature/v1.0"
LEFT_OUT = (".git", ".gitignore", ".gitattributes", ".github")
MAX_BUNDLE = 64 << 20
CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}


class Untrusted(Exception):
    """The bundle is not what the holder of the key signed; the message says why."""


def signed_resources(bundle: bytes, public_key: str) -> dict[str, str]:
    """SHA-256 by name of what the holder of the key (PEM) signed. Raises Untrusted.

    Nothing of the payload is read before its signature holds.
    """
    envelope = _envelope(bundle)
    payload, kind = _decoded(envelope.get("payload")), envelope.get("payloadType")
    if kind != PAYLOAD_TYPE:
        raise Untrusted(f"the envelope holds {str(kind)[:60]!r}, not an in-toto statement")
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise Untrusted("the envelope doesn't have exactly one signature")
    _verify(public_key, _decoded(signatures[0].get("sig")), authenticated(kind, payload))
    return _resources(payload)


def authenticated(kind: str, payload: bytes) -> bytes:
    """DSSE's encoding of what is signed: lengths, so that type and payload can't run into one another."""
    return b"DSSEv1 %d %b %d %b" % (len(kind.encode()), kind.encode(), len(payload), payload)


def root_digest(resources: Mapping[str, str]) -> str:
    """SHA-256 over the raw digests in the order of names."""
    return hashlib.sha256(b"".join(bytes.fromhex(resources[name]) for name in sorted(resources))).hexdigest()


def differences(signed: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Files that differ from the manifest, are missing, or aren't in it."""
    present = {name: digest for name, digest in found.items() if name.split("/")[0] not in LEFT_OUT}
    other = sorted(name for name in signed if present.get(name, signed[name]) != signed[name])
    changed = [f"{name}: the content is not what was signed" for name in other]
    missing = [f"{name}: was signed and is missing" for name in sorted(signed) if name not in present]
    return changed + missing + [f"{name}: was not signed" for name in sorted(present) if name not in signed]


def _envelope(bundle: bytes) -> dict[str, Any]:
    if len(bundle) > MAX_BUNDLE:
        raise Untrusted(f"the bundle has {len(bundle):,} bytes")
    found = _object(bundle, "the bundle")
    if not str(found.get("mediaType", "")).startswith(MEDIA_TYPE):
        raise Untrusted("the bundle is not a Sigstore bundle")
    envelope = found.get("dsseEnvelope")
    if not isinstance(envelope, dict):
        raise Untrusted("the bundle holds no DSSE envelope")
    return envelope


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Untrusted(f"{what} is not JSON ({str(error)[:60]})") from error
    if not isinstance(found, dict):
        raise Untrusted(f"{what} is not a JSON object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text if isinstance(text, str) else "!", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Untrusted("a part of the envelope is not base64") from error


def _verify(public_key: str, signature: bytes, message: bytes) -> None:
    ec = library("cryptography.hazmat.primitives.asymmetric.ec")
    hashes = library("cryptography.hazmat.primitives.hashes")
    invalid = library("cryptography.exceptions").InvalidSignature
    try:
        key = library("cryptography.hazmat.primitives.serialization").load_pem_public_key(public_key.encode())
    except ValueError as error:
        raise Untrusted("the public key is not PEM") from error
    curve = getattr(getattr(key, "curve", None), "name", "")
    if curve not in CURVES:
        raise Untrusted("the public key is not on P-256, P-384 or P-521")
    try:
        key.verify(signature, message, ec.ECDSA(getattr(hashes, CURVES[curve])()))
    except invalid as error:
        raise Untrusted("the signature does not belong to this key and content") from error


def _resources(payload: bytes) -> dict[str, str]:
    statement = _object(payload, "the statement")
    predicate = statement.get("predicate")
    if statement.get("predicateType") != PREDICATE or not isinstance(predicate, dict):
        raise Untrusted("the statement is not about a model's files")
    about = predicate.get("serialization")
    if not isinstance(about, dict) or about.get("method") != "files":
        raise Untrusted("the files were not signed one by one, which is all that is checked here")
    resources = _listed(predicate.get("resources"))
    subjects = statement.get("subject")
    first = subjects[0] if isinstance(subjects, list) and subjects else None
    digests = first.get("digest") if isinstance(first, dict) else None
    stated = digests.get("sha256") if isinstance(digests, dict) else None
    if stated != root_digest(resources):
        raise Untrusted("the root digest is not that of the listed files")
    return resources


def _listed(items: Any) -> dict[str, str]:
    resources: dict[str, str] = {}
    for item in items if isinstance(items, list) else []:
        name, digest = _resource(item)
        if name in resources:
            raise Untrusted(f"{name[:60]!r} is listed twice")
        resources[name] = digest
    return resources


def _resource(item: Any) -> tuple[str, str]:
    if not isinstance(item, dict) or item.get("algorithm") != "sha256":
        raise Untrusted("a file is listed without its SHA-256")
    name, digest = item.get("name"), item.get("digest")
    is_digest = isinstance(digest, str) and len(digest) == 64 and set(digest) <= set("0123456789abcdef")
    is_plain = isinstance(name, str) and name and not name.startswith(("/", "./")) and ".." not in name.split("/")
    if not is_digest or not is_plain:
        raise Untrusted("a file is listed with an odd name or digest")
    return str(name), str(digest)
