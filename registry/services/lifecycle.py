"""Signing, waiving and moving: the verbs around the gate."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from registry import policies
from registry.exceptions import InvalidInput, NotNow, NotPermitted, TransitionRefused
from registry.models import (
    ModelVersion,
    Reauthentication,
    SignOff,
    SignOffWithdrawal,
    Transition,
    User,
    Waiver,
    WaiverGrant,
)
from registry.models.choices import Meaning, Stage, Standing
from registry.services import audit, risks, verdicts


def sign_off(
    version: ModelVersion,
    *,
    to_stage: str,
    expertise: str,
    meaning: str,
    comment: str,
    evidence_rev: int,
    evidence_digest: str,
    proof: Reauthentication,
    by: User,
) -> SignOff:
    """Sign the evidence that was shown: its revision and digest, in one capacity, with a fresh proof of who signs."""
    with audit.acting("model_version.signed_off", by=by, on=version):
        if not policies.may_sign_off(by, version, expertise=expertise):
            raise NotPermitted(_why_not(by, version, expertise))
        _check_proof(proof, by)
        reviewed = verdicts.review(version, to_stage=Stage(to_stage))
        if (reviewed.version.evidence_rev, reviewed.evidence_digest) != (evidence_rev, evidence_digest):
            raise NotNow("The evidence changed since it was shown to you. Look at it again; nothing was signed.")
        signature = SignOff.objects.create(
            version=version,
            to_stage=to_stage,
            signed_by=by,
            signed_name=str(by),
            expertise=expertise,
            meaning=Meaning(meaning),
            comment=comment,
            evidence_rev=evidence_rev,
            snapshot=verdicts.take_snapshot(reviewed),
            reauthentication=proof,
        )
        audit.record(
            "model_version.signed_off",
            subject=version,
            actor=by,
            detail={"to_stage": to_stage, "expertise": expertise, "meaning": meaning, "evidence": evidence_digest},
        )
        verdicts.refresh(version)
    return signature


def _check_proof(proof: Reauthentication, by: User) -> None:
    if proof.person_id != by.pk or hasattr(proof, "sign_off") or hasattr(proof, "waiver_grant"):
        raise NotPermitted("This proof of presence is not yours, or served already.")


def _why_not(by: User, version: ModelVersion, expertise: str) -> str:
    if by.is_service:
        return "Only a person signs; a service account never does."
    if policies.is_author(by, version):
        return f"{by} had a hand in {version} and can't sign it off."
    return f"{by} is not a reviewer with expertise in {expertise} in {version.team}."


def withdraw_sign_off(signature: SignOff, *, reason: str, by: User) -> SignOffWithdrawal:
    """Take one's own signature back. A version that was approved on it is suspended at once."""
    with audit.acting("sign_off.withdrawn", by=by, on=signature):
        if signature.signed_by_id != by.pk:
            raise NotPermitted("A person withdraws their own signature only.")
        if not reason.strip():
            raise InvalidInput("Say why.", errors={"reason": ["it is empty"]})
        if hasattr(signature, "withdrawal"):
            raise NotNow("It is withdrawn already.")
        row = SignOffWithdrawal.objects.create(
            sign_off=signature, version=signature.version, withdrawn_by=by, reason=reason
        )
        detail = {"reason": reason, "version": str(signature.version)}
        audit.record("sign_off.withdrawn", subject=signature, actor=by, detail=detail)
        version = ModelVersion.objects.get(pk=signature.version_id)
        if version.standing == Standing.SUSPENDED and signature.version.standing == Standing.GOOD:
            because = {"because": "a signature that its approval rested on was withdrawn"}
            audit.record("model_version.suspended", subject=version, actor=None, detail=because)
        verdicts.refresh(signature.version)
    return row


def request_waiver(
    version: ModelVersion, *, to_stage: str, requirement: str, found: str, reason: str, expires_at: datetime, by: User
) -> Waiver:
    """Ask that one finding, as it is now, be accepted for a while."""
    with audit.acting("waiver.requested", by=by, on=version):
        if not policies.may_contribute(by, version.team):
            raise NotPermitted(f"{by} may not ask for a waiver of {version}.")
        if not reason.strip():
            raise InvalidInput("Say why this finding can be accepted for now.", errors={"reason": ["it is empty"]})
        unmet = {item.id: item.found for item in verdicts.review(version, to_stage=to_stage).decision.unmet}
        if unmet.get(requirement) != found:
            raise NotNow(f"{requirement} with this finding doesn't bar the way now.")
        waiver = Waiver.objects.create(
            version=version,
            to_stage=to_stage,
            requirement=requirement,
            found=found,
            reason=reason,
            expires_at=expires_at,
            requested_by=by,
        )
        audit.record(
            "waiver.requested",
            subject=waiver,
            actor=by,
            detail={"requirement": requirement, "found": found, "reason": reason},
        )
        verdicts.refresh(version)
    return waiver


