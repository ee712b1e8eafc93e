"""Is a promise of differential privacy broken? Canaries put into training by lot, and how well a model betrays them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from evaluators.contract import (
    OVERALL,
    Direction,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
)
from evaluators.inputs.files import required
from evaluators.privacy.audits import (
    Cuts,
    Guesses,
    cuts,
    epsilon_bound,
    excess,
    guess,
    p_value,
    smallest_p,
)
from evaluators.privacy.brought import members
from evaluators.subjects.roles import column_for, open_table
from evaluators.support import MINIMUM

ONE_RUN = "privacy.dp.audit_one_run"
ROC = "privacy.dp.roc_bound"
# An audit bounds from below only. A gate needs a number for the other end, and this one passes no limit.
NO_UPPER_BOUND = 1_000.0


class DpAudit:
    """Reads one row per canary: whether it was trained on, decided by a fair coin, and the score an attack gave it."""

    id = "privacy.dp_audit"
    version = "1"
    title = "Differential privacy, audited"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("member", "score"),
        "optional": ("score_kind",),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "epsilon": {"type": "number", "default": 1.0, "minimum": 0, "maximum": 60, "title": "The epsilon promised"},
        "delta": {"type": "number", "default": 1e-5, "minimum": 0, "maximum": 0.5, "title": "The delta promised"},
        "guess_in": {
            "type": "number",
            "default": 0.1,
            "minimum": 0,
            "maximum": 0.5,
            "title": "Share of canaries guessed to be in, fixed beforehand",
        },
        "guess_out": {
            "type": "number",
            "default": 0.1,
            "minimum": 0,
            "maximum": 0.5,
            "title": "Share of canaries guessed to be out, fixed beforehand",
        },
        "score_is_loss": {"type": "boolean", "default": False, "title": "Low scores, not high ones, speak for members"},
    }
    metrics = (
        Metric(id=ONE_RUN, title="Epsilon refuted in one run", direction=Direction.LOWER, unit="epsilon", kind="test"),
        Metric(id=ROC, title="Excess over the promised ROC bound", direction=Direction.LOWER, kind="test"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the canaries")
        column, name = subject.column("member"), required(subject, "table").name
        table = open_table(subject, categorical=[column], numeric=[column_for(subject, "score")])
        member = members(table.categorical[column], column, name)
        score = table.numeric[column_for(subject, "score")] * (-1 if params["score_is_loss"] else 1)
        bad = np.flatnonzero(~np.isfinite(score))
        if bad.size:
            raise SubjectError(f"{name}: row {int(bad[0]) + 1}, column {subject.score!r}: the score is not a number")
        made = [int(params[which] * len(score)) for which in ("guess_in", "guess_out")]
        statistics: Json = {"guesses": asdict(guess(score, member, take_in=made[0], take_out=made[1]))}
        statistics |= {"members": int(member.sum()), "others": int((~member).sum()), "constant": np.ptp(score) == 0.0}
        if member.any() and not member.all():
            found = cuts(score, member)
            statistics |= {"hits": found.hits.tolist(), "alarms": found.alarms.tolist()}
        statistics["constant"] = bool(statistics["constant"])
        return Measured(statistics=statistics)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"slice": OVERALL, "level": level, "statistics": dict(statistics)}
        if reason := _shortage(statistics):
            status = Status.INSUFFICIENT_DATA
            return [Reading(metric=metric.id, status=status, reason=reason, **common) for metric in self.metrics]
        return [_one_run(statistics, params, common).sound(), _roc(statistics, params, common).sound()]


def _shortage(statistics: Mapping[str, Any]) -> str:
    members, others = statistics["members"], statistics["others"]
    if min(members, others) < MINIMUM:
        return f"{members:,} canaries in and {others:,} out, fewer than {MINIMUM} on a side"
    if statistics["constant"]:
        return "every canary has the same score, so nothing can be guessed"
    return ""


def _one_run(statistics: Mapping[str, Any], params: Mapping[str, Any], common: Json) -> Reading:
    found = Guesses(**statistics["guesses"])
    if not found.made:
        reason = "no guess was made: raise guess_in or guess_out"
        return Reading(metric=ONE_RUN, status=Status.INSUFFICIENT_DATA, reason=reason, **common)
    bound = epsilon_bound(found, delta=params["delta"], tail=1 - common["level"])
    return Reading(
        metric=ONE_RUN,
        status=Status.OK,
        value=bound,
        low=bound,
        high=NO_UPPER_BOUND,
        method="one-run audit, lower bound only",
        n=found.canaries,
        detail=asdict(found) | {"promised": params["epsilon"], "delta": params["delta"], "no_upper_bound": True},
        p_value=p_value(found, params["epsilon"], params["delta"]),
        **common,
    )


def _roc(statistics: Mapping[str, Any], params: Mapping[str, Any], common: Json) -> Reading:
    hits, alarms = (np.asarray(statistics[name], dtype=np.int64) for name in ("hits", "alarms"))
    found = Cuts(hits, alarms, statistics["members"], statistics["others"])
    promise: Json = {"epsilon": params["epsilon"], "delta": params["delta"]}
    value, low, high = excess(found, **promise, tail=1 - common["level"])
    return Reading(
        metric=ROC,
        status=Status.OK,
        value=value,
        low=low,
        # However little was seen, an attack nobody tried may do better: nothing here passes a limit of 0.
        high=max(high, value, np.finfo(np.float64).eps),
        method="clopper-pearson at every cut",
        n=found.members + found.others,
        detail=promise | {"cuts": 2 * len(hits)},
        p_value=smallest_p(found, **promise),
        **common,
    )
