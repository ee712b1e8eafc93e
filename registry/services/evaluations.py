"""Asking for evaluations, cancelling and repeating them, and taking in results that a pipeline computed itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from django.conf import settings
from django.db import IntegrityError, transaction

from evaluators.catalog import EVALUATORS, describe
from registry import policies, queue
from registry.cards.canonical import digest
from registry.exceptions import InvalidInput, NotNow, NotPermitted
from registry.models import Evaluation, ModelVersion, RequiredEvaluation, User
from registry.models.choices import Assurance, RunState
from registry.services import audit, verdicts
from registry.services.inputs import Brought, Inputs, features_of, problems, subject_kind
from registry.services.readings import store_readings
from registry.services.specs import Specification, normal_reads, parameter_problems


def request_evaluation(
    version: ModelVersion,
    *,
    evaluator: str,
    by: User,
    parameters: Mapping[str, Any] | None = None,
    reads: Mapping[str, Any] | None = None,
    level: float = 0.95,
    **brought: Unpack[Brought],
) -> Evaluation:
    """Queue a run on the version's files and on what is brought for it; its id goes to a worker after the commit.

    Asking again for what is queued or running gives that run. InvalidInput says what is missing or doesn't fit.
    """
    with audit.acting("evaluation.requested", by=by, on=version):
        if not policies.may_evaluate(by, version.team):
            raise NotPermitted(f"{by} may not evaluate {version}.")
        facts, spec = _specify(version, evaluator, parameters=parameters, reads=reads, level=level)
        inputs = Inputs(**brought)
        if errors := problems(version, facts, inputs, spec.reads):
            raise InvalidInput("The run can't be asked for like this.", errors=errors)
        kind = subject_kind(version, facts, spec.reads, table=inputs.table)
        given = features_of(facts, spec.reads) if kind == "model" else []
        subject = {**spec.reads, "kind": kind, "features": given}
        run = Evaluation(
            **spec.as_columns(),
            **inputs.as_brought(),
            version=version,
            subject=subject,
            key=digest([spec.digest, subject, str(version.pk), *inputs.digests(version)]),
            queue=_queue(facts["queue"]),
            requested_by=by,
        )
        return _insert(run, by=by)


def _specify(
    version: ModelVersion,
    evaluator: str,
    *,
    parameters: Mapping[str, Any] | None,
    reads: Mapping[str, Any] | None,
    level: float,
) -> tuple[dict[str, Any], Specification]:
    """The evaluator's facts and what exactly is asked of it; a refusal for what can't be asked of this version."""
    if version.root_digest is None:
        raise NotNow(f"{version} has no files or digests to measure. Attach them first.")
    facts, parameters = _facts(evaluator), dict(parameters or {})
    if wrong := parameter_problems(evaluator, parameters):
        raise InvalidInput(f"{evaluator} can't be asked with these parameters.", errors=wrong)
    return facts, Specification(
        evaluator=evaluator,
        version=facts["version"],
        parameters=parameters,
        reads=normal_reads(reads or {}),
        level=level,
    )


def _insert(run: Evaluation, *, by: User) -> Evaluation:
    try:
        with transaction.atomic():
            run.save(force_insert=True)
            audit.record(
                "evaluation.requested",
                subject=run,
                actor=by,
                team=run.version.team,
                detail={"evaluator": run.evaluator, "version": str(run.version)},
            )
    except IntegrityError as error:
        if "one_live_run_per_key" not in str(error):
            raise
        live = Evaluation.objects.filter(key=run.key, state__in=Evaluation.LIVE).first()
        # The other one may have ended meanwhile; its key is free then.
        return live or _insert(run, by=by)
    verdicts.refresh(run.version)
    queue.enqueue(queue.RUN_EVALUATION, run.pk, queue=run.queue)
    return run


def request_required(
    version: ModelVersion,
    required: RequiredEvaluation,
    *,
    by: User,
    **brought: Unpack[Brought],
) -> Evaluation:
    """Queue exactly the run that a policy prescribes; NotNow where no run of the installed evaluator could be that."""
    installed = _facts(required.evaluator)["version"]
    if required.evaluator_version != installed:
        asked = f"The policy asks for {required.evaluator} {required.evaluator_version}, and {installed} is installed"
        raise NotNow(f"{asked}: no run can answer it. Write a new revision of the policy.")
    return request_evaluation(
        version,
        evaluator=required.evaluator,
        parameters=required.parameters,
        reads=required.reads,
        level=required.level,
        by=by,
        **brought,
    )


def request_all_required(
    version: ModelVersion, wanted: Sequence[tuple[RequiredEvaluation, Brought]], *, by: User
) -> list[Evaluation]:
    """Queue several runs that a policy prescribes, each with what is brought for it: all of them or none."""
    with audit.acting("evaluation.requested", by=by, on=version):
        return [request_required(version, required, by=by, **brought) for required, brought in wanted]


def cancel_evaluation(run: Evaluation, *, by: User) -> Evaluation:
    """Stop a run: a queued one at once, a running one at its worker's next sign of life."""
    with audit.acting("evaluation.cancelled", by=by, on=run):
        if not policies.may_evaluate(by, run.version.team):
            raise NotPermitted(f"{by} may not cancel this run.")
        won = Evaluation.objects.filter(pk=run.pk, state=RunState.QUEUED).update(state=RunState.CANCELLED)
        won = won or Evaluation.objects.filter(pk=run.pk, state=RunState.RUNNING).update(state=RunState.CANCELLING)
        run.refresh_from_db()
        if not won:
            raise NotNow(f"It is {run.get_state_display().lower()}; there is nothing to cancel.")
        audit.record("evaluation.cancelled", subject=run, actor=by, team=run.version.team)
        verdicts.refresh(run.version)
    return run


