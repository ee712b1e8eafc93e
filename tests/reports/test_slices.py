"""Slices read as people read, wherever they are named; what a test found is said and not drawn."""

import pytest

from registry.reports import slices, tested
from registry.reports.drawings import drawing
from registry.reports.method_words import method_words
from registry.reports.wording import asked_words, found_words, is_drawn, unblock_words


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("overall", "overall"),
        ("worst", "worst group"),
        ("race=non-white", "race: non-white"),
        ("race=non-white & sex=not stated", "race: non-white, sex: not stated"),
        ("home_owner=a_b", "home owner: a_b"),
        ("corruption=gaussian_noise", "corruption: gaussian noise"),
        ("fpr=0.01", "false positive rate: 0.01"),
        ("group=white & male", "group: white & male"),
        ('race="a & b=c" & sex=f', 'race: "a & b=c", sex: f'),
        ('race="say \\"x & y=z\\"" & sex=f', 'race: "say \\"x & y=z\\"", sex: f'),
        ('quote="a" b & sex=f', 'quote: "a" b, sex: f'),
        ("band=>=40", "band: >=40"),
        ("age", "age"),
        ("=x", "=x"),
    ],
)
def test_a_slice_is_named_as_people_read(raw: str, said: str) -> None:
    assert slices.words(raw) == said


def test_the_attribute_is_said_once_where_two_groups_are_compared() -> None:
    assert slices.against("race=non-white", "race=white") == "race: non-white against white"
    assert slices.against("race=white", "sex=male") == "race: white against sex: male"
    both = slices.against("race=non-white & sex=female", "race=white & sex=male")
    assert both == "non-white, female against white, male"
    assert slices.values("race=white & sex=male") == "white, male"


def test_what_a_limit_asks_names_its_slice_and_its_evaluator_in_words() -> None:
    limit = {"metric": "fairness.selection_rate", "slice": "race=non-white", "direction": "at_least", "limit": 0.5}
    assert asked_words({"kind": "threshold", "detail": limit}) == "Selection rate (race: non-white): at least 50%"
    run = {"kind": "evaluation", "asked": "fairness.group has run, platform-run or better"}
    said = asked_words(run | {"detail": {"evaluator": "fairness.group"}})
    assert said == "\u201cGroup fairness of decisions\u201d has run here"
    missing = {"unblock": "Run fairness.group.", "detail": limit}
    assert unblock_words(missing) == "Run \u201cGroup fairness of decisions\u201d."
    assert found_words({"found": "judged without race=a, race=b: too few rows"}) == (
        "judged without race: a; race: b: too few rows"
    )


def test_an_evaluator_that_is_gone_keeps_its_id() -> None:
    run = {"kind": "evaluation", "asked": "old.thing has run, platform-run or better"}
    assert asked_words(run | {"detail": {"evaluator": "old.thing"}}) == "old.thing has run here"


@pytest.mark.parametrize(
    ("metric", "found", "said"),
    [
        ("fairness.permutation_p", {"value": 0.003, "p_value": 0.003}, "test: found, p = 0.003"),
        ("fairness.permutation_p", {"value": 0.34, "p_value": 0.34}, "test: nothing found, p = 0.34"),
        ("fairness.permutation_p", {"value": 0.02, "p_value": 0.02, "level": 0.99}, "test: nothing found, p = 0.02"),
        ("fairness.permutation_p", {"value": 0.5}, ""),
        ("robust.gradient_masking_flag", {"value": 1.0, "low": 1.0}, "test: found"),
        ("robust.gradient_masking_flag", {"value": 0.0}, "test: nothing found"),
        ("privacy.dp.audit_one_run", {"value": 0.3, "low": 0.3, "p_value": 0.42}, "test: nothing found, p = 0.42"),
        ("privacy.dp.audit_one_run", {"value": 0.3, "low": 0.3}, ""),
    ],
)
def test_what_a_test_found_is_said(metric: str, found: dict[str, float], said: str) -> None:
    assert tested.words(metric, **found) == said


def test_a_test_under_an_old_limit_is_said_and_not_drawn() -> None:
    detail = {"metric": "robust.gradient_masking_flag", "value": 1.0, "low": 1.0, "high": 1e6, "limit": 0.0}
    requirement = {"found": "1, 95% interval 1 to 1,000,000", "detail": detail}
    assert found_words(requirement) == "test: found"
    assert not is_drawn(requirement)
    assert is_drawn({"detail": detail | {"metric": "robust.linf.apgd_acc"}})


