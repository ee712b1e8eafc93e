import json

import pytest

NAME = "lending/mortgage-approval@2"
ROOT = "a" * 64
APPROVED = {
    "approved": True,
    "outcome": "passed",
    "version": NAME,
    "stage": "inference",
    "standing": "good",
    "waived": False,
    "expires_at": "2026-11-30T09:30:00Z",
    "reasons": [],
    "summary": "lending/mortgage-approval@2 may be used for inference: approved until 2027-05-19 09:30 UTC; "
    "this signed answer is valid until 2026-12-20 09:30 UTC (renewed while the approval lasts).",
    "attestation": {"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": []},
    "decided_at": "2026-11-20T09:30:00Z",
    "root_digest": ROOT,
}
REASONS = [
    {
        "requirement": "threshold:7",
        "kind": "threshold",
        "outcome": "failed",
        "asked": "demographic parity ratio at least 0.8",
        "found": "0.61 to 0.74",
        "unblock": "raise the low bound to 0.8",
    },
    {"requirement": "sign_off:3", "kind": "sign_off", "outcome": "passed", "asked": "one reviewer for fairness"},
]


def say(registry, **changes):
    registry.answer("GET", "verdict/", {**APPROVED, **changes})


def test_an_approval_exits_zero_and_says_until_when(registry, assay):
    say(registry)
    said = assay("verdict", NAME)
    assert said.code == 0
    assert said.text == (
        "APPROVED: lending/mortgage-approval@2 may be used for inference: approved until 2027-05-19 09:30 UTC; "
        "this signed answer is valid until 2026-12-20 09:30 UTC (renewed while the approval lasts).\n"
    )
    (asked,) = registry.asked
    assert asked.path == "/api/v1/verdict/?name=lending%2Fmortgage-approval%402&stage=inference"
    assert asked.headers["Authorization"] == "Bearer assay_secret"


def test_an_approval_lists_what_was_asked(registry, assay):
    say(registry, reasons=REASONS[1:])
    assert assay("verdict", NAME).text.splitlines()[1:] == ["  passed    sign_off:3: one reviewer for fairness"]


def test_a_waived_approval_says_so(registry, assay):
    say(registry, waived=True)
    said = assay("verdict", NAME)
    assert (said.code, "WITH A WAIVER" in said.text) == (0, True)


def test_a_no_exits_one_with_what_was_found_and_what_would_unblock(registry, assay):
    say(registry, approved=False, outcome="failed", reasons=REASONS, summary="One threshold is not met.")
    said = assay("verdict", NAME)
    assert said.code == 1
    assert said.text.splitlines() == [
        "NOT APPROVED: lending/mortgage-approval@2 for inference, standing good. One threshold is not met.",
        "  failed    threshold:7: demographic parity ratio at least 0.8",
        "            found: 0.61 to 0.74",
        "            unblock: raise the low bound to 0.8",
        "  passed    sign_off:3: one reviewer for fairness",
    ]


def test_undecided_exits_two(registry, assay):
    say(registry, approved=False, outcome="undecided")
    said = assay("verdict", NAME)
    assert (said.code, said.text.startswith("UNDECIDED")) == (2, True)


@pytest.mark.parametrize("standing", ["suspended", "withdrawn"])
@pytest.mark.parametrize("outcome", ["passed", "failed", "undecided"])
def test_a_version_not_in_good_standing_is_a_no_whatever_else_is_said(registry, assay, standing, outcome):
    say(registry, approved=True, outcome=outcome, standing=standing)
    assert assay("verdict", NAME).code == 1


@pytest.mark.parametrize("approved", [False, None, "true", 1])
def test_only_true_is_yes(registry, assay, approved):
    say(registry, approved=approved)
    assert assay("verdict", NAME).code == 1


@pytest.mark.parametrize("change", [{"version": "lending/other@2"}, {"stage": "training"}])
def test_an_answer_to_another_question_is_no_answer(registry, assay, change):
    say(registry, **change)
    assert assay("verdict", NAME).code == 3


def test_the_digest_of_the_files_at_hand_must_be_the_approved_one(registry, assay):
    say(registry)
    assert assay("verdict", NAME, "--digest", ROOT).code == 0
    said = assay("verdict", NAME, "--digest", "b" * 64)
    assert (said.code, "not the one given" in said.text) == (1, True)


