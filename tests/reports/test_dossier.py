"""The dossier: what its pages say, what travels inside it, and that nobody's text makes it reach for anything."""

import hashlib
import io
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any

import pypdf
import pytest

from registry.cards.canonical import canonical_bytes
from registry.cards.schemas import load_schema
from registry.exchange.dsse import load_or_create_signer, public_key_pem, sign_statement, verify_envelope
from registry.models import ModelVersion, SignOff
from registry.reports import dossier as reports
from registry.reports.dossier import Dossier
from registry.reports.pdf import Attached, RenderingFailed, to_pdf
from registry.reports.prose import render_markdown
from registry.reports.wording import found_words
from registry.services import attestations, lifecycle, verdicts
from registry.web.present.dossier import dossier
from tests import make
from tests.databases import speaking_as
from tests.people import Cast

MEANING = "I approve the use of this version at this stage"


def notarised(folder: Path) -> str:
    """Sign what is pending, as the notary does; the public key."""
    signer = load_or_create_signer(folder / "notary")
    with speaking_as("assay_notary"):
        key_id = str(signer.public_key.keyid)
        attestations.register_key(key_id=key_id, public_pem=public_key_pem(signer))
        attestations.sign_pending(partial(sign_statement, signer=signer), key_id=key_id, unsignable=set())
    return public_key_pem(signer)


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A dossier's pages and files, with what they have to agree with."""

    pages: tuple[str, ...]
    inside: dict[str, bytes]
    facts: dict[str, Any]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.pages).split())


def read(content: bytes) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """The text of each page, and each attached file."""
    pdf = pypdf.PdfReader(io.BytesIO(content))
    inside = {name: contents[0] for name, contents in pdf.attachments.items()}
    return tuple(page.extract_text() for page in pdf.pages), inside


def content_of(version: ModelVersion, cast: Cast) -> Dossier:
    return dossier(version, person=cast.mary)


@pytest.fixture(scope="module")
def kept() -> dict[str, Printed]:
    """Drawing takes seconds, so the tests that only read an approved version's dossier share one."""
    return {}


@pytest.fixture
def approved(kept: dict[str, Printed], request: pytest.FixtureRequest, tmp_path: Path) -> Printed:
    """The dossier of a version in use, attested by a notary."""
    if "approved" not in kept:
        cast: Cast = request.getfixturevalue("cast")
        version = make.approved_version(cast)
        public_key = notarised(tmp_path)
        pages, inside = read(reports.render(content_of(version, cast)))
        facts = {
            "signatures": list(SignOff.objects.select_related("snapshot")),
            "body": version.sign_offs.first().snapshot.body,
            "digest": version.sign_offs.first().snapshot.digest,
            "envelope": bytes(version.attestations.get(passed=True).envelope),
            "public_key": public_key,
            "manifest_digest": version.artifact.manifest_digest,
            "verdict": version.transitions.get(to_stage="inference").verdict.body,
        }
        kept["approved"] = Printed(pages=pages, inside=inside, facts=facts)
    return kept["approved"]


def test_every_signature_stands_with_name_moment_meaning_and_the_evidence_it_covers(approved: Printed) -> None:
    signatures = approved.facts["signatures"]
    assert {signature.signed_name for signature in signatures} == {"Grace Hopper", "Alan Turing"}
    for signature in signatures:
        at = signature.signed_at
        assert signature.signed_name in approved.words
        assert f"{at.day} {at:%B %Y, %H:%M:%S} UTC" in approved.words
        assert signature.snapshot.digest in approved.words
        assert signature.get_expertise_display() in approved.words
    assert approved.words.count(MEANING) == 2
    assert "Looked at all of it." in approved.words


def test_the_evidence_inside_is_byte_for_byte_what_was_signed(approved: Printed) -> None:
    assert approved.inside["evidence.json"] == approved.facts["body"].encode()
    assert hashlib.sha256(approved.inside["evidence.json"]).hexdigest() == approved.facts["digest"]
    assert approved.facts["digest"] in approved.words


