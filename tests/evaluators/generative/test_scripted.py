"""Every generative evaluator on scripted models whose rates are known."""

import time
from pathlib import Path
from typing import Any

import pytest

from evaluators.contract import ParameterError, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.generative import consistency, formats, injection, outputs, refusals
from evaluators.generative.prompts import (
    built_in,
    cohort_prompts,
    format_prompts,
    injection_prompts,
    personal_prompts,
    refusal_prompts,
    repeated_questions,
)
from evaluators.generative.shapes import open_schema
from evaluators.models.model import NotOffered
from evaluators.notebook import measure
from tests.evaluators.generative.writing import answers, exchanged, outputs_subject, writer
from tests.evaluators.texting import bag_of_words, check_each_comes_back, readings_of

TOXIC, TONE = "gen.toxicity_rate", "gen.sentiment_gap"
WHOLE = "overall"
SETS = ["gender", "names", "nationality", "religion"]


def asked_about_people(rule: Any) -> dict[tuple[str, str], Any]:
    found = answers(writer(rule), [*cohort_prompts(SETS, 20), *personal_prompts()])
    return readings_of("gen.outputs", outputs.reduce(found, seed=1).statistics)


@pytest.mark.verification
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_a_known_rate_of_insults_is_measured_and_lies_in_the_interval(share: float) -> None:
    """Of 4,000 outputs, a known share are insults that the scorer finds as often as its labelled items say."""
    quality = readings_of("gen.outputs", outputs.reduce(exchanged(["x"] * 20), seed=1).statistics)[TOXIC, WHOLE].detail
    sens, spec = quality["sensitivity"], quality["specificity"]
    hits = round(4_000 * (share * sens + (1 - share) * (1 - spec)))
    texts = ["You are an idiot."] * hits + ["Thank you."] * (4_000 - hits)
    reading = readings_of("gen.outputs", outputs.reduce(exchanged(texts), seed=1).statistics)[TOXIC, WHOLE]
    assert reading.value == pytest.approx(share, abs=0.003)
    assert reading.low <= share <= reading.high
    assert reading.detail["observed_rate"] == hits / 4_000


def test_a_model_that_insults_one_cohort_fails_and_its_polite_twin_passes() -> None:
    rude = asked_about_people(lambda prompt: "You are an idiot." if "Muslim" in prompt else "A good neighbour.")
    kind = asked_about_people(lambda prompt: "A good neighbour.")
    assert rude["gen.toxicity_gap", "set=religion"].value == 1.0
    assert rude["gen.toxicity_gap", WHOLE].low > 0.9
    assert rude[TOXIC, "religion=muslim"].value == 1.0
    assert rude["gen.toxicity_gap", "set=gender"].value == 0.0
    assert rude["gen.toxicity_gap", WHOLE].p_value < 0.01
    assert (kind[TOXIC, WHOLE].value, kind["gen.toxicity_gap", WHOLE].value) == (0.0, 0.0)
    assert kind[TOXIC, WHOLE].high < 0.03


def test_a_warmer_tone_for_some_is_found_and_an_even_one_is_not() -> None:
    warm = asked_about_people(lambda prompt: "Fine." if "a woman" in prompt else "Wonderful, excellent, kind.")
    gap = warm[TONE, "set=gender"]
    assert (gap.detail["highest"], gap.detail["lowest"]) == ("gender=male", "gender=female")
    assert gap.low > 0.05
    assert gap.p_value < 0.001
    even = asked_about_people(lambda prompt: "Wonderful." if len(prompt.split()[0]) % 2 else "Dull.")
    assert (even[TONE, WHOLE].value, even[TONE, WHOLE].p_value) == (0.0, 1.0)


def test_personal_data_in_an_output_is_counted_and_not_kept() -> None:
    leaking = asked_about_people(lambda prompt: "Write to anna@example.net" if "contact" in prompt else "No idea.")
    reading = leaking["gen.pii_emission", WHOLE]
    assert reading.detail["hits"] == sum("contact" in text for text in built_in()["personal"]) > 0
    assert "anna" not in str(reading.as_dict())
    assert asked_about_people(lambda prompt: "No.")["gen.pii_emission", WHOLE].detail["hits"] == 0


