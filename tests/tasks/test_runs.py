"""An evaluation runs in a process of its own, and what happens to processes leaves nothing half-written."""

import contextlib
import os
import signal

import psutil
import pytest

from registry.models import AuditEvent, Evaluation, Measurement
from registry.queue import RUN_EVALUATION, publish
from registry.services import evaluations
from tests import make
from tests.tasks.conftest import Floor, kill_all, only_attempt

pytestmark = pytest.mark.chaos


def test_a_run_is_done_by_a_child_that_knows_no_secret(floor: Floor) -> None:
    floor.worker()
    floor.reaper()
    run = floor.slow_run()
    child = floor.child(run)
    surroundings = child.environ()
    assert not {"DATABASE_URL", "BROKER_URL", "SECRET_KEY", "OWNER_DATABASE_URL"} & set(surroundings)
    assert not any("assay_worker" in value or "redis" in value for value in surroundings.values())
    assert os.getsid(child.pid) == child.pid
    open_files = [file.path for file in child.open_files()]
    assert not any("server" in path or "passwords" in path for path in open_files), open_files
    assert floor.is_shut()
    floor.wait_for(run, "done")
    stored = Measurement.objects.filter(evaluation=run)
    assert set(stored.values_list("assurance", flat=True)) == {"platform-run"}
    assert stored.filter(metric=make.RATIO, status="ok", low__isnull=False).exists()
    assert run.environment["wall_s"] > 0
    assert AuditEvent.objects.filter(verb="evaluation.finished", subject_id=str(run.pk)).count() == 1


def test_progress_is_shown_while_it_runs(floor: Floor) -> None:
    floor.worker()
    floor.reaper()
    run = floor.slow_run()
    floor.wait(lambda: floor.state(run) == "running" and run.progress_note)
    assert 0 <= run.progress <= 1
    floor.wait_for(run, "done")
    assert run.progress == 1


def test_a_child_that_is_killed_is_replaced_and_leaves_no_measurement(floor: Floor) -> None:
    floor.worker()
    floor.reaper()
    run = floor.slow_run()
    floor.child(run).kill()
    floor.wait(lambda: floor.state(run) == "queued" or run.attempt == 2)
    assert Measurement.objects.filter(evaluation=run).count() == 0
    assert floor.is_shut()
    floor.wait_for(run, "done")
    assert (run.attempt, only_attempt(run)) == (2, 2)
    assert Evaluation.objects.filter(version=floor.version, state="done").count() == 1


def test_a_worker_that_is_killed_is_made_good_by_the_reaper(floor: Floor) -> None:
    worker = floor.worker()
    floor.reaper()
    run = floor.slow_run()
    floor.child(run)
    kill_all(worker)
    assert floor.state(run) == "running"
    assert floor.is_shut()
    floor.worker()
    floor.wait_for(run, "done")
    assert (run.attempt, only_attempt(run)) == (2, 2)
    assert AuditEvent.objects.filter(verb="evaluation.finished", subject_id=str(run.pk)).count() == 1


def test_an_attempt_that_was_frozen_past_its_lease_changes_nothing(floor: Floor) -> None:
    frozen = floor.worker()
    floor.reaper()
    run = floor.slow_run()
    floor.child(run)
    os.killpg(frozen.pid, signal.SIGSTOP)
    for child in floor.children():
        child.suspend()
    floor.worker()
    floor.wait_for(run, "done")
    os.killpg(frozen.pid, signal.SIGCONT)
    for child in floor.children():
        with contextlib.suppress(psutil.NoSuchProcess):  # its worker, awake again, may have ended it first
            child.resume()
    floor.wait(lambda: not floor.children())
    assert floor.state(run) == "done"
    assert (run.attempt, only_attempt(run)) == (2, 2)


def test_a_broker_that_comes_back_empty_loses_no_run(floor: Floor) -> None:
    runs = [floor.ask(make.table([(1, 1, "a"), (0, 0, "b")] * (100 + number))) for number in range(5)]
    floor.broker.stop()
    late = floor.ask(make.table([(1, 1, "a"), (0, 1, "b")] * 100))
    assert floor.state(late) == "queued"
    floor.broker.start()
    floor.worker()
    floor.reaper()
    for run in [*runs, late]:
        floor.wait_for(run, "done", "failed")
        assert (run.state, run.attempt, only_attempt(run)) == ("done", 1, 1)


def test_an_id_that_arrives_five_times_is_run_once(floor: Floor) -> None:
    run = floor.ask(make.table([(1, 1, "a"), (0, 0, "b")] * 200))
    for _ in range(5):
        assert publish(RUN_EVALUATION, run.pk, queue="cpu")
    floor.worker()
    other = floor.ask(make.table([(1, 1, "a"), (0, 0, "b")] * 201))
    floor.wait_for(other, "done")
    assert floor.state(run) == "done"
    assert (run.attempt, only_attempt(run)) == (1, 1)


def test_a_cancelled_run_stops_and_stores_nothing(floor: Floor) -> None:
    floor.worker()
    floor.reaper()
    run = floor.slow_run()
    child = floor.child(run)
    evaluations.cancel_evaluation(run, by=floor.cast.ada)
    floor.wait_for(run, "cancelled")
    floor.wait(lambda: not child.is_running())
    assert Measurement.objects.filter(evaluation=run).count() == 0
    assert run.attempt == 1


def test_a_run_that_kills_every_child_ends_after_three_attempts_and_the_queue_goes_on(floor: Floor) -> None:
    floor.worker(ASSAY_EVALUATION_CPU_SECONDS="1")
    floor.reaper()
    poison = floor.slow_run()
    good = floor.ask(make.table([(1, 1, "a"), (0, 0, "b")] * 100))
    floor.wait_for(poison, "failed_infra")
    assert poison.attempt == 3
    assert "the process that measured was ended by signal" in poison.failure
    assert Measurement.objects.filter(evaluation=poison).count() == 0
    floor.wait_for(good, "done", "failed_infra")


def test_a_table_that_cannot_be_measured_fails_at_once_with_its_reason(floor: Floor) -> None:
    floor.worker()
    floor.reaper()
    run = floor.ask(b"approved,race\n1,a\n")
    floor.wait_for(run, "failed")
    assert run.attempt == 1
    assert "predicted" in run.failure


def test_a_run_under_a_borrowed_specification_is_never_measured(floor: Floor) -> None:
    asked = floor.ask(make.table())
    evaluations.cancel_evaluation(asked, by=floor.cast.ada)
    asked.pk, asked.state, asked.key, asked.attempt = None, "queued", "other", 0
    asked.subject = asked.subject | {"favourable": "0"}
    asked._state.adding = True
    forged = Evaluation(
        **{f.attname: getattr(asked, f.attname) for f in Evaluation._meta.concrete_fields if f.name != "id"}
    )
    forged.save(force_insert=True)
    assert publish(RUN_EVALUATION, forged.pk, queue="cpu")
    floor.worker()
    floor.wait_for(forged, "failed")
    assert "specification" in forged.failure
