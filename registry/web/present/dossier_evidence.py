"""The evidence of a dossier: tables against limits, curves, every single reading, and what each method can't tell."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from registry.gates.verdict import Requirement
from registry.models import Evaluation, Measurement, ModelVersion
from registry.models.choices import Assurance, RunState
from registry.reports import readings, slices, tested
from registry.reports.figures import format_interval, format_number
from registry.reports.method_words import method_words
from registry.reports.moments import in_utc
from registry.reports.prose import render_markdown
from registry.web.present import drawn, evidence, left_out, metrics, told_apart
from registry.web.present.failures import failure_line

SAID = ("Purpose", "Limitations")
PART = re.compile(r"^## +(?P<title>.+?)\s*$(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
# Rows of one metric that stand beside another metric; more than that must be able to go on on the next page.
BESIDE = 24
# Rows of a metric that stands alone; more are divided, so that they don't leave half a page empty.
ALONE = 10
# Rows of a table that an evaluator left; a dossier is read by people.
ON_PAPER = 12


def section(version: ModelVersion, measured: list[Measurement], requirements: Iterable[Requirement]) -> dict[str, Any]:
    """What `reports/dossier_evidence.html` takes."""
    judged = evidence.by_measurement(requirements)
    runs = list(Evaluation.objects.filter(version=version).select_related("requested_by"))
    charts, differs = drawn.drawings(measured), told_apart.apart(row.evaluation for row in measured)
    return {
        "groups": [group for group in evidence.groups(measured, runs, judged) if group["measurements"]],
        "forests": _forests(measured),
        "bins": charts["bins"],
        "features": charts["features"],
        "figures": [
            {"title": metrics.evaluator_title(rows[-1].evaluation.evaluator), "figures": list(map(_on_paper, figures))}
            for rows in _by(measured, "spec_digest")
            if (figures := charts["figures"].get(rows[-1].spec_digest))
        ],
        "readings": [_readings(rows, differs[rows[0].spec_digest]) for rows in _by(measured, "evaluation_id")],
        "runs": [_run(run) for run in runs],
        "methods": [_method(metric) for metric in dict.fromkeys(sorted(row.metric for row in measured))],
    }


def _on_paper(figure: dict[str, Any]) -> dict[str, Any]:
    """A figure whose table fits a page; the rest of it is in the attached data."""
    rows = figure.get("rows", [])
    if len(rows) <= ON_PAPER:
        return figure
    note = f"The first {ON_PAPER} of the {len(rows)} that were kept; all of these are in measurements.json."
    return figure | {"rows": rows[:ON_PAPER], "note": note}


def _by(measured: Iterable[Measurement], column: str) -> list[list[Measurement]]:
    """The rows with the same value together, in the order in which they were measured."""
    found: dict[str, list[Measurement]] = {}
    for row in sorted(measured, key=lambda row: row.id):
        found.setdefault(getattr(row, column), []).append(row)
    return list(found.values())


def _forests(measured: list[Measurement]) -> list[dict[str, Any]]:
    """A chart for every metric that has several groups of people, under the attributes that make the groups.

    Specifications may cut the same data in the same way; the first that was run here is drawn.
    """
    found: dict[tuple[str, tuple[str, ...]], tuple[str, list[Measurement]]] = {}
    for row in sorted(measured, key=lambda row: (row.assurance == Assurance.SELF_REPORTED, row.id)):
        if row.slice not in drawn.WHOLE and not row.slice.startswith(drawn.FEATURE):
            key = (row.evaluation.evaluator, slices.attributes(row.slice))
            spec, rows = found.setdefault(key, (row.spec_digest, []))
            if spec == row.spec_digest:
                rows.append(row)
    charted = [(evaluator, names, _charts(rows)) for (evaluator, names), (_, rows) in found.items()]
    return [
        {"title": f"{metrics.evaluator_title(evaluator)}{_by_names(names)}", "charts": _halved(charts)}
        for evaluator, names, charts in charted
        if charts
    ]


def _by_names(names: tuple[str, ...]) -> str:
    """What divides the rows."""
    return f" by {' and '.join(names)}" if names else ""


def _charts(rows: list[Measurement]) -> list[dict[str, Any]]:
    return [_forest(slices) for slices in _by(rows, "metric") if len(slices) > 1]


def _halved(charts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A long chart that would stand alone as two beside each other, on one scale."""
    if len(charts) != 1 or len(rows := charts[0].get("rows", ())) <= ALONE:
        return charts
    [chart], middle = charts, (len(rows) + 1) // 2
    first = {"rows": rows[:middle], "others": rows[middle:], "left_out": ()}
    second = {"rows": rows[middle:], "others": rows[:middle], "title": f"{chart['title']}, continued"}
    return [chart | first, chart | second]


