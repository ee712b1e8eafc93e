"""What is drawn of the evidence: the figures that evaluators left, groups side by side, and versions over time."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from registry.gates.verdict import Requirement
from registry.models import Evaluation, EvidenceFile, Measurement, ModelVersion
from registry.models.choices import Assurance
from registry.reports import slices, tested
from registry.reports.drawings import drawing
from registry.reports.figures import format_number
from registry.reports.readings import why_not
from registry.reports.wording import judged
from registry.web.present import asked_model, left_out, metrics, told_apart

WHOLE = ("overall", "worst")
# Slices that are features of the model and no groups of people; the bars show them.
FEATURE = "feature="
DRAWN = ("value", "low", "high", "n", "status")
LIMITS = ("limit", "direction", "tolerance")
MOST_VERSIONS = 24
FIRST_ROWS = 8
# Facts about a run rather than findings: they stand with the run.
OF_THE_RUN = frozenset({asked_model.NAME})
Figures = list[dict[str, Any]]


def with_files(runs: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
    """Each run with whether it left anything to be drawn."""
    return runs.annotate(has_files=Exists(EvidenceFile.objects.filter(evaluation=OuterRef("pk"))))


def drawings(
    measured: Sequence[Measurement], *, among: Set[UUID] | None = None, leave: Set[str] = OF_THE_RUN
) -> dict[str, Any]:
    """The charts: the newest run's figures by specification, a forest for every metric with slices, the calibration.

    `among` are the runs that are known to have left something, where that is known; figures named in `leave` are left
    out.
    """
    newest = {row.spec_digest: row.evaluation_id for row in sorted(measured, key=lambda row: row.id)}
    files = files_of(run for run in newest.values() if among is None or run in among)
    reliability = [each["reliability"] for each in files.values() if isinstance(each.get("reliability"), dict)]
    return {
        "slices": forests(measured),
        "bins": reliability[-1].get("bins", ()) if reliability else (),
        "features": features_of(measured),
        "figures": {spec: figures(files.get(run, {}), leave=leave) for spec, run in newest.items()},
    }


def files_of(runs: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What each of these runs left, by name."""
    found: dict[UUID, dict[str, Any]] = {}
    keys = list(runs)
    for file in EvidenceFile.objects.filter(evaluation__in=keys).order_by("evaluation__requested_at", "pk"):
        found.setdefault(file.evaluation_id, {})[file.name] = file.data
    return found


def figures(files: dict[str, Any], *, leave: Set[str] = frozenset()) -> Figures:
    """What of a run's files can be drawn, and why of the rest that was meant to be."""
    kept = ((name, asked_model.in_words(name, data)) for name, data in files.items() if name not in leave)
    drawn_files = (drawing(name, data) for name, data in kept)
    return [shown | _folded(shown.get("rows", [])) for shown in drawn_files if shown is not None]


def _folded(rows: list[Any]) -> dict[str, Any]:
    """A long table begins with a few rows; two or three more are not worth a click."""
    first = FIRST_ROWS if len(rows) > 2 * FIRST_ROWS else len(rows)
    return {"first": rows[:first], "others": rows[first:]}


def forests(measured: Iterable[Measurement]) -> Figures:
    """A chart for every metric that has several slices, of one specification each: others ask another question."""
    sliced: dict[str, dict[str, list[Measurement]]] = {}
    for row in sorted(measured, key=lambda row: row.id):
        if row.slice not in WHOLE and not row.slice.startswith(FEATURE):
            sliced.setdefault(row.metric, {}).setdefault(row.spec_digest, []).append(row)
    charts = [rows for specs in sliced.values() for rows in specs.values() if len(rows) > 1]
    # Those of one height stand beside one another; what a test found is a table, which is as high as its words.
    charts.sort(key=lambda rows: (tested.is_test(rows[0].metric), len(rows)))
    return _told_apart([(_forest(rows[0].metric, rows), rows[0].evaluation) for rows in charts])


def _told_apart(charts: list[tuple[dict[str, Any], Evaluation]]) -> Figures:
    """Where two charts have one title, what tells their runs apart stands in it."""
    times = Counter(chart["title"] for chart, _ in charts)
    apart = told_apart.apart(run for _, run in charts)
    return [
        chart | {"title": f"{chart['title']}, {_words_apart(run, apart)}"} if times[chart["title"]] > 1 else chart
        for chart, run in charts
    ]


def _words_apart(run: Evaluation, apart: dict[str, str]) -> str:
    return " · ".join(filter(None, [told_apart.with_settings(run), apart[run.spec_digest]]))


def _forest(metric: str, rows: list[Measurement]) -> dict[str, Any]:
    title, shared = f"{metrics.title(metric)}{told_apart.reported(rows)}", _shared(rows)
    if tested.is_test(metric):
        return {"title": title, **findings(rows)}
    name = slices.values if shared else _short
    shown = [{"label": name(row.slice), "note": f"({row.slice})"} | drawn_of(row) for row in rows]
    return {
        "title": f"{title}{f', by {divided}' if (divided := shared or _crossed(rows)) else ''}",
        "unit": metrics.unit(metric),
        "rows": shown,
        "left_out": left_out.beside(rows),
    }


