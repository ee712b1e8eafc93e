"""A child that uses no time of the processor, and says nothing, is ended all the same."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from registry import tasks
from registry.services import evaluations, runs
from tests import make
from tests.databases import speaking_as
from tests.people import Cast


def start_sleeper(scratch: Path) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=scratch, start_new_session=True)


def test_a_child_that_waits_for_ever_is_ended_with_its_reason(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EVALUATION_WALL_SECONDS, settings.EVALUATION_BEAT_SECONDS = 0.3, 0.1
    monkeypatch.setattr(tasks, "start_child", start_sleeper)
    run = evaluations.request_evaluation(make.model_version(cast), evaluator="security.model_file", by=cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed is not None
        tasks.carry_out(claimed)
    run.refresh_from_db()
    assert (run.state, run.failure) == ("failed", "it was not done after 0.3 seconds")
