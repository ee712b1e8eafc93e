"""A version's gate as its page shows it: what the next step asks, or what let it in and what has changed since."""

import json
from typing import Any

from django.urls import reverse
from django.utils import timezone

from registry.models import Attestation, AuditEvent, ModelVersion, Transition
from registry.models.choices import Stage, Standing
from registry.reports.wording import asked_words
from registry.services import verdicts
from registry.services.answers import newest as newest_answer
from registry.services.answers import why_unsigned
from registry.web.present import limits_asked, near_runs
from registry.web.present.versions import next_stage

# What is asked of a version that has entered: whether it may enter is settled.
USED = "May it be used?"


def section(version: ModelVersion) -> dict[str, Any]:
    """What the gate says about the next step; for a version at the end of its way, what let it in."""
    ahead = next_stage(version)
    if not ahead:
        return _arrived(version)
    return _asked(version, verdicts.review(version, to_stage=ahead))


def _asked(version: ModelVersion, reviewed: verdicts.Review) -> dict[str, Any]:
    facts: list[dict[str, Any]] = [{"name": "Evidence", "digest": reviewed.evidence_digest}]
    facts.append({"name": "Evidence revision", "value": reviewed.version.evidence_rev})
    if reviewed.revision:
        href = reverse("policy-revision", args=[reviewed.revision.pk])
        facts.insert(0, {"name": "Policy", "value": str(reviewed.revision), "href": href})
    else:
        facts.insert(
            0, {"name": "Policy", "value": "none is active; the last step needs one", "href": reverse("policy-list")}
        )
    return {
        "reviewed": reviewed,
        "verdict": limits_asked.with_settings(near_runs.noted(reviewed)),
        "verdict_reason": _reason(version, reviewed),
        "verdict_facts": [*facts, {"name": "Asked", "value": "just now"}],
    }


def _reason(version: ModelVersion, reviewed: verdicts.Review) -> str:
    unmet, asked = reviewed.decision.unmet, len(reviewed.decision.requirements)
    if not unmet:
        what = "renew its approval" if reviewed.to_stage == version.stage else f"move it to {reviewed.to_stage}"
        waived = len(reviewed.decision.waived)
        said = f"Of {asked} requirements, {waived} {'is' if waived == 1 else 'are'} not met but accepted for a while."
        return f"{said if waived else 'Everything asked is met.'} A contributor of {version.team} can {what}."
    failed = sum(item.outcome == "failed" for item in unmet)
    to_sign = sum(item.kind == "sign_off" for item in unmet)
    open_ = len(unmet) - failed - to_sign
    counted = (
        (failed, "failed"),
        (open_, "can't be told yet"),
        (to_sign, f"wait{'s' if to_sign == 1 else ''} for a signature"),
    )
    parts = [f"{number} {words}" for number, words in counted if number]
    said = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    requirements = "the one requirement" if asked == 1 else f"{asked} requirements"
    return f"Of {requirements}, {said}. Each says below what would unblock it."


def _arrived(version: ModelVersion) -> dict[str, Any]:
    moved = Transition.objects.filter(version=version).select_related(
        "verdict__policy_revision__policy__team", "moved_by"
    )
    newest = moved.order_by("-at").first()
    if newest is None or version.stage == Stage.RETIRED:
        return {"verdict": None, "verdict_reason": "This version is retired. Nothing more is decided about it."}
    running = version.standing == Standing.GOOD and (newest.expires_at is None or newest.expires_at > timezone.now())
    renewal = verdicts.review(version, to_stage=version.stage)
    if not running:
        asked = _asked(version, renewal)
        reason = f"{_why_over(version, newest)} Using it again takes a new decision. {asked['verdict_reason']}"
        return asked | {"verdict_question": USED, "verdict_title": "No longer to be used", "verdict_reason": reason}
    title = "In use, with a waiver" if newest.kind == "waived" else "In use"
    revision = newest.verdict.policy_revision
    facts: list[dict[str, Any]] = [
        {"name": "Moved by", "value": str(newest.moved_by), "note": newest.comment},
        {"name": "Moved", "when": newest.at},
        {"name": "Approved until", "when": newest.expires_at},
    ]
    if revision:
        facts.append({"name": "Policy", "value": str(revision), "href": reverse("policy-revision", args=[revision.pk])})
    facts.append(_signed_answer(version))
    return {
        "verdict": limits_asked.with_settings(newest.verdict.body),
        "verdict_question": USED,
        "verdict_title": title,
        "verdict_reason": "This is the verdict that let it in.",
        "verdict_facts": facts,
        "unmet_since": [asked_words(item) for item in renewal.decision.unmet if item.kind != "sign_off"],
    }


def _signed_answer(version: ModelVersion) -> dict[str, Any]:
    answer = newest_answer(Attestation.objects.filter(version=version, stage=version.stage))
    waiting = why_unsigned(answer) if answer else None
    if waiting is None:
        href = reverse("version-attestation", args=[version.pk])
        return {"name": "Signed answer", "value": "attestation.json", "href": href}
    kind, said = waiting
    return {"name": "Signed answer", "value": "being signed" if kind == "pending" else "none", "note": said}


def _why_over(version: ModelVersion, last: Transition) -> str:
    if last.expires_at and last.expires_at <= timezone.now():
        return f"Its approval ended {last.expires_at:%Y-%m-%d %H:%M} UTC."
    events = AuditEvent.objects.filter(verb="model_version.suspended", subject_id=str(version.pk)).order_by("-id")
    because = [json.loads(event.body)["detail"].get("because") for event in events[:1]]
    return f"It was suspended: {because[0]}." if because else "It was suspended."
