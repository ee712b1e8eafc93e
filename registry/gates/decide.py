"""The decision: a policy and the evidence in, a verdict with reasons out. It never writes, asks the clock or raises."""

from collections.abc import Iterator
from datetime import datetime

from registry.gates.thresholds import judge_threshold
from registry.gates.values import (
    ASSURANCE_RANK,
    PRIORITY_RANK,
    STRICTEST_NEED,
    DocumentRule,
    DocumentState,
    EvaluationRule,
    Evidence,
    Outcome,
    Policy,
    Run,
    SignOffRule,
)
from registry.gates.verdict import Requirement, Verdict, with_waivers

STATE_WORDS = {
    "queued": "is queued",
    "running": "is running",
    "cancelling": "is being cancelled",
    "failed": "failed",
    "failed_infra": "broke down",
}


def decide(policy: Policy | None, evidence: Evidence, *, to_stage: str, now: datetime) -> Verdict:
    """Whether a version with this evidence may enter `to_stage` at `now`.

    A missing policy shuts every guarded edge. Each requirement says what was asked, what was found and what would
    unblock it; the ids are those the database's own judge uses.
    """
    requirements = [*_ways(policy, evidence, to_stage)]
    if policy is not None and evidence.edge is not None:
        requirements += _evaluations(policy, evidence, now)
        requirements += _thresholds(policy, evidence, now)
        requirements += _documents(policy, evidence)
        requirements += _risks(policy, evidence)
        requirements += _signatures(policy, evidence)
    return Verdict(to_stage=to_stage, requirements=with_waivers(requirements, waivers=evidence.waivers, now=now))


def _ways(policy: Policy | None, evidence: Evidence, to_stage: str) -> Iterator[Requirement]:
    edge = evidence.edge
    if edge is None:
        yield Requirement(
            id="edge:0",
            asked=f"A way from {evidence.stage} to {to_stage}",
            found_text="there is none",
            outcome=Outcome.FAILED,
            unblock="Take the stages in their order.",
        )
        return
    if edge.guarded:
        yield _active_policy(policy, to_stage)
    if edge.needs_artifact:
        yield Requirement(
            id="artifact:0",
            asked="Files, or their digests, that identify the model",
            found_text="identified" if evidence.has_artifact else "none registered",
            outcome=Outcome.PASSED if evidence.has_artifact else Outcome.UNDECIDED,
            unblock="" if evidence.has_artifact else "Attach the model's files or their digests.",
        )
    is_suspended = evidence.standing == "suspended"
    comes_back = is_suspended and to_stage == evidence.stage
    if evidence.standing != "good" and to_stage != "retired" and not comes_back:
        yield Requirement(
            id="standing:0",
            asked="Good standing",
            found_text=evidence.standing,
            outcome=Outcome.FAILED,
            unblock=f"Renew its approval for {evidence.stage} first."
            if is_suspended
            else "It stays withdrawn: register a new version.",
        )


def _active_policy(policy: Policy | None, to_stage: str) -> Requirement:
    has_rules = policy is not None and bool(policy.sign_offs)
    return Requirement(
        id="policy:0",
        asked=f"An active policy that asks for signatures before {to_stage}",
        found_text="it is active" if has_rules else "none is active",
        outcome=Outcome.PASSED if has_rules else Outcome.FAILED,
        unblock="" if has_rules else "Activate a policy for this project; two people must agree.",
    )


def _evaluations(policy: Policy, evidence: Evidence, now: datetime) -> Iterator[Requirement]:
    runs = {run.spec_digest: run for run in evidence.runs}
    for rule in policy.evaluations:
        run = runs.get(rule.spec_digest)
        outcome, found, unblock = _judge_run(rule, run, now)
        yield Requirement(
            id=f"evaluation:{rule.id}",
            asked=f"{rule.evaluator} has run, {rule.assurance} or better",
            found_text=found,
            outcome=outcome,
            unblock=unblock,
            found=run.id if run else "0",
            detail={"evaluator": rule.evaluator, "evaluation": run.id if run else None},
        )


def _judge_run(rule: EvaluationRule, run: Run | None, now: datetime) -> tuple[Outcome, str, str]:
    if run is None:
        return Outcome.UNDECIDED, "it has not run on this artifact", f"Run {rule.evaluator}."
    if run.state != "done" or run.finished_at is None:
        why = f": {run.failure}" if run.failure else ""
        advice = "Wait for it to finish." if run.state in {"queued", "running"} else f"Run {rule.evaluator} again."
        return Outcome.UNDECIDED, f"the latest run {STATE_WORDS.get(run.state, 'has no result')}{why}", advice
    if ASSURANCE_RANK[run.assurance] < ASSURANCE_RANK[rule.assurance]:
        return Outcome.UNDECIDED, f"it is {run.assurance}", f"Run {rule.evaluator} here."
    if run.finished_at <= now - rule.max_age:
        return (
            Outcome.UNDECIDED,
            f"it finished {run.finished_at:%Y-%m-%d}, too long ago",
            f"Run {rule.evaluator} again.",
        )
    return Outcome.PASSED, f"finished {run.finished_at:%Y-%m-%d %H:%M} UTC, {run.assurance}", ""


