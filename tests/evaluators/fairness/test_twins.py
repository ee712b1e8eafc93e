"""A model biased against one group fails the metric that is about that bias; its clean twin passes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Reading
from evaluators.evaluate import evaluate
from tests.evaluators.data import ends, subject, write_csv

FACTS: dict[str, Any] = {
    "columns": {"label": "label", "prediction": "prediction", "group": ["group"]},
    "favourable": "1",
}
LIMIT = 0.10
# Which cells the bias touches: everybody, only those with the favourable outcome, or only those without.
BIASES = {
    "selection": ("fairness.demographic_parity_difference", "fairness.demographic_parity_ratio"),
    "opportunity": ("fairness.equal_opportunity_difference", "fairness.equalized_odds_difference"),
    "false alarms": ("fairness.fpr_difference", "fairness.equalized_odds_difference"),
}


def model(rng: np.random.Generator, kind: str, delta: float, *, n: int = 12_000) -> dict[str, Any]:
    """Right three times in four; people of group c are refused, or wrongly accepted, more often by `delta`."""
    group, label = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]), rng.integers(0, 2, n)
    accepted = np.where(label == 1, 0.75, 0.25)
    touched = (group == "c") & {"selection": label >= 0, "opportunity": label == 1, "false alarms": label == 0}[kind]
    accepted = accepted + np.where(touched, delta if kind == "false alarms" else -delta, 0.0)
    return {"label": label, "prediction": (rng.random(n) < accepted).astype(int), "group": group}


def measured(path: Path, data: dict[str, Any]) -> dict[str, Reading]:
    outcome = evaluate("fairness.group", subject(write_csv(path / "p.csv", data), **FACTS))
    return {reading.metric: reading for reading in outcome.readings if reading.slice == "overall"}


@pytest.mark.parametrize("kind", sorted(BIASES))
def test_a_biased_model_fails_and_its_clean_twin_passes(kind: str, tmp_path: Path) -> None:
    biased = measured(tmp_path, model(np.random.default_rng(0), kind, 0.22))
    clean = measured(tmp_path, model(np.random.default_rng(1), kind, 0.0))
    for metric in BIASES[kind]:
        low, high = ends(biased[metric])
        fine_low, fine_high = ends(clean[metric])
        if metric.endswith("ratio"):
            assert high < 0.8 <= fine_low
        else:
            assert low > LIMIT >= fine_high
    assert biased["fairness.permutation_p"].p_value is not None
    assert biased["fairness.permutation_p"].p_value < 0.001 < (clean["fairness.permutation_p"].p_value or 0)


def test_a_bias_in_opportunity_is_not_blamed_on_false_alarms(tmp_path: Path) -> None:
    biased = measured(tmp_path, model(np.random.default_rng(2), "opportunity", 0.22))
    assert ends(biased["fairness.fpr_difference"])[1] <= LIMIT
