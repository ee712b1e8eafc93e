"""The child process as its parent sees it: a job goes in, lines come out."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evaluators
from evaluators.catalog import load
from evaluators.contract import spec_digest, subject_digest
from tests.evaluators.data import random_table, subject_dict, write_csv
from tests.evaluators.models.subjects import held, tiny

ROOT = Path(evaluators.__file__).resolve().parent.parent
COLUMNS = {"label": "label", "prediction": "prediction", "group": ["group"]}


def run(job: Any, *, text: str | None = None, **environment: str) -> tuple[list[dict[str, Any]], str]:
    """All events and stderr of one child with a minimal environment, far away from the code."""
    found = subprocess.run(
        [sys.executable, "-s", "-P", "-m", "evaluators.child"],
        input=json.dumps(job) if text is None else text,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), **environment},
        cwd="/",
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return [json.loads(line) for line in found.stdout.splitlines()], found.stderr


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    table = write_csv(tmp_path / "p.csv", random_table(np.random.default_rng(0), rows=400))
    subject = subject_dict(table, columns=COLUMNS, favourable="1", score_kind=None)
    return {
        "evaluator": "fairness.group",
        "version": load("fairness.group").version,
        "params": {},
        "level": 0.95,
        "subject": subject,
        "limits": {"memory_bytes": 2 << 30, "cpu_s": 60},
        "spec_hash": spec_digest("fairness.group", load("fairness.group").version, {}, 0.95),
        "subject_hash": subject_digest(subject),
    }


def test_progress_comes_first_and_exactly_one_result_last(job: dict[str, Any]) -> None:
    events, _ = run(job)
    assert [event["event"] for event in events[:-1]] == ["progress"] * (len(events) - 1)
    fractions = [event["fraction"] for event in events[:-1]]
    assert fractions == sorted(fractions)
    result = events[-1]
    assert result["event"] == "result"
    assert result["versions"]["numpy"] == np.__version__
    assert result["wall_s"] > 0
    assert result["peak_rss"] > 1 << 20


def test_a_reading_has_all_its_fields(job: dict[str, Any]) -> None:
    reading = run(job)[0][-1]["readings"][0]
    assert set(reading) == {
        *("metric", "slice", "status", "reason", "value", "low", "high", "level", "method", "n"),
        *("statistics", "detail", "p_value", "seed"),
    }


def test_the_same_job_gives_the_same_bytes(job: dict[str, Any]) -> None:
    first, second = (run(job)[0][-1]["readings"] for _ in range(2))
    assert first == second


def failure(job: Any, **more: Any) -> dict[str, Any]:
    events, _ = run(job, **more)
    assert events[-1]["event"] == "failure"
    assert [event["event"] for event in events].count("failure") == 1
    return events[-1]


def test_other_bytes_than_promised_are_a_failure(job: dict[str, Any]) -> None:
    with Path(job["subject"]["files"]["table"]["path"]).open("a", encoding="utf-8") as handle:
        handle.write("1,1,g0\n")
    found = failure(job)
    assert found["error"].startswith("SubjectError: p.csv: the content has SHA-256")
    assert found["where"].startswith("evaluators/inputs/files.py:")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"evaluator": "no.such"}, "UnknownEvaluator: no evaluator 'no.such'"),
        ({"version": "7"}, "UnknownEvaluator: fairness.group is at version 3"),
        ({"params": {"nonsense": 1}}, "ParameterError: unknown parameter 'nonsense'"),
        ({"level": 1.5}, "ParameterError: the level"),
        ({"spec_hash": "0" * 64}, "JobError: the job's spec_hash"),
        ({"subject_hash": "0" * 64}, "JobError: the job's subject_hash"),
        ({"subject": {"kind": "stream"}}, "SubjectError: subject kind 'stream'"),
    ],
)
def test_a_job_that_contradicts_itself_is_a_failure_in_words(job: dict[str, Any], change: dict, error: str) -> None:
    hashes = {} if set(change) & {"spec_hash", "subject_hash"} else {"spec_hash": None, "subject_hash": None}
    assert failure(job | hashes | change)["error"].startswith(error)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "JobError: the job is not JSON"),
        ("{", "JobError: the job is not JSON"),
        ("[]", "JobError: the job is not an object"),
        ('{"evaluator": "fairness.group"}', "JobError: the job has no version"),
        (" " * ((4 << 20) + 1), "JobError: the job is longer"),
    ],
)
def test_what_is_no_job_is_a_failure_in_words(text: str, error: str) -> None:
    assert failure(None, text=text)["error"].startswith(error)


def test_a_memory_limit_is_a_failure_and_not_a_crash(job: dict[str, Any], tmp_path: Path) -> None:
    rows = 400_000
    table = write_csv(tmp_path / "big.csv", {"label": [1] * rows, "prediction": [0] * rows, "group": range(rows)})
    subject = subject_dict(table, columns=COLUMNS, favourable="1")
    small = {"spec_hash": None, "subject_hash": None, "limits": {"memory_bytes": 220 << 20}}
    found = failure(job | small | {"subject": subject}, OPENBLAS_NUM_THREADS="1")
    assert "MemoryError" in found["error"]


def test_running_out_of_processor_time_ends_the_process(job: dict[str, Any], tmp_path: Path) -> None:
    rows = 1_500_000
    table = write_csv(tmp_path / "big.csv", {"label": [1] * rows, "prediction": [0] * rows, "group": [1] * rows})
    subject = subject_dict(table, columns=COLUMNS, favourable="1")
    job |= {"spec_hash": None, "subject_hash": None, "limits": {"cpu_s": 1}, "subject": subject}
    found = subprocess.run(
        [sys.executable, "-s", "-P", "-m", "evaluators.child"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert found.returncode != 0
    assert "result" not in found.stdout


def test_nothing_the_child_prints_can_be_taken_for_an_event(job: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import atexit; atexit.register(print, 'noise')")
    environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    events, stderr = run(job, **environment)
    assert events[-1]["event"] == "result"
    assert "noise" in stderr


def test_names_that_no_database_keeps_are_sent_in_other_letters(tmp_path: Path) -> None:
    """A hostile file could otherwise end every attempt to store what was found in it."""
    header = json.dumps({"w\0\ud800": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    model = tmp_path / "x.safetensors"
    model.write_bytes(len(header).to_bytes(8, "little") + header + b"\xff\xff\xff\x7f")
    events, _ = run({"evaluator": "security.model_file", "version": "2", "subject": subject_dict(model=model)})
    assert events[-1]["event"] == "result"
    found = json.dumps(events[-1], ensure_ascii=False)
    assert "w\ufffd\ufffd: NaN" in found
    assert "\\u0000" not in found


def test_a_library_that_panics_is_a_failure_of_the_measurement_and_says_so(tmp_path: Path) -> None:
    """What Rust raises when it gives up is no Exception, and a child that ends by it would be tried again in vain."""
    files = tiny()
    broken = json.loads(files["tokenizer.json"]) | {
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AA=="}
    }
    found = held(tmp_path, files | {"tokenizer.json": json.dumps(broken).encode()})
    parts = {role: vars(ref) for role, ref in found.files.items()}
    subject = {"kind": "files", "files": parts}
    events, _ = run({"evaluator": "efficiency.model", "version": "1", "subject": subject})
    assert events[-1]["event"] == "failure"
    assert "Panic" in events[-1]["error"]
    assert events[-1]["where"].startswith("evaluators/models/huggingface.py")
