"""Registering projects, datasets, models and their versions, and saying what a project needs."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from registry.exceptions import NotPermitted, Settled
from registry.models import Artifact, Dataset, ModelVersion, RegisteredModel, Team, User
from registry.models.choices import Relation, Role
from registry.services import artifacts, catalog
from registry.web.access import fetch, teams_of
from registry.web.forms.catalog import (
    AttachFilesForm,
    NewDatasetForm,
    NewDatasetVersionForm,
    NewModelForm,
    NewProjectForm,
    NewVersionForm,
)
from registry.web.present.pages import crumbs
from registry.web.submission import carry_out, done, form_page, sent


def _expect_contributor(request: HttpRequest, what: str, *, team: Team | None = None) -> None:
    """Nobody is shown a form that they can't send: it takes a contributor of this team, or else of any.

    What was sent nevertheless is for the verb to refuse, which puts the refusal on record.
    """
    if request.method == "POST":
        return
    teams = teams_of(request.user, Role.CONTRIBUTOR)
    if not (teams.filter(pk=team.pk) if team else teams).exists():
        raise NotPermitted(f"{what} takes a contributor of {team or 'a team'}.")


@login_required
def project_new(request: HttpRequest) -> HttpResponse:
    """Describe a use case."""
    _expect_contributor(request, "Describing a project")
    form = NewProjectForm(**sent(request), person=request.user)
    if made := carry_out(form, lambda data: catalog.create_project(**data, by=request.user)):
        return done(request, f"{made} is registered. Say next how much trust it needs.", "trust-needs", pk=made.pk)
    lead = "A project is a use case: its models share trust needs and a policy."
    return form_page(
        request, form, title="Describe a project", lead=lead, submit="Register it", crumbs=crumbs("project-list")
    )


@login_required
def dataset_new(request: HttpRequest) -> HttpResponse:
    """Register a dataset's name."""
    _expect_contributor(request, "Registering a dataset")
    form = NewDatasetForm(**sent(request), person=request.user)
    if made := carry_out(form, lambda data: catalog.create_dataset(**data, by=request.user)):
        return done(request, f"{made} is registered. Register its first version next.", "dataset", pk=made.pk)
    lead = "A dataset is a name; what models pin are its versions."
    return form_page(
        request, form, title="Register a dataset", lead=lead, submit="Register it", crumbs=crumbs("dataset-list")
    )


@login_required
def model_new(request: HttpRequest) -> HttpResponse:
    """Register a model's name."""
    _expect_contributor(request, "Registering a model")
    form = NewModelForm(**sent(request), person=request.user, initial={"project": request.GET.get("project")})
    if made := carry_out(form, lambda data: catalog.create_model(**data, by=request.user)):
        return done(request, f"{made} is registered. Register its first version next.", "model", pk=made.pk)
    lead = "A model is a name under a project; what is measured, signed and used are its versions."
    return form_page(
        request, form, title="Register a model", lead=lead, submit="Register it", crumbs=crumbs("model-list")
    )


@login_required
def dataset_version_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Register one state of a dataset."""
    dataset = fetch(Dataset, request, pk, "team")
    _expect_contributor(request, "Registering a version", team=dataset.team)
    form = NewDatasetVersionForm(**sent(request), person=request.user)
    if made := carry_out(form, lambda data: _dataset_version(dataset, data, by=request.user)):
        return done(request, f"{made} is registered with an empty datasheet.", "dataset-version", pk=made.pk)
    title, where = f"Register a version of {dataset}", crumbs("dataset-list", (str(dataset), "dataset", dataset.pk))
    return form_page(request, form, title=title, submit="Register it", crumbs=where, has_files=True)


def _dataset_version(dataset: Dataset, data: dict[str, Any], *, by: User) -> Any:
    catalog.check_registration(dataset, label=data["label"], by=by)
    return catalog.register_dataset_version(
        dataset,
        label=data["label"],
        notes=data["notes"],
        artifact=take_in(dataset.team, data, by=by),
        parents=_parents({Relation.DERIVED_FROM: data["derived_from"]}),
        by=by,
    )


@login_required
def version_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Register a version of a model."""
    model = fetch(RegisteredModel, request, pk, "team")
    _expect_contributor(request, "Registering a version", team=model.team)
    form = NewVersionForm(**sent(request), person=request.user)
    if made := carry_out(form, lambda data: _version(model, data, by=request.user)):
        said = f"{made} is registered at the stage scoping, with an empty card and a risk assessment."
        return done(request, said, "version", pk=made.pk)
    title, where = f"Register a version of {model}", crumbs("model-list", (str(model), "model", model.pk))
    return form_page(request, form, title=title, submit="Register it", crumbs=where, has_files=True)


def _version(model: RegisteredModel, data: dict[str, Any], *, by: User) -> ModelVersion:
    catalog.check_registration(model, label=data["label"], by=by)
    parents = {relation: data[relation.value] for relation in Relation}
    artifact = take_in(model.team, data, by=by)
    return catalog.register_model_version(
        model, label=data["label"], artifact=artifact, parents=_parents(parents), by=by
    )


def _parents(chosen: dict[Relation, Any]) -> list[catalog.Parent]:
    return [catalog.Parent(relation=relation, version=each) for relation, rows in chosen.items() for each in rows]


def take_in(team: Team, data: dict[str, Any], *, by: User) -> Artifact | None:
    """The artifact that a form's files or digests make; None where it has neither.

    It stays, so what would refuse the files of `data` their version is to be asked before.
    """
    if data["files"]:
        return artifacts.store_artifact(team, files=[(file.name, file) for file in data["files"]], by=by)
    return artifacts.declare_artifact(team, files=data["digests"], by=by) if data["digests"] else None


@login_required
def version_files(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a version its files, once."""
    version = fetch(ModelVersion, request, pk, "model__team", "team")
    _expect_contributor(request, "Attaching files", team=version.team)
    if request.method != "POST" and version.artifact_id is not None:
        raise Settled(f"{version} has its files, and they are never exchanged; register a new version.")
    form = AttachFilesForm(**sent(request))
    if carry_out(form, lambda data: _attach(version, data, by=request.user)):
        return done(request, f"{version} has its files. They are never exchanged.", "version", pk=pk)
    where = crumbs("model-list", (str(version), "version", pk))
    lead = "Files identify a version: everything measured and signed from now on is about exactly these bytes."
    return form_page(
        request, form, title=f"Files of {version}", lead=lead, submit="Attach them", crumbs=where, has_files=True
    )


def _attach(version: ModelVersion, data: dict[str, Any], *, by: User) -> ModelVersion:
    catalog.check_attaching(version, by=by)
    artifact = take_in(version.team, data, by=by)
    assert artifact is not None  # noqa: S101 - the form asks for one or the other
    return catalog.attach_artifact(version, artifact=artifact, by=by)


urlpatterns = [
    path("projects/new/", project_new, name="project-new"),
    path("datasets/new/", dataset_new, name="dataset-new"),
    path("models/new/", model_new, name="model-new"),
    path("datasets/<uuid:pk>/new/", dataset_version_new, name="dataset-version-new"),
    path("models/<uuid:pk>/new/", version_new, name="version-new"),
    path("versions/<uuid:pk>/files/", version_files, name="version-files"),
]
