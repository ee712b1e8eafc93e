"""A waiver as its page shows it, and as others list it."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from registry import policies
from registry.gates.verdict import Requirement
from registry.gates.verdict import Verdict as Decision
from registry.models import ModelVersion, User, Waiver, WaiverGrant
from registry.models.choices import Stage
from registry.models.gate_inputs import people_who_may_sign
from registry.reports.wording import asked_words
from registry.services import verdicts
from registry.web.present.pages import crumbs
from registry.web.present.requirements import words_of
from registry.web.present.waiting import GRANTS_NEEDED

MOST = 10


def waiver_page(waiver: Waiver, *, person: User) -> dict[str, Any]:
    """What `registry/lifecycle/waiver.html` takes."""
    grants = list(waiver.grants.select_related("granted_by").order_by("granted_at"))
    counted = _counted(waiver, grants, people_who_may_sign(waiver.version))
    running = _is_running(waiver)
    has_granted = any(grant.granted_by_id == person.pk for grant in grants)
    may = running and not has_granted and waiver.requested_by_id != person.pk
    return {
        "waiver": waiver,
        "asked": words_of([waiver.requirement])[waiver.requirement],
        "finding": _finding(waiver),
        "crumbs": crumbs("model-list", (str(waiver.version), "version", waiver.version_id)),
        "grants": grants,
        **_standing(running, counted),
        "lacking": max(0, GRANTS_NEEDED - counted),
        "may_grant": may and policies.may_review(person, waiver.version),
        "facts": [
            {"name": "Asked for by", "value": str(waiver.requested_by)},
            {"name": "Asked for", "when": waiver.requested_at},
            {"name": "Ends", "when": waiver.expires_at},
            {"name": "Before", "value": waiver.to_stage},
            {"name": "Code", "value": waiver.requirement},
        ],
    }


def standing(waiver: Waiver) -> str:
    """Whether it was granted, is only asked for, or is over; a waiver comes with its grants."""
    return _standing(_is_running(waiver), len(waiver.grants.all()))["status"]


def _counted(waiver: Waiver, grants: Iterable[WaiverGrant], able: set[int]) -> int:
    """How many grants count: of people who may sign, and not of the one who asked."""
    return sum(grant.granted_by_id in able and grant.granted_by_id != waiver.requested_by_id for grant in grants)


def _is_running(waiver: Waiver) -> bool:
    return waiver.expires_at > timezone.now() and waiver.version.stage != Stage.RETIRED


def _standing(running: bool, counted: int) -> dict[str, str]:
    if not running:
        return {"status": "lapsed", "status_word": "lapsed"}
    holds = counted >= GRANTS_NEEDED
    return {"status": "waived" if holds else "pending", "status_word": "holds" if holds else "asked for"}


def listed(version: ModelVersion, verdict: Decision | dict[str, Any] | None) -> list[dict[str, Any]]:
    """The newest waivers of a version, each with what it accepts: most of it is in the verdict already."""
    rows = Waiver.objects.filter(version=version).select_related("requested_by", "version").order_by("-requested_at")
    body = verdict.as_dict() if isinstance(verdict, Decision) else verdict or {"requirements": ()}
    words = {each["id"]: _in_short(each) for each in body["requirements"]}
    waivers = list(rows[:MOST])
    words |= words_of(code for waiver in waivers if (code := waiver.requirement) not in words)
    held = {each["id"] for each in body["requirements"] if each.get("waived_until")}
    return [{"row": each, "words": words[each.requirement], **_effect(each, held)} for each in waivers]


def _effect(waiver: Waiver, held: set[str]) -> dict[str, str]:
    """Whether the gate goes by it: one that nobody granted yet does nothing, nor does one of an older finding."""
    if not _is_running(waiver):
        return {"status": "lapsed", "status_word": "lapsed"}
    holds = waiver.requirement in held
    return {"status": "waived" if holds else "pending", "status_word": "holds" if holds else "does not hold"}


def _in_short(requirement: dict[str, Any]) -> str:
    """What is asked; of risks, which many requirements ask alike, also which one it is."""
    asked = asked_words(requirement)
    return f"{asked} ({requirement['found']})" if requirement["kind"] in ("risk", "treatment") else asked


def _finding(waiver: Waiver) -> Requirement | None:
    """What the gate finds now, where it is still exactly what the waiver accepts."""
    asked = verdicts.review(waiver.version, to_stage=waiver.to_stage).decision.requirements
    return next((each for each in asked if (each.id, each.found) == (waiver.requirement, waiver.found)), None)