def _shared(rows: list[Measurement]) -> str:
    """The one attribute by which all of them divide the rows: it is said once, above them."""
    found = {slices.attributes(row.slice) for row in rows} - {()}
    attributes = found.pop() if len(found) == 1 else ()
    return attributes[0] if len(attributes) == 1 else ""


def _crossed(rows: list[Measurement]) -> str:
    """The attributes that are crossed, where every other slice is one of them alone."""
    found = {slices.attributes(row.slice) for row in rows} - {()}
    longest = max(found, key=len, default=())
    return " and ".join(longest) if all(set(each) <= set(longest) for each in found) else ""


def drawn_of(row: Measurement) -> dict[str, Any]:
    """What of a measurement a chart draws."""
    return {name: getattr(row, name) for name in DRAWN}


def findings(rows: Iterable[Measurement], *, name: Callable[[str], str] | None = None) -> dict[str, Any]:
    """A table instead of a chart, of what a test found in each part."""
    return {
        "columns": [{"title": "Part"}, {"title": "Found"}, {"title": "n", "numeric": True}],
        "cells": [[{"text": (name or _short)(row.slice)}, {"text": _told(row)}, {"text": _count(row)}] for row in rows],
    }


def _told(row: Measurement) -> str:
    return finding(row) or why_not(row.status) or "nothing"


def _count(row: Measurement) -> str:
    return "" if row.n is None else format_number(row.n)


def finding(row: Measurement) -> str:
    """What a test found, in words; empty for what is no test, and where it could tell nothing."""
    if row.status != "ok" or not tested.is_test(row.metric):
        return ""
    return tested.words(row.metric, value=row.value, low=row.low, p_value=row.p_value, level=row.level)


def _short(slice_name: str) -> str:
    """A combination of groups by their values alone: with the columns' names it would not fit beside its numbers."""
    return slices.values(slice_name) if len(slices.attributes(slice_name)) > 1 else slices.words(slice_name)


def features_of(measured: Iterable[Measurement]) -> Figures:
    """The ten features that move the score most, as bars, from the newest reading that names any."""
    for row in sorted(measured, key=lambda row: row.id, reverse=True):
        top = row.detail.get("top")
        if isinstance(top, list) and all(isinstance(each, dict) and "feature" in each for each in top) and top:
            return [{"name": each["feature"], **each} for each in top[:10]]
    return []


def over_versions(version: Any, measured: Iterable[Measurement], judgements: dict[int, Requirement]) -> Figures:
    """For every judged metric that other versions were measured by too, the same question over time.

    `version` comes from `for_pages`.
    """
    effects = (row for row in measured if row.pk in judgements and not tested.is_test(row.metric))
    keys = {_key(row): judgements[row.pk] for row in effects}
    if not keys or not version.has_siblings:
        return []
    specs, names, parts = (list({key[at] for key in keys}) for at in range(3))
    rows = Measurement.objects.filter(
        version__model=version.model_id, spec_digest__in=specs, metric__in=names, slice__in=parts
    )
    newest = rows.order_by("version", "spec_digest", "metric", "slice", "-id")
    found: dict[tuple[str, str, str], list[Measurement]] = {}
    for row in newest.distinct("version", "spec_digest", "metric", "slice").select_related("version"):
        found.setdefault(_key(row), []).append(row)
    return [_history(found[key], asked, version) for key, asked in keys.items() if len(found.get(key, ())) > 1]


def _key(row: Measurement) -> tuple[str, str, str]:
    return row.spec_digest, row.metric, row.slice


def _history(rows: list[Measurement], asked: Requirement, version: ModelVersion) -> dict[str, Any]:
    rows.sort(key=lambda row: row.version.registered_at)
    limits = {name: asked.detail[name] for name in LIMITS}
    place = "" if rows[0].slice == "overall" else f", {slices.words(rows[0].slice)}"
    return {
        "title": f"{metrics.title(rows[0].metric)}{place}",
        "unit": metrics.unit(rows[0].metric),
        "points": [
            {"label": row.version.label, "is_current": row.version_id == version.pk, **limits}
            | drawn_of(row)
            | _judged(row, asked, version)
            for row in rows[-MOST_VERSIONS:]
        ],
    }


def _judged(row: Measurement, asked: Requirement, version: ModelVersion) -> dict[str, Any]:
    """What the gate says of it; of another version's, nothing where a gate may not look at the interval at all."""
    if row.version_id == version.pk:
        return {"outcome": judged(asked)}
    is_open = row.assurance == Assurance.SELF_REPORTED or bool(row.excluded)
    return {"outcome": "neutral"} if is_open else {}
