"""What every evaluator keeps: the records, their digests and the three steps. Standard library only.

An evaluator *measures* (touches files and models, yields statistics), then *summarises* (statistics to readings).
Judging a reading against a limit is not done in this package.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

OVERALL = "overall"
WORST = "worst"
SCORE_KINDS = ("label", "probability", "logit", "margin")
SUBJECT_KINDS = ("table", "model", "files", "endpoint", "memory")
# Roles that columns can play, beside label, prediction, score and group.
ROLES: Mapping[str, str] = {
    "text": "the text that the model reads",
    "baseline": "what the other model predicted",
    "compressed": "what further compressed models predicted, one column per model",
    "probability": "the probability of a class, one column per class",
    "baseline_probability": "the same of the other model",
    "cluster": "which rows belong together: the same person, document or template",
    "weight": "how much a row counts",
    "time": "when: a number or a date, rows in order",
    "split": "which part of the data the row belongs to",
    "member": "whether the model was trained on the row",
    "reference": "the score of a model that was not trained on the row, one column per model",
    "lower": "the lower end of a predicted interval",
    "upper": "the upper end of a predicted interval",
    "spread": "the standard deviation that was predicted",
    "quasi": "what an intruder may know of a person",
    "sensitive": "what an intruder wants to learn",
    "feature": "what the model or the check reads",
    "output": "the text that the model wrote",
}

Json = dict[str, Any]
Progress = Callable[[float, str], None]


class EvaluatorError(Exception):
    """The request can't be measured; the message says why in words for the person who asked."""


class SubjectError(EvaluatorError):
    """A file of the subject can't be used; the message names the file and, where there is one, row and column."""


class Undeclared(SubjectError):
    """A file, a model or a column that is read wasn't given; the message says which, and what would do instead."""


class ParameterError(EvaluatorError):
    """A parameter is unknown, has the wrong type or lies outside its bounds."""


