"""The process that runs one evaluation: a job as JSON on stdin, events as JSON lines on stdout.

    python -s -P -m evaluators.child

Zero or more `progress` events are followed by exactly one `result` or `failure`, and the exit status is 0 for both.
Any other exit is a failure of the machinery, not of the evaluation. Libraries that print end up on stderr.
Importing this module loads the standard library only; numpy and the rest come with the evaluator, under the limits.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from evaluators import limits
from evaluators.contract import EvaluatorError, Json, Subject, canonical, spec_digest
from evaluators.evaluate import evaluate
from evaluators.libraries import loaded_versions

ROOT = Path(__file__).resolve().parent.parent
MAX_JOB_CHARACTERS = 4 << 20
QUIET = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "MPLBACKEND": "Agg"}
# Threads that wait for the others sleep: spinning ones take the processor from whatever else runs, this child included.
FAIR = {"OMP_WAIT_POLICY": "PASSIVE"}


class JobError(EvaluatorError):
    """The job itself is malformed or contradicts itself."""


def main() -> int:
    """Read the job, keep the limits, run it, report."""
    started = time.monotonic()
    limits.end_with_parent()
    events = _events()
    try:
        job = _read_job(sys.stdin)
        limits.apply(job.get("limits") or {})
        event = _run(job, events)
        canonical(_storable(event))  # what JSON can't hold must fail here, not while it is being sent
    # The one place where everything is caught: the parent must be told in every case.
    # Libraries in Rust panic beside Exception, and what exits without a word would look like a success.
    except BaseException as error:  # noqa: BLE001 reported as a failure event
        event = {"event": "failure", "error": f"{type(error).__name__}: {error}", "where": _where(error)}
        traceback.print_exc()
    event |= {"wall_s": round(time.monotonic() - started, 3), "peak_rss": limits.peak_rss_bytes()}
    _emit(events, event)
    return 0


def _run(job: Mapping[str, Any], events: TextIO) -> Json:
    subject = Subject.from_dict(job["subject"])
    spec_hash = spec_digest(job["evaluator"], job["version"], job["params"], job["level"])
    _agree("spec_hash", job.get("spec_hash"), spec_hash)
    _agree("subject_hash", job.get("subject_hash"), subject.digest)
    outcome = evaluate(
        job["evaluator"],
        subject,
        params=job["params"],
        level=job["level"],
        version=job["version"],
        progress=lambda fraction, note: _emit(events, {"event": "progress", "fraction": fraction, "note": note}),
    )
    return {
        "event": "result",
        "readings": [reading.as_dict() for reading in outcome.readings],
        "evidence": [vars(item) for item in outcome.evidence],
        "versions": loaded_versions(),
        **outcome.asked,
    }


def _events() -> TextIO:
    """The real stdout for events, with file descriptor 1 turned to stderr for everybody else."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ.update(QUIET | FAIR)
    return events


def _emit(events: TextIO, event: Json) -> None:
    events.write(canonical(_storable(event)).decode() + "\n")
    events.flush()


def _storable(value: Any) -> Any:
    """The same with U+FFFD for what no database keeps in text: NUL, and halves of surrogate pairs.

    Names in a hostile file could hold them, and what was found in it could then never be stored.
    """
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {_storable(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value


def _read_job(stream: TextIO) -> Json:
    text = stream.read(MAX_JOB_CHARACTERS + 1)
    if len(text) > MAX_JOB_CHARACTERS:
        raise JobError(f"the job is longer than {MAX_JOB_CHARACTERS:,} characters")
    try:
        job = json.loads(text)
    except ValueError as error:
        raise JobError(f"the job is not JSON ({error})") from error
    if not isinstance(job, dict):
        raise JobError("the job is not an object")
    missing = [key for key in ("evaluator", "version", "subject") if key not in job]
    if missing:
        raise JobError(f"the job has no {missing[0]}")
    return {"params": {}, "level": 0.95, **job}


def _agree(name: str, given: str | None, found: str) -> None:
    if given is not None and given != found:
        raise JobError(f"the job's {name} is {given[:12]}…, but what it describes has {found[:12]}…")


def _where(error: BaseException) -> str:
    """The last place in this package the error passed through."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT / "evaluators"):
            return f"{path.relative_to(ROOT)}:{frame.lineno} in {frame.name}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