def retry_evaluation(run: Evaluation, *, by: User) -> Evaluation:
    """Ask for the same run again, as a new one. The old one stays as it ended."""
    with audit.acting("evaluation.requested", by=by, on=run.version):
        if not policies.may_evaluate(by, run.version.team):
            raise NotPermitted(f"{by} may not evaluate {run.version}.")
        if not run.is_over:
            raise NotNow(f"It is {run.get_state_display().lower()}; wait for it or cancel it.")
        if run.assurance == Assurance.SELF_REPORTED:
            raise NotNow("It was measured elsewhere, so it can't be repeated here. Ask for an evaluation instead.")
    reads = {key: run.subject[key] for key in ("columns", "favourable", "score_kind") if key in run.subject}
    return request_evaluation(
        run.version,
        evaluator=run.evaluator,
        parameters=run.parameters,
        reads=reads,
        level=run.level,
        by=by,
        **Inputs.of(run).as_brought(),
    )


def report_readings(
    version: ModelVersion,
    *,
    evaluator: str,
    readings: Sequence[Mapping[str, Any]],
    by: User,
    parameters: Mapping[str, Any] | None = None,
    reads: Mapping[str, Any] | None = None,
    level: float = 0.95,
) -> Evaluation:
    """Take in what a pipeline measured itself, marked self-reported: it never meets a rule that asks for more."""
    with audit.acting("evaluation.reported", by=by, on=version):
        if not policies.may_contribute(by, version.team):
            raise NotPermitted(f"{by} may not report measurements of {version}.")
        facts, spec = _specify(version, evaluator, parameters=parameters, reads=reads, level=level)
        run = Evaluation.objects.create(
            **spec.as_columns(),
            version=version,
            subject={**spec.reads, "kind": "reported"},
            assurance=Assurance.SELF_REPORTED,
            state=RunState.DONE,
            requested_by=by,
            progress=1,
            key=digest([str(version.pk), "reported", [dict(reading) for reading in readings]]),
        )
        store_readings(run, readings, known={metric["id"] for metric in facts["metrics"]})
        audit.record(
            "evaluation.reported", subject=run, actor=by, team=version.team, detail={"readings": len(readings)}
        )
        verdicts.refresh(version)
    return run


def _facts(evaluator: str) -> dict[str, Any]:
    if evaluator not in EVALUATORS:
        raise InvalidInput(
            f"There is no evaluator {evaluator!r}.", errors={"evaluator": [f"one of {', '.join(sorted(EVALUATORS))}"]}
        )
    return describe(evaluator)


def _queue(wanted: str) -> str:
    return wanted if wanted in settings.EVALUATION_QUEUES else str(settings.EVALUATION_QUEUES[0])
