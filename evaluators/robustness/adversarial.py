"""Accuracy under attacks that follow the model's gradients, checked by attacks that don't."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evaluators.arithmetic.counts import ratio_or_none
from evaluators.budget import BUDGET_PARAMETERS
from evaluators.contract import (
    OVERALL,
    Direction,
    Evidence,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
)
from evaluators.devices import pick
from evaluators.robustness.attacked import attack_case, signs
from evaluators.robustness.balls import L2, LINF, Ball
from evaluators.robustness.cases import BOX_PARAMETER, box_of, check_box
from evaluators.robustness.drawn import curve_evidence, points_of
from evaluators.robustness.masking import WORDS
from evaluators.robustness.networks import open_network
from evaluators.robustness.opening import NEEDS, open_suitable, refused
from evaluators.support import none_applicable, rate_reading

FLAG = "robust.gradient_masking_flag"
ACCURACIES = {
    LINF: ("robust.linf.pgd_acc", "robust.linf.apgd_acc"),
    L2: ("robust.l2.pgd_acc", "robust.l2.apgd_acc"),
}
RADIUS = {LINF: "largest change of a value", L2: "length of the change"}
NO_INSIDE = "the model can only be asked, and these attacks follow its gradients"


class AdversarialAccuracy:
    """Reads a classifier with an inside (a torch network, a linear model or a perceptron) and a table of outcomes.

    Evidence `robustness_curve`: the share of rows still right against the radius, with Wilson's interval.
    """

    id = "robust.adversarial"
    version = "1"
    title = "Accuracy under attack"
    input_kind = "WB"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        "norm": {"type": "string", "default": LINF, "enum": (LINF, L2), "title": "How distance is measured"},
        "epsilon": {
            "type": "number",
            "default": 0.1,
            "minimum": 1e-6,
            "maximum": 1e6,
            "title": "Radius, in the units of the input",
        },
        "box": BOX_PARAMETER,
        "rows": {"type": "integer", "default": 500, "minimum": 1, "maximum": 20_000, "title": "Rows attacked"},
        "steps": {"type": "integer", "default": 40, "minimum": 5, "maximum": 1_000, "title": "Steps of each attack"},
        "restarts": {"type": "integer", "default": 3, "minimum": 1, "maximum": 50, "title": "Starts; the worst counts"},
        "targets": {"type": "integer", "default": 3, "minimum": 1, "maximum": 9, "title": "Wrong classes aimed at"},
        "square_steps": {
            "type": "integer",
            "default": 300,
            "minimum": 10,
            "maximum": 10_000,
            "title": "Blind steps, without gradients",
        },
        "curve_points": {"type": "integer", "default": 3, "minimum": 1, "maximum": 10, "title": "Smaller radii drawn"},
        **BUDGET_PARAMETERS,
    }
    metrics = (
        Metric(id=ACCURACIES[LINF][0], title="Accuracy under PGD, largest change", direction=Direction.HIGHER),
        Metric(id=ACCURACIES[LINF][1], title="Accuracy under the cascade, largest change", direction=Direction.HIGHER),
        Metric(id=ACCURACIES[L2][0], title="Accuracy under PGD, length of change", direction=Direction.HIGHER),
        Metric(id=ACCURACIES[L2][1], title="Accuracy under the cascade, length of change", direction=Direction.HIGHER),
        Metric(id=FLAG, title="Gradients that can't be believed", direction=Direction.LOWER, unit="flag", kind="test"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        box, case = box_of(params["box"]), open_suitable(subject, progress)
        if isinstance(case, Measured):
            return case
        case = case.sample(params["rows"], seed)
        check_box(case, box)
        network = open_network(case.model, device=pick(), width=case.rows.shape[1])
        if network is None:
            return refused(NO_INSIDE)
        ball = Ball(params["norm"], float(params["epsilon"]), box)
        found = attack_case(network, case, ball=ball, params=params, seed=seed, progress=progress)
        return Measured(statistics=found, evidence=(_drawn(found),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "not_applicable" in statistics:
            return none_applicable(self.metrics, statistics["not_applicable"], level)
        raised = signs(statistics).raised()
        tally = statistics["tally"]
        fell = (tally["pgd"], tally["cascade"])
        pairs = zip(ACCURACIES[statistics["norm"]], fell, strict=True)
        readings = [_accuracy(metric, statistics, broken, raised, level) for metric, broken in pairs]
        return [*readings, _flag(statistics, raised, level)]


def _accuracy(metric: str, statistics: Mapping[str, Any], fell: int, raised: list[str], level: float) -> Reading:
    """Rows still right among all rows. Where gradients can't be believed it is shown and is no evidence."""
    tally = statistics["tally"]
    right, rows = tally["right"], tally["rows"]
    kept = dict(statistics)
    found = rate_reading(metric, OVERALL, right - fell, rows, level=level, among="rows attacked", statistics=kept)
    found.detail.update(_facts(statistics))
    found.detail.update({"clean_accuracy": ratio_or_none(right, rows), "success": ratio_or_none(fell, right)})
    if not raised:
        return found
    reason = "too good to be believed: " + "; ".join(WORDS[name] for name in raised)
    return replace(found, status=Status.INSUFFICIENT_DATA, reason=reason)


def _flag(statistics: Mapping[str, Any], raised: list[str], level: float) -> Reading:
    """1 where a sign of hidden gradients is there. A missing sign proves nothing, so that 0 has no interval."""
    tally, is_raised = statistics["tally"], bool(raised)
    broke = {name: tally[name] for name in ("white", "black", "transfer", "zero")}
    return Reading(
        metric=FLAG,
        slice=OVERALL,
        status=Status.OK if tally["right"] else Status.INSUFFICIENT_DATA,
        reason="; ".join(WORDS[name] for name in raised) if tally["right"] else "no row was right before any attack",
        value=float(is_raised),
        low=1.0 if is_raised else None,
        high=1.0 if is_raised else None,
        level=level,
        method="signs of masked gradients",
        n=tally["right"],
        statistics=dict(statistics),
        detail=_facts(statistics) | {"signs": raised} | broke,
    )


def _facts(statistics: Mapping[str, Any]) -> Json:
    kept = ("norm", "epsilon", "attacks", "queries", "gradients", "units_done", "budget_exhausted")
    return {name: statistics[name] for name in kept}


def _drawn(found: Json) -> Evidence:
    points = points_of(found["curve"], found["tally"]["rows"])
    title = "Share of rows still right under a gradient attack"
    note = "One attack, started once. The readings count the worst of several starts or attacks: they may lie lower."
    return curve_evidence(title, RADIUS[found["norm"]], "share right", {"gradient attack": points}, note=note)
