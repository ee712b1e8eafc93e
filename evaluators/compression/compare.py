"""What compression changes, and whom it hits: pruning and rounding, or two models as they come."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import GroupCounts
from evaluators.compression.answers import Answers, modal, open_answers
from evaluators.compression.readings import METRICS, compression_readings
from evaluators.compression.shrinking import VARIANTS
from evaluators.contract import Evidence, Json, Measured, Progress, Reading, Subject
from evaluators.support import FAMILY_PARAMETERS, none_applicable


class CompressionHarm:
    """Reads the answers of an original and a compressed model, or opens a network and compresses it in the house.

    Several originals (`baseline`) and several compressed models (`prediction` and `compressed`) are compared by their
    most frequent labels; with one of each a change may be mere churn. Evidence `compression`: a table of what each
    way of compressing in the house keeps and changes.
    """

    id = "compression.harm"
    version = "2"
    title = "What compression changes, and for whom"
    input_kind = "MD"
    cost_class = "B"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": (
            "prediction",
            "baseline",
            "compressed",
            "label",
            "group",
            "probability",
            "baseline_probability",
            "model",
            "features",
        ),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        **FAMILY_PARAMETERS,
        "variant": {
            "type": "string",
            "default": "int8",
            "enum": list(VARIANTS),
            "title": "How a network is compressed in the house before it is compared",
        },
    }
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "asking both models")
        answers = open_answers(subject, variant=params["variant"], progress=progress)
        if answers is None:
            return Measured(statistics={"reason": "the model holds no network of rows or images to be compressed"})
        progress(0.8, "counting")
        statistics = _counted(answers) | ({"variant": params["variant"]} if answers.variants else {})
        evidence = (Evidence(name="compression", data=_table(answers)),) if answers.variants else ()
        return Measured(statistics=statistics, evidence=evidence)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "reason" in statistics:
            return none_applicable(METRICS, statistics["reason"], level)
        found = compression_readings(statistics, minimum=params["family_minimum"], level=level, seed=seed)
        return [reading.sound() for reading in found]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole; sums of distances up to rounding."""
        total = GroupCounts.from_statistics(first).merged(GroupCounts.from_statistics(second))
        sums: dict[tuple[str, ...], Any] = {}
        for part in (first, second):
            for value, distances in zip(part["groups"], part["distances"], strict=bool(part["distances"])):
                sums[tuple(value)] = np.add(sums.get(tuple(value), 0.0), distances)
        merged = [sums[value].tolist() for value in total.values] if sums else []
        return {**first, **total.as_statistics(), "distances": merged}


def _counted(answers: Answers) -> Json:
    """Counts by group, which of both was right, and whether the label changed; and sums of distances by group."""
    old, new = modal(answers.old), modal(answers.new)
    true = answers.true if answers.true is not None else np.full_like(old, -2)
    columns, values = answers.groups.columns, answers.groups.values
    shape = (len(values), 2, 2, 2)
    axes = [answers.groups.codes, *(part.astype(np.int64) for part in (old == true, new == true, old != new))]
    flat = np.ravel_multi_index(axes, shape)
    counts = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)
    statistics = GroupCounts(columns, values, counts).as_statistics()
    statistics |= {"labelled": answers.true is not None, "models": [len(answers.old), len(answers.new)]}
    return statistics | {"distances": _distances(answers)}


def _distances(answers: Answers) -> list[list[float]]:
    """Per group the number of rows, and sums of the distance and of its square; added in the order of their size."""
    if answers.probabilities is None:
        return []
    old, new = answers.probabilities
    distance = np.abs(new - old).sum(axis=1) / 2
    order = np.lexsort((distance, answers.groups.codes))
    group, distance = answers.groups.codes[order], distance[order]
    size = len(answers.groups.values)
    powers = (np.ones(len(group)), distance, distance**2)
    return np.stack([np.bincount(group, weights=power, minlength=size) for power in powers], axis=1).tolist()


def _table(answers: Answers) -> Json:
    columns = ["network", "numbers", "share of zeros", "bytes", "rows changed"]
    rows = [
        [name, item["numbers"], item["zeros"] / max(item["numbers"], 1), item["bytes"], item.get("changed")]
        for name, item in answers.variants.items()
    ]
    return {"draw": "table", "title": "Ways of compressing", "columns": columns, "rows": rows}
