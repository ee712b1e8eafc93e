import json
from datetime import timedelta

import pytest

from tests.verify.conftest import DECIDED, FILES, run_verify

WAIVERS = [{"requirement": "threshold:7", "until": "2026-11-25T00:00:00Z"}]


def test_an_approval_of_these_files_is_told_with_its_end(notary):
    answer = notary.check(notary.envelope())
    assert answer.code == 0
    assert answer.text.startswith(
        "APPROVED: lending/mortgage-approval@2 may be used for inference: "
        "this signed answer is valid until 2026-11-30 09:30 UTC (renewed while the approval lasts).\n"
    )
    assert "files compared  3" in answer.text
    assert "assay:policy/lending@3" in answer.text


def test_the_approvals_end_and_the_signed_answers_have_names_of_their_own(notary):
    later, same = DECIDED + timedelta(days=180), DECIDED + timedelta(days=10)
    said = notary.check(notary.envelope(approved_until=later)).text
    assert said.startswith(
        "APPROVED: lending/mortgage-approval@2 may be used for inference: approved until 2027-05-19 09:30 UTC; "
        "this signed answer is valid until 2026-11-30 09:30 UTC (renewed while the approval lasts).\n"
    )
    assert "approved until  2027-05-19 09:30 UTC" in said
    assert "valid until     2026-11-30 09:30 UTC" in said
    assert "renewed" not in notary.check(notary.envelope(approved_until=same)).text


def test_the_approvals_end_never_makes_the_signed_answer_last_longer(notary):
    later = notary.envelope(approved_until=DECIDED + timedelta(days=180))
    assert notary.check(later, now="2026-12-01T09:30:00Z").code == 1


def test_what_it_cannot_see_is_said_with_the_dates(notary):
    text = notary.check(notary.envelope()).text
    assert "suspended or withdrawn" in text
    assert "verified at     2026-11-20 09:30 UTC" in text
    assert "key saved at    20" in text


def test_the_verdict_endpoints_answer_is_read_for_its_envelope_alone(notary):
    yes = {"approved": False, "outcome": "failed", "attestation": notary.envelope()}
    no = {"approved": True, "outcome": "passed", "attestation": notary.envelope(outcome="failed")}
    assert notary.check(yes).code == 0
    assert notary.check(no).code == 1


@pytest.mark.parametrize("document", [{"approved": True}, {"approved": True, "attestation": None}, [], 7, "yes", {}])
def test_an_answer_without_an_envelope_is_not_believed(notary, document):
    assert notary.check(document).code == 2


@pytest.mark.parametrize("outcome", ["failed", "undecided"])
def test_a_signed_no_is_a_no(notary, outcome):
    answer = notary.check(notary.envelope(outcome=outcome))
    assert answer.code == 1
    assert answer.text == (
        f"REFUSED because the registry says no to lending/mortgage-approval@2 ({outcome} inference good)\n"
    )


def test_a_suspended_version_is_a_no(notary):
    answer = notary.check(notary.envelope(standing="suspended"))
    assert (answer.code, "suspended" in answer.text) == (1, True)


def test_approval_for_another_stage_is_a_no(notary):
    answer = notary.check(notary.envelope(stage="training"))
    assert answer.code == 1
    assert "not for inference" in answer.text
    assert notary.check(notary.envelope(stage="training"), "--stage", "training").code == 0


def test_a_waived_approval_needs_to_be_accepted_and_says_so(notary):
    waived = notary.envelope(waivers=WAIVERS)
    refused, accepted = notary.check(waived), notary.check(waived, "--allow-waived")
    assert (refused.code, "--allow-waived" in refused.text) == (1, True)
    assert (accepted.code, "WITH A WAIVER" in accepted.text) == (0, True)


def test_a_plain_level_with_waivers_beside_it_is_a_waived_one(notary):
    statement = notary.statement()
    statement["predicate"]["assayWaivers"] = WAIVERS
    assert notary.check(notary.sign_bytes(json.dumps(statement).encode())).code == 1


