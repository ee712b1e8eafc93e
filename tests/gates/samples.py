"""Plain values for the gate: a policy that asks for one of everything, and evidence that has it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from registry.gates.values import (
    DocumentRule,
    DocumentState,
    Edge,
    EvaluationRule,
    Evidence,
    GrantedWaiver,
    Measured,
    OpenRisk,
    Policy,
    RiskRule,
    Run,
    Signature,
    SignOffRule,
    Threshold,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPEC = "a" * 64
GUARDED = Edge(from_stage="training", to_stage="inference", guarded=True, needs_artifact=True)
RULE = EvaluationRule(
    id=3, evaluator="fairness.group", spec_digest=SPEC, assurance="platform-run", max_age=timedelta(days=90)
)
THRESHOLD = Threshold(
    id=7,
    evaluation=RULE,
    metric="fairness.ratio",
    slice="worst",
    direction="at_least",
    limit=0.8,
    tolerance=0.0,
    aspect="fairness",
    need_level="any",
    source="Four fifths.",
)
CARD = DocumentRule(id=2, kind="model_card", min_percent=80, must_know=frozenset({"use.intended"}))
SEAT = SignOffRule(id=5, expertise="fairness", people=1)
POLICY = Policy(
    digest="b" * 64,
    to_stage="inference",
    evaluations=(RULE,),
    thresholds=(THRESHOLD,),
    documents=(CARD,),
    risk_rule=RiskRule(block_from="high"),
    sign_offs=(SEAT,),
)
MEASURED = Measured(
    id=11,
    spec_digest=SPEC,
    metric="fairness.ratio",
    slice="worst",
    status="ok",
    value=0.9,
    low=0.85,
    high=0.95,
    level=0.95,
    n=1000,
    assurance="platform-run",
    measured_at=NOW - timedelta(days=1),
)
RUN = Run(id="r", spec_digest=SPEC, state="done", assurance="platform-run", finished_at=NOW - timedelta(days=1))
WRITTEN = DocumentState(kind="model_card", subject="m@1", revision=4, answered=8, applicable=10)
SIGNED = Signature(person=1, name="Grace", expertise="fairness", approves=True, is_author=False, may_sign=True)
RISK = OpenRisk(id=12, issue="It may go wrong", priority="low", has_treatment=True, has_owner=True)
EVIDENCE = Evidence(
    stage="training",
    standing="good",
    edge=GUARDED,
    has_artifact=True,
    needs={"fairness": "high"},
    measured=(MEASURED,),
    runs=(RUN,),
    documents=(WRITTEN,),
    has_assessment=True,
    risks=(RISK,),
    signatures=(SIGNED,),
)


def measured(**changes: Any) -> Evidence:
    """The evidence with its measurement changed."""
    return replace(EVIDENCE, measured=(replace(MEASURED, **changes),))


def waiver(requirement: str, found: str, *, hours: float = 1) -> GrantedWaiver:
    """A waiver that holds for so many hours from now."""
    return GrantedWaiver(requirement=requirement, found=found, expires_at=NOW + timedelta(hours=hours))
