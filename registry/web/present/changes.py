"""What differs: between the evidence that was signed and the present one, and between two versions."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField
from django.db.models.functions import Cast
from django.http import Http404
from django.urls import reverse

from registry.models import AuditEvent, DocumentRevision, ModelVersion, Risk, SignOff, User
from registry.models.choices import Priority
from registry.services.verdicts import Review
from registry.web.present import beside, catalog, remeasured, rewritten
from registry.web.present.requirements import words_of

WRITTEN = ("step_taken", "treatment", "likelihood", "severity", "resolution")


def last_signature(version: ModelVersion, *, of: User) -> SignOff | None:
    """The newest signature that a person gave on a version."""
    rows = SignOff.objects.filter(version=version, signed_by=of).select_related("snapshot", "withdrawal")
    return rows.order_by("-seq").first()


def since_signed(signed: SignOff | None, reviewed: Review | None, *, person: User) -> dict[str, Any]:
    """What changed since a signature was given, as far as a person may read it; it comes with its snapshot."""
    if signed is None or reviewed is None:
        return {"changes": [], "signed_before": None}
    before, after = json.loads(signed.snapshot.body), json.loads(reviewed.evidence_body)
    written = rewritten.documents(before["documents"], after["documents"], person=person)
    found = [*written, *compare_evidence(before, after), *_rewritten_risks(signed)]
    return {"signed_before": signed, "changes": found}


def _rewritten_risks(signed: SignOff) -> list[dict[str, Any]]:
    """What was written about risks since: their texts are no part of the snapshot, and yet a signature covers them."""
    risks = Risk.objects.filter(version=signed.version_id).values(text=Cast("pk", CharField()))
    events = AuditEvent.objects.filter(subject_kind="risk", subject_id__in=risks, verb="risk.updated")
    found = []
    for event in events.filter(at__gt=signed.signed_at).order_by("id"):
        detail = json.loads(event.body).get("detail") or {}
        before, after = detail.get("before") or {}, detail.get("after") or {}
        found += [
            {"name": event.subject_name, "note": f"risk, {name.replace('_', ' ')}"}
            | {"before": _plain(before.get(name)), "after": _plain(after[name])}
            for name in after
            if name in WRITTEN and before.get(name) != after[name]
        ]
    return found


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def compare_evidence(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """The differences of two evidence snapshots but for their documents, in the words of the page."""
    return [
        *remeasured.compare(before, after),
        *_compare(_risks(before), _risks(after), "risk"),
        *_compare_waivers(before, after),
        *_compare(_frame(before), _frame(after), ""),
    ]


def _compare(before: dict[str, str], after: dict[str, str], note: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "note": note, "before": before.get(name, ""), "after": after.get(name, "")}
        for name in [*before, *(name for name in after if name not in before)]
        if before.get(name) != after.get(name)
    ]


def _risks(body: dict[str, Any]) -> dict[str, str]:
    return _by_name((risk["issue"], _risk_words(risk)) for risk in body["risks"])


def _risk_words(risk: dict[str, Any]) -> str:
    treated = "treated" if risk["has_treatment"] else "no treatment"
    return f"{risk['priority']} priority, {treated}, {'owned' if risk['has_owner'] else 'no owner'}"


def _by_name(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What is said of each name; of two things with one name, both."""
    found: dict[str, list[str]] = {}
    for name, words in said:
        found.setdefault(name, []).append(words)
    return {name: "; ".join(sorted(words)) for name, words in found.items()}


def _compare_waivers(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    changes = _compare(_waivers(before), _waivers(after), "waiver")
    words = words_of(change["name"] for change in changes)
    return [change | {"name": f"Waiver of \u201c{words[change['name']]}\u201d"} for change in changes]


def _waivers(body: dict[str, Any]) -> dict[str, str]:
    return _by_name((w["requirement"], f"until {w['expires_at'][:16].replace('T', ' ')}") for w in body["waivers"])


def _frame(body: dict[str, Any]) -> dict[str, str]:
    policy = body["policy"] or {"name": "none", "digest": ""}
    needs = ", ".join(f"{aspect} {level}" for aspect, level in body["needs"].items())
    return {
        "Files": body["version"]["root_digest"] or "none",
        "Stage": body["version"]["stage"],
        "Policy": f"{policy['name']} ({policy['digest'][:12]})",
        "Trust needs": needs or "none set",
        "Runs": ", ".join(sorted(f"{run['state']}, {run['assurance']}" for run in body["runs"])) or "none",
    }


def compare(version: ModelVersion, *, against: str, person: User) -> dict[str, Any]:
    """Two versions of one model side by side, the earlier first; without a choice, with the one registered before."""
    family = catalog.with_answers(ModelVersion.objects.visible_to(person).filter(model=version.model))
    versions = list(family.select_related("model__team", "team").order_by("-registered_at"))
    siblings = [each for each in versions if each.pk != version.pk]
    other = _other(siblings, version, against)
    context: dict[str, Any] = {"version": version, "other": other, "siblings": siblings, "section": "models"}
    context["crumbs"] = [
        {"title": "Models", "href": reverse("model-list")},
        {"title": str(version.model), "href": reverse("model", args=[version.model_id])},
        {"title": version.label, "href": reverse("version", args=[version.pk])},
    ]
    if other is None:
        return context
    before, now = sorted((each for each in versions if each.pk in (version.pk, other.pk)), key=_registered)
    cards, risks = _cards(before, now), _open_risks(before, now)
    return context | {
        "before": before,
        "now": now,
        "before_said": catalog.answer(before),
        "now_said": catalog.answer(now),
        "measurements": beside.pairs(before, now),
        "card_changes": rewritten.answers(cards[before.pk], cards[now.pk], schema_id="model_card"),
        "risk_changes": _compare(risks[before.pk], risks[now.pk], "risk"),
    }


def _registered(version: ModelVersion) -> datetime:
    return version.registered_at


def _other(siblings: list[ModelVersion], version: ModelVersion, against: str) -> ModelVersion | None:
    """The version that is named, else the newest of those before, else the newest of all; `siblings` begin with it."""
    if not against:
        before = (each for each in siblings if each.registered_at < version.registered_at)
        return next(before, siblings[0] if siblings else None)
    found = next((each for each in siblings if str(each.pk) == against.lower()), None)
    if found is None:
        raise Http404
    return found


def _cards(*versions: ModelVersion) -> dict[UUID, dict[str, Any]]:
    """What the newest revision of each version's card says."""
    rows = DocumentRevision.objects.filter(document__model_version__in=versions, document__kind="model_card")
    newest = rows.order_by("document", "-number").distinct("document")
    found = dict(newest.values_list("document__model_version", "answers"))
    return {each.pk: dict(found.get(each.pk) or {}) for each in versions}


def _open_risks(*versions: ModelVersion) -> dict[UUID, dict[str, str]]:
    found: dict[UUID, list[tuple[str, str]]] = {each.pk: [] for each in versions}
    for risk in Risk.objects.filter(version__in=versions, carried_to=None):
        found[risk.version_id].append((risk.issue, f"{Priority(risk.priority).label} priority, {_state(risk)}"))
    return {key: _by_name(said) for key, said in found.items()}


def _state(risk: Risk) -> str:
    return f"resolved: {risk.resolution}" if risk.is_resolved else "open"
