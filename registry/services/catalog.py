"""Registering projects, datasets, models and their versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from registry import policies
from registry.exceptions import InvalidInput, NotNow, NotPermitted
from registry.models import (
    Artifact,
    Dataset,
    DatasetVersion,
    LineageEdge,
    ModelVersion,
    Project,
    RegisteredModel,
    Team,
    TrustNeed,
    User,
)
from registry.models.choices import Aspect, ModelKind, NeedLevel, Relation, Stage
from registry.models.gate_inputs import name_within
from registry.services import audit, documents, risks, verdicts

ORDER = {NeedLevel.LOW: 1, NeedLevel.MEDIUM: 2, NeedLevel.HIGH: 3}


@dataclass(frozen=True, kw_only=True)
class Parent:
    """What a version was made from: a relation and exactly one pinned version."""

    relation: str
    version: ModelVersion | DatasetVersion


def _check(by: User, team: Team, what: str) -> None:
    if not policies.may_contribute(by, team):
        raise NotPermitted(f"{by} may not {what} in {team}: it takes a contributor of the team.")


def _check_slug(value: str, field: str) -> None:
    try:
        validate_slug(value)
    except ValidationError:
        message = "use letters, digits, - and _"
        raise InvalidInput(f"{value!r} is no name: {message}.", errors={field: [message]}) from None


def _check_label(label: str) -> None:
    if not label or len(label) > 60 or any(c in label for c in "/@ ") or not label.isprintable():
        raise InvalidInput(
            "A version label has 1 to 60 characters without spaces, / or @.", errors={"label": ["can't be used"]}
        )


def check_registration(owner: Dataset | RegisteredModel, *, label: str, by: User) -> None:
    """The refusal of a version, where there is one to tell before its files are taken in; on record as such."""
    noun = "dataset_version" if isinstance(owner, Dataset) else "model_version"
    with audit.acting(f"{noun}.registered", by=by, on=owner):
        _check_registration(owner, label=label, by=by)


def _check_registration(owner: Dataset | RegisteredModel, *, label: str, by: User) -> None:
    what = "register a dataset version" if isinstance(owner, Dataset) else "register a version"
    _check(by, owner.team, what)
    _check_label(label)
    if owner.versions.filter(label=label).exists():
        raise InvalidInput(f"{owner} has a version {label} already.", errors={"label": ["it is taken"]})


def create_project(team: Team, *, slug: str, name: str, purpose: str = "", by: User) -> Project:
    """Make a project: a use case whose models share trust needs and a policy."""
    with audit.acting("project.created", by=by, on=team):
        _check(by, team, "create a project")
        _check_slug(slug, "slug")
        if Project.objects.filter(team=team, slug=slug).exists():
            raise InvalidInput(f"{team} has a project {slug} already.", errors={"slug": ["it is taken"]})
        project = Project.objects.create(team=team, slug=slug, name=name, purpose=purpose, created_by=by)
        audit.record("project.created", subject=project, actor=by)
    return project


def set_trust_need(
    project: Project, *, aspect: str, level: str, reason: str, by: User, answers: Mapping[str, Any] | None = None
) -> TrustNeed:
    """Say how much of an aspect a project needs. Raising it takes a contributor; lowering it takes a reviewer."""
    with audit.acting("trust_need.set", by=by, on=project):
        aspect, level = Aspect(aspect), NeedLevel(level)
        if not reason.strip():
            raise InvalidInput("Say why the project needs this much.", errors={"reason": ["it is empty"]})
        newest = TrustNeed.objects.filter(project=project, aspect=aspect).order_by("-id").first()
        lowers = newest is not None and ORDER[level] < ORDER[NeedLevel(newest.level)]
        allowed = (
            "reviewer" in policies.roles_in(by, project.team) if lowers else policies.may_contribute(by, project.team)
        )
        if not allowed:
            raise NotPermitted(f"{by} may not set this need: lowering one takes a reviewer, raising one a contributor.")
        need = TrustNeed.objects.create(
            project=project, aspect=aspect, level=level, reason=reason, answers=dict(answers or {}), set_by=by
        )
        audit.record(
            "trust_need.set", subject=project, actor=by, detail={"aspect": aspect, "level": level, "reason": reason}
        )
        verdicts.refresh_project(project)
    return need


def create_dataset(team: Team, *, slug: str, description: str = "", by: User) -> Dataset:
    """Register a dataset's name."""
    with audit.acting("dataset.created", by=by, on=team):
        _check(by, team, "register a dataset")
        _check_slug(slug, "slug")
        if Dataset.objects.filter(team=team, slug=slug).exists():
            raise InvalidInput(f"{team} has a dataset {slug} already.", errors={"slug": ["it is taken"]})
        dataset = Dataset.objects.create(team=team, slug=slug, description=description, created_by=by)
        audit.record("dataset.created", subject=dataset, actor=by)
    return dataset


