"""What tells runs of one evaluator apart: the columns they read, their settings, and when they were asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from registry.models import Evaluation, Measurement
from registry.models.choices import Assurance
from registry.reports.moments import in_utc
from registry.reports.settings_words import settings_words

Facts = Mapping[str, str]


def by_groups(run: Evaluation) -> str:
    """The columns that divide people into groups, where the run reads any: two runs of one evaluator differ in them."""
    group = (run.subject.get("columns") or {}).get("group") or ()
    return f", by {_listed(group)}" if group else ""


def with_settings(run: Evaluation) -> str:
    """'with radius 0.10, inputs 0 to 1'; empty where nothing is set."""
    words = settings_words(run.evaluator, run.parameters, version=run.evaluator_version)
    return f"with {words}" if words else ""


def reported(rows: Iterable[Measurement]) -> str:
    """What a chart's title adds where numbers in it were not measured here."""
    said = [row.assurance == Assurance.SELF_REPORTED for row in rows]
    return ", self-reported" if all(said) else ", in part self-reported" if any(said) else ""


def how_often(run: Evaluation, times: int, apart: str) -> str:
    """What stands beside the heading of a specification: what it was measured with, and how many times."""
    often = "measured once" if times == 1 else f"measured {times} times; the newest counts"
    code = f"{run.evaluator} {run.evaluator_version}"
    return " · ".join(filter(None, [code, with_settings(run), apart, often, Assurance(run.assurance).label.lower()]))


def apart(runs: Iterable[Evaluation]) -> dict[str, str]:
    """By specification, what differs from others of its evaluator; empty where there is but one.

    `group` stands in the heading, and the settings are said of every run; the moment is said where the headings are
    the same.
    """
    by_evaluator: dict[str, dict[str, Evaluation]] = defaultdict(dict)
    for run in sorted(runs, key=lambda run: run.requested_at):
        by_evaluator[run.evaluator][run.spec_digest] = run
    return {spec: words for specs in by_evaluator.values() for spec, words in _differences(specs).items()}


def _differences(specs: Mapping[str, Evaluation]) -> dict[str, str]:
    if len(specs) < 2:
        return dict.fromkeys(specs, "")
    facts = {spec: _facts(run) for spec, run in specs.items()}
    names = dict.fromkeys(name for each in facts.values() for name in each)
    changing = [name for name in names if len({each.get(name) for each in facts.values()}) > 1]
    are_alike = len({by_groups(run) for run in specs.values()}) < len(specs)
    moments = {spec: f"asked {in_utc(run.requested_at)}" if are_alike else "" for spec, run in specs.items()}
    return {spec: " · ".join(filter(None, [_words(facts[spec], changing), moments[spec]])) for spec in specs}


def _words(facts: Facts, changing: list[str]) -> str:
    return ", ".join(f"{name} {facts[name]}" if name in facts else f"no {name}" for name in changing)


def _facts(run: Evaluation) -> Facts:
    columns = {role: _listed(named) for role, named in (run.subject.get("columns") or {}).items() if role != "group"}
    others = {"favourable": run.subject.get("favourable"), "level": run.level, "version": run.evaluator_version}
    return columns | {name: str(value) for name, value in others.items() if value}


def _listed(named: Any) -> str:
    return named if isinstance(named, str) else " and ".join(named)