def test_a_digest_alone_may_be_asked_for(registry, assay):
    say(registry, stage="training")
    assert assay("verdict", "--digest", ROOT, "--stage", "training").code == 0
    assert registry.asked[0].path == f"/api/v1/verdict/?digest={ROOT}&stage=training"


def test_an_unknown_version_exits_two(registry, assay):
    said = assay("verdict", NAME)
    assert (said.code, "404" in said.text) == (2, True)


def test_a_suspension_exits_one_with_its_reason(registry, assay):
    problem = {"title": "Suspended", "detail": "An incident is open.", "status": 409}
    registry.answer("GET", "verdict/", problem, status=409)
    said = assay("verdict", NAME)
    assert (said.code, said.text) == (1, "The registry answered 409: Suspended. An incident is open.\n")


def test_a_verdict_not_yet_signed_is_asked_for_again(registry, assay):
    registry.answer("GET", "verdict/", {"title": "Pending"}, status=503, Retry_After="1")
    say(registry)
    assert assay("verdict", NAME).code == 0
    assert len(registry.asked) == 2


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "600"}, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}])
def test_one_that_stays_unsigned_exits_three_in_time(registry, assay, headers):
    registry.answer("GET", "verdict/", {"title": "Pending"}, status=503, **headers)
    assert assay("verdict", NAME, "--wait", "0").code == 3
    assert len(registry.asked) == 1


@pytest.mark.parametrize("status", [401, 429, 500, 502])
def test_a_registry_that_cannot_answer_exits_three(registry, assay, status):
    registry.answer("GET", "verdict/", {"title": "No"}, status=status)
    assert assay("verdict", NAME).code == 3


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"yes"', b"{}", b'{"approved": true}', b"null"])
def test_an_answer_that_is_no_verdict_exits_three(registry, assay, body):
    registry.answer("GET", "verdict/", body)
    assert assay("verdict", NAME).code == 3


def test_an_error_page_of_a_proxy_exits_three(registry, assay):
    registry.answer("GET", "verdict/", b"<html>", status=502, Content_Type="text/html")
    assert "502" in assay("verdict", NAME).text


def test_the_token_is_not_carried_to_another_address(registry, assay):
    registry.answer("GET", "verdict/", {}, status=302, Location=f"{registry.url}/elsewhere")
    assert assay("verdict", NAME).code == 3
    assert len(registry.asked) == 1


def test_no_registry_at_the_address_exits_three(assay):
    said = assay("verdict", NAME, ASSAY_URL="http://127.0.0.1:9")
    assert (said.code, "Could not ask http://127.0.0.1:9" in said.text) == (3, True)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://127.0.0.1/", "registry"])
def test_only_http_addresses_are_asked(assay, url):
    assert assay("verdict", NAME, ASSAY_URL=url).code == 3


def test_a_missing_token_is_named(assay):
    said = assay("verdict", NAME, ASSAY_TOKEN="")
    assert (said.code, "ASSAY_TOKEN" in said.text) == (3, True)


def test_address_and_token_may_be_given_as_options(registry, assay):
    say(registry)
    said = assay("--url", registry.url, "--token", "other", "verdict", NAME, ASSAY_URL="", ASSAY_TOKEN="")
    assert said.code == 0
    assert registry.asked[0].headers["Authorization"] == "Bearer other"


@pytest.mark.parametrize("arguments", [(), ("verdict",), ("nonsense",), ("verdict", NAME, "--wait", "long")])
def test_wrong_usage_exits_three(assay, arguments):
    assert assay(*arguments).code == 3


def test_help_exits_zero(assay):
    assert assay("--help").code == assay("verdict", "--help").code == 0


def test_the_attestation_is_saved_and_the_answer_given_as_json(registry, assay, tmp_path):
    say(registry)
    said = assay("verdict", NAME, "--json", "--save", "attestation.json")
    assert json.loads(said.text) == APPROVED
    assert json.loads((tmp_path / "attestation.json").read_text()) == APPROVED["attestation"]


def test_control_characters_from_the_registry_do_not_reach_the_terminal(registry, assay):
    say(registry, approved=False, outcome="failed", summary="\x1b[2JAPPROVED\r\u202e")
    text = assay("verdict", NAME).text
    assert not {"\x1b", "\r", "\u202e"} & set(text)
