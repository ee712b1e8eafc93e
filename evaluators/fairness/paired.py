"""A candidate against the model it would replace: which groups gain, which lose, and does the gap between them move?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import GroupCounts
from evaluators.contract import Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.fairness.changes import ACCURACY, CHANGES, MCNEMAR, change_readings
from evaluators.subjects.pairs import open_pair
from evaluators.subjects.roles import favourable_code
from evaluators.support import FAMILY_PARAMETERS

METRICS = (
    Metric(id=ACCURACY, title="Change of accuracy", direction=Direction.HIGHER),
    Metric(id=MCNEMAR, title="McNemar's test of equal accuracy", direction=Direction.NONE, unit="p-value", kind="test"),
    *(Metric(id=metric, title=about.title, direction=Direction.LOWER) for metric, about in CHANGES.items()),
)


class PairedFairness:
    """Reads predictions of two models on the same rows. Selection and error rates need a favourable outcome.

    Evidence `paired_changes`: a table of the rows that only one of the models got right, per group.
    """

    id = "fairness.paired"
    version = "1"
    title = "Two models compared on the same rows"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("label", "prediction", "baseline"),
        "optional": ("group", "favourable", "model", "features"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = FAMILY_PARAMETERS
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading both models' predictions")
        pair = open_pair(subject)
        true = pair.true
        if true is None:
            return Measured(statistics={"labelled": False})
        progress(0.6, "counting")
        favourable = None if subject.favourable is None else favourable_code(subject, pair.classes)
        axes = [pair.groups.codes, pair.old == true, pair.new == true]
        axes += [codes == (-1 if favourable is None else favourable) for codes in (true, pair.old, pair.new)]
        shape = (len(pair.groups.values), *(2,) * 5)
        flat = np.ravel_multi_index([axis.astype(np.int64) for axis in axes], shape)
        counts = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)
        counted = GroupCounts(pair.groups.columns, pair.groups.values, counts)
        statistics = counted.as_statistics() | {"labelled": True, "favourable": subject.favourable}
        return Measured(statistics=statistics, evidence=(Evidence(name="paired_changes", data=_table(counted)),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        found = change_readings(statistics, minimum=params["family_minimum"], level=level, seed=seed)
        return [reading.sound() for reading in found]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole."""
        total = GroupCounts.from_statistics(first).merged(GroupCounts.from_statistics(second))
        return {**first, **total.as_statistics()}


def _table(counted: GroupCounts) -> Json:
    names = counted.names
    cells = counted.counts.sum(axis=(3, 4, 5))
    rows = [[name, int(c.sum()), int(c[1, 0]), int(c[0, 1])] for name, c in zip(names, cells, strict=True)]
    columns = ["group", "rows", "only the old model right", "only the new model right"]
    return {"draw": "table", "title": "Rows that only one model got right", "columns": columns, "rows": rows[:200]}
