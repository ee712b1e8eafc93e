"""The facts about a run, apart from what it found."""

from typing import Any

from django.urls import reverse

from registry.models import Evaluation
from registry.models.choices import Assurance
from registry.models.gate_inputs import name_within
from registry.web.present import asked_model
from registry.web.present.told_apart import with_settings

Facts = list[dict[str, Any]]


def _declared(run: Evaluation) -> Facts:
    """What was said of the table, and of what the model is given of it."""
    features, stands_for = run.subject.get("features") or (), run.dataset_version
    said = {
        "The model is given": ", ".join(map(str, features)),
        "Kind of score": run.subject.get("score_kind") or "",
        "Said to stand for": name_within(run.version.team_id, stands_for) if stands_for else "",
    }
    return [{"name": name, "value": value} for name, value in said.items() if value]


def _compared(run: Evaluation) -> Facts:
    """What the run was given to compare with."""
    facts: Facts = []
    if run.reference:
        facts.append({"name": "Second table", "digest": run.reference.root_digest})
    if run.baseline:
        href = reverse("version", args=[run.baseline_id])
        facts.append({"name": "Compared with", "value": str(run.baseline), "href": href})
    return facts


def run_facts(run: Evaluation) -> Facts:
    """By whom it was asked for, what it read, and what it took; what was not given is not mentioned."""
    columns, is_given = run.subject.get("columns") or {}, bool(run.subject.get("features"))
    named = {role: name for role, name in columns.items() if role != "feature" or not is_given}
    reads = "; ".join(f"{role}: {', '.join(c) if isinstance(c, list) else c}" for role, c in named.items())
    facts: Facts = [
        {"name": "Evaluator", "value": f"{run.evaluator} {run.evaluator_version}", "note": with_settings(run)},
        {"name": "Asked for by", "value": str(run.requested_by)},
        {"name": "Asked for", "when": run.requested_at},
        {"name": "Assurance", "value": Assurance(run.assurance).label},
        {"name": "Columns", "value": reads},
        {"name": "Favourable", "value": run.subject.get("favourable")},
        {"name": "Model's files", "digest": run.root_digest if run.subject.get("kind") != "table" else ""},
        {"name": "Table", "digest": run.table.root_digest if run.table else ""},
        *_declared(run),
        *_compared(run),
        {"name": "Specification", "digest": run.spec_digest},
        {"name": "Attempt", "value": f"{run.attempt} of {run.max_attempts}"},
    ]
    return [fact for fact in facts if any(fact.get(what) for what in ("value", "digest", "when"))] + machine(run)


def machine(run: Evaluation) -> Facts:
    """What it took, and with which libraries."""
    environment = run.environment or {}
    peak, wall = environment.get("peak_rss"), environment.get("wall_s")
    versions = environment.get("versions") or {}
    memory = f", {peak / 1024**2:,.0f} MiB" if isinstance(peak, int | float) else ""
    facts = [{"name": "It took", "value": f"{wall:.1f} s{memory}"}] if isinstance(wall, int | float) else []
    facts += asked_model.how_often(environment)
    words = ", ".join(f"{name} {number}" for name, number in versions.items())
    return [*facts, {"name": "With", "value": words}] if words else facts
