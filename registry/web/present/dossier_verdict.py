"""The verdict that a dossier shows: the gate's present one, or for a version at the end of its way the one that let
it in; always with the very evidence it was said of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.gates.values import Outcome
from registry.gates.verdict import Requirement
from registry.models import ModelVersion, PolicyRevision, Transition, TrustNeed
from registry.models.choices import Aspect, NeedLevel
from registry.reports.moments import in_utc
from registry.reports.wording import question_words, waits_for_people
from registry.services.verdicts import ANSWERED_STAGE, Review
from registry.web.present import limits_asked, verdict

RANK = {NeedLevel.HIGH: 0, NeedLevel.MEDIUM: 1, NeedLevel.LOW: 2}
MARKS = {"In use": "passed", "In use, with a waiver": "waived", "No longer to be used": "suspended"}
OPINIONS = {"passed": "Yes", "failed": "No: it is blocked", "undecided": "Not yet: undecided"}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the gate said, of which evidence, by which policy; `title`, `mark` and `reason` head the dossier."""

    to_stage: str
    body: Mapping[str, Any]
    requirements: tuple[Requirement, ...]
    evidence_rev: int
    evidence_body: str
    evidence_digest: str
    revision: PolicyRevision | None
    question: str
    title: str
    mark: str
    reason: str
    said: str
    until: str = ""


def judge(version: ModelVersion) -> Judged:
    """The gate asked now, or the verdict of the move that brought the version where it is."""
    gate = verdict.section(version)
    reviewed = gate.get("reviewed")
    return _stored(version, gate) if reviewed is None else _live(reviewed, gate)


def _opinion(reviewed: Review, mark: str) -> str:
    if mark == "waived":
        return "Yes, with a waiver"
    waits = mark == "undecided" and waits_for_people(reviewed.decision.requirements)
    return "Not yet: it waits for signatures" if waits else OPINIONS[mark]


def _live(reviewed: Review, gate: Mapping[str, Any]) -> Judged:
    outcome, has_waiver = reviewed.decision.outcome.value, bool(reviewed.decision.waived)
    mark = "waived" if has_waiver and outcome == "passed" else outcome
    return Judged(
        to_stage=reviewed.to_stage,
        body=reviewed.decision.as_dict(),
        requirements=limits_asked.said(reviewed.decision.requirements),
        evidence_rev=reviewed.version.evidence_rev,
        evidence_body=reviewed.evidence_body,
        evidence_digest=reviewed.evidence_digest,
        revision=reviewed.revision,
        question=question_words(reviewed.to_stage),
        title=gate.get("verdict_title") or _opinion(reviewed, mark),
        mark=MARKS.get(gate.get("verdict_title", ""), mark),
        reason=gate["verdict_reason"],
        said=f"Asked when this dossier was made, {in_utc(reviewed.now)}.",
    )


def _stored(version: ModelVersion, gate: Mapping[str, Any]) -> Judged:
    rows = Transition.objects.filter(version=version).select_related(
        "verdict__snapshot", "verdict__policy_revision__policy__team", "moved_by"
    )
    moved = rows.filter(to_stage=ANSWERED_STAGE).order_by("-at").first() or rows.latest("at")
    snapshot = moved.verdict.snapshot
    title, since = str(gate.get("verdict_title") or "Retired"), gate.get("unmet_since")
    said_since = f" It would not be let in today, for these: {'; '.join(since)}." if since else ""
    return Judged(
        to_stage=moved.to_stage,
        body=moved.verdict.body,
        requirements=limits_asked.said(requirements_of(moved.verdict.body)),
        evidence_rev=snapshot.evidence_rev,
        evidence_body=snapshot.body,
        evidence_digest=snapshot.digest,
        revision=moved.verdict.policy_revision,
        question="May it be used?",
        title=title,
        mark=MARKS.get(title, "neutral"),
        reason=f"{gate['verdict_reason']}{said_since}",
        said=f"Said when {moved.moved_by} moved it to {moved.to_stage}, {in_utc(moved.at)}.",
        until=in_utc(moved.expires_at) if moved.expires_at else "",
    )


def requirements_of(body: Mapping[str, Any]) -> tuple[Requirement, ...]:
    """The requirements of a stored verdict as the gate makes them; a waiver's end stays text."""
    return tuple(
        Requirement(
            id=item["id"],
            asked=item["asked"],
            found_text=item["found"],
            found=item["found_id"],
            outcome=Outcome(item["outcome"]),
            unblock=item["unblock"],
            waived_until=item["waived_until"],
            detail=item["detail"],
        )
        for item in body["requirements"]
    )


def section(version: ModelVersion, judged: Judged) -> dict[str, Any]:
    """What `reports/dossier_verdict.html` takes."""
    return {
        "verdict": limits_asked.with_settings(judged.body),
        "said": judged.said,
        "needs": [_need(row) for row in _needs(version)],
        "policy": _policy(judged.revision) if judged.revision else None,
    }


def _needs(version: ModelVersion) -> list[TrustNeed]:
    newest = TrustNeed.objects.filter(project=version.model.project).select_related("set_by")
    rows = newest.order_by("aspect", "-id").distinct("aspect")
    return sorted(rows, key=lambda row: RANK[NeedLevel(row.level)])


def _need(row: TrustNeed) -> dict[str, str]:
    return {
        "aspect": Aspect(row.aspect).label,
        "level": NeedLevel(row.level).label,
        "status": f"priority_{row.level}",
        "reason": row.reason,
        "by": str(row.set_by),
        "at": in_utc(row.set_at),
    }


def _policy(revision: PolicyRevision) -> dict[str, Any]:
    agreed = revision.publications.select_related("agreed_by").order_by("agreed_at")
    return {
        "name": str(revision),
        "title": revision.policy.title,
        "digest": revision.digest,
        "rationale": revision.rationale,
        "by": str(revision.written_by),
        "at": in_utc(revision.written_at),
        "agreed": [{"by": str(each.agreed_by), "at": in_utc(each.agreed_at)} for each in agreed],
    }