def test_the_titles_of_an_evidence_tables_columns_begin_large() -> None:
    table = {"draw": "table", "columns": ["file", "how many", "n", "AUC"], "rows": [["a", 1, 2, 3]]}
    shown = drawing("files", table)
    assert shown is not None
    assert [column["title"] for column in shown["columns"]] == ["File", "How many", "n", "AUC"]


def test_a_method_is_written_with_the_names_it_is_called_after() -> None:
    assert method_words("clopper-pearson, simultaneous") == "Clopper\u2013Pearson, simultaneous"
    assert method_words("max-t simultaneous on delong") == "max-t simultaneous on DeLong"
    assert method_words("row bootstrap") == "row bootstrap"


def test_a_share_is_asked_for_and_found_in_percent_as_beside_the_evidence() -> None:
    detail = {"metric": "fairness.selection_rate", "limit": 0.1, "value": 0.155, "low": 0.0901, "high": 0.221}
    said = {
        "kind": "threshold",
        "detail": detail | {"direction": "at_most"},
        "found": "0.155, 95% interval 0.0901 to 0.221",
        "unblock": "The whole interval misses the limit: change the model until its bound is \u2264 0.10.",
    }
    assert asked_words(said) == "Selection rate: at most 10%"
    assert found_words(said) == "15.5%, 95% interval 9.01% to 22.1%"
    assert unblock_words(said).endswith("bound is \u2264\u00a010%.")
    ratio = said | {"detail": said["detail"] | {"metric": "fairness.demographic_parity_ratio"}}
    assert found_words(ratio) == said["found"]
    assert unblock_words(ratio).endswith("bound is \u2264\u00a00.10.")


def test_where_a_run_was_made_is_said_as_on_every_page() -> None:
    assert (
        found_words({"found": "finished 2026-02-28 12:00 UTC, platform-run"})
        == "finished 2026-02-28 12:00 UTC, run here"
    )
    asked = {
        "unblock": "Run fairness.group here, for platform-run assurance.",
        "detail": {"evaluator": "fairness.group"},
    }
    assert unblock_words(asked) == "Run \u201cGroup fairness of decisions\u201d here."


def test_a_name_of_any_length_is_read_once() -> None:
    """A search for its parts from every letter on would take hours; a pipeline sends what it likes."""
    long = "a" * 200_000
    assert slices.words(long) == long
    assert slices.words(f"{long}=b & c=d") == f"{long}: b, c: d"


@pytest.mark.parametrize(
    ("metric", "limit", "unblock", "said"),
    [
        ("fairness.selection_rate", 1.0, "{} its bound is \u2265 1.", "{} its bound is \u2265\u00a0100%."),
        (
            "fairness.selection_rate",
            0.3,
            "{} all of it lies within 0.30 \u00b1 0.05.",
            "{} all of it lies within 30% \u00b1 5%.",
        ),
        ("fairness.selection_rate", 0.8, "Bring more rows of age=\u2265 65, or name them in the policy.", None),
        ("fairness.demographic_parity_ratio", 0.8, "{} its bound is \u2265 0.80.", "{} its bound is \u2265\u00a00.80."),
    ],
)
def test_what_would_unblock_a_limit_names_the_limit_and_changes_no_other_number(
    metric: str, limit: float, unblock: str, said: str | None
) -> None:
    begun = "The whole interval misses the limit: change the model until"
    direction = "within" if "within" in unblock else "at_least"
    detail = {"metric": metric, "limit": limit, "tolerance": 0.05, "direction": direction}
    found = unblock_words({"unblock": unblock.format(begun), "detail": detail})
    assert found == (said or unblock).format(begun)


def test_why_a_gate_may_not_look_at_what_a_test_found_is_said_instead_of_it() -> None:
    detail = {"metric": "robust.gradient_masking_flag", "value": 0.0, "low": 0.0, "high": 1e6, "limit": 0.0}
    assert found_words({"found": "measured, but only self-reported", "detail": detail}) == (
        "measured, but only self-reported"
    )
