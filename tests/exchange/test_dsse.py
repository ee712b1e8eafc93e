import base64
import hashlib
import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from registry.cards.canonical import canonical_bytes
from registry.cards.statements import PREDICATE_TYPE, STATEMENT_TYPE, InvalidStatement, pae
from registry.exchange.dsse import (
    KEY_FILE,
    UntrustedEnvelope,
    UnusableKey,
    load_or_create_signer,
    load_signer,
    public_key_pem,
    sign_statement,
    verify_envelope,
)

STATEMENT = {"_type": STATEMENT_TYPE, "predicateType": PREDICATE_TYPE, "subject": [], "predicate": {"n": 2**53 - 1}}


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return load_or_create_signer(tmp_path_factory.mktemp("notary"))


@pytest.fixture(scope="module")
def key(signer):
    return public_key_pem(signer)


@pytest.fixture(scope="module")
def envelope(signer):
    return sign_statement(STATEMENT, signer)


def test_a_signed_statement_reads_back_whole(envelope, key):
    assert verify_envelope(envelope, key) == STATEMENT


def test_the_payload_is_the_canonical_statement_and_json_survives(envelope, key):
    assert base64.b64decode(envelope["payload"]) == canonical_bytes(STATEMENT)
    assert verify_envelope(json.loads(json.dumps(envelope)), key) == STATEMENT


def test_the_signature_is_plain_ecdsa_over_the_encoding_of_type_and_payload(envelope, key):
    public = load_pem_public_key(key.encode())
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    signed = pae(envelope["payloadType"], base64.b64decode(envelope["payload"]))
    public.verify(signature, signed, ec.ECDSA(ec.hashes.SHA256()))


def test_the_key_id_is_the_digest_of_the_public_key(envelope, key):
    spki = load_pem_public_key(key.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert [signature["keyid"] for signature in envelope["signatures"]] == [hashlib.sha256(spki).hexdigest()]


def test_verifying_changes_nothing_in_the_envelope(envelope, key):
    before = json.dumps(envelope)
    verify_envelope(envelope, key)
    assert json.dumps(envelope) == before


def test_another_key_is_refused(envelope, tmp_path):
    with pytest.raises(UntrustedEnvelope):
        verify_envelope(envelope, public_key_pem(load_or_create_signer(tmp_path)))


def test_another_key_under_the_same_id_is_refused(envelope, tmp_path, key):
    other = sign_statement(STATEMENT, load_or_create_signer(tmp_path))
    other["signatures"][0]["keyid"] = envelope["signatures"][0]["keyid"]
    with pytest.raises(UntrustedEnvelope):
        verify_envelope(other, key)


@pytest.mark.parametrize(
    "change",
    [
        {"payload": base64.b64encode(canonical_bytes({**STATEMENT, "subject": [1]})).decode()},
        {"payloadType": "application/json"},
        {"payloadType": None},
        {"payload": "%%%"},
        {"payload": 7},
        {"signatures": []},
        {"signatures": [{}]},
        {"signatures": None},
        {"signatures": "none"},
        {"signatures": [{"keyid": "k", "sig": "%%%"}]},
    ],
)
def test_an_altered_envelope_is_refused(envelope, key, change):
    with pytest.raises(UntrustedEnvelope):
        verify_envelope({**envelope, **change}, key)


@given(data=st.data())
def test_no_flipped_bit_of_payload_or_signature_is_accepted(envelope, key, data):
    forged = json.loads(json.dumps(envelope))
    holder, name = data.draw(st.sampled_from([(forged, "payload"), (forged["signatures"][0], "sig")]))
    raw = bytearray(base64.b64decode(holder[name]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    holder[name] = base64.b64encode(raw).decode()
    with pytest.raises(UntrustedEnvelope):
        verify_envelope(forged, key)


def test_a_signed_text_that_is_no_statement_is_refused(signer, key):
    with pytest.raises(InvalidStatement):
        verify_envelope(sign_statement({"approved": True}, signer), key)


def test_the_key_file_is_for_its_owner_alone_and_is_kept(tmp_path):
    folder = tmp_path / "new" / "folder"
    first = load_or_create_signer(folder)
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert public_key_pem(load_or_create_signer(folder)) == public_key_pem(first) == public_key_pem(load_signer(folder))
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_two_that_start_at_once_get_the_same_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: public_key_pem(load_or_create_signer(tmp_path)), range(8)))
    assert len(set(keys)) == 1


def test_without_a_key_nothing_is_made_up(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_signer(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_key_that_others_can_reach_is_refused(tmp_path, mode):
    load_or_create_signer(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(UnusableKey, match="0600"):
        load_signer(tmp_path)


def test_a_key_behind_a_link_is_refused(tmp_path):
    load_or_create_signer(tmp_path / "real")
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "real" / KEY_FILE)
    with pytest.raises(UnusableKey, match="link"):
        load_signer(tmp_path)


def private_pem(key, password=None):
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"no key",
        private_pem(ec.generate_private_key(ec.SECP384R1())),
        private_pem(ed25519.Ed25519PrivateKey.generate()),
        private_pem(ec.generate_private_key(ec.SECP256R1()), b"secret"),
    ],
)
def test_a_file_without_a_usable_key_is_refused(tmp_path, pem):
    (tmp_path / KEY_FILE).write_bytes(pem)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(UnusableKey):
        load_signer(tmp_path)


def test_a_public_key_off_the_curve_is_refused(envelope):
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    with pytest.raises(UnusableKey):
        verify_envelope(envelope, other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
