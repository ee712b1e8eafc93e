"""A run as its page shows it, and what a form needs to ask for one."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.forms import Form
from django.urls import reverse

from evaluators.catalog import EVALUATORS, describe
from evaluators.contract import ROLES
from registry import policies
from registry.gates.verdict import Requirement
from registry.models import Evaluation, Measurement, ModelVersion, RequiredEvaluation, User
from registry.models.choices import Assurance, ModelKind, RunState
from registry.models.gate_inputs import active_revision
from registry.reports.readings import read, why_not
from registry.reports.scales import scale_over
from registry.reports.wording import judged
from registry.services.inputs import COLUMNS, file_roles
from registry.web.present import drawn, evidence, families, metrics
from registry.web.present.failures import failure_words
from registry.web.present.pages import crumbs
from registry.web.present.run_facts import run_facts
from registry.web.present.told_apart import by_groups

FILES_READ = {
    "model": "the model's files",
    "table": "a table",
    "reference": "a second table",
    "baseline": "another version",
}
COLUMNS_READ = {
    "label": "the true label",
    "prediction": "the prediction",
    "score": "the score",
    "group": "the groups to compare",
}
# A run's inputs are tables and versions; a signature belongs to the files it signs.
OF_SIGNATURES = (
    "The signature is read from among the version's own files, where it is called model.sig. "
    "One that came separately is registered together with the files it signs, as a version."
)
# More parts than these are folded on the page of a run.
MOST_PARTS = 6
# A measure, and whether it is of a feature.
Key = tuple[str, bool]
LAST = len(evidence.RANKED)
COSTS = {"A": "seconds", "B": "minutes", "C": "up to an hour", "D": "hours"}


def prescribed(version: ModelVersion) -> list[RequiredEvaluation]:
    """What the active policy of the version's project asks to be run, for any stage, and can be run here."""
    revision = active_revision(version)
    rows = RequiredEvaluation.objects.filter(revision=revision, evaluator__in=list(EVALUATORS))
    return list(rows) if revision else []


def form_context(version: ModelVersion, required: list[RequiredEvaluation]) -> dict[str, Any]:
    """The page around the form."""
    return {
        "version": version,
        "section": "models",
        "prescribed": required,
        "has_files": version.root_digest is not None,
        "is_held": bool(version.artifact and version.artifact.is_held),
        "crumbs": crumbs("model-list", (str(version), "version-evidence", version.pk)),
    }


def free_context(version: ModelVersion, chooser: Form, form: Form | None) -> dict[str, Any]:
    """What the page adds for any evaluation: a choice of evaluators, then what the chosen one needs."""
    chosen = getattr(form, "facts", None)
    return {
        "chooser": chooser,
        "evaluator": offer(describe(chosen["id"])) if chosen else None,
        "made_for": families.others(chosen["id"], version.model.kind) if chosen else "",
        **({} if chosen else offers(version.model.kind)),
    }


def offers(kind: str) -> dict[str, Any]:
    """Every evaluator by its family, those first that suit the kind of model."""
    fitting = [name for name in EVALUATORS if families.suits(name, kind)]
    others = [name for name in EVALUATORS if name not in fitting]
    return {
        "offers": _families(fitting),
        "other_offers": _families(others),
        "kind": ModelKind(kind).label.lower() if kind else "",
    }


def _families(evaluators: list[str]) -> list[dict[str, Any]]:
    found = families.by_family(evaluators)
    return [{"title": title, "evaluators": [offer(describe(name)) for name in names]} for title, names in found]


def offer(facts: Mapping[str, Any]) -> dict[str, Any]:
    """An evaluator: what it reads, what it costs and what it measures."""
    files, columns = facts["needs"].get("files", ()), facts["needs"].get("columns", ())
    either = [] if files else [FILES_READ[role] for role in ("table", "model") if role in file_roles(facts)]
    read = [FILES_READ[file] for file in files if file in FILES_READ] or [" or ".join(either)]
    named = [COLUMNS_READ.get(role) or ROLES[role].partition(":")[0] for role in columns if role in COLUMNS]
    with_columns = f" with {_and(named)}" if named else ""
    return {
        "id": facts["id"],
        "title": facts["title"],
        "family": families.family_title(facts["id"]),
        "cost": COSTS.get(facts["cost_class"], facts["cost_class"]),
        "queue": facts["queue"],
        "reads": f"Reads {_and(read) or 'nothing but what it is told'}{with_columns}.",
        "is_told": not any(read),
        "note": OF_SIGNATURES if "signature" in facts["needs"].get("optional", ()) else "",
        "metrics": [
            {"title": each["title"], "href": reverse("method", args=[each["id"]])} for each in facts["metrics"]
        ],
    }


