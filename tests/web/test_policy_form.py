"""A policy that can't be read or used comes back with the line, the column or the place of what is wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from registry.models import PolicyRevision, User
from registry.web.forms.json_text import Places, read_json
from tests import make
from tests.people import Cast
from tests.web.world import World

SignedIn = Callable[[User], Client]
NEW = "/policies/new/"
UNREADABLE = [
    ('{"a": 1,\n "b": [1, 2\n}', "Line 3, column 1: a comma is expected"),
    ('{"a": 1,\n}', "Line 2, column 1: a name in double quotes is expected, or }"),
    ('{"a" 1}', "Line 1, column 6: a colon is expected"),
    ('{\n"a": yes}', "Line 2, column 6: a value is expected"),
    ('{"a": 1e400}', "1e400 is beyond what a number can hold"),
    (f'{{"a": 1{"0" * 400}}}', "is beyond what every reader of JSON can hold exactly"),
    ('{"a": "x\ny"}', "Line 1, column 9: a text goes on in the next line"),
    ("{} {}", "Line 1, column 4: the end is expected"),
    ('{"a": [\n-Infinity]}', "Line 2, column 1: NaN and Infinity"),
    ('{"a": 1, "a": 2}', "“a” stands twice"),
    ('{"a":\n "\\u0000"}', "Line 2, column 3: this character can't be stored"),
    ("[" * 100_000, "nested more than 32 deep"),
    ("[" * 40 + "]" * 40, "nested more than 32 deep"),
]


@pytest.mark.parametrize(("text", "said"), UNREADABLE, ids=[said for _, said in UNREADABLE])
def test_what_can_not_be_read_is_said_with_its_line_and_column(text: str, said: str) -> None:
    with pytest.raises(forms.ValidationError) as refusal:
        read_json(text)
    assert said in refusal.value.messages[0]


def test_words_in_texts_are_no_numbers_and_no_errors() -> None:
    assert read_json('{"a": "NaN, said \\"Infinity\\" \\\\u0000 \\ud83e\\udd86"}')["a"].endswith("🦆")


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_every_place_of_a_text_is_found_in_its_line(indent: int | None) -> None:
    text = json.dumps(make.a_policy(), indent=indent)
    places = Places(text)
    line = places.line("stages.inference.evaluations.0.thresholds.0.limit")
    assert '"limit": 0.8' in text.splitlines()[line - 1]
    assert '"inference"' in text.splitlines()[places.line("stages.inference.nothing.7") - 1]
    assert places.line("nowhere") == 1


def sent(cast: Cast, body: Any) -> dict[str, Any]:
    return {"team": cast.lending.pk, "slug": "lending", "body": json.dumps(body, indent=2)}


def test_a_rule_that_can_not_be_used_is_named_by_its_place_and_line(cast: Cast, signed_in: SignedIn) -> None:
    body = make.a_policy()
    body["stages"]["inference"]["evaluations"][0]["thresholds"][0]["limit"] = "high"
    del body["title"]
    typed = sent(cast, body)
    answer = signed_in(cast.ada).post(NEW, typed)
    errors = answer.context["form"].errors
    line = 1 + next(n for n, text in enumerate(typed["body"].splitlines()) if '"limit"' in text)
    assert any(
        each.startswith(f"Line {line}, stages.inference.evaluations[0].thresholds[0].limit: must be a number")
        for each in errors["body"]
    ), errors
    assert "Line 1, title: must be a text that is not empty" in errors["body"]
    assert answer.status_code == 400
    assert "__all__" not in errors
    assert 'data-mark-line="1"' in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not PolicyRevision.objects.exists()


def with_a_limit_on_a_test() -> dict[str, Any]:
    body = make.a_policy()
    (limit,) = body["stages"]["inference"]["evaluations"][0]["thresholds"]
    limit |= {"metric": "fairness.permutation_p", "slice": "overall", "direction": "at_least", "limit": 0.05}
    return body


def test_a_limit_that_no_reading_could_meet_is_refused_in_the_form(cast: Cast, signed_in: SignedIn) -> None:
    ada = signed_in(cast.ada)
    answer = ada.post(NEW, sent(cast, with_a_limit_on_a_test()))
    (problem,) = answer.context["form"].errors["body"]
    assert "thresholds[0].metric: \u201cPermutation test of equal rates\u201d is a test" in problem
    assert problem.endswith("it may fail a limit and never meet one. Choose a metric of an effect.")
    assert not PolicyRevision.objects.exists()
    assert "a test: it meets no limit, so none can be set" in ada.get(NEW).content.decode()


def test_a_limit_that_no_reading_could_meet_is_refused_by_the_api(cast: Cast, signed_in: SignedIn) -> None:
    asked = {"team": "lending", "slug": "lending", "body": with_a_limit_on_a_test()}
    answer = signed_in(cast.ada).post("/api/v1/policies/", asked, content_type="application/json")
    assert answer.status_code == 400
    assert "is a test: it may fail a limit and never meet one" in str(answer.json()["errors"])
    assert not PolicyRevision.objects.exists()


def test_writing_begins_with_what_applies_or_with_an_example_that_is_taken(world: World, signed_in: SignedIn) -> None:
    ada = signed_in(world.cast.ada)
    page = ada.get(NEW).content.decode()
    assert f"?from={world.revision.pk}" in page
    assert f"?from={world.revision.pk}" not in signed_in(world.cast.olga).get(NEW).content.decode()
    example = ada.get(f"{NEW}?from=example").context["form"]["body"].value()
    answer = ada.post(NEW, {"team": world.cast.lending.pk, "slug": "from-example", "body": example})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    made = PolicyRevision.objects.get(policy__slug="from-example")
    assert answer.url == reverse("policy-revision", args=[made.pk])


@pytest.mark.parametrize("start", ["-" * 36, "a" * 36, "a" * 35 + "-", "0" * 32, "soon", "%00"])
def test_writing_that_should_begin_with_no_revision_begins_with_the_frame(
    cast: Cast, signed_in: SignedIn, start: str
) -> None:
    answer = signed_in(cast.ada).get(f"{NEW}?from={start}")
    assert answer.status_code == 200
    assert '"sign_offs"' in answer.context["form"]["body"].value()