def test_the_signed_answer_inside_holds_and_covers_this_evidence(approved: Printed) -> None:
    assert approved.inside["attestation.json"] == approved.facts["envelope"]
    assert approved.inside["notary.pem"].decode() == approved.facts["public_key"]
    statement = verify_envelope(json.loads(approved.inside["attestation.json"]), approved.facts["public_key"])
    assert statement["predicate"]["assayEvidence"]["sha256"] == approved.facts["digest"]
    assert "the evidence of this dossier" in approved.words
    assert hashlib.sha256(approved.inside["manifest.json"]).hexdigest() == approved.facts["manifest_digest"]


def test_the_last_page_lists_every_attached_file_with_its_digest(approved: Printed) -> None:
    last = approved.pages[-1]
    assert set(approved.inside) == {
        "evidence.json",
        "verdict.json",
        "measurements.json",
        "card.json",
        "datasheet-lending-loans-1.json",
        "manifest.json",
        "attestation.json",
        "notary.pem",
    }
    for name, content in approved.inside.items():
        assert name in last
        assert hashlib.sha256(content).hexdigest() in last


def test_every_page_has_its_name_its_evidence_and_its_number(approved: Printed) -> None:
    for number, page in enumerate(approved.pages, start=1):
        assert f"lending/mortgage-approval@1 · evidence {approved.facts['digest'][:12]}" in page
        assert f"{number} / {len(approved.pages)}" in page


def test_the_verdict_inside_is_the_one_that_let_it_in(approved: Printed) -> None:
    said = json.loads(approved.inside["verdict.json"])
    assert said["requirements"] == approved.facts["verdict"]["requirements"]
    assert said["evidence"]["digest"] == approved.facts["digest"]
    assert "In use" in approved.pages[0]
    assert "Four fifths, 29 CFR 1607.4(D)." in approved.words


def test_what_is_met_takes_a_line_each_and_its_source_stands_once(approved: Printed) -> None:
    passed = [item for item in approved.facts["verdict"]["requirements"] if item["outcome"] == "passed"]
    met = approved.words.partition(f"Met {len(passed)}")[2].partition("What trust this use needs")[0]
    for item in passed:
        assert item["id"] in met
        assert found_words(item) in met
    assert "Why this limit" not in approved.words
    assert approved.words.count("Four fifths, 29 CFR 1607.4(D).") == 1


def test_the_first_page_of_what_is_in_use_says_who_signed(approved: Printed) -> None:
    assert "signed by Grace Hopper" in " ".join(approved.pages[0].split())


def test_the_first_page_of_what_is_not_in_use_says_what_is_unmet(cast: Cast) -> None:
    version = make.ready_version(cast)
    content = content_of(version, cast)
    unmet = verdicts.review(version, to_stage="inference").decision.unmet
    assert content.title["reasons_title"] == "Why"
    assert [item.id for item in content.title["reasons"]] == [item.id for item in unmet]
    page, _, _ = reports.to_html(content).partition('id="contents"')
    for item in unmet:
        assert found_words(item) in page


def test_a_renamed_signer_keeps_the_name_as_signed_and_a_withdrawn_signature_says_so(cast: Cast) -> None:
    version = make.signed_version(cast)
    type(cast.grace).objects.filter(pk=cast.grace.pk).update(last_name="Murray")
    lifecycle.withdraw_sign_off(version.sign_offs.get(signed_by=cast.alan), reason="Too early.", by=cast.alan)
    alan, grace = content_of(version, cast).record["signatures"]
    assert (grace["name"], grace["state"]) == ("Grace Hopper", "Holds")
    assert (alan["name"], alan["state"]) == ("Alan Turing", "Withdrawn")
    assert alan["note"].endswith("UTC: Too early.")


def test_signatures_over_other_evidence_are_marked_as_lapsed(cast: Cast) -> None:
    version = make.signed_version(cast)
    make.measured(version, by=cast.ada, low=0.86)
    assert [each["state"] for each in content_of(version, cast).record["signatures"]] == ["Lapsed", "Lapsed"]


