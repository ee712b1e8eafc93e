"""What is typed wrong comes back with what is wrong beside it; nothing typed is lost, and nothing is changed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from registry.models import AuditEvent, User
from tests import make
from tests.web.world import World

SignedIn = Callable[[User], Client]
DIGEST = "ab" * 32
POLICY = make.a_policy()
# address, who, what is sent, what the page says about it, and what it still shows of what was typed
CASES: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("project-new", "ada", {"slug": "two words", "name": "Cars"}, "Use letters, digits, - and _", "two words"),
    ("project-new", "ada", {"slug": "mortgages", "name": "Again"}, "It is taken", "Again"),
    ("dataset-new", "ada", {"slug": "../etc", "description": "Kept text"}, "Use letters", "Kept text"),
    ("model-new", "ada", {"slug": "", "description": "Kept text"}, "This field is required", "Kept text"),
    ("model-new", "ada", {"slug": "ok", "project": "4", "description": "Kept"}, "not a valid UUID", "Kept"),
    ("version-new", "ada", {"label": "a/b"}, "can&#x27;t be used", "a/b"),
    ("version-new", "ada", {"label": "1"}, "It is taken", 'value="1"'),
    ("version-new", "ada", {"label": "3", "digests": "abc model.skops"}, "Line 1 is not a SHA-256", "abc model.skops"),
    ("version-new", "ada", {"label": "3", "digests": f"{DIGEST} 5 ../up"}, "between its slashes", DIGEST),
    ("version-new", "ada", {"label": "3", "derived_from": ["nonsense"]}, "is not a valid", 'value="3"'),
    ("version-new", "ada", {"label": "3", "digests": f"{DIGEST} 5 a", "files": b"x"}, "not both", DIGEST),
    ("dataset-version-new", "ada", {"label": "with space", "notes": "Kept"}, "can&#x27;t be used", "Kept"),
    (
        "trust-needs",
        "ada",
        {"aspect": "fairness", "level": "high", "reason": " "},
        "This field is required",
        "selected",
    ),
    ("risk-new", "ada", {"issue": "Kept issue", "aspect": "luck"}, "Select a valid choice", "Kept issue"),
    ("risk-new", "ada", {"issue": "Kept issue", "likelihood": "9"}, "Select a valid choice", "Kept issue"),
    ("risk-edit", "ada", {"is_resolved": "on", "step_taken": "Kept"}, "Say what resolved it|It is empty", "Kept"),
    ("version-evaluate", "ada", {}, "This field is required|Bring a table", ""),
    ("version-evaluate-freely", "ada", {"evaluator": "magic"}, "magic is not one of the available choices", ""),
    (
        "version-evaluate-freely",
        "ada",
        {"evaluator": "fairness.group", "level": "2", "group": "kept"},
        "It can be at most 0.9999",
        "kept",
    ),
    (
        "version-evaluate-freely",
        "ada",
        {"evaluator": "fairness.group", "parameter-family_minimum": "2", "group": "kept"},
        "It has to be at least 10.",
        "kept",
    ),
    (
        "version-evaluate-freely",
        "ada",
        {"evaluator": "fairness.group", "group": "race, kept", "table_file": b"race,other\na,1\n"},
        "has no column “kept”. It has: race, other.",
        "race, kept",
    ),
    ("version-evaluate-freely", "ada", {"evaluator": "fairness.group"}, "Bring a table", ""),
    ("version-evaluate-table", "ada", {"evaluator": "fairness.group", "group": "kept"}, "Choose one table", "kept"),
    ("version-evaluate-table", "ada", {"evaluator": "fairness.group", "table_file": b"a;b\n1;2\n"}, "commas", ""),
    ("version-evaluate-table", "ada", {"evaluator": "fairness.group", "table_file": b"a,a\n1,2\n"}, "than once", ""),
    ("version-evaluate-table", "ada", {"evaluator": "fairness.group", "table_file": b"\x80\x04."}, "a pickle", ""),
    ("version-waive", "ada", {"finding": "threshold:0 0", "reason": "Kept", "hours": "5"}, "valid choice", "Kept"),
    ("version-waive", "ada", {"reason": "Kept", "hours": "-1"}, "greater than or equal to 1", "Kept"),
    ("policy-revision-new", "ada", {"slug": "lending", "body": "{broken"}, "Line 1, column 2: a name", "{broken"),
    ("policy-revision-new", "ada", {"slug": "lending", "body": '{"a": NaN}'}, "no JSON numbers", "NaN"),
    ("policy-revision-new", "ada", {"slug": "lending", "body": "[1]"}, "is a JSON object", "[1]"),
    (
        "policy-revision-new",
        "ada",
        {"slug": "x", "body": json.dumps(POLICY | {"colour": 1})},
        "Line 1, colour: unknown field",
        "colour",
    ),
    ("policy-activate", "joan", {"project": "0"}, "not a valid UUID", ""),
    (
        "member-new",
        "joan",
        {"person": "nobody-here", "role": "reviewer"},
        "no active account “nobody-here”",
        "nobody-here",
    ),
    ("member-new", "joan", {"person": "joan", "role": "reviewer"}, "That is you", "joan"),
    ("expertise-new", "joan", {"person": "pipeline", "expertise": "legal"}, "which never signs", "pipeline"),
    ("expertise-new", "joan", {"person": "mary", "expertise": "magic"}, "Select a valid choice", "mary"),
    ("token-new", "joan", {"name": "kept", "days": "4000"}, "less than or equal to 365", "kept"),
    ("token-new", "joan", {"name": "kept", "scopes": ["everything"], "days": "5"}, "Select a valid choice", "kept"),
]


def fill(world: World, name: str, sent: dict[str, Any]) -> dict[str, Any]:
    """With a team where the form wants one, and bytes as an uploaded file."""
    own = {"team": world.cast.lending.pk, "project": world.version.model.project_id, "acts_as": world.cast.pipeline.pk}
    if name == "risk-edit":
        own |= {"likelihood": "3", "severity": "3", "priority": "low"}
    files = {key: SimpleUploadedFile("model.skops", value) for key, value in sent.items() if isinstance(value, bytes)}
    return own | sent | files


def test_every_bad_input_comes_back_with_its_reason_and_changes_nothing(world: World, signed_in: SignedIn) -> None:
    before = AuditEvent.objects.count()
    for name, person, sent, said, kept in CASES:
        answer = signed_in(getattr(world.cast, person)).post(world.address(name), fill(world, name, sent))
        page = answer.content.decode()
        assert answer.status_code == 400, (name, sent, answer.status_code)
        assert any(words in page for words in said.split("|")), (name, sent, said)
        assert kept.replace('"', "&quot;") in page or kept in page, (name, sent, kept)
        assert AuditEvent.objects.count() == before, (name, sent)


def test_a_document_keeps_every_answer_when_one_of_them_is_wrong(world: World, signed_in: SignedIn) -> None:
    ada, address = signed_in(world.cast.ada), world.address("document-edit")
    fields = ada.get(address).context["form"].fields
    first, second = [name for name in fields if name + ".kind" in fields][:2]
    sent = {"expected": 1, first: "An answer that took an hour", f"{second}.kind": "not_applicable", second: ""}
    answer = ada.post(address, sent)
    assert answer.status_code == 400
    assert "An answer that took an hour" in answer.content.decode()
    assert world.version.documents.get().revisions.count() == 1


def test_a_document_that_somebody_else_wrote_meanwhile_is_not_overwritten(world: World, signed_in: SignedIn) -> None:
    ada, address = signed_in(world.cast.ada), world.address("document-edit")
    first = next(name for name in ada.get(address).context["form"].fields if name not in ("expected",) and "." in name)
    answer = ada.post(address, {"expected": 0, first.removesuffix(".kind"): "My hour of work"})
    assert answer.status_code == 409
    assert "Nothing was overwritten" in answer.content.decode()
    assert "My hour of work" in answer.content.decode()
    assert world.version.documents.get().revisions.count() == 1


def test_an_upload_over_the_limit_is_refused_and_nothing_is_kept(
    world: World, signed_in: SignedIn, settings: Any
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10
    sent = {"label": "7", "files": SimpleUploadedFile("model.skops", b"x" * 11)}
    answer = signed_in(world.cast.ada).post(world.address("version-new"), sent)
    assert answer.status_code == 413
    assert "over its limit" in answer.content.decode()
    assert world.version.model.versions.filter(label="7").count() == 0


@pytest.mark.parametrize("cursor", ["x", "bm9uZQ", "WyIxIl0", "W251bGxd", "%00", "W1tdLFtdXQ"])
def test_a_strange_cursor_is_the_first_page(world: World, signed_in: SignedIn, cursor: str) -> None:
    ada = signed_in(world.cast.ada)
    for name in ("model-list", "audit", "dataset-list", "project-list"):
        assert ada.get(f"{world.address(name)}?after={cursor}").status_code == 200, (name, cursor)


def test_searching_for_strange_things_finds_nothing(world: World, signed_in: SignedIn) -> None:
    ada = signed_in(world.cast.ada)
    for query in ("%27%20or%201%3D1", "%00", "_%25", "a" * 3000, "%F0%9F%A6%86"):
        for name in ("model-list", "dataset-list", "audit"):
            answer = ada.get(f"{world.address(name)}?q={query}&stage=x&team=%00&outcome=x")
            assert answer.status_code == 200, (name, query)
