"""Yes-or-no answers about a use case propose the least level of every aspect."""

from registry.cards.needs import load_rubric, propose_levels


def test_without_a_yes_every_aspect_is_low() -> None:
    assert set(propose_levels({}).values()) == {"low"}
    assert set(propose_levels({})) == set(load_rubric()["aspects"])


def test_one_yes_is_medium_where_it_points_and_two_are_high() -> None:
    proposed = propose_levels({"group_harm": True, "doubtful_quality": True})
    assert proposed == {
        "fairness": "high",
        "explainability": "medium",
        "privacy": "low",
        "robustness": "medium",
        "security": "low",
    }


def test_a_no_and_a_question_nobody_asks_change_nothing() -> None:
    assert propose_levels({"group_harm": False, "made_up": True}) == propose_levels({})


def test_every_yes_makes_everything_high() -> None:
    every = {question["slug"]: True for question in load_rubric()["questions"]}
    assert set(propose_levels(every).values()) == {"high"}
