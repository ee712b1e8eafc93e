"""Readings of the spread of selection rates and of the largest log-ratio."""

from evaluators.arithmetic.blocks import binomial_block
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.simultaneous import replicates_for
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.fairness.compared import Compared, shortage
from evaluators.fairness.metrics import COHORT_SD, EPSILON
from evaluators.fairness.spread import (
    cohort_interval,
    cohort_sd,
    differential_epsilon,
    epsilon_interval,
    weighted_cohort_sd,
    wider_outcome,
)

# A spread is of all groups, and not of the two that differ most.
OF_PAIRS = ("lowest", "lowest_value", "highest", "highest_value", "minimum_detectable_gap")


def spread_readings(item: Compared, common: Json) -> list[Reading]:
    """Both readings, or two that say why the groups can't be compared."""
    refused = [reading for metric in (COHORT_SD, EPSILON) if (reading := shortage(metric, [item], common))]
    return refused or [_cohort(item, common), _epsilon(item, common)]


def _cohort(item: Compared, common: Json) -> Reading:
    low, high = cohort_interval(item.x, item.m, level=common["level"])
    return Reading(
        metric=COHORT_SD,
        slice=OVERALL,
        status=Status.OK,
        value=cohort_sd(item.x, item.m),
        low=low,
        high=high,
        method="Q-profile",
        n=item.n,
        detail={name: fact for name, fact in item.describe().items() if name not in OF_PAIRS}
        | {"raw": float((item.x / item.m).std(ddof=1)), "weighted": weighted_cohort_sd(item.x, item.m)},
        **common,
    )


def _epsilon(item: Compared, common: Json) -> Reading:
    rng = generator(common["seed"], EPSILON)
    block = binomial_block(item.x, item.m, replicates=replicates_for(len(item.m), common["level"]), rng=rng)
    found = epsilon_interval(block, level=common["level"])
    return Reading(
        metric=EPSILON,
        slice=OVERALL,
        status=Status.OK,
        value=differential_epsilon(item.x, item.m),
        low=found.low,
        high=found.high,
        method="max-t simultaneous, log scale",
        n=item.n,
        detail=item.describe()
        | {"outcome": wider_outcome(item.x, item.m), "quantile": found.quantile, "replicates": found.replicates},
        **common,
    )
