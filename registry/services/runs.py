"""The worker's and the reaper's side of a run: claim, sign of life, end. Every step is a compare-and-set on the row.

Only the database's clock counts. Whoever changes no row has lost the run and goes home.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from evaluators.catalog import EVALUATORS, describe
from evaluators.contract import spec_digest
from registry.models import Evaluation
from registry.models.choices import RunState
from registry.models.gate_inputs import database_now
from registry.queue import RUN_EVALUATION, publish
from registry.services import audit, verdicts
from registry.services.inputs import features_of, files_of, subject_kind
from registry.services.readings import store_readings
from registry.services.specs import prescribed_digest

logger = logging.getLogger(__name__)
# What a service writes of a subject; the files come from the row's own keys.
SUBJECT = frozenset({"columns", "favourable", "score_kind", "kind", "features"})
LEASE = "clock_timestamp() + make_interval(secs => %s)"


def claim(pk: UUID, *, worker: str) -> Evaluation | None:
    """Take a queued run, or one whose lease has lapsed; None if somebody else has it or its attempts are used up."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""update evaluation set state = 'running', attempt = attempt + 1, worker = %s, lease_until = {LEASE},
                progress = 0, progress_note = '', started_at = clock_timestamp()
                where id = %s and attempt < max_attempts
                and (state = 'queued' or (state = 'running' and lease_until < clock_timestamp()))""",  # noqa: S608 - constants only
            [worker, settings.EVALUATION_LEASE_SECONDS, pk],
        )
        won = cursor.rowcount == 1
    related = ("version__team", "version__artifact", "table", "reference", "baseline__artifact")
    return Evaluation.objects.select_related(*related).get(pk=pk) if won else None


def beat(run: Evaluation, *, progress: float, note: str) -> bool:
    """Renew the lease and show the progress; False when the run was cancelled or another attempt has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""update evaluation set lease_until = {LEASE}, progress = %s, progress_note = %s
                where id = %s and attempt = %s and state = 'running'""",  # noqa: S608 - constants only
            [settings.EVALUATION_LEASE_SECONDS, min(max(progress, 0.0), 1.0), note[:200], run.pk, run.attempt],
        )
        return bool(cursor.rowcount == 1)


def job(run: Evaluation) -> dict[str, Any]:
    """What the child is told: paths by digest, columns, parameters. No secret and no database address."""
    return {
        "evaluator": run.evaluator,
        "version": run.evaluator_version,
        "params": run.parameters,
        "level": run.level,
        "subject": {**run.subject, "files": files_of(run)},
        "spec_hash": spec_digest(run.evaluator, run.evaluator_version, run.parameters, run.level),
        "limits": {"memory_bytes": settings.EVALUATION_MEMORY_BYTES, "cpu_s": settings.EVALUATION_CPU_SECONDS},
    }


def is_what_it_claims(run: Evaluation) -> bool:
    """Whether the digest that ties the run to a policy's demand is that of what will really be run.

    Beside what the digest covers, the version's files are measured and nothing else, such as an address; and a model is
    given no other columns than those that it names as features.
    """
    found = prescribed_digest(
        run.evaluator, version=run.evaluator_version, parameters=run.parameters, reads=run.subject, level=run.level
    )
    return found == run.spec_digest and (run.evaluator not in EVALUATORS or _is_as_asked(run))


def _is_as_asked(run: Evaluation) -> bool:
    """Whether the subject is what a request with these inputs has. A row may have been written past the service."""
    facts, subject = describe(run.evaluator), run.subject
    kind = subject_kind(run.version, facts, subject, table=run.table)
    is_known = subject.keys() <= SUBJECT and subject.get("kind") == kind
    return is_known and subject.get("features") in (None, [], features_of(facts, subject))


def finish(
    run: Evaluation,
    *,
    readings: Sequence[Mapping[str, Any]],
    evidence: Sequence[Mapping[str, Any]],
    environment: Mapping[str, Any],
) -> bool:
    """Store a run's result, whole, if this attempt still holds it; False and nothing written if not."""
    with transaction.atomic():
        won = Evaluation.objects.filter(pk=run.pk, attempt=run.attempt, state=RunState.RUNNING).update(
            state=RunState.DONE,
            lease_until=None,
            progress=1,
            progress_note="",
            # What an earlier attempt broke down by.
            failure="",
            environment=dict(environment),
        )
        if not won:
            return False
        known = {metric["id"] for metric in describe(run.evaluator)["metrics"]}
        store_readings(run, readings, known=known, evidence=evidence)
        audit.record(
            "evaluation.finished",
            subject=run,
            actor=None,
            team=run.version.team,
            detail={"attempt": run.attempt, "readings": len(readings)},
        )
        verdicts.refresh(run.version)
    return True


