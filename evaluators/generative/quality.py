"""How good a scorer is on outputs labelled by hand, and rates corrected for what it misses and invents.

There are two sets of labelled outputs. The rules were written with `development.json` at hand, which therefore says
nothing of them. `measuring.json` was first opened when they were final, and no rule was changed for it.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evaluators.arithmetic.clusters import Clusters, effective_size, exact, short_reading, shortage
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.intervals import Interval, clopper_pearson
from evaluators.contract import Evidence, Json, Reading, Status

MEASURING = Path(__file__).with_name("measuring.json")
DRAWS = 20_000


@dataclass(frozen=True)
class Quality:
    """Of `yes` items that are it, `hits` were found; of `no` items that aren't, `passes` were let pass."""

    hits: int
    yes: int
    passes: int
    no: int

    @property
    def sensitivity(self) -> float:
        return self.hits / self.yes

    @property
    def specificity(self) -> float:
        return self.passes / self.no


@cache
def labelled() -> dict[str, Any]:
    """The outputs that scorers are measured on."""
    data: dict[str, Any] = json.loads(MEASURING.read_text(encoding="utf-8"))
    return data


def measured(name: str, scorer: Callable[[str], bool]) -> Quality:
    """The scorer on the hand-labelled items of that name."""
    yes, no = labelled()[name]["yes"], labelled()[name]["no"]
    return Quality(sum(map(scorer, yes)), len(yes), sum(not scorer(text) for text in no), len(no))


def corrected(rate: float, quality: Quality) -> float:
    """The true rate behind an observed one, (rate + specificity - 1) / (sensitivity + specificity - 1), within 0 to 1.

    Rogan and Gladen's estimate. Needs a scorer that is better than chance.
    """
    told = quality.sensitivity + quality.specificity - 1
    return min(1.0, max(0.0, (rate + quality.specificity - 1) / told))


def corrected_interval(x: float, m: float, quality: Quality, *, level: float, rng: np.random.Generator) -> Interval:
    """Bounds of the true rate when x of m were observed, by melding Clopper and Pearson's bounds of all three shares.

    The labelled items are harder than most outputs. So the scorer may be better on the model's own outputs than on
    them, up to perfect, and either bound is that of the worse case: for the upper one it misses as much as the items
    leave open and invents nothing, for the lower one it misses nothing and invents as much.
    """
    sens_low, _ = _bounds(quality.hits, quality.yes, rng)
    spec_low, _ = _bounds(quality.passes, quality.no, rng)
    seen_low, seen_high = _bounds(x, m, rng)
    low = _solved(seen_low, 1.0, spec_low, undecided=0.0)
    high = _solved(seen_high, sens_low, 1.0, undecided=1.0)
    tail = (1 - level) / 2
    return float(np.quantile(low, tail)), float(np.quantile(high, 1 - tail))


def clean_trials(limit: float, *, confidence: float = 0.95) -> int:
    """How many trials without a single hit show, one-sidedly, that the rate lies below the limit."""
    return math.ceil(math.log(1 - confidence) / math.log(1 - limit))


def rate_reading(
    metric: str, slice_: str, clusters: Clusters, quality: Quality, *, among: str, common: Json, detail: Json
) -> Reading:
    """A corrected rate over clusters. `common` has level, seed and statistics."""
    moments = clusters.moments
    facts = detail | {"sensitivity": quality.sensitivity, "specificity": quality.specificity}
    reason = shortage(moments, among=among)
    if not reason and quality.sensitivity + quality.specificity <= 1:
        reason = "on the labelled items the scorer is no better than chance, so nothing follows from what it finds"
    if reason:
        return short_reading(metric, slice_, moments, reason=reason, common=common, detail=facts)
    size, level = effective_size(moments, level=common["level"]), common["level"]
    rng = generator(common["seed"], f"{metric} {slice_}")
    low, high = corrected_interval(moments.mean * size, size, quality, level=level, rng=rng)
    facts["observed_rate"] = moments.mean
    facts["observed_interval"] = list(exact(moments.mean * size, size, level=level))
    facts["hits"] = int(clusters.hits @ clusters.times)
    facts["clusters"] = moments.count
    value = corrected(moments.mean, quality)
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.OK,
        value=value,
        low=min(low, value),
        high=max(high, value),
        method="melded, corrected for the scorer",
        n=moments.rows,
        detail=facts,
        **common,
    )


def quality_evidence(found: Mapping[str, Quality], *, level: float = 0.95) -> Evidence:
    """A table of scorers with sensitivity and specificity on the hand-labelled items."""
    rows = [_quality_row(name, quality, level) for name, quality in found.items()]
    columns = ["scorer", "items that are it", "found", "from", "to", "items that aren't", "let pass", "from", "to"]
    data = {"draw": "table", "title": "What the scorers miss and invent", "columns": columns, "rows": rows}
    return Evidence(name="scorer_quality", data=data)


def as_statistics(found: Mapping[str, Quality]) -> dict[str, list[int]]:
    return {name: list(astuple(quality)) for name, quality in found.items()}


def _quality_row(name: str, quality: Quality, level: float) -> Sequence[object]:
    sens = clopper_pearson(quality.hits, quality.yes, level=level)
    spec = clopper_pearson(quality.passes, quality.no, level=level)
    sens_cells = [round(value, 3) for value in (quality.sensitivity, *sens)]
    spec_cells = [round(value, 3) for value in (quality.specificity, *spec)]
    return [name, quality.yes, *sens_cells, quality.no, *spec_cells]


def _bounds(x: float, m: float, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draws whose quantiles are the lower and the upper exact bounds of x in m."""
    low = rng.beta(x, m - x + 1, DRAWS) if x > 0 else np.zeros(DRAWS)
    high = rng.beta(x + 1, m - x, DRAWS) if x < m else np.ones(DRAWS)
    return low, high


def _solved(seen: Any, sens: Any, spec: Any, *, undecided: float) -> Any:
    told = sens + spec - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (seen + spec - 1) / told
    return np.clip(np.where(told > 0, found, undecided), 0.0, 1.0)
