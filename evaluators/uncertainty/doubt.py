"""How sure the model is: entropy, margin, disagreement of its members, and whether it doubts foreign rows more."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.ranks import Auc, delong
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import too_few
from evaluators.inputs.files import has_model, has_role
from evaluators.models.opening import open_model
from evaluators.subjects.roles import model_inputs, open_table
from evaluators.support import MINIMUM, none_applicable
from evaluators.uncertainty.forecasts import (
    OPTIONAL,
    Forecasts,
    columns_of,
    not_applicable,
    open_forecasts,
    why_not,
)
from evaluators.uncertainty.means import alone, mean_reading, of_slices, sums
from evaluators.uncertainty.members import members, mutual_information
from evaluators.uncertainty.selective import MARGIN as BY_MARGIN
from evaluators.uncertainty.selective import confidence, entropy

ENTROPY = "uncert.entropy"
MARGIN = "uncert.margin"
MUTUAL = "uncert.mutual_information"
FOREIGN = "uncert.ood_auroc"


class Doubt:
    """Reads class probabilities; the reference table holds rows the model knows. Evidence `entropy` is a histogram."""

    id = "uncertainty.doubt"
    version = "1"
    title = "How sure the model is, and how much less of foreign rows"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": (*OPTIONAL, "reference", "baseline_probability"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {}
    metrics = (
        Metric(id=ENTROPY, title="Mean entropy of the probabilities", direction=Direction.NONE, unit="nats"),
        Metric(id=MARGIN, title="Mean distance of the two likeliest classes", direction=Direction.NONE),
        Metric(id=MUTUAL, title="Mean disagreement of the members", direction=Direction.NONE, unit="nats"),
        Metric(id=FOREIGN, title="Foreign rows told by their entropy", direction=Direction.HIGHER, unit="AUC"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        if reason := why_not(subject):
            return Measured(statistics={"not_applicable": reason})
        progress(0.0, "reading probabilities")
        found = open_forecasts(subject, labelled=False)
        doubt = entropy(found.p)
        columns = {"entropy": doubt, "margin": confidence(found.p, BY_MARGIN)}
        progress(0.6, "asking the members")
        columns |= _disagreement(subject, found)
        known = None
        if has_role(subject, "reference"):
            known = entropy(open_forecasts(subject, role="reference", labelled=False).p)
        slices = [{"name": name, **_summed(columns, mask)} for name, mask in found.cohorts]
        statistics: Json = {
            "classes": found.p.shape[1],
            "overall": _summed(columns, np.ones(len(doubt), dtype=bool)),
            "slices": slices,
            "foreign": _foreign(doubt, known),
        }
        return Measured(statistics=statistics, evidence=(_histogram(doubt, known, found.p.shape[1]),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if reason := not_applicable(statistics):
            return none_applicable(self.metrics, reason, level)
        highest = float(np.log(statistics["classes"]))
        readings = [_foreign_reading(statistics, level)]
        for name, part in of_slices(statistics):
            own = alone(statistics, part) | {"foreign": None}
            common: Json = {"level": level, "statistics": own}
            readings.append(mean_reading(ENTROPY, name, part["entropy"], upper=highest, common=common))
            readings.append(mean_reading(MARGIN, name, part["margin"], upper=1.0, common=common))
            if part.get("mutual"):
                readings.append(mean_reading(MUTUAL, name, part["mutual"], upper=highest, common=common))
        if not statistics["overall"].get("mutual"):
            reason = "the model has no members to disagree, and no second model's probabilities were declared"
            readings += none_applicable([self.metrics[2]], reason, level)
        return [reading.sound() for reading in readings]


def _disagreement(subject: Subject, found: Forecasts) -> dict[str, FloatArray]:
    """Per row, where there are members: trees of a forest, or the columns of a second model."""
    if has_model(subject):
        model = open_model(subject)
        parts = members(model)
        if not parts:
            return {}
        inputs = model_inputs(subject, model)
        return {"mutual": mutual_information([part.probabilities(inputs) for part in parts])}
    other = subject.roles.get("baseline_probability", ())
    if len(other) != found.p.shape[1]:
        return {}
    table = open_table(subject, numeric=other)
    return {"mutual": mutual_information([found.p, columns_of(table, other, subject, "table")])}


def _summed(columns: Mapping[str, FloatArray], mask: Any) -> Json:
    return {name: sums(values[mask]) for name, values in columns.items()}


def _foreign(doubt: FloatArray, known: FloatArray | None) -> Json | None:
    if known is None:
        return None
    # Entropies that differ in the last bits come from the same probabilities in another order.
    score = np.round(np.concatenate([doubt, known]), 12)
    return delong(score, np.arange(len(score)) < len(doubt)).as_statistics()


def _foreign_reading(statistics: Mapping[str, Any], level: float) -> Reading:
    common: Json = {"metric": FOREIGN, "slice": OVERALL, "level": level, "statistics": dict(statistics)}
    if statistics["foreign"] is None:
        return Reading(status=Status.NOT_APPLICABLE, reason="no reference table was given", **common)
    found = Auc(**statistics["foreign"])
    low, high = found.interval(level)
    is_small = found.n < MINIMUM
    return Reading(
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(found.n, MINIMUM, "rows in one of the tables"),
        value=found.auc,
        low=low,
        high=high,
        method=found.method(level),
        n=found.n,
        **common,
    )


def _histogram(doubt: FloatArray, known: FloatArray | None, classes: int) -> Evidence:
    edges = np.linspace(0, np.log(max(classes, 2)), 21)

    def points(values: FloatArray) -> list[Json]:
        shares = np.histogram(np.minimum(values, edges[-1]), edges)[0] / len(values)
        middles = (edges[:-1] + edges[1:]) / 2
        return [{"x": float(x), "y": float(y)} for x, y in zip(middles, shares, strict=True)]

    series = [{"name": "table", "points": points(doubt)}]
    series += [{"name": "reference", "points": points(known)}] if known is not None else []
    data: Json = {"draw": "curve", "title": "How unsure the model is", "x_label": "entropy in nats"}
    return Evidence(name="entropy", data=data | {"y_label": "share of rows", "series": series})