def register_dataset_version(
    dataset: Dataset,
    *,
    label: str,
    by: User,
    artifact: Artifact | None = None,
    notes: str = "",
    parents: Sequence[Parent] = (),
) -> DatasetVersion:
    """Register one state of a dataset, with an empty datasheet."""
    with audit.acting("dataset_version.registered", by=by, on=dataset):
        _check_registration(dataset, label=label, by=by)
        _check_same_team(artifact, dataset.team)
        version = DatasetVersion.objects.create(
            dataset=dataset, label=label, artifact=artifact, notes=notes, registered_by=by
        )
        _record_parents(version, parents, by=by)
        documents.open_document(version)
        audit.record(
            "dataset_version.registered",
            subject=version,
            actor=by,
            team=dataset.team,
            detail={"root_digest": artifact.root_digest if artifact else None},
        )
    return version


def create_model(project: Project, *, slug: str, description: str = "", kind: str = "", by: User) -> RegisteredModel:
    """Register a model's name under a project. Its kind says which evaluations are offered first; empty is not said."""
    with audit.acting("model.created", by=by, on=project):
        _check(by, project.team, "register a model")
        _check_slug(slug, "slug")
        if kind not in ("", *ModelKind.values):
            raise InvalidInput("There is no such kind of model.", errors={"kind": ["unknown"]})
        if RegisteredModel.objects.filter(team=project.team, slug=slug).exists():
            raise InvalidInput(f"{project.team} has a model {slug} already.", errors={"slug": ["it is taken"]})
        model = RegisteredModel.objects.create(
            team=project.team, project=project, slug=slug, kind=kind, description=description, created_by=by
        )
        audit.record("model.created", subject=model, actor=by)
    return model


def register_model_version(
    model: RegisteredModel, *, label: str, by: User, artifact: Artifact | None = None, parents: Sequence[Parent] = ()
) -> ModelVersion:
    """Register a version at the stage `scoping`, with its files' digest, its lineage, an empty card and a risk list."""
    with audit.acting("model_version.registered", by=by, on=model):
        _check_registration(model, label=label, by=by)
        _check_same_team(artifact, model.team)
        version = ModelVersion.objects.create(
            model=model, team=model.team, label=label, artifact=artifact, registered_by=by
        )
        _record_parents(version, parents, by=by)
        documents.open_document(version)
        risks.open_assessment(version, stage=Stage.SCOPING, by=by)
        audit.record(
            "model_version.registered",
            subject=version,
            actor=by,
            detail={
                "root_digest": version.root_digest,
                "parents": [name_within(model.team_id, parent.version) for parent in parents],
            },
        )
        verdicts.refresh(version)
    return version


def check_attaching(version: ModelVersion, *, by: User) -> None:
    """The refusal of files, where there is one to tell before they are taken in; on record as such."""
    with audit.acting("model_version.artifact_attached", by=by, on=version):
        _check_attaching(version, by=by)


def _check_attaching(version: ModelVersion, *, by: User) -> None:
    _check(by, version.team, "attach files")
    if version.artifact_id is not None:
        raise NotNow("The files of a version are never exchanged; register a new version.")


def attach_artifact(version: ModelVersion, *, artifact: Artifact, by: User) -> ModelVersion:
    """Give a version its files, once. Exchanging them takes a new version."""
    with audit.acting("model_version.artifact_attached", by=by, on=version):
        _check_attaching(version, by=by)
        _check_same_team(artifact, version.team)
        ModelVersion.objects.filter(pk=version.pk).update(artifact=artifact)
        version.refresh_from_db()
        audit.record(
            "model_version.artifact_attached", subject=version, actor=by, detail={"root_digest": artifact.root_digest}
        )
        verdicts.refresh(version)
    return version


def _check_same_team(artifact: Artifact | None, team: Team) -> None:
    if artifact is not None and artifact.team_id != team.pk:
        raise InvalidInput("There is no such artifact in this team.", errors={"artifact": ["unknown"]})


def _record_parents(child: ModelVersion | DatasetVersion, parents: Sequence[Parent], *, by: User) -> None:
    side = "model" if isinstance(child, ModelVersion) else "dataset"
    given: set[tuple[str, UUID]] = set()
    for parent in parents:
        other = "model" if isinstance(parent.version, ModelVersion) else "dataset"
        if not policies.may_see(by, _team(parent.version)):
            raise InvalidInput("There is no such parent version.", errors={"lineage": ["unknown version"]})
        if (parent.relation, parent.version.pk) in given:
            raise InvalidInput(f"{parent.version} is given twice.", errors={"lineage": ["given twice"]})
        given.add((parent.relation, parent.version.pk))
        LineageEdge.objects.create(
            relation=Relation(parent.relation),
            recorded_by=by,
            **{f"child_{side}": child, f"parent_{other}": parent.version},
        )


def _team(version: ModelVersion | DatasetVersion) -> Team:
    return version.team if isinstance(version, ModelVersion) else version.dataset.team
