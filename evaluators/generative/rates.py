"""Statistics of scored outputs, and the corrected rates they give."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evaluators.arithmetic.adding import added
from evaluators.arithmetic.clusters import Clusters
from evaluators.contract import Json, Measured, Reading
from evaluators.generative.asking import Asked, Exchange, asked_evidence, by_prompt
from evaluators.generative.quality import Quality, as_statistics, quality_evidence, rate_reading

AMONG = "prompts with an output"


def scored(
    asked: Asked,
    rates: Mapping[str, tuple[Sequence[Exchange], Callable[[Exchange], bool]]],
    quality: Mapping[str, Quality],
) -> Measured:
    """Per metric, the exchanges it is about and what is a hit. No output is kept."""
    statistics: Json = {
        "rates": {
            metric: by_prompt(exchanges, [is_hit(exchange) for exchange in exchanges])
            for metric, (exchanges, is_hit) in rates.items()
        },
        "quality": as_statistics(quality),
        "facts": asked.facts,
    }
    return Measured(statistics=statistics, evidence=(quality_evidence(quality), asked_evidence(asked)))


def rate_readings(
    statistics: Mapping[str, Any], scorer_of: Mapping[str, str], *, level: float, seed: int
) -> list[Reading]:
    """A reading per metric and slice, corrected for the metric's scorer."""
    return [
        _rate(metric, name, cells, statistics, scorer_of[metric], level, seed)
        for metric, slices in statistics.get("rates", {}).items()
        for name, cells in slices.items()
    ]


def _rate(
    metric: str,
    name: str,
    cells: Sequence[Sequence[int]],
    whole: Mapping[str, Any],
    scorer: str,
    level: float,
    seed: int,
) -> Reading:
    own = {
        "rates": {metric: {name: cells}},
        "quality": {scorer: whole["quality"][scorer]},
        "facts": whole["facts"],
    }
    return rate_reading(
        metric,
        name,
        Clusters.from_cells(cells),
        Quality(*whole["quality"][scorer]),
        among=AMONG,
        common={"level": level, "seed": seed, "statistics": own},
        detail=dict(whole["facts"]),
    )


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
    """The statistics of two shards of outputs as those of the whole. All outputs to one prompt lie in one part."""
    parts = (first, second)
    metrics = {
        metric: [part["rates"].get(metric, {}) for part in parts] for metric in {**first["rates"], **second["rates"]}
    }
    rates = {
        metric: {
            name: Clusters.joined([part[name] for part in slices if name in part])
            for name in sorted({*slices[0], *slices[1]})
        }
        for metric, slices in metrics.items()
    }
    facts = [{**part["facts"], "budget_exhausted": int(part["facts"]["budget_exhausted"])} for part in parts]
    total = added(*facts)
    return {
        "rates": rates,
        "quality": first["quality"],
        "facts": total | {"budget_exhausted": bool(total["budget_exhausted"])},
    }