def _and(words: list[str]) -> str:
    """'the true label, the score and the groups'."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def progress(run: Evaluation) -> dict[str, Any]:
    """What `components/_progress.html` takes."""
    return {
        "evaluation": {"state": run.state, "progress": run.progress, "note": _note(run)},
        "href": reverse("evaluation-progress", args=[run.pk]),
        "title": "This run",
    }


def _note(run: Evaluation) -> str:
    """How far it is; what it was last at says nothing of a run that is over."""
    if run.progress_note and not run.is_over:
        return str(run.progress_note)
    if run.state == RunState.QUEUED:
        return "waits for a worker"
    return f"attempt {run.attempt} of {run.max_attempts}" if run.attempt > 1 else ""


def page(run: Evaluation, *, person: User) -> dict[str, Any]:
    """What `registry/evaluations/evaluation.html` takes."""
    measured = list(run.measurements.select_related("evaluation").order_by("id"))
    charts = drawn.drawings(measured, leave=frozenset())
    judgements = evidence.judged_measurements(run.version) if measured else {}
    newer = _newer(run, measured)
    # What fails stands first, what no limit judges last.
    measured.sort(key=lambda row: evidence.rank(judged(judgements[row.id])) if row.id in judgements else LAST)
    may = policies.may_evaluate(person, run.version.team)
    scales = _scales(measured, judgements)
    return progress(run) | {
        "section": "models",
        "heading": f"{metrics.evaluator_title(run.evaluator)}{by_groups(run)}",
        "run": run,
        "crumbs": crumbs("model-list", (str(run.version), "version-evidence", run.version_id)),
        "facts": run_facts(run),
        "may_cancel": may and run.state in (RunState.QUEUED, RunState.RUNNING),
        "may_retry": may and run.is_over and run.assurance != Assurance.SELF_REPORTED,
        **_tables([_measurement(row, judgements.get(row.id), newer) | scales.get(_key(row), {}) for row in measured]),
        "bins": charts["bins"],
        "features": charts["features"],
        "figures": charts["figures"].get(run.spec_digest, []),
        "failure": failure_words(run.failure),
        "parameters": json.dumps(run.parameters, indent=2, sort_keys=True) if run.parameters else "",
    }


def _scales(measured: Iterable[Measurement], judgements: Mapping[int, Requirement]) -> dict[Key, dict[str, float]]:
    """One scale for the same measure of several parts, limits included: else their charts could not be compared.

    What features add to a sum has a scale of its own.
    """
    found: dict[Key, list[float]] = {}
    for row in measured:
        detail = judgements[row.id].detail if row.id in judgements else {}
        limit = {name: detail.get(name) for name in ("limit", "tolerance")}
        low, high = evidence.ends(row)
        asked = read(low=low, high=high, value=row.value, direction=str(detail.get("direction")), **limit)
        found.setdefault(_key(row), []).extend([] if why_not(row.status) else asked.known)
    scales = {name: scale_over(known, lower=None, upper=None) for name, known in found.items() if known}
    return {name: {"lower": scale.lower, "upper": scale.upper} for name, scale in scales.items()}


def _key(row: Measurement) -> Key:
    return row.metric, row.slice.startswith(drawn.FEATURE)


def _newer(run: Evaluation, measured: list[Measurement]) -> frozenset[tuple[str, str]]:
    """What a later run of the same specification measured again: that is judged instead."""
    rows = Measurement.objects.filter(version=run.version_id, spec_digest=run.spec_digest)
    later = rows.filter(pk__gt=max((row.pk for row in measured), default=0))
    return frozenset(later.values_list("metric", "slice")) if measured else frozenset()


def _measurement(row: Measurement, asked: Requirement | None, newer: frozenset[tuple[str, str]]) -> dict[str, Any]:
    return evidence.measurement(row, asked) | {"is_replaced": (row.metric, row.slice) in newer}


def _tables(measured: list[dict[str, Any]]) -> dict[str, Any]:
    """What is judged or stands for the whole, and the parts, folded where they are many."""
    parts = [each for each in measured if each["is_part"] and "outcome" not in each]
    is_long = len(parts) > MOST_PARTS and len(parts) < len(measured)
    first = [each for each in measured if each not in parts] if is_long else measured
    return {"measurements": first, "parts": parts if is_long else []}
