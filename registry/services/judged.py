"""What a verdict rested on, read again from rows, and decided again: nothing is taken from the verdict's own text.

The snapshot, whose digest is signed, names the rows that were looked at and says what open risks were; everything else
comes from the rows themselves. A yes must come out again as the database let it through, or there is nothing to sign.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Q

from registry.cards.canonical import digest
from registry.cards.statements import Input
from registry.gates import values as gate
from registry.gates.decide import decide
from registry.gates.verdict import Verdict as Decision
from registry.models import (
    Attestation,
    Authorship,
    DocumentRevision,
    Evaluation,
    Measurement,
    Membership,
    PolicyRevision,
    ReviewerExpertise,
    SignOff,
    StageEdge,
    Waiver,
)
from registry.models.choices import Meaning, Role
from registry.models.gate_rules import load_policy, with_rules
from registry.services.seen import Contradiction, Seen, SeenDocument, SeenRun, read_snapshot


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The decision that the rows yield, and the runs it rests on."""

    decision: Decision
    inputs: tuple[Input, ...]


def decide_again(row: Attestation) -> Judged:
    """Decide what `row` answers once more, as of its move or of its own time; Contradiction where it can't be so."""
    seen = read_snapshot(row.verdict.snapshot.body)
    _check_names(row, seen)
    move, revision = row.transition, row.verdict.policy_revision
    at = move.at if move else row.created_at
    evidence = _evidence(row, seen, at)
    ruled = with_rules(PolicyRevision.objects.filter(pk=revision.pk), to_stage=row.stage).first() if revision else None
    decision = decide(load_policy(ruled, to_stage=row.stage), evidence, to_stage=row.stage, now=at)
    if row.passed:
        _check_move(row, decision, evidence)
    inputs = tuple(Input(uri=f"assay:evaluation/{run.id}", sha256=run.spec_digest) for run in evidence.runs)
    return Judged(decision=decision, inputs=inputs)


def _check_names(row: Attestation, seen: Seen) -> None:
    """Snapshot, verdict and policy are about this version, these files and this stage."""
    version, verdict, revision = row.version, row.verdict, row.verdict.policy_revision
    about = (verdict.version_id, verdict.snapshot.version_id, verdict.to_stage, verdict.snapshot.to_stage)
    if about != (version.pk, version.pk, row.stage, row.stage):
        raise Contradiction("its verdict is about something else")
    if (seen.version, seen.root_digest, seen.to_stage) != (str(version.pk), row.root_digest, row.stage):
        raise Contradiction("its snapshot is about something else")
    if seen.policy_digest != (revision.digest if revision else None):
        raise Contradiction("its snapshot names another policy")
    if revision and digest(revision.body) != revision.digest:
        raise Contradiction("its policy's digest is not that of its text")
    if revision and not revision.activations.filter(project=version.model.project_id).exists():
        raise Contradiction("its policy never applied to it")


def _check_move(row: Attestation, decision: Decision, evidence: gate.Evidence) -> None:
    """What the database judged is what comes out: passed, under a waiver exactly where the move says so."""
    move = row.transition
    if move is None or decision.outcome is not gate.Outcome.PASSED:
        barring = ", ".join(item.id for item in decision.unmet)
        raise Contradiction(f"the rows it names don't open the gate: {barring}")
    if (move.kind == "waived") is not bool(decision.waived):
        raise Contradiction("it does not own up to its waivers")
    newer = Measurement.objects.filter(version=row.version, root_digest=row.root_digest)
    for one in evidence.measured:
        key = {"spec_digest": one.spec_digest, "metric": one.metric, "slice": one.slice}
        # By the judge's moment, not the verdict's, whose moment is chosen by whoever stores it.
        if newer.filter(**key, pk__gt=one.id, measured_at__lte=move.at).exists():
            raise Contradiction(f"its snapshot leaves out a newer measurement of {one.metric}")


def _evidence(row: Attestation, seen: Seen, at: datetime) -> gate.Evidence:
    edge = StageEdge.objects.filter(from_stage=seen.stage, to_stage=row.stage).first()
    way = (
        {name: getattr(edge, name) for name in ("from_stage", "to_stage", "guarded", "needs_artifact")} if edge else {}
    )
    able = _reviewers(row, at)
    return gate.Evidence(
        stage=seen.stage,
        standing="good" if row.passed else row.version.standing,
        edge=gate.Edge(**way) if edge else None,
        has_artifact=row.root_digest is not None,
        needs=seen.needs,
        measured=tuple(_measured(row, seen.measurements)),
        runs=tuple(_runs(row, seen.runs)),
        documents=tuple(_documents(seen.documents)),
        has_assessment=seen.has_assessment,
        risks=seen.risks,
        signatures=tuple(_signatures(row, at, able)),
        waivers=tuple(_waivers(row, at, able)),
    )


