"""Forged, altered and misplaced attestations. None may be believed; most must exit 2."""

import base64
import json
import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from registry.cards.canonical import canonical_bytes
from tests.verify.conftest import run_verify


def resigned(notary, change):
    statement = notary.statement()
    change(statement)
    return notary.sign_bytes(canonical_bytes(statement))


def test_another_key_is_refused(notary, make_notary):
    other = make_notary("other")
    assert notary.check(other.envelope()).code == 2


def test_another_key_under_our_key_id_is_refused(notary, make_notary):
    forged = make_notary("other").envelope()
    forged["signatures"][0]["keyid"] = notary.envelope()["signatures"][0]["keyid"]
    assert notary.check(forged).code == 2


def test_an_altered_payload_is_refused(notary):
    no, yes = notary.envelope(outcome="failed"), notary.envelope()
    assert notary.check({**no, "payload": yes["payload"]}).code == 2


def test_failed_presented_as_passed_is_refused(notary):
    envelope = notary.envelope(outcome="failed")
    payload = base64.b64decode(envelope["payload"]).replace(b'"FAILED"', b'"PASSED"')
    assert notary.check({**envelope, "payload": base64.b64encode(payload).decode()}).code == 2


@pytest.mark.parametrize("payload_type", ["application/json", "application/vnd.in-toto+json ", "", None])
def test_an_altered_payload_type_is_refused(notary, payload_type):
    assert notary.check({**notary.envelope(), "payloadType": payload_type}).code == 2


def test_a_signed_text_of_another_type_is_refused(notary):
    assert notary.check(notary.sign_bytes(canonical_bytes(notary.statement()), "application/json")).code == 2


def test_repeated_keys_are_refused_in_statement_envelope_and_answer(notary):
    statement = canonical_bytes(notary.statement())
    twice = statement.replace(
        b'"verificationResult":"PASSED"', b'"verificationResult":"FAILED","verificationResult":"PASSED"'
    )
    assert twice != statement
    assert notary.check(notary.sign_bytes(twice)).code == 2
    envelope = json.dumps(notary.envelope())
    assert notary.check(f'{{"payload": "e30=", {envelope[1:]}'.encode()).code == 2
    assert notary.check(f'{{"attestation": null, "attestation": {envelope}}}'.encode()).code == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("_type", "https://in-toto.io/Statement/v2"),
        ("predicateType", "https://slsa.dev/verification_summary/v2"),
        ("predicateType", "https://slsa.dev/provenance/v1"),
        ("subject", []),
        ("subject", "text"),
        ("subject", [{"name": "a"}]),
        ("predicate", None),
        ("predicate", {}),
    ],
)
def test_an_unknown_type_version_or_shape_is_refused(notary, field, value):
    assert notary.check(resigned(notary, lambda statement: statement.update({field: value}))).code == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verificationResult", "PASSED "),
        ("verificationResult", True),
        ("verifiedLevels", None),
        ("verifiedLevels", [7]),
        ("timeVerified", "2026-11-20T09:30:00"),
        ("timeVerified", "yesterday"),
        ("timeVerified", "9999-12-31T23:59:59-12:00"),
        ("timeVerified", 1),
        ("assayExpiresAt", "never"),
        ("assayExpiresAt", 9e15),
        ("assayManifest", None),
        ("assayManifest", {"sha256": "0" * 64}),
        ("policy", "assay:policy"),
    ],
)
def test_a_garbled_field_is_refused(notary, field, value):
    assert notary.check(resigned(notary, lambda statement: statement["predicate"].update({field: value}))).code == 2


def test_a_second_subject_is_refused(notary):
    def add(statement):
        statement["subject"].append({"name": "x", "digest": {"sha256": "0" * 64}})

    assert notary.check(resigned(notary, add)).code == 2


def test_levels_given_as_one_text_approve_nothing(notary):
    def flatten(statement):
        statement["predicate"]["verifiedLevels"] = "ASSAY_STAGE_INFERENCE"

    assert notary.check(resigned(notary, flatten)).code == 1


