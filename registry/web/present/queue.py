"""The review queue of a person."""

from typing import Any

from django.urls import reverse

from registry.models import SignOff, User, Verdict, Waiver
from registry.models.choices import Stage
from registry.reports.wording import asked_words
from registry.web.present.gate_turns import BLOCKED
from registry.web.present.requirements import words_of
from registry.web.present.waiting import awaiting_signature, lapsed_signatures, waivers_to_grant

MOST = 50


def page(person: User) -> dict[str, Any]:
    """What `registry/lifecycle/queue.html` takes: what can be signed now apart from what lacks more than signatures."""
    versions = list(awaiting_signature(person).select_related("model__team", "model__project")[:MOST])
    said = _newest_verdicts([version.pk for version in versions])
    items = [_item(version, said.get(version.pk)) for version in versions]
    lapsed = lapsed_signatures(person).select_related("version__model__team", "snapshot").order_by("-seq")[:MOST]
    waivers = list(waivers_to_grant(person).select_related("version__model__team", "requested_by")[:MOST])
    words = words_of(waiver.requirement for waiver in waivers)
    return {
        "section": "reviews",
        "lead": _capacities(person),
        "ready": [item for item, is_ready in items if is_ready],
        "unready": [item for item, is_ready in items if not is_ready],
        "lapsed": [_lapsed(row) for row in lapsed],
        "waivers": [_waiver(row, words[row.requirement]) for row in waivers],
    }


def _capacities(person: User) -> str:
    rows = person.expertise.filter(ended_at=None).select_related("team").order_by("team__slug", "expertise")
    told = [f"{row.expertise} in {row.team.name}" for row in rows]
    return f"You sign for {', '.join(told)}." if told else ""


def _lapsed(signature: SignOff) -> dict[str, Any]:
    href = reverse("version-sign", args=[signature.version_id])
    return {
        "title": str(signature.version),
        "href": href,
        "status": "lapsed",
        "text": f"You signed for {signature.expertise}; the evidence has changed since.",
        "when": signature.signed_at,
        "action": {"title": "See what changed", "href": href},
    }


def _waiver(waiver: Waiver, words: str) -> dict[str, Any]:
    href = reverse("waiver", args=[waiver.pk])
    return {
        "title": words,
        "href": href,
        "text": f"{waiver.version}, asked for by {waiver.requested_by}: {waiver.reason}",
        "when": waiver.expires_at,
        "until": "Would end",
        "action": {"title": "Read and grant", "href": href},
    }


def _newest_verdicts(pks: list[Any]) -> dict[Any, Verdict]:
    rows = Verdict.objects.filter(version__in=pks, to_stage=Stage.INFERENCE)
    return {row.version_id: row for row in rows.order_by("version", "-decided_at").distinct("version")}


def _item(version: Any, verdict: Verdict | None) -> tuple[dict[str, Any], bool]:
    """A line of the queue, and whether only signatures are missing."""
    requirements = verdict.body["requirements"] if verdict else []
    unmet = [r for r in requirements if r["outcome"] != "passed" and not r["waived_until"]]
    other = [r for r in unmet if r["kind"] != "sign_off"]
    asked = ", ".join(r["detail"]["expertise"] for r in unmet if r["kind"] == "sign_off")
    lacks = (
        f"Not met yet: {'; '.join(asked_words(r) for r in other[:3])}{' …' if len(other) > 3 else '.'}" if other else ""
    )
    href, is_ready = reverse("version-sign", args=[version.pk]), verdict is not None and not other
    said = verdict.outcome if verdict else "undecided"
    item = {
        "title": str(version),
        "href": href,
        "status": "passed" if is_ready else said,
        "status_word": "ready to sign" if is_ready else BLOCKED.get(said, ""),
        "text": lacks or f"{version.model.project.name}. Signatures asked for: {asked}.",
        "when": verdict.decided_at if verdict else version.registered_at,
        "action": {"title": "Review", "href": href},
    }
    return item, is_ready
