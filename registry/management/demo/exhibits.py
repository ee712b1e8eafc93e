"""Two more real models, of text and of images: seeded in the background once the story itself can be walked through."""

import importlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.management.demo import lending, texts
from registry.management.demo.assessing import assess, walk_to_training
from registry.management.demo.figures import quoted
from registry.management.demo.made import File, Made
from registry.management.demo.people import Cast
from registry.management.demo.versions import Walk, inputs, on_its_way, write_card
from registry.management.demo.waiting import wait_for
from registry.models import DatasetVersion, ModelVersion, PolicyRevision, Project, RegisteredModel, RequiredEvaluation
from registry.models.choices import Relation, Stage
from registry.services import artifacts, catalog, evaluations, verdicts

Say = Callable[[str], None]
PATIENCE_S = 3_600


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """A model that shows another kind of input. `texts` names the fixture with its words and its policy."""

    texts: str
    training: str


# Training needs libraries that take seconds to load, so its modules are named and not imported.
EXHIBITS = (
    Exhibit(texts="complaint_finder", training="registry.management.demo.sentence_training"),
    Exhibit(texts="form_digits", training="registry.management.demo.digit_training"),
)


def prepare(exhibit: Exhibit, cast: Cast) -> tuple[Project, PolicyRevision]:
    """Its project and policy, which show what is to come while the model is still being trained."""
    project = lending.open_project(cast, texts.load(exhibit.texts)["project"])
    return project, lending.adopt_policy(cast, project, slug=exhibit.texts)


def show(exhibit: Exhibit, cast: Cast, *, say: Say) -> ModelVersion:
    """Train, register, document and measure one of them, or what is missing of it. The worker must run."""
    plain = texts.load(exhibit.texts)
    project, revision = prepare(exhibit, cast)
    walk = _begin(exhibit, plain, project, cast, say=say)
    walk_to_training(walk)
    wanted = RequiredEvaluation.objects.filter(revision=revision, to_stage=Stage.INFERENCE)
    say(f"{walk.version} is registered, {len(wanted)} evaluations to come")
    for before, required in enumerate(wanted):
        _measure(walk, required, before=before, total=len(wanted), say=say)
    walk.figures |= quoted(walk.required, plain["figures"])
    if walk.version.stage == Stage.TRAINING:
        assess(walk, Stage.TRAINING)
    write_card(walk)
    reviewed = verdicts.review(walk.version, to_stage=Stage.INFERENCE)
    say(f"{walk.version} for inference: {reviewed.decision.outcome.value}")
    return walk.version


def _begin(exhibit: Exhibit, plain: Mapping[str, Any], project: Project, cast: Cast, *, say: Say) -> Walk:
    """The version with its data, found or made."""
    ada, slug = cast["ada"], plain["model"]["slug"]
    version = ModelVersion.objects.filter(team=cast.lending, model__slug=slug, label="1").first()
    kept = plain["held_out"]["slug"]
    held_out = DatasetVersion.objects.filter(dataset__team=cast.lending, dataset__slug=kept, label="1").first()
    if version is None or held_out is None:
        say(f"training lending/{slug}, in the background")
        made: Made = importlib.import_module(exhibit.training).make(say=say)
        source = lending.dataset_version(cast.lending, **plain["source"], file=made.source, by=ada)
        held_out = lending.dataset_version(cast.lending, **plain["held_out"], file=made.held_out, parent=source, by=ada)
        sheet = plain["datasheet"]
        for dataset, answers in ((source, sheet), (held_out, sheet | plain["held_out_datasheet"])):
            lending.describe(dataset, texts.as_answers(answers, {}), by=ada)
        data = {Relation.TRAINED_ON: source, Relation.EVALUATED_ON: held_out}
        version = _register(plain, made.files, project, data, cast)
    figures = {"registered": f"{version.registered_at:%Y-%m-%d}"}
    return Walk(
        version=version,
        table=held_out.artifact,
        dataset=held_out,
        by=ada,
        figures=figures,
        risks=plain["risks"],
        card=plain["card"],
    )


def _register(
    plain: Mapping[str, Any], files: list[File], project: Project, data: Mapping[str, DatasetVersion], cast: Cast
) -> ModelVersion:
    ada = cast["ada"]
    model = RegisteredModel.objects.filter(team=project.team, slug=plain["model"]["slug"]).first()
    model = model or catalog.create_model(project, **plain["model"], by=ada)
    held = artifacts.store_artifact(project.team, files=[(name, io.BytesIO(data)) for name, data in files], by=ada)
    parents = [catalog.Parent(relation=relation, version=version) for relation, version in data.items()]
    return catalog.register_model_version(model, label="1", artifact=held, parents=parents, by=ada)


def _measure(walk: Walk, required: RequiredEvaluation, *, before: int, total: int, say: Say) -> None:
    """One run after the other, so that whoever tries the demo meanwhile doesn't wait behind all of them."""
    run = on_its_way(walk, required.spec_digest) or evaluations.request_required(
        walk.version, required, by=walk.by, **inputs(walk, required.evaluator, required.reads)
    )
    walk.required.append(run)
    wait_for([run], say=say, patience=PATIENCE_S, before=before, total=total)
