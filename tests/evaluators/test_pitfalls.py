"""Mistakes that are easily made and that no number would show: each would turn a verdict without a word."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

import evaluators
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from tests.evaluators.data import random_table, subject, write_csv

ROOT = Path(evaluators.__file__).resolve().parent.parent
COLUMNS = {"label": "label", "prediction": "prediction", "group": ["group"]}
Found = dict[tuple[str, str], Reading]


def measured(evaluator: str, path: Path, data: dict[str, Any], **facts: Any) -> Found:
    outcome = evaluate(evaluator, subject(write_csv(path / "p.csv", data), **({"columns": COLUMNS} | facts)))
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


@pytest.mark.parametrize("words", [(False, True), (0.0, 1.0), ("no", "yes"), ("-1", "1"), ("б", "д")])
def test_outcomes_are_the_same_whether_written_as_numbers_truths_or_words(words: tuple, tmp_path: Path) -> None:
    data = random_table(np.random.default_rng(1))
    plain = measured("fairness.group", tmp_path, data, favourable="1")
    spelt = data | {name: [words[code] for code in data[name]] for name in ("label", "prediction")}
    found = measured("fairness.group", tmp_path, spelt, favourable=str(words[1]))
    assert {key: reading.value for key, reading in found.items()} == {key: r.value for key, r in plain.items()}


def test_outcomes_of_two_spellings_are_refused_and_not_all_counted_as_wrong(tmp_path: Path) -> None:
    data = random_table(np.random.default_rng(2))
    with pytest.raises(SubjectError, match="different words"):
        measured("fairness.group", tmp_path, data | {"prediction": data["prediction"] == 1}, favourable="1")


def test_calling_the_other_outcome_favourable_turns_every_rate_round(tmp_path: Path) -> None:
    data = random_table(np.random.default_rng(3))
    good, bad = (measured("fairness.group", tmp_path, data, favourable=outcome) for outcome in ("1", "0"))
    for name, other in (("tpr", "fpr"), ("fnr", "fpr"), ("ppv", "npv"), ("selection_rate", "selection_rate")):
        for part in ("overall", "group=g1"):
            turned = bad[f"fairness.{other}", part].value
            assert turned is not None
            expected = turned if name in ("fnr", "ppv") else 1 - turned
            assert good[f"fairness.{name}", part].value == pytest.approx(expected)


def test_what_is_true_of_all_is_not_the_mean_of_the_groups(tmp_path: Path) -> None:
    """Nine hundred rows of which a tenth are selected, and a hundred of which nine in ten are."""
    data = {
        "prediction": [1] * 90 + [0] * 810 + [1] * 90 + [0] * 10,
        "label": [1, 0] * 500,
        "group": ["many"] * 900 + ["few"] * 100,
    }
    found = measured("fairness.group", tmp_path, data, favourable="1")
    assert found["fairness.selection_rate", "overall"].value == pytest.approx(0.18)
    assert np.mean([found["fairness.selection_rate", f"group={name}"].value for name in ("many", "few")]) == 0.5


def test_probabilities_that_had_to_be_clipped_are_counted(tmp_path: Path) -> None:
    data = {"label": [1, 0] * 50, "score": [1.0, 0.25, 0.75, 0.0] * 25, "group": ["a"] * 100}
    told = {"columns": {"label": "label", "score": "score"}, "favourable": "1", "score_kind": "probability"}
    loss = measured("calibration.binary", tmp_path, data, **told)["calib.logloss", "overall"]
    assert (loss.status, loss.detail["clipped"]) == (Status.OK, 50)


def test_the_background_of_an_explanation_is_recorded_with_its_digest(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(80, 3))
    skops.io.dump(LogisticRegression().fit(x, x[:, 0] > 0), tmp_path / "model.skops")
    digests = set()
    for rows in (x, x + 1):
        table = write_csv(tmp_path / "p.csv", {f"f{i}": rows[:, i] for i in range(3)})
        told = subject(table, model=tmp_path / "model.skops", features=["f0", "f1", "f2"], favourable="True")
        found = evaluate("explain.shap_global", told, params={"background": 20, "rows": 20})
        detail = found.reading("explain.shap.global").detail
        digests.add(detail["background_sha256"])
    assert len(digests) == 2


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(Path(evaluators.__file__).parent.rglob("*.py")):
        yield path.name, ast.parse(path.read_text(encoding="utf-8"))


SCATTERED = {
    "scatter_add",
    "scatter_add_",
    "scatter_reduce",
    "scatter_reduce_",
    "index_add",
    "index_add_",
    "index_put_",
}


def test_no_sum_depends_on_the_order_in_which_a_device_adds() -> None:
    """Sums scattered into cells add up in another order each time on a GPU."""
    used = {
        (name, node.attr)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in SCATTERED
    }
    assert not used


# Peers that download at use, pin what is needed otherwise, go through samples one by one, or carry pickles.
NEVER_NEEDED = {
    "alt_profanity_check", "profanity_check", "art", "adversarial_robustness_toolbox", "textattack", "quantus",
    "evidently", "alibi_detect", "openxai", "presidio_analyzer", "detoxify", "dp_accounting", "picklescan", "modelscan",
    "fickling", "torchmetrics", "inspect_ai",
}  # fmt: skip


def test_alt_profanity_check_and_other_peers_are_no_part_of_what_runs() -> None:
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = {pin.partition("==")[0].strip().lower().replace("-", "_") for pin in pins}
    assert {"numpy", "scikit_learn"} <= needed
    named = {str(item.value) for _, tree in trees() for item in ast.walk(tree) if isinstance(item, ast.Constant)}
    assert not NEVER_NEEDED & (needed | {name.partition(".")[0] for name in imported() | named})


def imported() -> set[str]:
    found: set[str] = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    return found


def test_alt_profanity_check_is_two_pickles_and_nothing_here_unpickles() -> None:
    loaders = {("pickle", "load"), ("pickle", "loads"), ("joblib", "load"), ("torch", "load"), ("dill", "load")}
    used = {
        (name, node.value.id, node.attr)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if (node.value.id, node.attr) in loaders
    }
    assert not used


def test_ai_verify_runs_predictions_as_code_and_nothing_here_does() -> None:
    run = {
        (name, node.func.id)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
    }
    assert not run
