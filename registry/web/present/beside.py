"""Two versions of a model side by side: what was measured of each, against its limits, and how far apart they are."""

from collections import Counter
from typing import Any

from registry.gates.numbers import SMALLEST
from registry.gates.verdict import Requirement
from registry.models import Measurement, ModelVersion
from registry.reports import tested
from registry.reports.figures import format_number
from registry.reports.wording import judged
from registry.web.present import drawn, evidence, left_out, metrics, told_apart

PLACES = ("judged", "whole", "group")
LIMITS = ("limit", "direction", "tolerance")
Key = tuple[str, str, str]


def pairs(before: ModelVersion, now: ModelVersion) -> list[dict[str, Any]]:
    """Each metric and slice under one specification with both readings: what is judged first, and there what changed.

    What neither version measured is not there.
    """
    judgements = evidence.judged_measurements(before) | evidence.judged_measurements(now)
    old, new = _by_key(before, now)
    shown: list[dict[str, Any]] = []
    divided: list[str] = []
    for key in sorted({*old, *new}):
        found = _pair([(before, old.get(key)), (now, new.get(key))], judgements)
        if found["rows"] and found not in shown:
            shown.append(found)
            divided.append(told_apart.by_groups((new.get(key) or old[key]).evaluation))
    times = Counter(_called(each) for each in shown)
    apart = [
        each | {"slice": f"{each['slice']}{by}"} if times[_called(each)] > 1 else each
        for each, by in zip(shown, divided, strict=True)
    ]
    return sorted(apart, key=_urgency)


def _called(pair: dict[str, Any]) -> tuple[str, str]:
    return pair["title"], pair["slice"]


def _by_key(*versions: ModelVersion) -> list[dict[Key, Measurement]]:
    rows = evidence.newest_measurements(*versions)
    return [
        {(row.metric, row.slice, row.spec_digest): row for row in rows if row.version_id == version.pk}
        for version in versions
    ]


def _pair(
    readings: list[tuple[ModelVersion, Measurement | None]], judgements: dict[int, Requirement]
) -> dict[str, Any]:
    given = [(version, row) for version, row in readings if row is not None]
    newest = given[-1][1]
    asked = [judgements.get(row.pk) for _, row in given]
    unit = metrics.unit(newest.metric)
    return {
        "title": metrics.title(newest.metric),
        "slice": _where([row for _, row in given]),
        "slice_name": newest.slice,
        "unit": unit,
        "rows": [
            _row(version, row, asked_of) for (version, row), asked_of in zip(given, asked, strict=True) if _is_ok(row)
        ],
        "findings": [
            f"version {version.label} \u00b7 {found}" for version, row in given if row and (found := drawn.finding(row))
        ],
        "outcomes": [judged(each) for each in asked if each is not None],
        # Who drops out of a comparison can change it more than the model did.
        "left_out": [
            f"version {version.label} {said}"
            for version, row in given
            if (said := left_out.in_full(row.detail, row.statistics))
        ],
        "difference": _difference([row for _, row in readings], unit, newest.metric),
        "place": "judged" if any(asked) else "whole" if newest.slice in drawn.WHOLE else "group",
    }


def _where(rows: list[Measurement]) -> str:
    """What both readings are about; where each has other groups in mind, what they have in common."""
    said = {evidence.where(row) for row in rows}
    if len(said) == 1:
        return said.pop()
    newest = rows[-1]
    name = evidence.slice_words(newest) if newest.slice == "worst" else "the two that differ most"
    return f"{name}{told_apart.by_groups(newest.evaluation)}"


def _is_ok(row: Measurement | None) -> bool:
    return row is not None and row.status == "ok"


def _row(version: ModelVersion, row: Measurement, asked: Requirement | None) -> dict[str, Any]:
    """A line of the chart; with a requirement, its limit and what the gate makes of it."""
    shown = {"label": f"version {version.label}{told_apart.reported([row])}"} | drawn.drawn_of(row)
    if asked is None:
        return shown
    return shown | {name: asked.detail[name] for name in LIMITS} | {"outcome": judged(asked)}


def _difference(readings: list[Measurement | None], unit: str, metric: str) -> str:
    """How far the later estimate lies from the earlier one; of rates, in percentage points; nothing of tests."""
    values = [row.value for row in readings if row is not None and row.status == "ok" and row.value is not None]
    if len(values) < len(readings):
        return "known of one version only"
    if tested.is_test(metric):
        return ""
    before, now = values
    if before == now:
        return "the same"
    far = abs(now - before)
    if far < SMALLEST:
        return "nearly the same"
    words = f"{format_number(100 * far)} percentage points" if unit == "rate" else format_number(far, unit)
    return f"{'higher' if now > before else 'lower'} by {words}"


def _urgency(pair: dict[str, Any]) -> tuple[int, bool, int]:
    """What is judged first; there what came out otherwise than before, then what fails."""
    outcomes = pair["outcomes"]
    rank = min((evidence.rank(each) for each in outcomes[-1:]), default=0)
    return PLACES.index(pair["place"]), len(set(outcomes)) < 2, rank