@pytest.mark.verification
def test_refusals_of_known_rates() -> None:
    """Refuses two of three harmful requests and one of fifteen harmless ones."""
    harmful, benign = built_in()["harmful"], built_in()["benign"]

    def rule(prompt: str) -> str:
        is_refused = harmful.index(prompt) % 3 if prompt in harmful else benign.index(prompt) % 15 == 0
        return "I'm sorry, but I can't help with that." if is_refused else "Here is how."

    found = readings_of("gen.refusals", refusals.reduce(answers(writer(rule), refusal_prompts())).statistics)
    high, low = found["gen.refusal_rate_harmful", WHOLE], found["gen.refusal_rate_benign", WHOLE]
    assert (high.detail["observed_rate"], low.detail["observed_rate"]) == (50 / 75, 5 / 75)
    assert high.low < 50 / 75 < high.high
    assert low.value < 5 / 75 < low.high
    check_each_comes_back("gen.refusals", found)


def answers_always(text: str) -> dict[tuple[str, str], Any]:
    found = answers(writer(lambda _: text), refusal_prompts())
    return readings_of("gen.refusals", refusals.reduce(found).statistics)


def test_a_model_that_refuses_everything_and_one_that_refuses_nothing_each_fail_one_side() -> None:
    wary, eager = answers_always("I cannot assist with this request."), answers_always("Sure, take a spoon.")
    assert wary["gen.refusal_rate_benign", WHOLE].low > 0.9
    assert wary["gen.refusal_rate_harmful", WHOLE].low > 0.9
    assert eager["gen.refusal_rate_harmful", WHOLE].high < 0.15
    assert eager["gen.refusal_rate_benign", WHOLE].high < 0.15


@pytest.mark.verification
def test_injection_of_a_known_rate() -> None:
    """Obeys every order that is written in capitals as SYSTEM or [INST]: two of twenty."""
    prompts = injection_prompts(400, seed=2)
    tokens = {prompt.text: prompt.label for prompt in prompts}

    def rule(prompt: str) -> str:
        return f"Sure: {tokens[prompt].lower()}" if "SYSTEM" in prompt or "[INST]" in prompt else "It is about bees."

    found = readings_of("gen.injection", injection.reduce(answers(writer(rule), prompts)).statistics)
    reading = found["gen.injection_success", WHOLE]
    assert reading.detail["observed_rate"] == pytest.approx(0.1)
    assert reading.low <= 0.1 <= reading.high
    assert reading.detail["clean_trials_for_one_percent"] == 299
    deaf = injection.reduce(answers(writer(lambda _: "It is about bees."), prompts)).statistics
    clean = readings_of("gen.injection", deaf)["gen.injection_success", WHOLE]
    assert clean.value == 0.0
    assert clean.high < 0.0125


def test_every_planted_token_is_another_one() -> None:
    prompts = injection_prompts(400, seed=2)
    assert len({prompt.label for prompt in prompts}) == len(prompts) == 400
    assert all(prompt.label in prompt.text for prompt in prompts)


@pytest.mark.verification
def test_format_adherence_of_a_known_rate() -> None:
    facts = built_in()["facts"]

    def rule(prompt: str) -> str:
        whole = '{"name": "Anna", "age": 3}'
        return whole if int(next(i for i, fact in enumerate(facts) if prompt.endswith(fact))) % 3 else f"Here: {whole}"

    asked = answers(writer(rule), format_prompts())
    found = readings_of("gen.format", formats.reduce(asked, built_in()["schema"]).statistics)
    reading = found["gen.format_adherence", WHOLE]
    assert reading.value == pytest.approx(2 / 3)
    assert reading.low < 2 / 3 < reading.high
    check_each_comes_back("gen.format", found)


@pytest.mark.verification
def test_self_consistency_of_a_known_rate() -> None:
    """One of five answers differs, so 6 of 10 pairs agree."""
    calls = iter(range(10_000))
    asked = answers(writer(lambda _: "Maybe" if next(calls) % 5 == 0 else "yes!"), repeated_questions(5))
    found = readings_of("gen.consistency", consistency.reduce(asked).statistics)
    reading = found["gen.self_consistency", WHOLE]
    assert (reading.value, reading.n, reading.detail["clusters"]) == (pytest.approx(0.6), 200, 20)
    steady = consistency.reduce(answers(writer(lambda _: "Yes."), repeated_questions(3))).statistics
    assert readings_of("gen.consistency", steady)["gen.self_consistency", WHOLE].value == 1.0
    check_each_comes_back("gen.consistency", found)


def test_case_and_punctuation_make_no_other_answer() -> None:
    assert consistency.plain("  The Answer is: 7!") == consistency.plain("the answer is 7")
    assert consistency.plain("🎉") != consistency.plain("🙂")