class Status(StrEnum):
    OK = "ok"
    INSUFFICIENT_DATA = "insufficient_data"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class Direction(StrEnum):
    """Which way is better: LOWER and HIGHER are judged against a limit, NONE is for reading only."""

    LOWER = "lower"
    HIGHER = "higher"
    TARGET = "target"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number an evaluator yields. `kind` is "effect" (may pass a limit) or "test" (may only fail one)."""

    id: str
    title: str
    direction: Direction
    unit: str = "proportion"
    kind: str = "effect"


@dataclass(frozen=True, kw_only=True)
class FileRef:
    path: str
    sha256: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is measured: files by role ("table", "model"), which column plays which role, and declared facts."""

    kind: str
    files: Mapping[str, FileRef]
    label: str | None = None
    prediction: str | None = None
    score: str | None = None
    groups: tuple[str, ...] = ()
    favourable: str | None = None
    score_kind: str | None = None
    features: tuple[str, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    endpoint: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Subject":
        """Build from the `subject` object of a job. Raises SubjectError if a part is missing or unknown."""
        columns = dict(data.get("columns") or {})
        group = columns.pop("group", None) or ()
        roles = {role: _names(columns.pop(role)) for role in sorted(set(columns) & set(ROLES))}
        unknown = sorted(set(columns) - {"label", "prediction", "score"})
        if unknown:
            known = ", ".join(("label", "prediction", "score", "group", *ROLES))
            raise SubjectError(f"unknown column role {unknown[0]!r}: use {known}")
        if data.get("kind") not in SUBJECT_KINDS:
            raise SubjectError(f"subject kind {data.get('kind')!r} is not one of {', '.join(SUBJECT_KINDS)}")
        favourable = data.get("favourable")
        return cls(
            kind=data["kind"],
            files={role: _file_ref(role, item) for role, item in (data.get("files") or {}).items()},
            groups=_names(group),
            favourable=None if favourable is None else str(favourable),
            score_kind=_score_kind(data.get("score_kind")),
            features=tuple(data.get("features") or ()),
            roles={role: names for role, names in roles.items() if names},
            endpoint=dict(data.get("endpoint") or {}),
            **columns,
        )

    def column(self, role: str) -> str:
        """The one column of that role. Raises SubjectError if none or several were declared."""
        names = self.roles.get(role, ())
        if len(names) != 1:
            what = "no column was" if not names else f"{len(names)} columns were"
            raise Undeclared(f"{what} declared as {role}, {ROLES[role]}")
        return names[0]

    @property
    def digest(self) -> str:
        """SHA-256 over contents and roles: paths and file names don't count, the bytes do."""
        columns: Json = {"label": self.label, "prediction": self.prediction, "score": self.score}
        columns |= {"group": list(self.groups)} | {role: list(names) for role, names in self.roles.items()}
        return digest(
            ({"endpoint": dict(self.endpoint)} if self.endpoint else {})
            | {
                "kind": self.kind,
                "files": {role: item.sha256 for role, item in self.files.items()},
                "columns": columns,
                "favourable": self.favourable,
                "score_kind": self.score_kind,
                "features": list(self.features),
            }
        )


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One metric on one slice. `None` means not measured; 0 is a value like any other."""

    metric: str
    slice: str
    status: Status
    reason: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    method: str = ""
    n: int = 0
    statistics: Json = field(default_factory=dict)
    detail: Json = field(default_factory=dict)
    p_value: float | None = None
    seed: int | None = None

    def as_dict(self) -> Json:
        return asdict(self) | {"status": self.status.value}

    def sound(self) -> "Reading":
        """The reading itself, or an error reading if one of its numbers isn't finite."""
        numbers = {"value": self.value, "low": self.low, "high": self.high, "p_value": self.p_value}
        bad = [name for name, number in numbers.items() if number is not None and not math.isfinite(number)]
        if not bad:
            return self
        reason = f"the {bad[0]} is not a finite number"
        return replace(self, status=Status.ERROR, reason=reason, value=None, low=None, high=None, p_value=None)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A finding kept beside the readings, for a chart or an appendix."""

    name: str
    data: Json
    media_type: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What `measure` yields: JSON-ready statistics, enough to compute every reading again without the files."""

    statistics: Json
    evidence: tuple[Evidence, ...] = ()


class Evaluator(Protocol):
    """An evaluator: facts that can be listed without heavy libraries, and the two steps."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def input_kind(self) -> str: ...
    @property
    def cost_class(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def needs(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]: ...
    @property
    def metrics(self) -> Sequence[Metric]: ...

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        """Open the subject and reduce it to statistics. The only step that touches a file or a model."""

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        """Turn statistics into readings. Pure: same arguments, same readings, and no file is opened."""


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces. Raises ValueError for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def spec_digest(evaluator_id: str, version: str, params: Mapping[str, Any], level: float) -> str:
    """SHA-256, in hexadecimal, of what is measured and how."""
    return digest({"evaluator": evaluator_id, "version": version, "params": dict(params), "level": float(level)})


def subject_digest(subject: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the `subject` object of a job."""
    return Subject.from_dict(subject).digest


def derive_seed(spec_hash: str, subject_hash: str) -> int:
    """An unsigned 64-bit seed that follows from what is measured, how, and on what: asking again draws the same.

    Other settings are another question with another seed, which is why a policy says how it wants to be answered.
    """
    material = bytes.fromhex(spec_hash) + bytes.fromhex(subject_hash)
    return int.from_bytes(hashlib.sha256(material).digest()[:8], "big")


def _names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _file_ref(role: str, item: Mapping[str, Any]) -> FileRef:
    missing = [key for key in ("path", "sha256") if not item.get(key)]
    if missing:
        raise SubjectError(f"the {role} file comes without its {missing[0]}")
    return FileRef(path=item["path"], sha256=item["sha256"].lower(), name=item.get("name") or f"the {role} file")


def _score_kind(kind: str | None) -> str | None:
    if kind is not None and kind not in SCORE_KINDS:
        raise SubjectError(f"score kind {kind!r} is not one of {', '.join(SCORE_KINDS)}")
    return kind
