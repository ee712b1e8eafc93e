import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.verify.conftest import VERIFY, run_verify


def test_without_anything_to_compare_it_does_not_answer(notary):
    answer = run_verify(notary.write(notary.envelope()), "--key", notary.key)
    assert (answer.code, "say what you hold" in answer.text) == (3, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--stage", "production"),
        ("--stage", "inference_waived"),
        ("--max-age", "forever"),
        ("--max-age", "-1d"),
        ("--unknown",),
        ("--file", "x"),
        ("--now", "2026-01-01T00:00:00"),
    ],
)
def test_wrong_usage_is_neither_yes_nor_no(notary, arguments):
    path = () if arguments == () else (notary.write(notary.envelope()), "--key", notary.key, "--dir", notary.artifact)
    assert run_verify(*path, *arguments, now=None).code == 3


def test_what_cannot_be_read_is_named(notary):
    attestation = notary.write(notary.envelope())
    for arguments in (
        ("nowhere.json", "--key", notary.key, "--dir", notary.artifact),
        (attestation, "--key", "nowhere.pub", "--dir", notary.artifact),
        (attestation, "--key", notary.key, "--dir", "nowhere"),
        (attestation, "--key", notary.key, "--file", "nowhere"),
    ):
        answer = run_verify(*arguments)
        assert (answer.code, "nowhere" in answer.text) == (3, True)


@pytest.mark.parametrize("pem", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_file_without_a_key_is_no_verdict(notary, pem):
    notary.key.write_bytes(pem)
    assert notary.check(notary.envelope()).code == 3


def test_a_key_on_another_curve_is_no_verdict(notary):
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    notary.key.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert notary.check(notary.envelope()).code == 3


def test_without_cryptography_it_says_what_it_needs():
    command = [sys.executable, "-I", "-S", str(VERIFY), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "pip install cryptography" in done.stderr) == (3, True)


def test_it_imports_nothing_of_the_registry():
    assert "registry." not in VERIFY.read_text(encoding="utf-8")
