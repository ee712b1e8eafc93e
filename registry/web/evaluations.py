"""Asking for evaluations, and watching, cancelling and repeating them."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from registry import policies
from registry.exceptions import NotPermitted
from registry.models import Artifact, Evaluation, ModelVersion, User
from registry.services import artifacts, evaluations
from registry.web.access import fetch
from registry.web.forms.evaluations import FreeForm, RequiredForm
from registry.web.present import runs
from registry.web.submission import carry_out, done, form_page, sent

RELATED = ("version__model__team", "version__team", "requested_by", "table")


def _version(request: HttpRequest, pk: UUID) -> ModelVersion:
    version: ModelVersion = fetch(ModelVersion, request, pk, "model__team", "team", "artifact")
    if not policies.may_evaluate(request.user, version.team):
        raise NotPermitted("Asking for an evaluation takes a contributor or reviewer of the team.")
    return version


@login_required
def version_evaluate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for what the policy prescribes, filled in from it."""
    version = _version(request, pk)
    prescribed = runs.prescribed(version)
    form = RequiredForm(**sent(request), version=version, prescribed=prescribed)
    if started := carry_out(form, lambda data: _start_required(version, data, by=request.user)):
        return _started(request, version, started)
    return form_page(request, form, "registry/evaluations/new.html", **runs.form_context(version, prescribed))


@login_required
def version_evaluate_freely(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for any evaluation, whether or not a policy judges it."""
    version = _version(request, pk)
    form = FreeForm(**sent(request), version=version)
    if started := carry_out(form, lambda data: [_start_free(version, form, data, by=request.user)]):
        return _started(request, version, started)
    context = runs.form_context(version, []) | {"is_free": True}
    return form_page(request, form, "registry/evaluations/new.html", **context)


def _started(request: HttpRequest, version: ModelVersion, started: list[Evaluation]) -> HttpResponse:
    if len(started) == 1:
        return done(request, f"{started[0].evaluator} is queued.", "evaluation", pk=started[0].pk)
    return done(request, f"{len(started)} evaluations are queued.", "version-evidence", pk=version.pk)


def _inputs(version: ModelVersion, data: dict[str, Any], *, by: User) -> dict[str, Any]:
    table: Artifact | None = data["table"]
    if file := data["table_file"]:
        table = artifacts.store_artifact(version.team, files=[(file.name, file)], by=by)
    return {"table": table, "dataset_version": data["dataset_version"], "features": data["features"], "by": by}


def _start_required(version: ModelVersion, data: dict[str, Any], *, by: User) -> list[Evaluation]:
    inputs = _inputs(version, data, by=by)
    return [evaluations.request_required(version, required, **inputs) for required in data["required"]]


def _start_free(version: ModelVersion, form: FreeForm, data: dict[str, Any], *, by: User) -> Evaluation:
    wanted = {name: data[name] for name in ("evaluator", "parameters", "level")}
    return evaluations.request_evaluation(version, reads=form.reads(), **wanted, **_inputs(version, data, by=by))


@require_safe
@login_required
def evaluation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A run: how far it is, what it read, what it found."""
    run = fetch(Evaluation, request, pk, *RELATED)
    return render(request, "registry/evaluations/evaluation.html", runs.page(run, person=request.user))


@require_safe
@login_required
def evaluation_progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of a run's page that asks again by itself. When the run is over, the page loads anew."""
    run = fetch(Evaluation, request, pk, *RELATED)
    response = render(request, "components/_progress.html", runs.progress(run))
    if run.is_over:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@login_required
def evaluation_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop a run."""
    run = evaluations.cancel_evaluation(fetch(Evaluation, request, pk, *RELATED), by=request.user)
    said = "cancelled" if run.is_over else "being cancelled; its worker stops it within seconds"
    return done(request, f"The run is {said}.", "evaluation", pk=pk)


@require_POST
@login_required
def evaluation_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same run again, as a new one."""
    run = evaluations.retry_evaluation(fetch(Evaluation, request, pk, *RELATED), by=request.user)
    return done(request, "It is queued again, as a new run. The earlier one stays on record.", "evaluation", pk=run.pk)


urlpatterns = [
    path("versions/<uuid:pk>/evaluate/", version_evaluate, name="version-evaluate"),
    path("versions/<uuid:pk>/evaluate/freely/", version_evaluate_freely, name="version-evaluate-freely"),
    path("evaluations/<uuid:pk>/", evaluation, name="evaluation"),
    path("evaluations/<uuid:pk>/progress/", evaluation_progress, name="evaluation-progress"),
    path("evaluations/<uuid:pk>/cancel/", evaluation_cancel, name="evaluation-cancel"),
    path("evaluations/<uuid:pk>/retry/", evaluation_retry, name="evaluation-retry"),
]
