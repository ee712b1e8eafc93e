"""Run one evaluator on one subject: the path shared by the child process, the command line and notebooks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evaluators import rendering
from evaluators.budget import BUDGET_PARAMETERS
from evaluators.catalog import load, readings
from evaluators.contract import (
    OVERALL,
    ROLES,
    Evaluator,
    EvaluatorError,
    Evidence,
    Json,
    ParameterError,
    Progress,
    Reading,
    Subject,
    SubjectError,
    Undeclared,
    derive_seed,
    spec_digest,
)
from evaluators.inputs.files import has_model, has_role
from evaluators.models import opened
from evaluators.parameters import complete

# What each role of a file is, in the words of an error.
READS = {
    "table": "a table",
    "reference": "a second table, in the role of reference",
    "model": "a model",
    "baseline": "a second model, in the role of baseline",
}
HIGHEST = 0.9999
INSTEAD = {"baseline": ", and there is no other model, in the role of baseline"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    readings: tuple[Reading, ...]
    evidence: tuple[Evidence, ...]
    spec_hash: str
    subject_hash: str
    seed: int
    # How often models were asked and on which device, where any was opened: see `models/opened.py`.
    asked: Json = field(default_factory=dict)
    # What each metric is counted in.
    units: Mapping[str, str] = field(default_factory=dict)

    def reading(self, metric: str, part: str = OVERALL) -> Reading:
        """The reading of a metric, overall or on one slice. Raises EvaluatorError saying which there are."""
        parts = {reading.slice: reading for reading in self.readings if reading.metric == metric}
        if part in parts:
            return parts[part]
        there = sorted(parts) if parts else sorted({reading.metric for reading in self.readings})
        raise EvaluatorError(f"no reading of {metric!r} on {part!r}; there are {', '.join(there)}")

    def __str__(self) -> str:
        return rendering.readings(
            self.readings, self.evidence, self.spec_hash, self.subject_hash, self.seed, units=self.units
        )

    def _repr_pretty_(self, printer: Any, _is_cycle: bool) -> None:
        """What a notebook shows."""
        printer.text(str(self))


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
    if not 0.5 <= level <= HIGHEST:
        meant = f": write {level / 100:g} for {level:g} %" if 50 <= level < 100 else ""
        raise ParameterError(f"the level lies between 0.5 and {HIGHEST}, not at {level:g}{meant}")
    check_needs(evaluator, subject)
    completed = complete(evaluator.parameters, given)
    spec_hash = spec_digest(evaluator.id, evaluator.version, given, level)
    seed = _seed(evaluator, completed, level, subject)
    with opened.watched() as models:
        measured = evaluator.measure(subject, params=completed, seed=seed, progress=progress)
    progress(0.9, "summarising")
    found = readings(evaluator, measured.statistics, params=completed, level=level, seed=seed)
    _check_names(found)
    return Outcome(
        readings=tuple(replace(reading, seed=seed).sound() for reading in found),
        evidence=measured.evidence,
        spec_hash=spec_hash,
        subject_hash=subject.digest,
        seed=seed,
        asked=opened.totals(models),
        units={metric.id: metric.unit for metric in evaluator.metrics},
    )


def check_needs(evaluator: Evaluator, subject: Subject) -> None:
    """Raise Undeclared if a file or column that the evaluator can't do without is missing, before any is opened."""
    for role in evaluator.needs.get("files", ()):
        present = has_model(subject, role) if role in ("model", "baseline") else has_role(subject, role)
        if not present:
            given = ", ".join(sorted({key.partition("/")[0] for key in subject.files})) or "no files"
            raise Undeclared(f"{evaluator.id} reads {READS.get(role, role)}; the subject has {given}")
    for role in evaluator.needs.get("columns", ()):
        if role in ROLES and not subject.roles.get(role) and not (role == "baseline" and has_model(subject, role)):
            wanted = f"{evaluator.id} reads a column declared as {role}, {ROLES[role]}"
            raise Undeclared(f"{wanted}; none was{INSTEAD.get(role, '')}")


def _check_names(found: Sequence[Reading]) -> None:
    """Raise SubjectError if two readings couldn't be told apart."""
    times = Counter((reading.metric, reading.slice) for reading in found)
    for (metric, name), count in times.items():
        if count > 1:
            column, _, value = name.partition("=")
            raise SubjectError(
                f"two slices of {metric} are both called {name!r}; rename the column {column!r} or its value {value!r}"
            )


def _seed(evaluator: Evaluator, completed: Mapping[str, Any], level: float, subject: Subject) -> int:
    """One question, one draw: writing out a default, 1 for 1.0, other seconds or another order of groups buys none."""
    rules = evaluator.parameters
    asked = {
        name: float(value) if rules[name]["type"] == "number" else value
        for name, value in completed.items()
        if name not in BUDGET_PARAMETERS
    }
    same = replace(subject, groups=tuple(sorted(subject.groups)))
    return derive_seed(spec_digest(evaluator.id, evaluator.version, asked, level), same.digest)
