"""A waiver as its page shows it, and as others list it."""

from typing import Any

from django.utils import timezone

from registry import policies
from registry.gates.verdict import Requirement
from registry.gates.verdict import Verdict as Decision
from registry.models import ModelVersion, User, Waiver
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
    able = people_who_may_sign(waiver.version) - {waiver.requested_by_id}
    counted = [grant for grant in grants if grant.granted_by_id in able]
    holds = len(counted) >= GRANTS_NEEDED
    running = waiver.expires_at > timezone.now() and waiver.version.stage != Stage.RETIRED
    has_granted = any(grant.granted_by_id == person.pk for grant in grants)
    may = running and not has_granted and waiver.requested_by_id != person.pk
    return {
        "waiver": waiver,
        "asked": words_of([waiver.requirement])[waiver.requirement],
        "finding": _finding(waiver),
        "section": "reviews",
        "crumbs": crumbs("model-list", (str(waiver.version), "version", waiver.version_id)),
        "grants": grants,
        "status": "waived" if running and holds else "pending" if running else "lapsed",
        "status_word": "holds" if running and holds else "asked for" if running else "lapsed",
        "lacking": max(0, GRANTS_NEEDED - len(counted)),
        "may_grant": may and policies.may_review(person, waiver.version),
        "facts": [
            {"name": "Asked for by", "value": str(waiver.requested_by)},
            {"name": "Asked for", "when": waiver.requested_at},
            {"name": "Ends", "when": waiver.expires_at},
            {"name": "Before", "value": waiver.to_stage},
            {"name": "Code", "value": waiver.requirement},
        ],
    }


def listed(version: ModelVersion, verdict: Decision | dict[str, Any] | None) -> list[dict[str, Any]]:
    """The newest waivers of a version, each with what it accepts: most of it is in the verdict already."""
    rows = Waiver.objects.filter(version=version).select_related("requested_by").order_by("-requested_at")
    body = verdict.as_dict() if isinstance(verdict, Decision) else verdict or {"requirements": ()}
    words = {each["id"]: _in_short(each) for each in body["requirements"]}
    waivers = list(rows[:MOST])
    words |= words_of(code for waiver in waivers if (code := waiver.requirement) not in words)
    return [{"row": waiver, "words": words[waiver.requirement]} for waiver in waivers]


def _in_short(requirement: dict[str, Any]) -> str:
    """What is asked; of risks, which many requirements ask alike, also which one it is."""
    asked = asked_words(requirement)
    return f"{asked} ({requirement['found']})" if requirement["kind"] in ("risk", "treatment") else asked


def _finding(waiver: Waiver) -> Requirement | None:
    """What the gate finds now, where it is still exactly what the waiver accepts."""
    asked = verdicts.review(waiver.version, to_stage=waiver.to_stage).decision.requirements
    return next((each for each in asked if (each.id, each.found) == (waiver.requirement, waiver.found)), None)
