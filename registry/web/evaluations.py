"""Asking for evaluations, and watching, cancelling and repeating them."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from evaluators.catalog import describe
from registry import policies
from registry.exceptions import NotPermitted
from registry.models import Artifact, Evaluation, ModelVersion, RequiredEvaluation, User
from registry.reports.metric_names import evaluator_title
from registry.services import artifacts, evaluations
from registry.services.inputs import file_roles
from registry.web.access import fetch
from registry.web.forms.evaluations import RequiredForm
from registry.web.forms.evaluators import EvaluatorForm, FreeForm
from registry.web.forms.uploads import TableForm
from registry.web.present import runs
from registry.web.submission import carry_out, done, form_page, sent

RELATED = (
    "version__model__team", "version__team", "requested_by", "table", "reference", "baseline__model__team",
    "dataset_version__dataset__team",
)  # fmt: skip


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
    form = RequiredForm(**sent(request), version=version, prescribed=prescribed, person=request.user)
    if started := carry_out(form, lambda data: _start_required(version, data, by=request.user)):
        return _started(request, version, started)
    return form_page(request, form, "registry/evaluations/new.html", **runs.form_context(version, prescribed))


@login_required
def version_evaluate_freely(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for any evaluation, whether or not a policy judges it: `?evaluator=` says which, `&table=` on which table."""
    version = _version(request, pk)
    chooser = EvaluatorForm(_evaluator(request), href=request.path)
    if not chooser.is_valid():
        return _free_page(request, version, chooser, status=400 if request.method == "POST" else 200)
    form = _free_form(request, version, chooser.cleaned_data["evaluator"], **sent(request))
    if started := carry_out(form, lambda data: [_start_free(version, form, data, by=request.user)]):
        return _started(request, version, started)
    return _free_page(request, version, chooser, form)


def _evaluator(request: HttpRequest) -> Any:
    """The values in which an evaluator is named; None where none is."""
    return next((given for given in (request.POST, request.GET) if given.get("evaluator")), None)


def _free_form(request: HttpRequest, version: ModelVersion, evaluator: str, **bound: Any) -> FreeForm:
    chosen = TableForm(request.GET, version=version)
    table = chosen.cleaned_data.get("table") if chosen.is_valid() else None
    return FreeForm(**bound, version=version, evaluator=evaluator, table=table, person=request.user)


def _free_page(
    request: HttpRequest,
    version: ModelVersion,
    chooser: EvaluatorForm,
    form: FreeForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = runs.form_context(version, []) | runs.free_context(version, chooser, form) | {"is_free": True}
    if form is None:
        return render(request, "registry/evaluations/new.html", context, status=status)
    return form_page(request, form, "registry/evaluations/new.html", **context)


@login_required
def version_evaluate_table(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Bring the table first: its columns can then be chosen instead of typed. To load it anew is to begin anew."""
    version = _version(request, pk)
    if request.method != "POST":
        return redirect("version-evaluate-freely", pk=pk)
    chooser = EvaluatorForm(_evaluator(request), href=reverse("version-evaluate-freely", args=[pk]))
    form = TableForm(**sent(request), version=version)
    if chooser.is_valid() and (table := carry_out(form, lambda data: take_table(version, data, by=request.user))):
        query = urlencode({"evaluator": chooser.cleaned_data["evaluator"], "table": table.pk})
        return redirect(f"{reverse('version-evaluate-freely', args=[pk])}?{query}")
    if not chooser.is_valid():
        return _free_page(request, version, chooser, status=400)
    asked = _free_form(request, version, chooser.cleaned_data["evaluator"], **sent(request))
    return _free_page(request, version, chooser, asked.only_saying(form))


def take_table(version: ModelVersion, data: dict[str, Any], *, by: User, role: str = "table") -> Artifact | None:
    """The table that was sent, kept here; or the one that was chosen, or none."""
    if file := data.get(f"{role}_file"):
        return artifacts.store_artifact(version.team, files=[(file.name, file)], by=by)
    chosen: Artifact | None = data.get(role)
    return chosen


def _started(request: HttpRequest, version: ModelVersion, started: list[Evaluation]) -> HttpResponse:
    if len(started) == 1:
        return done(request, f"{evaluator_title(started[0].evaluator)} is queued.", "evaluation", pk=started[0].pk)
    return done(request, f"{len(started)} evaluations are queued.", "version-evidence", pk=version.pk)


def _inputs(version: ModelVersion, data: dict[str, Any], *, by: User) -> dict[str, Any]:
    tables = {role: take_table(version, data, by=by, role=role) for role in ("table", "reference")}
    given = {name: data.get(name) for name in ("baseline", "dataset_version")}
    return {**tables, **given}


def _inputs_for(required: RequiredEvaluation, inputs: dict[str, Any]) -> dict[str, Any]:
    """Of what was brought for several evaluations at once, what this one reads."""
    facts = describe(required.evaluator)
    unread = {"table", "reference", "baseline"} - file_roles(facts)
    unread |= {"dataset_version"} if "table" in unread else set()
    return {name: value for name, value in inputs.items() if name not in unread}


def _start_required(version: ModelVersion, data: dict[str, Any], *, by: User) -> list[Evaluation]:
    inputs = _inputs(version, data, by=by)
    wanted = [(required, _inputs_for(required, inputs)) for required in data["required"]]
    return evaluations.request_all_required(version, wanted, by=by)


def _start_free(version: ModelVersion, form: FreeForm, data: dict[str, Any], *, by: User) -> Evaluation:
    return evaluations.request_evaluation(version, **form.wanted(), **_inputs(version, data, by=by), by=by)


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
    path("versions/<uuid:pk>/evaluate/table/", version_evaluate_table, name="version-evaluate-table"),
    path("evaluations/<uuid:pk>/", evaluation, name="evaluation"),
    path("evaluations/<uuid:pk>/progress/", evaluation_progress, name="evaluation-progress"),
    path("evaluations/<uuid:pk>/cancel/", evaluation_cancel, name="evaluation-cancel"),
    path("evaluations/<uuid:pk>/retry/", evaluation_retry, name="evaluation-retry"),
]
