"""What a gate looks at, as plain values: the policy's rules on one side, the evidence on the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """Only PASSED opens a gate; UNDECIDED means there is not enough evidence to say."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"


def _ranked(*words: str) -> Mapping[str, int]:
    return {word: rank for rank, word in enumerate(words)}


ASSURANCE_RANK = _ranked("self-reported", "platform-run", "reproduced")
PRIORITY_RANK = _ranked("low", "medium", "high", "critical")
WAIVABLE_KINDS = frozenset({"threshold", "evaluation", "document", "risk", "treatment"})
STRICTEST_NEED = "high"


@dataclass(frozen=True, kw_only=True)
class EvaluationRule:
    """An evaluation that must have run, with the assurance and the age it may have."""

    id: int
    evaluator: str
    spec_digest: str
    assurance: str
    max_age: timedelta


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A limit on one bound of one metric's interval.

    `direction` is `at_least` (judged on the low bound), `at_most` (on the high bound) or `within` (the whole interval
    inside limit ± tolerance). It applies when the project's need for `aspect` is `need_level`, or always for `any`.
    """

    id: int
    evaluation: EvaluationRule
    metric: str
    slice: str
    direction: str
    limit: float
    tolerance: float
    aspect: str
    need_level: str
    source: str
    excluded_allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class DocumentRule:
    """A document that must be complete: its kind, the least share of required answers, and what must be known."""

    id: int
    kind: str
    min_percent: int
    must_know: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class RiskRule:
    """No unresolved risk at or above `block_from`; every open risk has a treatment and an owner."""

    block_from: str


@dataclass(frozen=True, kw_only=True)
class SignOffRule:
    """So many distinct people of one expertise must have signed this evidence."""

    id: int
    expertise: str
    people: int


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A way from one stage to the next. A guarded one can't be taken without a policy that asks for signatures."""

    from_stage: str
    to_stage: str
    guarded: bool
    needs_artifact: bool


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One revision's rules for entering `to_stage`."""

    digest: str
    to_stage: str
    evaluations: tuple[EvaluationRule, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    documents: tuple[DocumentRule, ...] = ()
    risk_rule: RiskRule | None = None
    sign_offs: tuple[SignOffRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The newest stored reading of one metric and slice under one prescribed specification."""

    id: int
    spec_digest: str
    metric: str
    slice: str
    status: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    n: int | None
    assurance: str
    measured_at: datetime
    reason: str = ""
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Run:
    """The newest run of one prescribed specification that was not cancelled."""

    id: str
    spec_digest: str
    state: str
    assurance: str
    finished_at: datetime | None
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class DocumentState:
    """The newest revision of one document, or none (`revision` is 0)."""

    kind: str
    subject: str
    revision: int
    answered: int
    applicable: int
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class OpenRisk:
    """An unresolved risk that no later stage carries on; `content` is the digest of all that is said of it."""

    id: int
    issue: str
    priority: str
    has_treatment: bool
    has_owner: bool
    content: str = ""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A person's newest sign-off over the current evidence, and whether it counts."""

    person: int
    name: str
    expertise: str
    approves: bool
    is_author: bool
    may_sign: bool


@dataclass(frozen=True, kw_only=True)
class GrantedWaiver:
    """An accepted exception for one finding, granted by enough people."""

    requirement: str
    found: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything about one version that its gate looks at."""

    stage: str
    standing: str
    edge: Edge | None
    has_artifact: bool
    has_assessment: bool
    needs: Mapping[str, str]
    measured: tuple[Measured, ...] = ()
    runs: tuple[Run, ...] = ()
    documents: tuple[DocumentState, ...] = ()
    risks: tuple[OpenRisk, ...] = ()
    signatures: tuple[Signature, ...] = ()
    waivers: tuple[GrantedWaiver, ...] = ()
