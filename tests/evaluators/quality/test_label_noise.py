from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from evaluators.catalog import summarise
from evaluators.contract import Status, SubjectError
from evaluators.data.confident import confident_joint, estimate_noise
from evaluators.data.crossfit import folds, linear_probabilities
from tests.evaluators.quality.making import reading, run

RATE = "data.label_noise.rate"


@cache
def flipped_digits(share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of which that share was changed, which rows those are, and out-of-sample probabilities."""
    rng = np.random.default_rng(0)
    data = load_digits()
    rows, true = data.data / 16, data.target
    wrong = rng.choice(len(true), round(share * len(true)), replace=False)
    label = true.copy()
    label[wrong] = (true[wrong] + rng.integers(1, 10, len(wrong))) % 10
    is_wrong = np.zeros(len(true), dtype=bool)
    is_wrong[wrong] = True
    return label, is_wrong, linear_probabilities(rows, label, folds(label, rows, rng), classes=10)


@pytest.mark.verification
@pytest.mark.parametrize("share", [0.05, 0.10, 0.20])
def test_flipped_digits_are_estimated_as_cleanlab_does_on_the_same_probabilities(share: float) -> None:
    count = pytest.importorskip("cleanlab.count")
    label, is_wrong, p = flipped_digits(share)
    ours = estimate_noise(label, p)
    theirs = count.estimate_joint(label, p)
    assert ours.rate == pytest.approx(1 - np.trace(theirs), abs=0.003)
    assert np.abs(ours.joint - theirs).max() < 0.002
    assert ours.rate == pytest.approx(share, abs=0.04)
    assert is_wrong[ours.wrong].mean() > 0.75
    assert is_wrong[ours.wrong].sum() > 0.8 * is_wrong.sum()


def test_a_noisy_table_fails_and_its_clean_twin_passes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 2))
    clean = (x[:, 0] > 0).astype(int)
    noisy = np.where(rng.random(1500) < 0.15, 1 - clean, clean)
    found = []
    for y in (clean, noisy):
        table = {"a": x[:, 0], "b": x[:, 1], "y": y}
        found.append(
            reading(run("data.label_noise", tmp_path, table, columns={"label": "y"}, features=["a", "b"]), RATE)
        )
    assert (found[0].high or 1) <= 0.034
    assert (found[1].low or 0) > 0.034
    assert found[1].value == pytest.approx(0.15, abs=0.03)


def test_given_probabilities_are_found_by_the_class_at_the_end_of_their_names(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, 400)
    y = np.where(rng.random(400) < p, "yes", "no")
    table = {"p_yes": p, "p_no": 1 - p, "y": y}
    facts = {"columns": {"label": "y", "probability": ["p_yes", "p_no"]}}
    found = reading(run("data.label_noise", tmp_path, table, **facts), RATE)
    swapped = reading(run("data.label_noise", tmp_path, {"y": y, "p_no": 1 - p, "p_yes": p}, **facts), RATE)
    assert found.status is Status.OK
    assert found.value == swapped.value
    with pytest.raises(SubjectError, match="add up to"):
        run("data.label_noise", tmp_path, table | {"p_no": p}, **facts)
    with pytest.raises(SubjectError, match="end in the label 'no'"):
        run("data.label_noise", tmp_path, table, columns={"label": "y", "probability": ["p_yes"]})


def test_one_class_says_nothing(tmp_path: Path) -> None:
    table = {"a": list(range(20)), "y": ["same"] * 20}
    found = reading(run("data.label_noise", tmp_path, table, columns={"label": "y"}, features=["a"]), RATE)
    assert (found.status, found.value) == (Status.INSUFFICIENT_DATA, None)


def test_the_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    rows, label, order = rng.normal(size=(200, 2)), rng.integers(0, 3, 200), rng.permutation(200)
    found = []
    for index in (np.arange(200), order):
        x, y = rows[index], label[index]
        found.append(linear_probabilities(x, y, folds(y, x, np.random.default_rng(1)), classes=3))
    assert np.array_equal(found[0][order], found[1])


def test_sure_and_right_probabilities_mean_no_noise() -> None:
    label = np.arange(60) % 3
    noise = estimate_noise(label, np.eye(3)[label])
    assert noise.rate == 0
    assert noise.wrong.size == 0
    assert confident_joint(label, np.eye(3)[label])[0].tolist() == [[20, 0, 0], [0, 20, 0], [0, 0, 20]]


def test_readings_come_back_from_their_statistics(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = {"a": rng.normal(size=100), "y": rng.integers(0, 2, 100)}
    found = run("data.label_noise", tmp_path, table, columns={"label": "y"}, features=["a"])
    item = reading(found, RATE)
    again = summarise("data.label_noise", item.statistics, params={}, level=0.95, seed=found.seed)
    assert (again[0].value, again[0].low, again[0].high) == (item.value, item.low, item.high)


def test_an_absent_label_is_named_and_no_class_of_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = {"a": rng.normal(size=60), "y": ["", *(["no", "yes"] * 30)[1:]]}
    with pytest.raises(SubjectError, match="row 1, column 'y': the value is missing"):
        run("data.label_noise", tmp_path, table, columns={"label": "y", "feature": ["a"]})


def test_a_label_declared_among_the_features_does_not_vouch_for_itself(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=600)
    y = np.where(rng.random(600) < 0.2, 0, 1) * (x > 0)
    table = {"a": x, "y": y}
    given, alone = (
        reading(run("data.label_noise", tmp_path, table, columns={"label": "y"}, features=names), RATE).value
        for names in (["a", "y"], ["a"])
    )
    assert given == pytest.approx(alone, abs=0.01)
    assert (alone or 0) > 0.05
    with pytest.raises(SubjectError, match="feature columns"):
        run("data.label_noise", tmp_path, table, columns={"label": "y"}, features=["y"])