def test_attached_documents_say_what_was_answered_by_whom_and_in_which_revision(cast: Cast) -> None:
    version = make.ready_version(cast)
    answers = make.complete_answers("model_card")
    first, second = list(answers)[:2]
    make.card(version, by=cast.ada, answers=answers | {second: {"text": "Reworded."}})
    files = {each.name: each.content for each in content_of(version, cast).attachments}
    card = json.loads(files["card.json"])
    assert (card["schema"]["id"], card["revision"]) == ("model_card", 2)
    assert card["answers"][second] == {"text": "Reworded."}
    assert (card["provenance"][first]["revision"], card["provenance"][second]["revision"]) == (1, 2)
    assert card["provenance"][first]["answered_by"] == "Ada Lovelace"


def test_a_version_that_is_not_through_shows_what_the_gate_says_now(cast: Cast) -> None:
    version = make.ready_version(cast)
    content = content_of(version, cast)
    reviewed = verdicts.review(version, to_stage="inference")
    files = {each.name: each.content for each in content.attachments}
    assert content.evidence_digest == reviewed.evidence_digest
    assert content.title["word"] == "Not yet: it waits for signatures"
    said = json.loads(files["verdict.json"])["requirements"]
    assert said == json.loads(canonical_bytes(reviewed.decision.as_dict()["requirements"]))


def test_a_group_with_too_few_rows_is_not_enough_data_in_the_table_and_in_the_chart(cast: Cast) -> None:
    version, rate = make.ready_version(cast), "fairness.selection_rate"
    few = make.reading(metric=rate, slice="race=few", low=0.194, high=0.994, n=4)
    many = make.reading(metric=rate, slice="race=many", low=0.512, high=0.688)
    short = few | {"status": "insufficient_data", "reason": "4 rows, fewer than 10"}
    make.measured(version, by=cast.ada, readings=[make.reading(), short, many])
    html = reports.to_html(content_of(version, cast))
    assert "68.8%" in html
    assert "99.4%" not in html
    assert html.count("4 rows, fewer than 10") == 1
    assert "few: not enough data" in html


def test_an_unanswered_question_is_a_warning_only_where_an_answer_is_asked_for(cast: Cast) -> None:
    version = make.ready_version(cast)
    answers, questions = make.complete_answers("model_card"), load_schema("model_card").questions
    asked, optional = (next(key for key in answers if questions[key].required is wanted) for wanted in (True, False))
    make.card(
        version, by=cast.ada, answers={key: each for key, each in answers.items() if key not in (asked, optional)}
    )
    html = reports.to_html(content_of(version, cast))
    for question, is_warned in ((asked, True), (optional, False)):
        words = questions[question].prompt or questions[question].title
        row = html.partition(escape(words))[2].partition("</tr>")[0]
        assert "Not answered" in row
        assert ("<svg" in row) is is_warned


def test_a_number_in_a_narrow_column_is_one_word(cast: Cast) -> None:
    version = make.ready_version(cast)
    make.measured(
        version, by=cast.ada, readings=[make.reading(), make.reading(slice="race=a", low=0.0, high=0.0000002)]
    )
    words = reports.to_html(content_of(version, cast)).partition("Every reading")[2]
    assert "<\u00a00.000001" in unescape(words)
    assert "less than" not in words


def test_a_version_with_nothing_yet_has_a_dossier_that_says_so(cast: Cast) -> None:
    pages = reports.to_html(content_of(make.model_version(cast, has_files=False), cast))
    for said in (
        "no files registered",
        "Nothing has been measured.",
        "Nobody has signed.",
        "No signed answer exists yet.",
    ):
        assert said in pages


