from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cards.answers import Inherited, NotApplicable, Text, Unknown
from registry.cards.completeness import (
    asked_questions,
    concerns_people,
    count_required,
    measure_completeness,
    prefilled,
)
from registry.cards.pointers import Pointer
from registry.cards.schemas import load_schema

DATASHEET = load_schema("datasheet")
MODEL_CARD = load_schema("model_card")
FIRST, SECOND = "composition.relates_to_people", "collection.relates_to_people"
YES, NO, UNSURE, INHERITED = Text("yes"), Text("no"), Unknown("not looked"), Inherited((Pointer("data.a.datasheet.b"),))

GATES = list(product([None, YES, NO, UNSURE], [None, YES, NO, UNSURE, INHERITED]))


def gate_answers(first, second):
    return {key: answer for key, answer in ((FIRST, first), (SECOND, second)) if answer is not None}


def full(schema, answers):
    return {key: Text("said") for key in asked_questions(schema, answers)} | answers


@pytest.mark.parametrize(("first", "second"), GATES)
def test_people_questions_are_skipped_only_after_a_plain_no(first, second):
    plain_no = first == NO and second in (None, NO)
    answers = gate_answers(first, second)
    assert concerns_people(DATASHEET, answers) is not plain_no
    assert measure_completeness(DATASHEET, answers).required_applicable == (14 if plain_no else 18)


def test_a_datasheet_without_people_is_complete_with_fourteen_answers():
    measured = measure_completeness(DATASHEET, full(DATASHEET, {FIRST: NO, SECOND: NO}))
    assert (measured.required_answered, measured.required_applicable, measured.fraction) == (14, 14, 1.0)
    assert measured.missing == measured.unknown_slugs == ()


def test_a_datasheet_about_people_needs_eighteen():
    measured = measure_completeness(DATASHEET, full(DATASHEET, {FIRST: YES, SECOND: YES}))
    assert (measured.required_answered, measured.required_applicable) == (18, 18)


def test_an_empty_document_is_not_complete_and_names_what_is_missing_in_order():
    measured = measure_completeness(DATASHEET, {})
    assert measured.fraction == 0.0
    assert len(measured.missing) == 18
    assert measured.missing[:2] == ("motivation.purpose", "motivation.creators")


def test_unknown_is_listed_and_does_not_count():
    answers = full(DATASHEET, {FIRST: NO, SECOND: NO}) | {
        "motivation.purpose": Unknown("lost"),
        "motivation.funding": Unknown("lost"),
    }
    measured = measure_completeness(DATASHEET, answers)
    assert measured.required_answered == 13
    assert measured.unknown_slugs == ("motivation.purpose", "motivation.funding")
    assert measured.missing == ()
    counts = [count_required(section.questions, answers) for section in DATASHEET.sections]
    assert sum(each.unknown for each in counts) == 1  # funding may be left out
    assert counts[0].asked == counts[0].answered + counts[0].unknown


def test_an_unknown_to_a_question_that_is_not_asked_is_not_listed():
    answers = {FIRST: NO, "collection.consent": Unknown("whatever")}
    assert measure_completeness(DATASHEET, answers).unknown_slugs == ()


def test_not_applicable_with_a_reason_counts_as_answered():
    answers = full(DATASHEET, {FIRST: NO, SECOND: NO}) | {"distribution.license": NotApplicable("never given away")}
    assert measure_completeness(DATASHEET, answers).fraction == 1.0


def test_a_card_on_which_nothing_applies_has_no_fraction():
    answers = {key: NotApplicable("so I say") for key in MODEL_CARD.questions}
    measured = measure_completeness(MODEL_CARD, answers)
    assert measured.fraction is None
    assert measured.required_answered == measured.required_applicable == 21


def test_inherited_answers_count_as_answered():
    answers = full(MODEL_CARD, {"factors.relevant_groups": INHERITED})
    assert measure_completeness(MODEL_CARD, answers).fraction == 1.0


def test_optional_answers_change_nothing():
    answers = {"motivation.funding": Text("the bank"), "uses.comments": Text("none")}
    assert measure_completeness(DATASHEET, answers).required_answered == 0


@given(st.dictionaries(st.sampled_from(list(DATASHEET.questions)), st.sampled_from([YES, NO, UNSURE, INHERITED])))
def test_the_counts_always_add_up(answers):
    measured = measure_completeness(DATASHEET, answers)
    required = {key for key, question in asked_questions(DATASHEET, answers).items() if question.required}
    unknown = required & set(measured.unknown_slugs)
    assert measured.required_applicable == len(required) in (14, 18)
    assert measured.required_answered + len(measured.missing) + len(unknown) == len(required)
    assert measured.fraction is not None
    assert 0 <= measured.fraction <= 1


def test_the_second_gate_is_filled_from_the_first_but_never_overwritten():
    assert prefilled(DATASHEET, {FIRST: YES}) == {FIRST: YES, SECOND: YES}
    assert prefilled(DATASHEET, {FIRST: YES, SECOND: UNSURE}) == {FIRST: YES, SECOND: UNSURE}
    assert prefilled(DATASHEET, {SECOND: NO}) == {SECOND: NO}