def grant_waiver(waiver: Waiver, *, proof: Reauthentication, by: User) -> WaiverGrant:
    """Grant a waiver somebody else asked for. It holds once two people did."""
    with audit.acting("waiver.granted", by=by, on=waiver):
        if by.pk == waiver.requested_by_id or not policies.may_review(by, waiver.version):
            raise NotPermitted(
                f"{by} may not grant this waiver: it takes a reviewer who neither asked for it nor is an author."
            )
        if WaiverGrant.objects.filter(waiver=waiver, granted_by=by).exists():
            raise NotNow("You granted it already; it takes two different people.")
        _check_proof(proof, by)
        grant = WaiverGrant.objects.create(waiver=waiver, version=waiver.version, granted_by=by, reauthentication=proof)
        audit.record("waiver.granted", subject=waiver, actor=by)
        verdicts.refresh(waiver.version)
    return grant


def transition(version: ModelVersion, *, to_stage: str, by: User, comment: str = "") -> Transition:
    """Move a version: lock it, decide again, let the database judge. TransitionRefused carries the whole verdict.

    A move from inference to inference renews an approval, and brings back a version whose approval had ended.
    """
    with audit.acting("model_version.transitioned", by=by, on=version):
        if not policies.may_contribute(by, version.team):
            raise NotPermitted(f"{by} may not move {version}: it takes a contributor of the team.")
        ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
        reviewed = verdicts.review(version, to_stage=to_stage)
        if reviewed.decision.unmet:
            raise _refused(reviewed)
        moved = _insert(reviewed, to_stage=to_stage, by=by, comment=comment)
        version.refresh_from_db()
        verdicts.refresh(version)
    return moved


def _insert(reviewed: verdicts.Review, *, to_stage: str, by: User, comment: str) -> Transition:
    try:
        with transaction.atomic():
            moved = Transition.objects.create(
                version=reviewed.version,
                to_stage=to_stage,
                moved_by=by,
                verdict=verdicts.store(reviewed),
                comment=comment,
            )
            if to_stage not in (Stage.RETIRED, moved.from_stage):
                risks.open_assessment(reviewed.version, stage=to_stage, by=by)
            detail = {"from": moved.from_stage, "to": to_stage, "kind": moved.kind, "verdict": str(moved.verdict_id)}
            audit.record("model_version.transitioned", subject=reviewed.version, actor=by, detail=detail)
    except IntegrityError as error:
        if audit.database_refusal(error) is None:
            raise
        raise _refused(verdicts.review(reviewed.version, to_stage=to_stage)) from error
    return moved


def _refused(reviewed: verdicts.Review) -> TransitionRefused:
    unmet = [item.id for item in reviewed.decision.unmet]
    things = "one requirement is" if len(unmet) == 1 else f"{len(unmet)} requirements are"
    return TransitionRefused(
        f"{reviewed.version} may not enter {reviewed.to_stage}: {things} not met.",
        requirements=unmet,
        verdict=reviewed.decision.as_dict(),
    )


def suspend_lapsed() -> int:
    """Suspend every version whose approval, or the waiver it rested on, has ended by the database's clock; how many."""
    later = Transition.objects.filter(version=OuterRef("version"), at__gt=OuterRef("at"))
    ended = Transition.objects.filter(~Exists(later), expires_at__lte=Now(), version__standing=Standing.GOOD)
    return sum(_suspend(move) for move in ended.select_related("version__model__team", "version__team"))


def _suspend(move: Transition) -> bool:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select suspend_lapsed(%s)", [move.version_id])
            has_lapsed = bool(cursor.fetchone()[0])
        if has_lapsed:
            ended = "the waiver it rested on" if move.kind == "waived" else "its approval"
            detail = {"because": f"{ended} has ended", "ended": move.expires_at}
            audit.record("model_version.suspended", subject=move.version, actor=None, detail=detail)
    return has_lapsed
