"""The method pages: all of them by family, and how one particular number was measured."""

import re
from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from evaluators.catalog import EVALUATORS
from registry.models import Evaluation, Measurement
from registry.models.choices import Assurance
from registry.reports import slices
from registry.reports.figures import COUNTED, format_interval, format_level, format_number
from registry.reports.method_words import method_words
from registry.reports.readings import why_not
from registry.reports.settings_words import settings
from registry.web.present import counted, drawn, evidence, families, left_out, metrics
from registry.web.present.run_facts import machine

DIRECTIONS = {"lower": "lower is better", "higher": "higher is better", "target": "close to a target is better"}
MOST_LEFT_OUT = 12
# How far a run came stands beside how it was asked; other counts are folded.
HOW_FAR = frozenset({"budget_exhausted", "units_done"})
Facts = list[dict[str, Any]]


def index() -> dict[str, Any]:
    """What `registry/evaluations/methods.html` takes: every evaluator with its metrics, by family."""
    by_evaluator: dict[str, Facts] = {}
    for metric in metrics.facts().values():
        by_evaluator.setdefault(metric["evaluator"], []).append(_line(metric))
    return {
        "families": [
            {
                "title": title,
                "evaluators": [
                    {"id": name, "title": metrics.evaluator_title(name), "metrics": by_evaluator.get(name, [])}
                    for name in names
                ],
            }
            for title, names in families.by_family(EVALUATORS)
        ],
        "metrics": len(metrics.facts()),
        "evaluators": len(EVALUATORS),
    }


def _line(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": metric["title"], "href": reverse("method", args=[metric["id"]]), "said": _said(metric)}


def _said(metric: Mapping[str, Any]) -> str:
    """Which way is better; a test with no better way can still fail a limit."""
    better = DIRECTIONS.get(metric["direction"], "")
    if metric["kind"] != "test":
        return better or "to be read, not judged"
    return ", ".join(filter(None, [better, "a test: may fail a limit, never meet one"]))


def page(metric: Mapping[str, Any]) -> dict[str, Any]:
    """What `registry/evaluations/method.html` takes, without a reading."""
    siblings = [each for each in metrics.facts().values() if each["evaluator"] == metric["evaluator"]]
    # Its first line is the title, which the page says already.
    shown = dict(metric) | {"method": re.sub(r"\A# .*", "", str(metric["method"]))}
    return {"metric": shown, "siblings": siblings, "family": families.family_title(metric["evaluator"])}


def reading(row: Measurement) -> dict[str, Any]:
    """How one number came to be: on what, by which code, with which seed, and what was left out."""
    run = row.evaluation
    far = {name: value for name, value in row.detail.items() if name in HOW_FAR}
    excluded = left_out.named(row.detail) or [slices.words(each) for each in row.excluded]
    on_the_way = {name: value for name, value in row.detail.items() if name not in HOW_FAR}
    return {
        "run": run,
        "version": row.version,
        "facts": _number(row),
        "how": [*_settings(run), *counted.facts(far), *machine(run)],
        "counted": counted.facts(on_the_way),
        "excluded": excluded[:MOST_LEFT_OUT],
        "more_excluded": max(0, len(excluded) - MOST_LEFT_OUT),
    }


def _number(row: Measurement) -> Facts:
    unit = metrics.unit(row.metric)
    low, high = evidence.ends(row)
    has_interval = low is not None or high is not None
    interval = format_interval(low, high, unit=unit)
    of = {"name": "Of", "value": evidence.where(row), "title": row.slice}
    if row.status != "ok":
        return [{"name": "Found", "value": why_not(row.status)}, of, {"name": "Why", "value": row.reason or "not said"}]
    finding = drawn.finding(row)
    return [
        {"name": "Found", "value": format_number(row.value, unit)},
        of,
        {"name": "Finding", "value": finding}
        if finding
        else {"name": "Interval", "value": interval if has_interval else "none"},
        *(
            [{"name": "p-value", "value": format_number(row.p_value)}]
            if row.p_value is not None and not finding
            else []
        ),
        *([] if interval == COUNTED else [{"name": "Level", "value": format_level(row.level)}]),
        {"name": "Method", "value": method_words(row.method) or "not said"},
        {"name": "n", "value": format_number(row.n) if row.n is not None else "not said"},
        {"name": "Seed of the run", "value": row.seed or "none: nothing is drawn"},
    ]


def _settings(run: Evaluation) -> Facts:
    """What was set, and the strength of an attack; the others have their usual values."""
    said = [
        {"name": name[:1].upper() + name[1:], "value": value}
        for name, value in settings(run.evaluator, run.parameters, version=run.evaluator_version)
    ]
    usual = {"name": "Parameters", "value": "all as usual"}
    code = {"name": "Evaluator", "value": f"{run.evaluator} {run.evaluator_version}"}
    return [code, *(said or [usual]), {"name": "Assurance", "value": Assurance(run.assurance).label}]
