"""Levels up to the highest that may be asked: draws resolve them, or a sentence says which they do."""

from pathlib import Path

import numpy as np
import pytest

from evaluators import catalog
from evaluators.arithmetic.draws import ends, enough, quantile
from evaluators.contract import EvaluatorError, ParameterError
from evaluators.evaluate import HIGHEST, evaluate
from tests.evaluators import every

# What says in a sentence that its draws don't resolve so high a level.
REFUSED = {"uncertainty.selective"}


def is_asked(name: str) -> bool:
    """Tables, and two that stand for those that cost much: their rows and clusters are drawn in the same places."""
    return catalog.load(name).cost_class in ("A", "B") or name in ("explain.shap_global", "gen.format")


def test_as_many_are_drawn_as_a_level_takes() -> None:
    assert enough(2_000, 0.95) == enough(2_000, 0.995) == 2_000
    assert enough(2_000, 0.9999) == 50_000
    assert enough(2_000, 0.9999, sides=2) == 100_000
    values = np.arange(1, 2_001, dtype=np.float64)
    assert quantile(values, 0.9995) == pytest.approx(np.quantile(values, 0.9995))
    assert ends(values, 0.95) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))
    with pytest.raises(EvaluatorError, match=r"level 0\.9999 lies beyond what 2,000 draws resolve, up to 0\.9995"):
        quantile(values, 0.9999)


@pytest.mark.parametrize("name", [name for name in sorted(catalog.EVALUATORS) if is_asked(name)])
def test_the_highest_level_is_wider_than_the_usual_one(name: str, tmp_path: Path) -> None:
    given = every.asked(name)
    held = every.measured(name, given, tmp_path).statistics
    usual, highest = ({} for _ in range(2))
    for level, found in ((0.95, usual), (HIGHEST, highest)):
        if name in REFUSED and level == HIGHEST:
            with pytest.raises(EvaluatorError, match="draws resolve, up to"):
                catalog.summarise(name, held, params=given.params, level=level, seed=7)
            return
        for reading in catalog.summarise(name, held, params=given.params, level=level, seed=7):
            if reading.low is not None and reading.high is not None:
                found[reading.metric, reading.slice] = (reading.low, reading.high)
    for key in usual.keys() & highest.keys():
        assert highest[key][0] <= usual[key][0] + 1e-9, key
        assert highest[key][1] >= usual[key][1] - 1e-9, key


def test_a_level_beyond_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="between 0.5 and 0.9999"):
        evaluate("fairness.group", every.asked("fairness.group").subject(tmp_path), level=0.99999)