def fail(run: Evaluation, *, failure: str) -> bool:
    """End a run that can't be measured: what was wrong is the evaluator's or the input's own word."""
    with transaction.atomic():
        won = Evaluation.objects.filter(pk=run.pk, attempt=run.attempt, state=RunState.RUNNING).update(
            state=RunState.FAILED, lease_until=None, failure=failure[-64_000:], finished_at=database_now()
        )
        if won:
            audit.record(
                "evaluation.failed", subject=run, actor=None, team=run.version.team, detail={"why": failure[-500:]}
            )
            verdicts.refresh(run.version)
    return bool(won)


def give_up(run: Evaluation, *, failure: str) -> None:
    """This attempt broke down. The run goes back to the queue, or ends if its attempts are used up."""
    state = RunState.QUEUED if run.attempt < run.max_attempts else RunState.FAILED_INFRA
    with transaction.atomic():
        won = Evaluation.objects.filter(pk=run.pk, attempt=run.attempt, state=RunState.RUNNING).update(
            state=state, lease_until=None, published_at=None, failure=failure[-64_000:]
        )
        if won and state == RunState.FAILED_INFRA:
            _end(run, "evaluation.failed")


def reap() -> dict[str, int]:
    """Mend what was lost: publish again what nobody claimed, end what is spent or cancelled. Counts by kind."""
    counts = {"published": 0, "failed": 0, "cancelled": 0}
    now = database_now()
    lapsed = Evaluation.objects.filter(lease_until__lt=now).select_related("version__team")
    for run in lapsed.filter(state=RunState.CANCELLING):
        counts["cancelled"] += _settle(run, RunState.CANCELLED, "evaluation.cancelled")
    for run in lapsed.filter(state=RunState.RUNNING):
        if run.attempt >= run.max_attempts:
            counts["failed"] += _settle(run, RunState.FAILED_INFRA, "evaluation.failed")
        else:
            counts["published"] += _publish_again(run)
    for run in Evaluation.objects.filter(state=RunState.QUEUED):
        if now - (run.published_at or run.requested_at) > patience(run.publications):
            counts["published"] += _publish_again(run)
    return counts


def patience(publications: int) -> timedelta:
    """How long a published run may wait unclaimed before it is published again: 15 s, 30 s, 60 s … 5 min."""
    return timedelta(seconds=min(15 * 2 ** min(publications, 5), 300))


def _publish_again(run: Evaluation) -> int:
    Evaluation.objects.filter(pk=run.pk).update(published_at=database_now(), publications=run.publications + 1)
    return int(publish(RUN_EVALUATION, run.pk, queue=run.queue))


def _settle(run: Evaluation, state: str, verb: str) -> int:
    with transaction.atomic():
        won = Evaluation.objects.filter(pk=run.pk, attempt=run.attempt, state=run.state).update(
            state=state, lease_until=None
        )
        if won:
            _end(run, verb)
    return won


def settle_cancelled(run: Evaluation) -> None:
    """The worker has stopped a run that was being cancelled."""
    run.state = RunState.CANCELLING
    _settle(run, RunState.CANCELLED, "evaluation.cancelled")


def _end(run: Evaluation, verb: str) -> None:
    audit.record(verb, subject=run, actor=None, team=run.version.team, detail={"attempt": run.attempt})
    verdicts.refresh(run.version)
