"""Judging a measurement against a limit: on the bounds of its interval, in three values."""

import math
from datetime import datetime
from typing import Any

from registry.gates.numbers import against, exact
from registry.gates.values import ASSURANCE_RANK, Measured, Outcome, Threshold
from registry.gates.verdict import Requirement

SIGN = {"at_least": "≥", "at_most": "≤", "within": "="}
# Half widths shrink with the square root of the sample, so this is an estimate of rows, rounded up to two digits.
MAX_USEFUL_ROWS = 10_000_000
ASKED = ("metric", "slice", "direction", "limit", "tolerance", "aspect", "source")
MEASURED = ("low", "high", "value", "level", "n")


def judge_interval(threshold: Threshold, *, low: float, high: float) -> Outcome:
    """The three-valued judgement of [low, high]. A bound that touches the limit exactly passes."""
    if threshold.direction == "at_least":
        passed, failed = low >= threshold.limit, high < threshold.limit
    elif threshold.direction == "at_most":
        passed, failed = high <= threshold.limit, low > threshold.limit
    else:
        floor, ceiling = threshold.limit - threshold.tolerance, threshold.limit + threshold.tolerance
        passed, failed = low >= floor and high <= ceiling, high < floor or low > ceiling
    if passed:
        return Outcome.PASSED
    return Outcome.FAILED if failed else Outcome.UNDECIDED


def rows_needed(threshold: Threshold, *, low: float, high: float, value: float | None, n: int | None) -> int | None:
    """How many rows would settle in favour what [low, high] leaves open, if the estimate stayed where it is.

    None when more rows can't.
    """
    if value is None or not n:
        return None
    if threshold.direction == "at_least":
        width, room = value - low, value - threshold.limit
    elif threshold.direction == "at_most":
        width, room = high - value, threshold.limit - value
    else:
        width, room = max(value - low, high - value), threshold.tolerance - abs(value - threshold.limit)
    if room <= 0:
        return None
    rows = n * (width / room) ** 2
    if rows > MAX_USEFUL_ROWS:
        return None
    digits = max(len(str(int(rows))) - 2, 0)
    return int(math.ceil(rows / 10**digits) * 10**digits)


def _asked(threshold: Threshold) -> str:
    limit = exact(threshold.limit)
    if threshold.direction == "within":
        limit += f" ± {exact(threshold.tolerance)}"
    bound = {"at_least": "lower bound", "at_most": "upper bound", "within": "whole interval"}[threshold.direction]
    where = "" if threshold.slice == "overall" else f" in {threshold.slice}"
    return f"{threshold.metric}{where}: {bound} {SIGN[threshold.direction]} {limit}"


def _interval(measured: Measured) -> tuple[float, float] | None:
    """The bounds of what was measured; None when it wasn't, or when one is missing, NaN or infinite."""
    if measured.status != "ok" or measured.low is None or measured.high is None:
        return None
    is_finite = math.isfinite(measured.low) and math.isfinite(measured.high)
    return (measured.low, measured.high) if is_finite else None


def _why_no_interval(threshold: Threshold, measured: Measured) -> tuple[str, str]:
    """What was found and what would help, when there is nothing to judge."""
    if measured.status == "ok" and not measured.reason:
        return "measured, but without an interval", "Judge by a measure that has one: this one never meets a limit."
    found_text = f"not measured: {measured.reason or measured.status}"
    return found_text, f"Run {threshold.evaluation.evaluator} on data that supports it."


def _why_unusable(threshold: Threshold, measured: Measured, *, now: datetime) -> tuple[str, str] | None:
    """What was found and what would help, when what was measured may not be judged."""
    rule = threshold.evaluation
    if ASSURANCE_RANK[measured.assurance] < ASSURANCE_RANK[rule.assurance]:
        return f"measured, but only {measured.assurance}", f"Run {rule.evaluator} here, for {rule.assurance} assurance."
    if measured.measured_at <= now - rule.max_age:
        return f"measured {measured.measured_at:%Y-%m-%d}, too old", f"Run {rule.evaluator} again."
    if left_out := measured.excluded - threshold.excluded_allowed:
        names = ", ".join(sorted(left_out))
        return f"judged without {names}: too few rows", f"Bring more rows of {names}, or name them in the policy."
    return None


def _met(threshold: Threshold) -> str:
    """What would have to become of the interval."""
    limit = exact(threshold.limit)
    if threshold.direction == "within":
        return f"all of it lies within {limit} ± {exact(threshold.tolerance)}"
    return f"its bound is {SIGN[threshold.direction]} {limit}"


def _unblock(threshold: Threshold, measured: Measured, outcome: Outcome, needed: int | None) -> str:
    if outcome is Outcome.PASSED:
        return ""
    if outcome is Outcome.FAILED:
        return f"The whole interval misses the limit: change the model until {_met(threshold)}."
    if needed is not None:
        return f"About {needed:,} rows instead of {measured.n:,} would settle it if the estimate holds."
    return "The estimate is not clear of the limit: more rows alone will hardly help, a better model would."


def judge_threshold(threshold: Threshold, measured: Measured | None, *, now: datetime) -> Requirement:
    """The requirement of one threshold. Missing, stale, errored or weakly assured evidence is undecided."""
    outcome, found_text, unblock, needed = _judge(threshold, measured, now)
    return Requirement(
        id=f"threshold:{threshold.id}",
        asked=_asked(threshold),
        found_text=found_text,
        found=str(measured.id) if measured else "0",
        outcome=outcome,
        unblock=unblock,
        detail=_detail(threshold, measured) | {"needed_n": needed},
    )


def _judge(threshold: Threshold, measured: Measured | None, now: datetime) -> tuple[Outcome, str, str, int | None]:
    """Outcome, what was found, what would unblock it, and the rows that would settle it."""
    if measured is None:
        return Outcome.UNDECIDED, "nothing measured", f"Run {threshold.evaluation.evaluator}.", None
    interval = _interval(measured)
    if interval is None:
        return Outcome.UNDECIDED, *_why_no_interval(threshold, measured), None
    if unusable := _why_unusable(threshold, measured, now=now):
        return Outcome.UNDECIDED, *unusable, None
    low, high = interval
    outcome = judge_interval(threshold, low=low, high=high)
    is_open = outcome is Outcome.UNDECIDED
    needed = rows_needed(threshold, low=low, high=high, value=measured.value, n=measured.n) if is_open else None
    found_text = _found(measured, low, high, limit=threshold.limit)
    return outcome, found_text, _unblock(threshold, measured, outcome, needed), needed


def _found(measured: Measured, low: float, high: float, *, limit: float) -> str:
    """The estimate and its interval, each with the digits that tell it from the limit."""
    start, end = against(low, limit), against(high, limit)
    span = start if start == end and start.startswith("less") else f"{start} to {end}"
    estimate = "" if measured.value is None else f"{against(measured.value, limit)}, "
    return f"{estimate}{exact(round(measured.level * 100, 9))}% interval {span}"


def _detail(threshold: Threshold, measured: Measured | None) -> dict[str, Any]:
    """The same in fields, for programs and charts."""
    asked = {name: getattr(threshold, name) for name in ASKED}
    if measured is None:
        return asked
    return asked | {name: getattr(measured, name) for name in MEASURED} | {"measurement": measured.id}
