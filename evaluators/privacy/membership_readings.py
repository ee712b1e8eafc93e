"""Readings of membership attacks: areas, members found at a fixed rate of false alarms, and the blind control."""

import math
from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.intervals import Interval, clopper_pearson
from evaluators.arithmetic.ranks import Auc
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.counting import how_many, too_few
from evaluators.privacy.by_model import mean_area, rate_interval, share_of_models
from evaluators.privacy.metrics import ATTACKS, AUC, BLIND, TPR
from evaluators.support import MINIMUM

MINIMUM_MODELS = 10


def membership_readings(statistics: Mapping[str, Any], *, level: float) -> list[Reading]:
    """Every reading. An attack that was not possible says why."""
    common: Json = {"level": level, "statistics": dict(statistics)}
    blind = statistics.get("blind")
    notes = dict(statistics.get("facts") or {}) | (_control(blind, level) if blind else {})
    attacks = statistics["attacks"]
    readings = []
    for attack in ATTACKS:
        found = attacks[attack]
        if found.get("reason"):
            readings += [_not_applicable(metric, found["reason"], common) for metric in (AUC[attack], TPR[attack])]
            continue
        backwards = _backwards(found, level) or _backwards(attacks["loss"], level)
        if backwards:
            names = [name for name, _ in _slices(statistics, found)]
            readings += [_insufficient(AUC[attack], OVERALL, backwards, _sizes(found, notes), common)]
            readings += [_insufficient(TPR[attack], name, backwards, _sizes(found, notes), common) for name in names]
            continue
        readings.append(_area(AUC[attack], found, notes, common))
        readings += [
            _at_rate(TPR[attack], name, found, index, notes, common) for name, index in _slices(statistics, found)
        ]
    readings.append(_blind(blind, statistics.get("blind_reason", ""), common))
    return readings


