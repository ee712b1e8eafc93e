"""Storing readings as measurements, in the transaction that ends their run."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from registry.exceptions import InvalidInput
from registry.models import Evaluation, EvidenceFile, Measurement

STATUSES = ("ok", "insufficient_data", "not_applicable", "error")
NUMBERS = ("value", "low", "high", "p_value")
LONGEST_SLICE = 200


def store_readings(
    run: Evaluation,
    readings: Sequence[Mapping[str, Any]],
    *,
    known: set[str],
    evidence: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Keep every reading of a run. InvalidInput, and nothing is kept, if one of them can't be a measurement."""
    errors = {f"readings.{i}": found for i, item in enumerate(readings) if (found := _problems(item, known, run.level))}
    places = [(item.get("metric"), item.get("slice")) for item in readings]
    if len(places) != len(set(places)):
        errors["readings"] = ["the same metric and slice stand twice"]
    if not readings:
        errors["readings"] = ["there are none"]
    if errors:
        raise InvalidInput("These readings can't be kept.", errors=errors)
    Measurement.objects.bulk_create(_measurement(run, item) for item in readings)
    EvidenceFile.objects.bulk_create(
        EvidenceFile(evaluation=run, name=item["name"], data=item["data"]) for item in evidence
    )


def _problems(reading: Mapping[str, Any], known: set[str], level: float) -> list[str]:
    problems = []
    if reading.get("level") not in (None, level):
        problems.append(f"level is not {level:g}, which was asked for")
    if reading.get("metric") not in known:
        problems.append(f"unknown metric {reading.get('metric')!r}")
    if not isinstance(reading.get("slice"), str) or not reading["slice"]:
        problems.append("no slice")
    problems += _too_long(reading)
    if reading.get("status") not in STATUSES:
        problems.append(f"status is none of {', '.join(STATUSES)}")
    for name in NUMBERS:
        number = reading.get(name)
        if number is not None and (
            isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number)
        ):
            problems.append(f"{name} is not a finite number")
    low, high = reading.get("low"), reading.get("high")
    if not problems and low is not None and high is not None and low > high:
        problems.append("low is above high")
    return problems


def _too_long(reading: Mapping[str, Any]) -> list[str]:
    """The first name of a slice that no row could hold: the values of somebody's column are as long as they like."""
    names = (name for name in (reading.get("slice"), *_excluded(reading)) if isinstance(name, str))
    long = next((name for name in names if len(name) > LONGEST_SLICE), "")
    said = f"a slice's name has {len(long):,} characters, and no more than {LONGEST_SLICE} can be kept: {long[:60]}…"
    return [said] if long else []


def _measurement(run: Evaluation, reading: Mapping[str, Any]) -> Measurement:
    detail = dict(reading.get("detail") or {})
    seed = reading.get("seed")
    return Measurement(
        evaluation=run,
        version_id=run.version_id,
        attempt=run.attempt,
        metric=reading["metric"],
        slice=reading["slice"],
        status=reading["status"],
        reason=reading.get("reason") or "",
        value=reading.get("value"),
        low=reading.get("low"),
        high=reading.get("high"),
        level=reading.get("level") or run.level,
        method=reading.get("method") or "",
        n=reading.get("n"),
        p_value=reading.get("p_value"),
        excluded=_excluded(reading),
        statistics=reading.get("statistics") or {},
        detail=detail,
        seed="" if seed is None else str(seed),
    )


def _excluded(reading: Mapping[str, Any]) -> list[str]:
    return [_slice_of(item) for item in (reading.get("detail") or {}).get("excluded") or ()]


def _slice_of(excluded: Any) -> str:
    return str(excluded.get("slice") or excluded.get("group")) if isinstance(excluded, Mapping) else str(excluded)