def _thresholds(policy: Policy, evidence: Evidence, now: datetime) -> Iterator[Requirement]:
    measured = {(m.spec_digest, m.metric, m.slice): m for m in evidence.measured}
    for threshold in policy.thresholds:
        need = evidence.needs.get(threshold.aspect, STRICTEST_NEED)
        if threshold.need_level in {"any", need}:
            key = (threshold.evaluation.spec_digest, threshold.metric, threshold.slice)
            yield judge_threshold(threshold, measured.get(key), now=now)


def _documents(policy: Policy, evidence: Evidence) -> Iterator[Requirement]:
    for rule in policy.documents:
        states = sorted((d for d in evidence.documents if d.kind == rule.kind), key=lambda d: d.revision)
        name = rule.kind.replace("_", " ")
        problems = [problem for state in states if (problem := _document_problem(rule, state))]
        unblock = f"Answer what is missing in the {name}."
        if not states:
            problems, unblock = (
                [f"nothing that a {name} could describe is pinned"],
                f"Register a new version that names what the {name} describes.",
            )
        yield Requirement(
            id=f"document:{rule.id}",
            asked=f"{name.capitalize()}: at least {rule.min_percent}% of the required questions answered",
            found_text="; ".join(problems or [_answered(each) for each in states if each.answered < each.applicable])
            or "complete",
            found=",".join(str(state.revision) for state in states) or "0",
            outcome=Outcome.UNDECIDED if problems else Outcome.PASSED,
            unblock=unblock if problems else "",
            detail={"document": rule.kind},
        )


def _document_problem(rule: DocumentRule, state: DocumentState) -> str:
    if not state.revision:
        return f"{state.subject}: not written"
    if not state.applicable:
        return f"{state.subject}: no required question applies"
    if state.answered * 100 < rule.min_percent * state.applicable:
        return _answered(state)
    if unknown := sorted(state.unknown & rule.must_know):
        return f"{state.subject}: unknown {', '.join(unknown)}"
    return ""


def _answered(state: DocumentState) -> str:
    return f"{state.subject}: {state.answered} of {state.applicable} required questions answered"


def _risks(policy: Policy, evidence: Evidence) -> Iterator[Requirement]:
    if policy.risk_rule is None:
        return
    if not evidence.has_assessment:
        yield Requirement(
            id="assessment:0",
            asked=f"A risk assessment for the stage {evidence.stage}",
            found_text="none",
            outcome=Outcome.UNDECIDED,
            unblock="Write the risk assessment.",
        )
    for risk in evidence.risks:
        if PRIORITY_RANK[risk.priority] >= PRIORITY_RANK[policy.risk_rule.block_from]:
            yield Requirement(
                id=f"risk:{risk.id}",
                asked=f"No open risk of {policy.risk_rule.block_from} priority or above",
                found_text=f"{risk.priority}: {risk.issue}",
                outcome=Outcome.FAILED,
                found=str(risk.id),
                unblock="Resolve it, with what was done.",
            )
        if not (risk.has_treatment and risk.has_owner):
            lacking = " and ".join(
                n for n, has in (("treatment", risk.has_treatment), ("owner", risk.has_owner)) if not has
            )
            yield Requirement(
                id=f"treatment:{risk.id}",
                asked="A treatment and an owner for every open risk",
                found_text=f"{risk.issue}: no {lacking}",
                outcome=Outcome.UNDECIDED,
                found=str(risk.id),
                unblock=f"Name its {lacking}.",
            )


def _signatures(policy: Policy, evidence: Evidence) -> Iterator[Requirement]:
    for rule in policy.sign_offs:
        people = _signers(rule, evidence)
        lacking = max(rule.people - len(people), 0)
        yield Requirement(
            id=f"sign_off:{rule.id}",
            asked=f"Sign-off by {_persons(rule.people)} with expertise in {rule.expertise}",
            found_text=f"signed by {', '.join(sorted(people.values()))}"
            if people
            else "nobody has approved this evidence",
            outcome=Outcome.UNDECIDED if lacking else Outcome.PASSED,
            unblock=f"{_persons(lacking).capitalize()} with expertise in {rule.expertise}, not an author, must sign."
            if lacking
            else "",
            detail={"expertise": rule.expertise, "people": rule.people, "signed": sorted(people.values())},
        )


def _persons(number: int) -> str:
    return "one person" if number == 1 else f"{number} people"


def _signers(rule: SignOffRule, evidence: Evidence) -> dict[int, str]:
    # By person, not by name: two people may share one.
    return {
        signature.person: signature.name
        for signature in evidence.signatures
        if signature.expertise == rule.expertise
        and signature.approves
        and signature.may_sign
        and not signature.is_author
    }