@pytest.fixture
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """A port that notes whoever knocks."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller:
                    caller.settimeout(2)
                    heard.append(caller.recv(200))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


def payloads(site: str, secret: Path) -> list[str]:
    """What somebody might write to make the printer read a file or reach an address."""
    return [
        f"![picture]({site}/markdown-image)",
        f"![picture](file://{secret})",
        f'<img src="{site}/img">',
        f'<img src="file://{secret}">',
        f'<link rel="stylesheet" href="{site}/sheet.css">',
        f'<link rel="attachment" href="file://{secret}">',
        f'<a rel="attachment" href="file://{secret}">attached</a>',
        f"<style>@import url({site}/import.css); p {{ background: url({site}/background) }}</style>",
        f'</style><style>@import "{site}/closed.css";</style>',
        f'<p style="background-image: url({site}/inline); content: url(file://{secret})">styled</p>',
        f'<script src="{site}/script.js"></script>',
        f'<svg><image href="{site}/svg"/><use href="file://{secret}#a"/></svg>',
        f'<object data="file://{secret}"></object><embed src="{site}/embed">',
        f'<iframe src="{site}/frame"></iframe><base href="{site}/">',
        f'<a href="{site}/linked">a link is printed, not followed</a> [another](file://{secret})',
        f'<meta http-equiv="refresh" content="0;url={site}/meta"><video poster="{site}/poster"></video>',
    ]


def test_no_text_makes_the_printer_read_a_file_or_reach_an_address(
    cast: Cast, tmp_path: Path, listening: tuple[str, list[bytes]]
) -> None:
    site, heard = listening
    secret = tmp_path / "secret.txt"
    secret.write_text("the contents of the secret file")
    evil = payloads(site, secret)
    version = make.ready_version(cast)
    keys = [key for key, answer in make.complete_answers("model_card").items() if "text" in answer]
    answers = {key: {"text": text} for key, text in zip(keys, evil, strict=False)}
    assert len(answers) >= 15
    make.card(version, by=cast.ada, answers=make.complete_answers("model_card") | answers)
    for text in evil:
        make.risk(version, by=cast.ada, issue=text, step_taken=text)
    make.signed(version, by=cast.grace, expertise="fairness", comment=" ".join(evil))
    pages, inside = read(reports.render(content_of(version, cast)))
    assert heard == []
    assert "the contents of the secret" not in " ".join(pages)
    assert not any(b"the contents of the secret" in content for content in inside.values())
    assert "secret.txt" not in inside


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="{site}/img">',
        '<link rel="stylesheet" href="{site}/sheet.css">',
        "<style>@import url({site}/import.css);</style>",
        "<style>@font-face {{ font-family: x; src: url({site}/font.ttf) }} p {{ font-family: x }}</style><p>text</p>",
        '<link rel="attachment" href="file://{secret}">',
        '<img src="file://{secret}">',
        '<object data="{site}/object"></object>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="{site}/svg" width="9" height="9"/></svg>',
        '<a rel="attachment" href="file://{secret}">x</a>',
    ],
)
def test_even_markup_that_got_through_reaches_nothing(
    markup: str, tmp_path: Path, listening: tuple[str, list[bytes]]
) -> None:
    site, heard = listening
    secret = tmp_path / "secret.txt"
    secret.write_text("the contents of the secret file")
    html = f"<html><body><p>printed</p>{markup.format(site=site, secret=secret)}</body></html>"
    pages, inside = read(to_pdf(html))
    assert "printed" in pages[0]
    assert heard == []
    assert "secret" not in pages[0]
    assert inside == {}


def test_what_needs_more_memory_than_allowed_ends_in_a_clear_error() -> None:
    with pytest.raises(RenderingFailed, match="MemoryError"):
        to_pdf("<table><tr><td colspan=1000000000>x</td></tr></table>")


def test_a_table_that_promises_a_billion_cells_is_printed_without_them() -> None:
    html = render_markdown("<table><tr><td colspan=1000000000 rowspan=2>x</td></tr></table>")
    assert html == '<table><tbody><tr><td rowspan="2">x</td></tr></tbody></table>'


def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.reports.pdf.TIME_LIMIT_S", 1)
    with pytest.raises(RenderingFailed, match="not ready within 1 s"):
        to_pdf("<p>word </p>" * 60_000)


def test_attachments_arrive_as_they_were_given() -> None:
    content = bytes(range(256)) * 40
    _, inside = read(to_pdf("<p>x</p>", attachments=[Attached(name="a.bin", description="", content=content)]))
    assert inside == {"a.bin": content}
