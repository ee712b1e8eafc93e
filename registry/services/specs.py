"""What exactly is measured: the digest that ties a policy's demand to a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.catalog import load
from evaluators.contract import ParameterError, spec_digest
from evaluators.parameters import complete


def prescribed_digest(
    evaluator: str, *, version: str, parameters: Mapping[str, Any], reads: Mapping[str, Any], level: float
) -> str:
    """SHA-256 over evaluator, version, parameters, level, and what it reads.

    The columns and the favourable value are part of it: a run that reads other groups than the policy prescribes, or
    calls the other outcome favourable, answers another question.
    """
    return spec_digest(evaluator, version, {"parameters": dict(parameters), "reads": normal_reads(reads)}, level)


def normal_reads(reads: Mapping[str, Any]) -> dict[str, Any]:
    """The same, however it was written: one group column or a list of one, a number or its text."""
    columns = dict(reads.get("columns") or {})
    if "group" in columns:
        group = columns["group"]
        columns["group"] = [group] if isinstance(group, str) else sorted(group)
    # The order of other roles' columns can matter: it is that of the classes.
    named = {
        role: n[0] if role != "group" and isinstance(n, list) and len(n) == 1 else n for role, n in columns.items()
    }
    plain: dict[str, Any] = {"columns": dict(sorted(named.items()))}
    if reads.get("favourable") is not None:
        plain["favourable"] = str(reads["favourable"])
    if reads.get("score_kind"):
        plain["score_kind"] = str(reads["score_kind"])
    return plain


def parameter_problems(evaluator: str, parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with each parameter: one that is unknown, of the wrong type, or out of its bounds."""
    rules = load(evaluator).parameters
    found: dict[str, list[str]] = {}
    for name, value in parameters.items():
        try:
            complete(rules, {name: value})
        except ParameterError as error:
            found[name] = [str(error) if name in rules else "unknown"]
    return found


@dataclass(frozen=True, kw_only=True)
class Specification:
    """An evaluator in one version, with its parameters, what it reads and the level of its intervals."""

    evaluator: str
    version: str
    parameters: Mapping[str, Any]
    reads: Mapping[str, Any]
    level: float

    @property
    def digest(self) -> str:
        """What ties a run to a policy's demand."""
        return prescribed_digest(
            self.evaluator, version=self.version, parameters=self.parameters, reads=self.reads, level=self.level
        )

    def as_columns(self) -> dict[str, Any]:
        """The same as the columns of an evaluation's row."""
        return {
            "evaluator": self.evaluator,
            "evaluator_version": self.version,
            "parameters": dict(self.parameters),
            "level": self.level,
            "spec_digest": self.digest,
        }
