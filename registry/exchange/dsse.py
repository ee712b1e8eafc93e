"""Sign statements in DSSE envelopes with the notary's P-256 key, and open such envelopes again."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # no __all__ upstream

from registry.cards.canonical import canonical_bytes
from registry.cards.statements import PAYLOAD_TYPE, parse_statement

KEY_FILE = "notary.pem"
SCHEME = "ecdsa-sha2-nistp256"


class UnusableKey(ValueError):
    """The key file is open to others, is a link, or holds something else than a P-256 key."""


class UntrustedEnvelope(ValueError):
    """The envelope is not what the holder of the key signed."""


def load_signer(folder: Path) -> CryptoSigner:
    """Open the signing key of a folder; FileNotFoundError if there is none, UnusableKey if it can't be trusted."""
    descriptor = _open_key(folder / KEY_FILE)
    with os.fdopen(descriptor, "rb") as file:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            raise UnusableKey(f"{KEY_FILE} can be read or changed by others; its mode must be 0600")
        pem = file.read()
    try:
        private_key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise UnusableKey(f"{KEY_FILE} holds no private key that opens without a password") from error
    if not isinstance(private_key, EllipticCurvePrivateKey) or not isinstance(private_key.curve, SECP256R1):
        raise UnusableKey(f"{KEY_FILE} holds another key than one on P-256")
    return CryptoSigner(private_key, _library_key(private_key.public_key()))


def load_or_create_signer(folder: Path) -> CryptoSigner:
    """Open the folder's signing key, or make one first. Of several processes that start at once, all get the same."""
    if not (folder / KEY_FILE).exists():
        _create_key(folder)
    return load_signer(folder)


def public_key_pem(signer: CryptoSigner) -> str:
    """The public key as PEM, which is what `verify.py --key` reads."""
    return str(signer.public_key.keyval["public"])


def sign_statement(statement: Mapping[str, Any], signer: CryptoSigner) -> dict[str, Any]:
    """Return the envelope around the statement's canonical bytes, with one signature, as plain JSON."""
    envelope = Envelope(canonical_bytes(statement), PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return dict(envelope.to_dict())


def verify_envelope(envelope: Mapping[str, Any], public_key: str) -> dict[str, Any]:
    """Return the statement of an envelope signed by the holder of the key (PEM).

    UntrustedEnvelope if it has another shape, payload type or signer; InvalidStatement if what was signed is no
    statement of ours. The payload is read only after its signature held.
    """
    opened = _open_envelope(envelope)
    if opened.payload_type != PAYLOAD_TYPE:
        raise UntrustedEnvelope(f"the payload type is not {PAYLOAD_TYPE}")
    try:
        opened.verify([_library_key(load_pem_public_key(public_key.encode()))], 1)
    except VerificationError as error:
        raise UntrustedEnvelope("no signature of this key holds for this payload and type") from error
    return parse_statement(opened.payload)


def _open_envelope(envelope: Mapping[str, Any]) -> Envelope:
    try:
        return Envelope.from_dict(deepcopy(dict(envelope)))  # the library changes what it is given
    except (KeyError, ValueError, TypeError, AttributeError, FormatError) as error:
        raise UntrustedEnvelope("this is no DSSE envelope") from error


def _library_key(public_key: PublicKeyTypes) -> SSlibKey:
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = SSlibKey.from_crypto(public_key, keyid=hashlib.sha256(spki).hexdigest())
    if key.scheme != SCHEME:
        raise UnusableKey("the public key is not on P-256")
    return key


def _open_key(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnusableKey(f"{KEY_FILE} can't be opened, or is a link") from error


def _create_key(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor, draft = tempfile.mkstemp(dir=folder)  # mode 0600, and a name of its own
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, folder / KEY_FILE)
    except FileExistsError:
        return  # another process was first, and its key counts
    finally:
        os.unlink(draft)
