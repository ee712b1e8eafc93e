"""One model version's way: trained, registered, measured by the worker, its risks assessed, its card written."""

import importlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from evaluators.catalog import describe
from registry.management.demo import texts
from registry.management.demo.data import Applications
from registry.models import (
    Artifact,
    DatasetVersion,
    Evaluation,
    ModelVersion,
    PolicyRevision,
    Project,
    RegisteredModel,
    RequiredEvaluation,
    User,
)
from registry.models.choices import ModelKind, Relation, RunState, Stage
from registry.services import artifacts, catalog, documents, evaluations
from registry.services.inputs import file_roles
from registry.services.specs import prescribed_digest

MODEL = "mortgage-approval"
# Training needs libraries that take seconds to load; a seeding that finds everything in place loads none of them.
TRAINING = "registry.management.demo.training"
ON_ITS_WAY = (RunState.QUEUED, RunState.RUNNING, RunState.DONE)
CROSSED = {"columns": {"label": "approved", "prediction": "predicted", "group": ["race", "sex"]}, "favourable": "1"}


class Inputs(TypedDict, total=False):
    """What a run reads beside the version's own files."""

    table: Artifact
    dataset_version: DatasetVersion


@dataclass(kw_only=True)
class Walk:
    """A version on its way: the table it is measured on, the runs, and whoever takes it there."""

    version: ModelVersion
    table: Artifact
    dataset: DatasetVersion
    by: User
    figures: dict[str, str]
    risks: Sequence[Mapping[str, Any]]
    card: Mapping[str, Any]
    required: list[Evaluation] = field(default_factory=list)
    crossed: Evaluation | None = None

    @property
    def runs(self) -> list[Evaluation]:
        return [*self.required, *([self.crossed] if self.crossed else [])]


def begin(label: str, *, project: Project, dataset: DatasetVersion, data: Applications, by: User) -> Walk:
    """Train and register a version, or find it registered. Version 2 is the one trained for fairness."""
    version = ModelVersion.objects.filter(team=project.team, model__slug=MODEL, label=label).first()
    measured = version.evaluations.exclude(table=None).first() if version else None
    table = measured.table if measured else None
    if version is None or table is None:
        trained = importlib.import_module(TRAINING).train(data, fair=label == "2")
        table = hold(project, ("predictions.csv", trained.table), by=by)
        version = version or register(label, trained.model_file, project=project, dataset=dataset, by=by)
    figures = texts.data_figures(data) | {"registered": f"{version.registered_at:%Y-%m-%d}"}
    risks, card = texts.load("risks"), texts.load("model_card")
    return Walk(
        version=version,
        table=table,
        dataset=dataset,
        by=by,
        figures=figures,
        risks=[*risks["both"], *risks[label]],
        card=card["both"] | card[label],
    )


def register(label: str, model_file: bytes, *, project: Project, dataset: DatasetVersion, by: User) -> ModelVersion:
    """A version with its one file, pinned to the data it was trained and measured on."""
    model = RegisteredModel.objects.filter(team=project.team, slug=MODEL).first() or catalog.create_model(
        project,
        slug=MODEL,
        kind=ModelKind.TABULAR,
        description="Which mortgage applications can be approved at once.",
        by=by,
    )
    parents = [
        catalog.Parent(relation=relation, version=dataset) for relation in (Relation.TRAINED_ON, Relation.EVALUATED_ON)
    ]
    files = hold(project, ("model.skops", model_file), by=by)
    return catalog.register_model_version(model, label=label, artifact=files, parents=parents, by=by)


def hold(project: Project, file: tuple[str, bytes], *, by: User) -> Artifact:
    return artifacts.store_artifact(project.team, files=[(file[0], io.BytesIO(file[1]))], by=by)


def measure(walk: Walk, revision: PolicyRevision) -> None:
    """Ask for what the policy prescribes before use, and for race crossed with sex, which the card reports."""
    wanted = RequiredEvaluation.objects.filter(revision=revision, to_stage=Stage.INFERENCE)
    walk.required = [
        on_its_way(walk, required.spec_digest)
        or evaluations.request_required(
            walk.version, required, by=walk.by, **inputs(walk, required.evaluator, required.reads)
        )
        for required in wanted
    ]
    evaluator = "fairness.group"
    version = describe(evaluator)["version"]
    spec = prescribed_digest(evaluator, version=version, parameters={}, reads=CROSSED, level=0.95)
    walk.crossed = on_its_way(walk, spec) or evaluations.request_evaluation(
        walk.version, evaluator=evaluator, reads=CROSSED, by=walk.by, **inputs(walk, evaluator, CROSSED)
    )


def inputs(walk: Walk, evaluator: str, reads: Mapping[str, Any]) -> Inputs:
    """The table and where it is from, for a run that must have one or names columns of one."""
    facts = describe(evaluator)
    may_read = "table" in file_roles(facts) and any(reads.get("columns", {}).values())
    reads_rows = may_read or "table" in facts["needs"]["files"]
    return {"table": walk.table, "dataset_version": walk.dataset} if reads_rows else {}


def on_its_way(walk: Walk, spec_digest: str) -> Evaluation | None:
    """The newest run of that specification that has not gone wrong."""
    return walk.version.evaluations.filter(spec_digest=spec_digest, state__in=ON_ITS_WAY).first()


def write_card(walk: Walk) -> None:
    """The model card, with the figures that were measured."""
    card = walk.version.documents.get()
    if not card.revisions.exists():
        documents.write_revision(card, answers=texts.as_answers(walk.card, walk.figures), expected=0, by=walk.by)