def test_another_subject_is_refused_also_for_a_no(notary):
    assert notary.check(notary.envelope(root_digest="0" * 64)).code == 2
    assert notary.check(notary.envelope(root_digest="0" * 64, outcome="failed")).code == 2


def test_a_changed_file_is_refused(notary):
    (notary.artifact / "model.skops").write_bytes(b"weightz")
    assert notary.check(notary.envelope()).code == 2


def test_a_renamed_file_with_an_unchanged_root_is_refused(notary):
    (notary.artifact / "x.py.txt").rename(notary.artifact / "x.py")
    answer = notary.check(notary.envelope())
    assert (answer.code, "other names" in answer.text) == (2, True)


@pytest.mark.parametrize("name", ["extra.bin", "sub/extra", ".hidden", "sub/.gitignore", "empty"])
def test_an_extra_file_is_refused(notary, name):
    (notary.artifact / name).write_bytes(b"")
    assert notary.check(notary.envelope()).code == 2


def test_a_missing_file_is_refused(notary):
    (notary.artifact / "sub" / "config.json").unlink()
    assert notary.check(notary.envelope()).code == 2


def test_links_are_refused_wherever_they_point(notary):
    target = notary.folder / "elsewhere"
    (notary.artifact / "model.skops").rename(target)
    (notary.artifact / "model.skops").symlink_to(target)
    answer = notary.check(notary.envelope())
    assert (answer.code, "link" in answer.text) == (2, True)


@pytest.mark.parametrize("target", ["sub", "nowhere", "../attestation.json"])
def test_links_to_folders_to_nothing_and_to_the_attestation_are_refused(notary, target):
    (notary.artifact / "link").symlink_to(target)
    assert notary.check(notary.envelope()).code == 2


def test_a_pipe_is_refused_without_opening_it(notary):
    os.mkfifo(notary.artifact / "pipe")
    assert notary.check(notary.envelope()).code == 2


@pytest.mark.parametrize("name", ["/etc/model", "../model", "a/../b", "./a", "a//b", "a\\b"])
def test_names_that_lead_out_are_refused(notary, name):
    base = (notary.write(notary.envelope()), "--key", notary.key)
    answer = run_verify(*base, "--file", f"{name}={notary.artifact / 'model.skops'}")
    assert (answer.code, "can't stand in an artifact" in answer.text) == (2, True)


def test_names_that_are_no_utf8_are_refused(notary):
    os.rename(notary.artifact / "model.skops", os.fsencode(notary.artifact) + b"/model\xff.skops")
    assert notary.check(notary.envelope()).code == 2


def test_control_characters_of_a_signed_name_do_not_reach_the_terminal(notary):
    answer = notary.check(notary.envelope(name="a/b@1\x1b[2J\n\u202e", outcome="failed"))
    assert (answer.code, "\x1b" in answer.text, "\u202e" in answer.text) == (1, False, False)
    assert answer.text.count("\n") == 1


@pytest.mark.parametrize("length", [0, 1, 100, -2, -1])
def test_a_truncated_file_is_refused(notary, length):
    assert notary.check(json.dumps(notary.envelope()).encode()[:length]).code == 2


@pytest.mark.parametrize("document", [b"[" * 200_000, b"\xff\xfe{}", b'{"a":' * 50_000, b"{}" * 3_000_000])
def test_hostile_json_is_refused_without_a_crash(notary, document):
    assert notary.check(document).code == 2


def test_base64_with_a_second_spelling_is_refused(notary):
    envelope = notary.envelope()
    assert notary.check({**envelope, "payload": envelope["payload"] + "\n"}).code == 2
    assert (
        notary.check({**envelope, "payload": envelope["payload"].replace("+", "-").replace("/", "_") + "="}).code == 2
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(where=0.0, bit=0)
@example(where=0.999999, bit=5)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_never_approved(notary, where, bit):
    raw = bytearray(json.dumps(notary.envelope(), separators=(",", ":")).encode())
    raw[int(where * len(raw))] ^= 1 << bit
    assert notary.check(bytes(raw)).code == 2
