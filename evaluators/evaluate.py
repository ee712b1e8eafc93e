"""Run one evaluator on one subject: the path shared by the child process, the command line and notebooks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from evaluators.catalog import load
from evaluators.contract import (
    Evidence,
    ParameterError,
    Progress,
    Reading,
    Subject,
    SubjectError,
    derive_seed,
    spec_digest,
)
from evaluators.parameters import complete


@dataclass(frozen=True, kw_only=True)
class Outcome:
    readings: tuple[Reading, ...]
    evidence: tuple[Evidence, ...]
    spec_hash: str
    subject_hash: str
    seed: int


def silent(_fraction: float, _note: str) -> None:
    """Progress nobody watches."""


def evaluate(
    evaluator_id: str,
    subject: Subject,
    *,
    params: Mapping[str, Any] | None = None,
    level: float = 0.95,
    version: str | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Measure and summarise. Raises EvaluatorError if the request or the subject can't be used."""
    evaluator = load(evaluator_id, version)
    given = dict(params or {})
    if not 0.5 <= level < 1:
        raise ParameterError(f"the level lies between 0.5 and 1, not at {level!r}")
    if subject.kind == "files" and "table" in evaluator.needs["files"]:
        raise SubjectError(f"{evaluator_id} reads a table; the subject is {subject.kind}")
    completed = complete(evaluator.parameters, given)
    spec_hash = spec_digest(evaluator.id, evaluator.version, given, level)
    seed = derive_seed(spec_hash, subject.digest)
    measured = evaluator.measure(subject, params=completed, seed=seed, progress=progress)
    progress(0.9, "summarising")
    readings = evaluator.summarise(measured.statistics, params=completed, level=level, seed=seed)
    return Outcome(
        readings=tuple(replace(reading, seed=seed).sound() for reading in readings),
        evidence=measured.evidence,
        spec_hash=spec_hash,
        subject_hash=subject.digest,
        seed=seed,
    )
