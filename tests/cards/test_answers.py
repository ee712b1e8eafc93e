import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cards.answers import (
    Inherited,
    NotApplicable,
    Reference,
    Rows,
    Text,
    Unknown,
    as_plain,
    parse_answers,
    revision_digest,
)
from registry.cards.limits import MAX_DOCUMENT_BYTES, MAX_TEXT
from registry.cards.pointers import Pointer
from registry.cards.schemas import load_schema
from registry.exceptions import InvalidInput

DATASHEET = load_schema("datasheet")
MODEL_CARD = load_schema("model_card")


def problem(plain, *, schema=DATASHEET, key="motivation.purpose"):
    with pytest.raises(InvalidInput) as refused:
        parse_answers(schema, {key: plain})
    assert key in str(refused.value)
    return refused.value.errors[key][0]


def test_each_kind_of_answer_is_read_and_written_back():
    plain = {
        "motivation.purpose": {"text": "To study *lending*."},
        "motivation.creators": {"reference": "lending/loans@1"},
        "composition.labels": {"rows": [{"annotators": "two clerks", "agreement": 0.9}]},
        "composition.splits": {"not_applicable": "One file, no split."},
        "composition.confidential": {"unknown": "The bank did not say."},
        "uses.prior_uses": {"inherited": [{"pointer": "data.base.datasheet.uses", "comment": "as there"}]},
    }
    answers = parse_answers(DATASHEET, plain)
    assert answers == {
        "motivation.purpose": Text("To study *lending*."),
        "motivation.creators": Reference("lending/loans@1"),
        "composition.labels": Rows(({"annotators": "two clerks", "agreement": 0.9},)),
        "composition.splits": NotApplicable("One file, no split."),
        "composition.confidential": Unknown("The bank did not say."),
        "uses.prior_uses": Inherited((Pointer("data.base.datasheet.uses", "as there"),)),
    }
    assert as_plain(answers) == plain


@given(st.dictionaries(st.sampled_from(list(DATASHEET.questions)), st.text(max_size=40)))
def test_whatever_is_accepted_reads_back_as_itself(texts):
    try:
        answers = parse_answers(DATASHEET, {key: {"unknown": text} for key, text in texts.items()})
    except InvalidInput:
        return
    assert parse_answers(DATASHEET, as_plain(answers)) == answers


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ("just text", "exactly one of"),
        ({}, "exactly one of"),
        ({"text": "a", "unknown": "b"}, "exactly one of"),
        ({"number": 3}, "no kind of answer"),
        ({"text": 3}, "must be text"),
        ({"text": "  \n"}, "empty"),
        ({"text": "a\x00b"}, "U+0000"),
        ({"text": "a\ud800b"}, "U+D800"),
        ({"text": "a" * (MAX_TEXT + 1)}, "limit is 50,000"),
        ({"unknown": ""}, "the reason is empty"),
        ({"not_applicable": None}, "the reason must be text"),
        ({"not_applicable": "x" * 2001}, "limit is 2,000"),
        ({"reference": "javascript:alert(1)"}, "http(s)"),
        ({"reference": "two words"}, "without spaces"),
        ({"inherited": ["a.datasheet.uses"]}, "speaks for its own subject"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_by_its_question(plain, said):
    assert said in problem(plain)


def test_text_at_the_limit_is_accepted():
    text = "a" * MAX_TEXT
    assert parse_answers(DATASHEET, {"motivation.purpose": {"text": text}})["motivation.purpose"] == Text(text)


def test_a_question_the_schema_does_not_ask_is_refused():
    assert "no such question" in problem({"text": "x"}, key="motivation.mood")
    assert "no such question" in problem({"text": "x"}, key="purpose")


def test_every_wrong_answer_is_named_at_once():
    with pytest.raises(InvalidInput) as refused:
        parse_answers(DATASHEET, {"motivation.purpose": 1, "uses.prior_uses": {"text": ""}, "x.y": {}})
    assert set(refused.value.errors) == {"motivation.purpose", "uses.prior_uses", "x.y"}


@pytest.mark.parametrize("plain", [None, [], "text", 7])
def test_answers_that_are_no_object_are_refused(plain):
    with pytest.raises(InvalidInput, match="object"):
        parse_answers(DATASHEET, plain)


def test_a_document_over_its_limit_is_refused():
    wide = {key: {"text": "é" * MAX_TEXT} for key in list(DATASHEET.questions) if "relates" not in key}
    assert len(wide) * MAX_TEXT > MAX_DOCUMENT_BYTES
    with pytest.raises(InvalidInput, match="1024 KiB"):
        parse_answers(DATASHEET, wide)


def test_line_ends_of_browsers_become_plain_ones():
    answers = parse_answers(DATASHEET, {"motivation.purpose": {"text": "a\r\nb\rc"}})
    assert answers["motivation.purpose"] == Text("a\nb\nc")


@pytest.mark.parametrize("said", ["yes", "no", "Yes", " NO "])
def test_a_gate_is_answered_with_yes_or_no(said):
    answers = parse_answers(DATASHEET, {"composition.relates_to_people": {"text": said}})
    assert answers["composition.relates_to_people"] == Text(said.strip().lower())


@pytest.mark.parametrize(
    "plain", [{"text": "maybe"}, {"not_applicable": "no"}, {"reference": "a/b"}, {"rows": [{"a": 1}]}]
)
def test_a_gate_takes_nothing_else_but_unknown(plain):
    assert '"yes" or "no"' in problem(plain, key="composition.relates_to_people")
    assert parse_answers(DATASHEET, {"composition.relates_to_people": {"unknown": "not yet looked"}})


@pytest.mark.parametrize(("first", "second"), [("yes", "no"), ("no", "yes")])
def test_gates_that_contradict_each_other_are_refused(first, second):
    plain = {"composition.relates_to_people": {"text": first}, "collection.relates_to_people": {"text": second}}
    with pytest.raises(InvalidInput) as refused:
        parse_answers(DATASHEET, plain)
    assert refused.value.errors == {
        "collection.relates_to_people": [f'"{second}" contradicts composition.relates_to_people, which says "{first}"']
    }


@pytest.mark.parametrize("other", [{"text": "yes"}, {"unknown": "unsure"}])
def test_gates_that_agree_or_do_not_know_stand_side_by_side(other):
    plain = {"composition.relates_to_people": {"text": "yes"}, "collection.relates_to_people": other}
    assert len(parse_answers(DATASHEET, plain)) == 2


def test_only_inheritable_sections_inherit():
    pointer = {"inherited": [["base.dag_card.model_training.factors", ""]]}
    assert "speaks for its own" in problem(pointer, schema=MODEL_CARD, key="training_data.datasets")
    answers = parse_answers(MODEL_CARD, {"factors.relevant_groups": pointer})
    assert answers["factors.relevant_groups"] == Inherited((Pointer("data.base.dag_card.model_training.factors"),))


def test_a_revision_is_identified_by_schema_answers_and_what_its_pointers_resolved_to():
    answers = {"uses.prior_uses": Inherited((Pointer("data.base.datasheet.uses"),))}
    one = revision_digest(DATASHEET, answers, resolved={"uses.prior_uses": "none"})
    assert one == revision_digest(DATASHEET, dict(answers), resolved={"uses.prior_uses": "none"})
    assert one != revision_digest(DATASHEET, answers, resolved={"uses.prior_uses": "some"})
    assert one != revision_digest(MODEL_CARD, answers, resolved={"uses.prior_uses": "none"})
    assert one != revision_digest(DATASHEET, {}, resolved={"uses.prior_uses": "none"})