def _forest(rows: list[Measurement]) -> dict[str, Any]:
    """The attributes stand in the heading, so that a group is named by its values."""
    title = f"{metrics.title(rows[0].metric)}{told_apart.reported(rows)}"
    if tested.is_test(rows[0].metric):
        return {"title": title, **drawn.findings(rows, name=slices.values)}
    shown = [{"label": slices.values(row.slice)} | drawn.drawn_of(row) for row in rows]
    return {"title": title, "unit": metrics.unit(rows[0].metric), "rows": shown, "left_out": left_out.beside(rows)}


def _readings(rows: list[Measurement], apart: str) -> dict[str, Any]:
    """One run with every metric and slice."""
    first = rows[0]
    what = filter(None, [_code(first.evaluation), told_apart.with_settings(first.evaluation), apart])
    return {
        "title": _title(first.evaluation),
        "text": f"{', '.join(what)}, {Assurance(first.assurance).label.lower()}, {in_utc(first.measured_at)}",
        "metrics": [_slices(each) for each in _by(rows, "metric")],
    }


def _slices(rows: list[Measurement]) -> dict[str, Any]:
    """One metric: the method of most of its rows once, and beside a row where it differs."""
    [(usual, _)] = Counter(row.method for row in rows).most_common(1)
    shown = [_reading(row) | {"method": "" if row.method == usual else method_words(row.method)} for row in rows]
    named = {"title": metrics.title(rows[0].metric), "method": method_words(usual)}
    return {**named, "rows": shown, "is_long": len(shown) > BESIDE}


def _reading(row: Measurement) -> dict[str, Any]:
    """One number with all that says how far it can be trusted."""
    unit, is_ok = metrics.unit(row.metric), row.status == "ok"
    return {
        "slice": evidence.slice_words(row),
        "value": _short(format_number(row.value, unit)) if is_ok else readings.why_not(row.status),
        "interval": (drawn.finding(row) or _short(_interval(row, unit))) if is_ok else "",
        "why": "" if is_ok else row.reason or "no reason was given",
        "left_out": left_out.in_full(row.detail, row.statistics),
        "n": row.n,
    }


def _short(written: str) -> str:
    """A number for a narrow column, where words would break over many lines."""
    return written.replace("less than ", "<\u00a0")


def _interval(row: Measurement, unit: str) -> str:
    low, high = evidence.ends(row)
    has_ends = low is not None or high is not None
    return format_interval(low, high, level=row.level, unit=unit) if has_ends else "none"


def _title(run: Evaluation) -> str:
    return f"{metrics.evaluator_title(run.evaluator)}{told_apart.by_groups(run)}"


def _code(run: Evaluation) -> str:
    """Which evaluator in which version, for whoever repeats it."""
    return f"{run.evaluator} {run.evaluator_version}"


def _run(run: Evaluation) -> dict[str, Any]:
    return {
        "title": _title(run),
        "code": _code(run),
        "state": run.state,
        "failure": failure_line(run.failure),
        "by": str(run.requested_by),
        "finished_at": in_utc(run.finished_at) if run.state == RunState.DONE else "not finished",
        "assurance": Assurance(run.assurance).label,
        "spec_digest": run.spec_digest,
    }


def _method(metric: str) -> dict[str, Any]:
    """A method page cut down to what it is for and what it can't tell."""
    page = str(metrics.facts().get(metric, {}).get("method", ""))
    parts = {match["title"]: match["text"] for match in PART.finditer(page)}
    texts = [{"title": title, "html": render_markdown(parts[title])} for title in SAID if title in parts]
    return {"metric": metric, "title": metrics.title(metric), "texts": texts}