def _measured(row: Attestation, told: Iterable[int]) -> Iterator[gate.Measured]:
    names = ("spec_digest", "metric", "slice", "status", "value", "low", "high", "level", "n", "assurance", "reason")
    rows = Measurement.objects.filter(version=row.version, root_digest=row.root_digest, pk__in=told)
    for one in rows:
        same = {name: getattr(one, name) for name in names}
        yield gate.Measured(id=one.pk, measured_at=one.measured_at, excluded=frozenset(one.excluded), **same)


def _runs(row: Attestation, told: Mapping[UUID, SeenRun]) -> Iterator[gate.Run]:
    """The runs that are named. One that was under way and has ended since was under way then."""
    named = Evaluation.objects.filter(version=row.version, root_digest=row.root_digest, pk__in=told)
    for run in named.order_by("pk"):
        then = told[run.pk]
        if then.state == "done" and run.state != "done":
            raise Contradiction(f"the run {run.pk} is not done")
        yield gate.Run(
            id=str(run.pk),
            spec_digest=run.spec_digest,
            state=then.state,
            assurance=run.assurance,
            finished_at=run.finished_at if then.state == "done" else None,
            failure=then.failure,
        )


def _documents(told: Iterable[SeenDocument]) -> Iterator[gate.DocumentState]:
    rows = DocumentRevision.objects.in_bulk([one.revision for one in told if one.revision])
    for one in told:
        written = rows.get(one.revision)
        yield gate.DocumentState(
            kind=one.kind,
            subject=one.subject,
            revision=written.pk if written else 0,
            answered=written.answered if written else 0,
            applicable=written.applicable if written else 0,
            unknown=frozenset(written.unknown if written else ()),
        )


def _reviewers(row: Attestation, at: datetime) -> set[int]:
    """People who reviewed for the team then. Of a yes the database has counted authors out, with their signatures."""
    then = Q(granted_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at))
    rows = Membership.objects.filter(then, team=row.version.team_id, role=Role.REVIEWER, person__is_service=False)
    people = set(rows.values_list("person_id", flat=True))
    authors = Authorship.objects.filter(version=row.version).values_list("person_id", flat=True)
    return people if row.passed else people - set(authors)


def _signatures(row: Attestation, at: datetime, able: set[int]) -> Iterator[gate.Signature]:
    then = Q(granted_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at))
    skilled = ReviewerExpertise.objects.filter(then, team=row.version.team_id).values_list("person_id", "expertise")
    skills = set(skilled)
    rows = SignOff.objects.filter(
        version=row.version, to_stage=row.stage, evidence_rev=row.verdict.snapshot.evidence_rev, signed_at__lte=at
    )
    for one in rows.order_by("signed_by", "-seq").distinct("signed_by").select_related("withdrawal"):
        is_withdrawn = hasattr(one, "withdrawal") and one.withdrawal.withdrawn_at <= at
        yield gate.Signature(
            person=one.signed_by_id,
            name=one.signed_name,
            expertise=one.expertise,
            approves=one.meaning == Meaning.APPROVE and not is_withdrawn,
            is_author=False,
            may_sign=one.signed_by_id in able and (one.signed_by_id, one.expertise) in skills,
        )


def _waivers(row: Attestation, at: datetime, able: set[int]) -> Iterator[gate.GrantedWaiver]:
    counted = Q(grants__granted_by__in=able, grants__granted_at__lte=at) & ~Q(grants__granted_by=F("requested_by"))
    rows = Waiver.objects.filter(version=row.version, to_stage=row.stage).annotate(
        granted=Count("grants__granted_by", filter=counted, distinct=True)
    )
    # Who granted and had become an author since is among the able here, and was not for the judge: no exception is
    # signed for longer than the approval that the judge gave under it.
    end = row.expires_at if row.passed else None
    for one in rows.filter(granted__gte=2):
        until = min(one.expires_at, end or one.expires_at)
        yield gate.GrantedWaiver(requirement=one.requirement, found=one.found, expires_at=until)
