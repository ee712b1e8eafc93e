"""The evidence of a dossier: tables against limits, curves, every single reading, and what each method can't tell."""

import re
from collections.abc import Iterable
from typing import Any

from registry.gates.verdict import Requirement
from registry.models import Evaluation, Measurement, ModelVersion
from registry.models.choices import Assurance, RunState
from registry.reports.figures import format_interval, format_number
from registry.reports.moments import in_utc
from registry.reports.prose import render_markdown
from registry.web.present import evidence, metrics

SAID = ("Purpose", "Limitations")
PART = re.compile(r"^## +(?P<title>.+?)\s*$(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
NOT_OK = {"insufficient_data": "not enough data", "not_applicable": "does not apply", "error": "error"}


def section(version: ModelVersion, measured: list[Measurement], requirements: Iterable[Requirement]) -> dict[str, Any]:
    """What `reports/dossier_evidence.html` takes."""
    judged = {item.detail["measurement"]: item for item in requirements if item.detail.get("measurement")}
    runs = list(Evaluation.objects.filter(version=version).select_related("requested_by"))
    return {
        "groups": evidence.groups(measured, runs, judged),
        "runs": [_run(run) for run in runs],
        "readings": [_reading(row) for row in sorted(measured, key=lambda row: (row.metric, row.id))],
        "methods": [_method(metric) for metric in dict.fromkeys(sorted(row.metric for row in measured))],
        **evidence.drawings(version, measured),
    }


def _run(run: Evaluation) -> dict[str, Any]:
    failure = run.failure.strip().splitlines()
    return {
        "title": f"{run.evaluator} {run.evaluator_version}",
        "state": run.state,
        "failure": failure[-1][:200] if failure else "",
        "by": str(run.requested_by),
        "finished_at": in_utc(run.finished_at) if run.state == RunState.DONE else "not finished",
        "assurance": Assurance(run.assurance).label,
        "spec_digest": run.spec_digest,
    }


def _reading(row: Measurement) -> dict[str, Any]:
    """One number with all that says how far it can be trusted."""
    unit, is_ok = metrics.unit(row.metric), row.status == "ok"
    return {
        "title": metrics.title(row.metric),
        "slice": row.slice,
        "value": format_number(row.value, unit) if is_ok else NOT_OK.get(row.status, row.status),
        "interval": format_interval(row.low, row.high, level=row.level, unit=unit) if is_ok else row.reason,
        "n": row.n,
        "method": row.method,
        "assurance": Assurance(row.assurance).label,
        "measured_at": in_utc(row.measured_at),
    }


def _method(metric: str) -> dict[str, Any]:
    """A method page cut down to what it is for and what it can't tell."""
    page = str(metrics.facts().get(metric, {}).get("method", ""))
    parts = {match["title"]: match["text"] for match in PART.finditer(page)}
    texts = [{"title": title, "html": render_markdown(parts[title])} for title in SAID if title in parts]
    return {"metric": metric, "title": metrics.title(metric), "texts": texts}