def _slices(statistics: Mapping[str, Any], found: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The rate that is judged is `overall`, and every rate has a slice of its own."""
    rates = [item["fpr"] for item in found["tpr"]]
    return [(OVERALL, rates.index(statistics["judged"])), *((f"fpr={rate:g}", i) for i, rate in enumerate(rates))]


def _control(blind: Mapping[str, Any], level: float) -> Json:
    """What the control means for the attacks: above chance without the model, the two sides differ by themselves."""
    auc = Auc(**blind)
    if auc.auc is None or auc.variance is None:
        return {}
    return {"blind_auc": auc.auc, "sides_differ": bool(auc.interval(level)[0] > 0.5)}


def _area(metric: str, found: Mapping[str, Any], notes: Json, common: Json) -> Reading:
    auc = Auc(**found["auc"])
    detail = _sizes(found, notes)
    refused = _refused(metric, OVERALL, found, detail, common)
    if refused:
        return refused
    value, interval, method = _found_area(found, common["level"])
    if found.get("by_model"):
        detail["models"] = len(found["by_model"])
    if notes.get("sides_differ"):
        detail["beyond_blind"] = value - max(notes["blind_auc"], 0.5)
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        reason=_warning(notes),
        value=value,
        low=max(0.0, interval[0]),
        high=min(1.0, interval[1]),
        method=method,
        n=auc.n,
        detail=detail,
        **common,
    )


def _sizes(found: Mapping[str, Any], notes: Json) -> Json:
    auc = Auc(**found["auc"])
    return {"members": auc.positives, "others": auc.negatives, **found.get("facts", {}), **notes}


def _found_area(found: Mapping[str, Any], level: float) -> tuple[float, Interval, str]:
    """The area, its interval and the interval's name."""
    auc = Auc(**found["auc"])
    if found.get("by_model"):
        return mean_area([item["auc"] for item in found["by_model"]], level)
    return auc.auc or 0.0, *_area_interval(auc, level)


def _backwards(found: Mapping[str, Any], level: float) -> str:
    """Why nothing follows where the model knows non-members better than members: as a rule the two were swapped.

    An attacker who knows of it turns the signal around, so that an area below one half is no sign of privacy.
    """
    if found.get("reason") or _shortage(found):
        return ""
    value, (low, high), _ = _found_area(found, level)
    if high >= 0.5:
        return ""
    return (
        f"members look less well known to the model than non-members (area {value:.3f} [{low:.3f}, {high:.3f}]): the "
        "two tables, the words of the member column or the direction of the score may have been swapped, or the sides "
        "differ by themselves"
    )


def _at_rate(metric: str, name: str, found: Mapping[str, Any], index: int, notes: Json, common: Json) -> Reading:
    item = found["tpr"][index]
    detail: Json = {**item, **found.get("facts", {}), **notes}
    if item["rank"]:
        detail["rate_interval"] = list(rate_interval(item["rank"], item["others"], common["level"]))
    refused = _refused(metric, name, found, detail, common)
    if refused:
        return refused
    if not item["rank"]:
        reason = f"{item['others']:,} non-members: a rate of {item['fpr']:g} needs {math.ceil(1 / item['fpr']) - 1:,}"
        return _insufficient(metric, name, reason, detail, common)
    (low, high), method = _found_interval(found, index, common["level"])
    told: Json = {"metric": metric, "slice": name, "status": Status.OK, "reason": _warning(notes), "detail": detail}
    return Reading(value=item["x"] / item["m"], low=low, high=high, method=method, n=item["m"], **told, **common)


def _found_interval(found: Mapping[str, Any], index: int, level: float) -> tuple[Interval, str]:
    """The interval of the members found, and its name."""
    if found.get("by_model"):
        pairs = [(model["hits"][index], model["m"]) for model in found["by_model"] if model["m"]]
        return share_of_models(pairs, level), "cluster sandwich"
    x, m = found["tpr"][index]["x"], found["tpr"][index]["m"]
    # Where ties were let in by lot x is not whole, and both ends are taken outwards.
    low = clopper_pearson(math.floor(x), m, level=level)[0]
    high = clopper_pearson(math.ceil(x), m, level=level)[1]
    return (low, high), "clopper-pearson"


def _refused(metric: str, name: str, found: Mapping[str, Any], detail: Json, common: Json) -> Reading | None:
    """A reading without a value where there is too little to tell members from others by."""
    reason = _shortage(found)
    return _insufficient(metric, name, reason, detail, common) if reason else None


def _shortage(found: Mapping[str, Any]) -> str:
    """What there is too little of, if anything."""
    auc, models = Auc(**found["auc"]), found.get("by_model")
    reason = ""
    if not auc.positives or not auc.negatives:
        reason = f"{_sides(auc)}: there is only one side"
    elif auc.n < MINIMUM:
        reason = f"{_sides(auc)}, fewer than {MINIMUM}"
    elif found["is_constant"]:
        reason = "every row has the same score, so nothing can be told apart"
    elif models and len(models) < MINIMUM_MODELS:
        reason = too_few(len(models), MINIMUM_MODELS, "target models")
    elif models and any(item["auc"] is None for item in models):
        reason = "a target model has members only, or non-members only"
    return reason


def _insufficient(metric: str, name: str, reason: str, detail: Json, common: Json) -> Reading:
    return Reading(metric=metric, slice=name, status=Status.INSUFFICIENT_DATA, reason=reason, detail=detail, **common)


def _sides(auc: Auc) -> str:
    return f"{how_many(auc.positives, 'members')} and {how_many(auc.negatives, 'non-members')}"


def _warning(notes: Json) -> str:
    if not notes.get("sides_differ"):
        return ""
    return f"members and non-members differ without the model: the blind control reaches {notes['blind_auc']:.3f}"


def _area_interval(auc: Auc, level: float) -> tuple[Interval, str]:
    return auc.interval(level), auc.method(level)


def _blind(blind: Mapping[str, Any] | None, reason: str, common: Json) -> Reading:
    if not blind:
        return _not_applicable(BLIND, reason, common)
    auc = Auc(**blind)
    if auc.auc is None or auc.n < MINIMUM:
        return Reading(
            metric=BLIND,
            slice=OVERALL,
            status=Status.INSUFFICIENT_DATA,
            reason=f"{_sides(auc)} are too few for a control",
            **common,
        )
    (low, high), method = _area_interval(auc, common["level"])
    return Reading(
        metric=BLIND,
        slice=OVERALL,
        status=Status.OK,
        value=auc.auc,
        low=max(0.0, low),
        high=min(1.0, high),
        method=method,
        n=auc.n,
        **common,
    )


def _not_applicable(metric: str, reason: str, common: Json) -> Reading:
    return Reading(metric=metric, slice=OVERALL, status=Status.NOT_APPLICABLE, reason=reason, **common)
