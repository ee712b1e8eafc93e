import json

import pytest

from registry.cards.schemas import DOCUMENTS, load_schema, parse_schema

DATASHEET_SECTIONS = {
    "motivation": 3,
    "composition": 16,
    "collection": 12,
    "preprocessing": 3,
    "uses": 5,
    "distribution": 6,
    "maintenance": 7,
}
TRUST_QUESTIONS = {
    "composition.subpopulations",
    "composition.identifiability",
    "composition.sensitive_data",
    "collection.source_of_data",
    "collection.notice",
    "collection.consent",
    "collection.revocation",
    "collection.impact_analysis",
    "uses.future_impact",
    "uses.prohibited_uses",
    "distribution.regulatory",
    "maintenance.retention",
}


@pytest.fixture(params=["datasheet", "model_card"])
def schema(request):
    return load_schema(request.param)


def test_the_datasheet_asks_its_fifty_two_questions_and_one_comment_per_section():
    sections = load_schema("datasheet").sections
    assert {s.key: len([q for q in s.questions if q.slug != "comments"]) for s in sections} == DATASHEET_SECTIONS
    assert all(s.questions[-1].slug == "comments" for s in sections)


def test_fourteen_datasheet_questions_are_required_and_four_more_with_people():
    required = [q for q in load_schema("datasheet").questions.values() if q.required]
    assert len([q for q in required if not q.people]) == 14
    assert {q.key for q in required if q.people} == {
        "composition.identifiability",
        "composition.sensitive_data",
        "collection.consent",
        "maintenance.retention",
    }


def test_the_twelve_datasheet_questions_that_touch_trust_are_marked():
    assert {q.key for q in load_schema("datasheet").questions.values() if q.trust} == TRUST_QUESTIONS


def test_both_gates_take_yes_or_no_and_the_second_is_filled_from_the_first():
    first, second = load_schema("datasheet").gates
    assert (first.key, second.key) == ("composition.relates_to_people", "collection.relates_to_people")
    assert first.choices == second.choices == ("yes", "no")
    assert second.prefilled_from == first.key


def test_the_model_card_has_its_nine_sections_and_inherits_only_where_it_may():
    sections = load_schema("model_card").sections
    assert len(sections) == 9
    assert {s.key for s in sections if not s.inheritable} == {
        "model_details",
        "intended_use",
        "evaluation_data",
        "training_data",
    }


def test_every_required_field_of_a_model_card_says_why():
    fields = load_schema("model_card").questions.values()
    assert all(bool(field.why_required) == field.required for field in fields)
    assert {"intended_use.primary_uses", "quantitative_analyses.intersectional"} <= {
        f.key for f in fields if f.required
    }


def test_every_question_has_a_title_and_a_prompt(schema):
    assert all(question.title and question.prompt for question in schema.questions.values())


def test_an_unknown_schema_id_opens_no_file():
    with pytest.raises(KeyError):
        load_schema("../trust_needs_rubric")


def test_a_question_asked_twice_is_refused():
    plain = json.loads((DOCUMENTS / "datasheet.json").read_text(encoding="utf-8"))
    plain["sections"][0]["questions"].append(plain["sections"][0]["questions"][0])
    with pytest.raises(ValueError, match="twice"):
        parse_schema(plain)


def test_a_prefill_from_a_question_that_is_not_asked_is_refused():
    plain = json.loads((DOCUMENTS / "datasheet.json").read_text(encoding="utf-8"))
    plain["sections"][0]["questions"][0]["prefilled_from"] = "motivation.nothing"
    with pytest.raises(ValueError, match="pre-fills"):
        parse_schema(plain)


def test_the_rubric_points_six_questions_at_the_five_aspects():
    rubric = json.loads((DOCUMENTS / "trust_needs_rubric.json").read_text(encoding="utf-8"))
    assert len({question["slug"] for question in rubric["questions"]}) == 6
    assert {aspect for question in rubric["questions"] for aspect in question["aspects"]} == set(rubric["aspects"])
    assert rubric["levels"] == ["high", "medium", "low"]
