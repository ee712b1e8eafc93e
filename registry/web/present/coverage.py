"""Techniques of attack against evaluators: what was measured of a version, and what nothing here measures."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse

from evaluators.catalog import ATLAS, EVALUATORS
from registry.gates.verdict import Requirement
from registry.models import Evaluation, Measurement, ModelVersion, RegisteredModel, User, Verdict
from registry.models.choices import Assurance, RunState
from registry.reports.wording import judged
from registry.services.verdicts import ANSWERED_STAGE
from registry.web.present import families, metrics
from registry.web.present.coverage_words import RANKED, WORDS, altogether, badge, shown
from registry.web.present.gate_turns import is_far

FIXTURE = Path(__file__).resolve().parents[3] / "fixtures" / "taxonomies" / "atlas.json"
MOST_MODELS = 12
Results = dict[str, str]
# Of a limit: its metric, what the gate makes of it, and whether there is a measurement that it judges.
Said = tuple[str, str, bool]


@cache
def atlas() -> dict[str, Any]:
    """The matrix: tactics in its order, techniques by id, and the line that goes with them wherever they are shown."""
    matrix: dict[str, Any] = json.loads(FIXTURE.read_text(encoding="utf-8"))
    return matrix | {"by_id": {each["id"]: each for each in matrix["techniques"]}}


def technique_name(key: str) -> str:
    """A technique under the one it is a kind of: 'Craft Adversarial Data: White-Box Optimization'."""
    known = atlas()["by_id"]
    parent = key.rpartition(".")[0]
    name = str(known[key]["name"])
    return f"{known[parent]['name']}: {name}" if parent in known else name


def section(version: ModelVersion, asked: Iterable[Iterable[Requirement]]) -> dict[str, Any]:
    """What `version_coverage.html` takes; `asked` is what each gate asks."""
    said = [limit for requirements in asked for limit in _limits(item.as_dict() for item in requirements)]
    found = results([version.pk], {version.pk: said})[version.pk]
    rows = [_technique(key, found, version.model.kind, version.pk) for key in _in_order(ATLAS)]
    return _matrix_words() | {
        "techniques": rows,
        "counts": [
            {"word": WORDS.get(state, state), "status": shown(state), "number": number}
            for state in RANKED
            if (number := sum(row["state"] == state for row in rows))
        ],
    }


def _matrix_words() -> dict[str, Any]:
    """The techniques that no evaluator answers, by tactic, and where the matrix comes from."""
    matrix = atlas()
    return {
        "source": matrix["source"],
        "attribution": matrix["attribution"],
        "covered": len(ATLAS),
        "all": len(matrix["techniques"]),
        "unanswered": [
            {"title": tactic["name"], "techniques": names}
            for tactic in matrix["tactics"]
            if (names := [_line(each["id"]) for each in matrix["techniques"] if _is_open(each, tactic["id"])])
        ],
    }


def _is_open(technique: Mapping[str, Any], tactic: str) -> bool:
    """Whether it stands under this tactic first, and no evaluator says anything of it."""
    return technique["tactics"][:1] == [tactic] and technique["id"] not in ATLAS


def _line(key: str) -> dict[str, str]:
    return {"id": key, "name": technique_name(key)}


def _in_order(keys: Iterable[str]) -> list[str]:
    """As they stand in the matrix: by their first tactic, then by id."""
    matrix = atlas()
    order = [tactic["id"] for tactic in matrix["tactics"]]
    known = (key for key in keys if key in matrix["by_id"])
    return sorted(known, key=lambda key: (order.index(matrix["by_id"][key]["tactics"][0]), key))


def _technique(key: str, found: Results, kind: str, version: UUID) -> dict[str, Any]:
    cells = [_cell(evaluator, found, kind, version) for evaluator in ATLAS[key]]
    state, word = altogether([cell["state"] for cell in cells])
    tactic = atlas()["by_id"][key]["tactics"][0]
    name = next(each["name"] for each in atlas()["tactics"] if each["id"] == tactic)
    return _line(key) | {"tactic": name, "state": state, **badge(state), "word": word, "evaluators": cells}


def _cell(evaluator: str, found: Results, kind: str, version: UUID) -> dict[str, Any]:
    state = _state(evaluator, found, kind)
    ask = f"{reverse('version-evaluate-freely', args=[version])}?evaluator={evaluator}"
    evidence = reverse("version-evidence", args=[version])
    is_open = state in ("unmeasured", "unfit")
    href = ask if is_open else evidence
    return {"title": metrics.evaluator_title(evaluator), "state": state, "href": href, **badge(state)}


def _state(evaluator: str, found: Results, kind: str) -> str:
    return found.get(evaluator) or ("unmeasured" if families.suits(evaluator, kind) else "unfit")


def results(versions: Iterable[UUID], said: Mapping[UUID, Iterable[Said]]) -> dict[UUID, Results]:
    """For each version the state of every evaluator that was run on it, the worst of what is known. One query.

    `said` is what its gate says of metrics; what no limit judges is measured, and no more. A limit that was met
    by an earlier run says nothing for the evaluator whose newest run failed, and one that nothing answers leaves
    open what was run otherwise than it asks.
    """
    keys = list(versions)
    has_number = Exists(Measurement.objects.filter(evaluation=OuterRef("pk"), status="ok"))
    runs = Evaluation.objects.filter(version__in=keys, evaluator__in=list(EVALUATORS)).annotate(has_number=has_number)
    newest = runs.order_by("version", "spec_digest", "-requested_at").distinct("version", "spec_digest")
    found: dict[UUID, Results] = {key: {} for key in keys}
    for run in newest.only("version_id", "evaluator", "state", "spec_digest", "requested_at", "assurance"):
        _keep(found[run.version_id], run.evaluator, _run_state(run))
    for key, outcomes in said.items():
        for metric, outcome, is_measured in outcomes:
            evaluator = metrics.facts().get(metric, {}).get("evaluator")
            if evaluator and (is_measured or found[key].get(evaluator, "unmeasured") != "unmeasured"):
                _keep(found[key], evaluator, outcome)
    return found


def _keep(found: Results, evaluator: str, state: str) -> None:
    """The worst of what is known."""
    found[evaluator] = min(found.get(evaluator, state), state, key=RANKED.index)


def _run_state(run: Any) -> str:
    if run.state in Evaluation.LIVE:
        return "running"
    if run.state == RunState.CANCELLED:
        return "unmeasured"
    if run.state != RunState.DONE:
        return "error"
    if not run.has_number:
        return "undecided"
    return "reported" if run.assurance == Assurance.SELF_REPORTED else "measured"


def overview(person: User) -> dict[str, Any]:
    """What `registry/taxonomies/coverage.html` takes: the newest version of each model the visitor sees."""
    newest = ModelVersion.objects.filter(model=OuterRef("pk")).order_by("-registered_at", "-id")
    models = RegisteredModel.objects.visible_to(person).annotate(newest=Subquery(newest.values("pk")[:1]))
    keys = [row.newest for row in models.exclude(newest=None).order_by("-created_at")[:MOST_MODELS]]
    versions = list(ModelVersion.objects.filter(pk__in=keys).select_related("model__team").order_by("-registered_at"))
    said = _last_said(versions)
    found = results([each.pk for each in versions], said)
    for unjudged in found.keys() - said.keys():
        found[unjudged] = {
            name: "unjudged" if state == "measured" else state for name, state in found[unjudged].items()
        }
    return _matrix_words() | {
        "section": "models",
        "versions": [{"name": str(each), "href": reverse("version-coverage", args=[each.pk])} for each in versions],
        "rows": [
            _line(key) | {"cells": [_worst(key, found[each.pk], each) for each in versions]} for key in _in_order(ATLAS)
        ],
    }


def _worst(key: str, found: Results, version: ModelVersion) -> dict[str, Any]:
    state, word = altogether([_state(evaluator, found, version.model.kind) for evaluator in ATLAS[key]])
    return badge(state) | {"word": word, "name": str(version)}


def _last_said(versions: Iterable[ModelVersion]) -> dict[UUID, list[Said]]:
    """What its gate to use last said of the metrics of each version; nothing of one that is too far to be judged."""
    rows = Verdict.objects.filter(version__in=[each.pk for each in versions], to_stage=ANSWERED_STAGE)
    newest = rows.order_by("version", "-decided_at").distinct("version")
    said = {row.version_id: row.body.get("requirements", ()) for row in newest if not is_far(row.body)}
    return {key: list(_limits(requirements)) for key, requirements in said.items()}


def _limits(requirements: Iterable[Mapping[str, Any]]) -> Iterator[Said]:
    """The limits among the requirements of a verdict, as it is stored."""
    for item in requirements:
        detail = item.get("detail") or {}
        if item["id"].startswith("threshold:") and detail.get("metric"):
            yield str(detail["metric"]), judged(item), bool(detail.get("measurement"))