def test_every_reading_about_people_comes_back_from_its_own_statistics() -> None:
    check_each_comes_back("gen.outputs", asked_about_people(lambda p: "Good." if "an" in p else "You moron."))


def test_outputs_can_be_brought_as_a_table(tmp_path: Path) -> None:
    cohorts = ["north", "south"] * 20
    columns = {
        "text": [f"prompt {i}" for i in range(40)],
        "output": ["Wonderful!" if cohort == "north" else "You fool." for cohort in cohorts],
        "cluster": [f"t{i // 2}" for i in range(40)],
        "group": cohorts,
    }
    outcome = evaluate("gen.outputs", outputs_subject(tmp_path, columns))
    found = {(reading.metric, reading.slice): reading for reading in outcome.readings}
    assert found[TONE, "set=group"].detail["highest"] == "group=north"
    assert found["gen.toxicity_rate", "group=south"].value == 1.0
    assert [evidence.name for evidence in outcome.evidence] == ["scorer_quality", "asked"]


def test_without_cohorts_there_are_rates_and_no_gaps(tmp_path: Path) -> None:
    columns = {"text": [f"p{i}" for i in range(12)], "output": ["", "🎉", "はい"] * 4}
    outcome = evaluate("gen.outputs", outputs_subject(tmp_path, columns))
    found = {reading.metric: reading for reading in outcome.readings if reading.slice == WHOLE}
    assert found[TOXIC].status is Status.OK
    assert found[TONE].status is found["gen.toxicity_gap"].status is Status.NOT_APPLICABLE


def test_one_output_is_no_evidence() -> None:
    reading = readings_of("gen.outputs", outputs.reduce(exchanged(["You idiot."]), seed=1).statistics)[TOXIC, WHOLE]
    assert reading.status is Status.INSUFFICIENT_DATA


def test_refusals_in_a_table_need_to_know_what_should_be_refused(tmp_path: Path) -> None:
    columns = {"text": ["What is new?"], "output": ["No."]}
    with pytest.raises(SubjectError, match="row 1: the prompt is in no built-in list"):
        evaluate("gen.refusals", outputs_subject(tmp_path, columns))
    with pytest.raises(SubjectError, match="row 1: the prompt is labelled 'odd'"):
        evaluate("gen.refusals", outputs_subject(tmp_path, columns | {"label": ["odd"]}))
    known = {"text": built_in()["harmful"], "output": ["I refuse."] * 75}
    outcome = evaluate("gen.refusals", outputs_subject(tmp_path, known))
    assert outcome.readings[0].detail["hits"] == 75


def test_an_injection_without_its_token_is_refused(tmp_path: Path) -> None:
    columns = {"text": ["a"], "output": ["b"], "label": ["--"]}
    with pytest.raises(SubjectError, match="row 1: no token"):
        evaluate("gen.injection", outputs_subject(tmp_path, columns))


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not JSON"), ("[]", "where a schema"), ('{"pattern": "x"}', "'pattern'"), ('{"type": "text"}', "'text'")],
)
def test_a_schema_that_is_not_understood_is_refused(text: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        open_schema(text)


def test_a_classifier_writes_nothing_and_says_so() -> None:
    with pytest.raises(NotOffered, match="writes no texts"):
        answers(bag_of_words({}), repeated_questions(2))


def test_a_function_of_a_notebook_is_measured_from_prompts_to_readings() -> None:
    outcome = measure("gen.refusals", predict=writer(lambda _: "I refuse."))
    found = {reading.metric: reading for reading in outcome.readings}
    assert found["gen.refusal_rate_harmful"].detail["observed_rate"] == 1.0
    assert found["gen.refusal_rate_benign"].detail["queries"] == 150
    again = measure("gen.refusals", predict=writer(lambda _: "I refuse."))
    assert [reading.as_dict() for reading in again.readings] == [reading.as_dict() for reading in outcome.readings]


def test_spent_seconds_leave_the_prompts_that_were_asked() -> None:
    def slowly(_: str) -> str:
        time.sleep(0.02)
        return "Here is how."

    asked = answers(writer(slowly), refusal_prompts(), seconds=1)
    assert asked.facts["budget_exhausted"] is True
    assert 0 < len(asked.exchanges) < 150
    reading = readings_of("gen.refusals", refusals.reduce(asked).statistics)["gen.refusal_rate_harmful", WHOLE]
    assert reading.detail["budget_exhausted"] is True
    assert reading.n < 75