@pytest.mark.parametrize(
    ("now", "code"),
    [
        ("2026-11-20T09:24:59Z", 1),
        ("2026-11-20T09:25:00Z", 0),
        ("2026-11-30T09:29:59Z", 0),
        ("2026-11-30T10:29:59+01:00", 0),
        ("2026-11-30T09:30:00Z", 1),
        ("2036-01-01T00:00:00Z", 1),
    ],
)
def test_an_approval_holds_between_its_dates(notary, now, code):
    assert notary.check(notary.envelope(), now=now).code == code


def test_without_now_the_clock_is_asked(notary):
    long_ago = notary.envelope(decided_at=DECIDED - timedelta(days=3000), expires_at=DECIDED - timedelta(days=2990))
    answer = notary.check(long_ago, now=None)
    assert (answer.code, "expired" in answer.text) == (1, True)


@pytest.mark.parametrize(("now", "code"), [("2026-12-20T09:29:59Z", 0), ("2026-12-20T09:30:00Z", 1)])
def test_without_an_end_date_thirty_days_are_the_end(notary, now, code):
    statement = notary.statement()
    del statement["predicate"]["assayExpiresAt"]
    assert notary.check(notary.sign_bytes(json.dumps(statement).encode()), now=now).code == code


@pytest.mark.parametrize(("max_age", "code"), [("25h", 0), ("24h", 1), ("2d", 0), ("0d", 1)])
def test_a_stricter_age_may_be_asked(notary, max_age, code):
    assert notary.check(notary.envelope(), "--max-age", max_age).code == code


def test_single_files_are_named_by_their_last_part_or_explicitly(make_notary):
    notary = make_notary(files={"model.skops": b"weights"})
    path = notary.artifact / "model.skops"
    base = (notary.write(notary.envelope()), "--key", notary.key)
    assert run_verify(*base, "--file", path).code == 0
    assert run_verify(*base, "--file", f"model.skops={path}").code == 0
    assert run_verify(*base, "--file", f"other.skops={path}").code == 2


def test_nested_files_are_named_explicitly(notary):
    files = [argument for name in FILES for argument in ("--file", f"{name}={notary.artifact / name}")]
    assert run_verify(notary.write(notary.envelope()), "--key", notary.key, *files).code == 0


def test_a_digest_alone_is_compared_and_the_unread_files_are_told(notary):
    base = (notary.write(notary.envelope()), "--key", notary.key)
    answer = run_verify(*base, "--digest", notary.facts.root_digest)
    assert (answer.code, "files compared  0" in answer.text) == (0, True)
    assert run_verify(*base, "--digest", "0" * 64).code == 2


def test_version_control_and_the_attestation_itself_are_not_part_of_the_folder(notary):
    (notary.artifact / ".git").mkdir()
    (notary.artifact / ".git" / "config").write_text("x")
    (notary.artifact / ".gitignore").write_text("x")
    inside = notary.artifact / "attestation.json"
    inside.write_text(json.dumps(notary.envelope()))
    assert run_verify(inside, "--key", notary.key, "--dir", notary.artifact).code == 0


def test_names_beyond_ascii_are_compared_and_printed_anywhere(make_notary):
    notary = make_notary(files={"模型/wëights.bin": b"1", 'quo"te': b"2"})
    assert notary.check(notary.envelope(name="lending/größe@2")).code == 0


def test_the_answer_for_programs_is_json(notary):
    yes = json.loads(notary.check(notary.envelope(), "--json").text)
    assert (yes["outcome"], yes["version"], yes["files_compared"]) == ("approved", "lending/mortgage-approval@2", 3)
    no = json.loads(notary.check(notary.envelope(outcome="failed"), "--json").text)
    assert (no["outcome"], no["version"]) == ("not_approved", "lending/mortgage-approval@2")
    forged = json.loads(notary.check({}, "--json").text)
    assert (forged["outcome"], "version" in forged) == ("untrusted", False)
