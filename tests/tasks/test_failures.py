"""An evaluator that can't measure says what is wrong, on which row and in which file, and the gate stays shut."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from registry import tasks
from registry.gates.verdict import Requirement
from registry.models import Evaluation, Measurement, ModelVersion
from registry.services import evaluations, runs, verdicts
from tests import make
from tests.databases import speaking_as
from tests.people import Cast

pytestmark = pytest.mark.django_db
ROWS = [(i % 2, i % 3 > 0, "ab"[i % 2]) for i in range(200)]
FAULTS: dict[str, tuple[tuple[object, ...], str]] = {
    "a missing prediction": ((1, "", "a"), "predictions.csv: row 3, column 'predicted': the prediction is missing"),
    "a cell too few": ((1, 1), "predictions.csv: row 3 has 2 values, the header has 3"),
}


def plain(rows: list[tuple[int, bool, str]]) -> list[tuple[int, int, str]]:
    return [(label, int(said), race) for label, said, race in rows]


def carried_out(version: ModelVersion, table: bytes, cast: Cast) -> Evaluation:
    """The prescribed run on this table, by the child process itself."""
    rows = make.held(version.team, files={"predictions.csv": table}, by=cast.ada)
    run = evaluations.request_required(version, make.prescription(version), table=rows, by=cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed
        tasks.carry_out(claimed)
    run.refresh_from_db()
    return run


def unmet(version: ModelVersion) -> list[Requirement]:
    decision = verdicts.review(version, to_stage=make.INFERENCE).decision
    return [item for item in decision.unmet if item.kind in ("evaluation", "threshold")]


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_an_evaluator_that_fails_names_the_place_yields_no_number_and_shuts_the_gate(cast: Cast, fault: str) -> None:
    row, message = FAULTS[fault]
    version = make.ready_version(cast)
    assert not unmet(version)
    run = carried_out(version, make.table([*plain(ROWS[:2]), row, *plain(ROWS[3:])]), cast)
    assert (run.state, run.attempt) == ("failed", 1)
    assert message in run.failure
    assert not Measurement.objects.filter(evaluation=run).exists()
    [shut] = unmet(version)
    assert (shut.kind, shut.outcome.value, shut.found) == ("evaluation", "undecided", str(run.pk))
    assert message in shut.found_text


def test_the_same_rows_without_the_fault_are_measured(cast: Cast) -> None:
    version = make.ready_version(cast)
    run = carried_out(version, make.table(plain(ROWS)), cast)
    assert run.state == "done"
    assert Measurement.objects.filter(evaluation=run, metric=make.RATIO, status="ok").exists()


def test_a_group_whose_name_no_row_could_hold_is_the_tables_fault_and_not_the_machinerys(cast: Cast) -> None:
    version = make.ready_version(cast)
    run = carried_out(version, make.table([(*row[:2], row[2] * 300) for row in plain(ROWS)]), cast)
    assert (run.state, run.attempt) == ("failed", 1)
    assert "a slice's name has 305 characters, and no more than 200 can be kept: race=" in run.failure
    assert not Measurement.objects.filter(evaluation=run).exists()


BEGINNING = """
import os, sys, time
print('{"event": "progress", "fraction": 0.0, "note": "opening the model"}', flush=True)
"""
ABORTING = f"""{BEGINNING}
os.close(1)
time.sleep(0.3)
print("terminate called in a thread", file=sys.stderr, flush=True)
os.abort()
"""
SILENT = f"{BEGINNING}os.close(1)\ntime.sleep(600)"


def broken(body: str, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    """A run whose child process is this program."""

    def start(_scratch: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", body],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    monkeypatch.setattr(tasks, "start_child", start)
    run = carried_out(make.ready_version(cast), make.table(plain(ROWS)), cast)
    assert run.state == "queued"
    return run


def test_a_process_that_a_library_ends_is_told_of_in_words(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    told, said = broken(ABORTING, cast, monkeypatch).failure.splitlines()
    assert told == "the process that measured was ended by signal 6 (Aborted); it was last at: opening the model"
    assert said == "terminate called in a thread"


def test_a_process_that_stops_talking_and_goes_on_is_ended(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EVALUATION_BEAT_SECONDS = 0.5
    [told] = broken(SILENT, cast, monkeypatch).failure.splitlines()
    assert told.startswith("the process that measured fell silent before it was done, and was ended; it was last at: ")


def test_a_run_that_is_done_has_nothing_left_of_an_attempt_that_broke_down(cast: Cast) -> None:
    version = make.ready_version(cast)
    run = make.requested(version, by=cast.ada)
    with speaking_as("assay_worker"):
        first = runs.claim(run.pk, worker="test")
        assert first
        runs.give_up(first, failure="the process that measured was ended by signal 9 (Killed)")
        second = runs.claim(run.pk, worker="test")
        assert second
        assert runs.finish(second, readings=[make.reading()], evidence=(), environment={})
    run.refresh_from_db()
    assert (run.state, run.attempt, run.failure) == ("done", 2, "")
