"""One rate over the groups that are large enough to be compared, and the reading where there are too few."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import RATES, GroupCounts, IntArray, rate
from evaluators.arithmetic.intervals import minimum_detectable_gap
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.support import Family, family, sizes_by_name


@dataclass(frozen=True)
class Compared:
    """One rate over the groups large enough to be compared."""

    title: str
    names: tuple[str, ...]
    x: IntArray
    m: IntArray
    family: Family

    @classmethod
    def of(cls, table: GroupCounts, name: str, *, minimum: int) -> "Compared":
        x, m = rate(table.counts, name)
        found = family(table.names, m.tolist(), minimum=minimum, among=RATES[name].among)
        kept = list(found.kept)
        return cls(RATES[name].title, tuple(table.names[i] for i in kept), x[kept], m[kept], found)

    @property
    def gap(self) -> float:
        return float(np.ptp(self.x / self.m))

    @property
    def n(self) -> int:
        return int(self.m.sum())

    def describe(self) -> Json:
        """Which groups are lowest and highest, how large they are, and which were left out."""
        rates = self.x / self.m
        lowest, highest = int(rates.argmin()), int(rates.argmax())
        smallest = np.sort(self.m)[:2]
        # Nobody knows from so many rows that a rate is nearer to 0 or 1 than about one row of them.
        p = min(max(float(self.x.sum() / self.n), 1 / (self.n + 2)), 1 - 1 / (self.n + 2))
        detectable = minimum_detectable_gap(p, float(smallest[0]), float(smallest[1]))
        return {
            "rate": self.title,
            "lowest": self.names[lowest],
            "lowest_value": float(rates[lowest]),
            "highest": self.names[highest],
            "highest_value": float(rates[highest]),
            "support": sizes_by_name(self.names, self.m),
            "excluded": list(self.family.excluded),
            "minimum_detectable_gap": detectable,
        }


def refusal(metric: str, reason: str, common: Json, detail: Json) -> Reading:
    status = Status.INSUFFICIENT_DATA
    return Reading(metric=metric, slice=OVERALL, status=status, reason=reason, detail=detail, **common)


def shortage(metric: str, items: Sequence[Compared], common: Json) -> Reading | None:
    """A reading that says why there is no comparison, or None if there is one."""
    for item in items:
        if item.family.shortage:
            reason = f"{item.title}: {item.family.shortage}"
            return refusal(metric, reason, common, {"excluded": list(item.family.excluded)})
    return None
