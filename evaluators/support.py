"""How many rows a number needs: shown from 1, judged from 10, compared with other groups from 30."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.arithmetic.counts import IntArray, ratio_or_none
from evaluators.arithmetic.intervals import rate_interval
from evaluators.arithmetic.simultaneous import MAX_GROUPS
from evaluators.contract import OVERALL, Json, Metric, Reading, Status
from evaluators.counting import how_many, too_few

MINIMUM = 10
FAMILY_MINIMUM = 30
FAMILY_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "family_minimum": {
        "type": "integer",
        "default": FAMILY_MINIMUM,
        "minimum": 10,
        "maximum": 10_000,
        "title": "Rows a group needs to be compared with the others",
    }
}


@dataclass(frozen=True)
class Family:
    """Which groups are compared, and which are left out, each with its size and the reason."""

    kept: tuple[int, ...]
    excluded: tuple[Json, ...]

    @property
    def shortage(self) -> str:
        """Why no comparison is possible, or ""."""
        if len(self.kept) > MAX_GROUPS:
            return f"{len(self.kept):,} groups, more than the {MAX_GROUPS} that can be compared at once"
        if len(self.kept) + len(self.excluded) == 1:
            return "there is one group, and a comparison takes two"
        if len(self.kept) < 2:
            every = len(self.kept) + len(self.excluded)
            return f"{len(self.kept) or 'none'} of {every} groups is large enough to be compared"
        return ""


def family(names: Sequence[str], sizes: Sequence[int], *, minimum: int, among: str = "rows") -> Family:
    """Split groups into those with at least `minimum` units in the denominator and the others."""
    kept = tuple(i for i, size in enumerate(sizes) if size >= minimum)
    excluded = tuple(
        {"group": name, "n": int(size), "counted": how_many(size, among), "reason": too_few(size, minimum, among)}
        for name, size in zip(names, sizes, strict=True)
        if size < minimum
    )
    return Family(kept, excluded[: MAX_GROUPS * 5])


def rate_reading(metric: str, slice_: str, x: int, m: int, *, level: float, among: str, statistics: Json) -> Reading:
    """A share with its interval. Below 10 units it is shown but is no evidence; 0/0 has no value at all."""
    if m == 0:
        return Reading(
            metric=metric,
            slice=slice_,
            status=Status.INSUFFICIENT_DATA,
            reason=f"there are no {among}",
            level=level,
            statistics=statistics,
        )
    (low, high), method = rate_interval(x, m, level=level)
    is_small = m < MINIMUM
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(m, MINIMUM, among),
        value=ratio_or_none(x, m),
        low=low,
        high=high,
        level=level,
        method=method,
        n=m,
        statistics=statistics,
        detail={"x": x, "m": m},
    )


def none_applicable(metrics: Sequence[Metric], reason: str, level: float) -> list[Reading]:
    """All there is to say where what was declared excludes the whole measurement."""
    status = Status.NOT_APPLICABLE
    return [Reading(metric=one.id, slice=OVERALL, status=status, reason=reason, level=level) for one in metrics]


def too_many_groups(groups: int) -> str:
    """Why the groups aren't even listed, or ""."""
    if groups <= MAX_GROUPS:
        return ""
    return f"{groups:,} groups, more than the {MAX_GROUPS} that are shown; is the group column an identifier?"


def sizes_by_name(names: Sequence[str], sizes: Sequence[int] | IntArray) -> dict[str, int]:
    return {name: int(size) for name, size in zip(names, sizes, strict=True)}
