"""The review queue of a person."""

from typing import Any

from django.urls import reverse

from registry.models import User, Verdict
from registry.models.choices import Stage
from registry.web.present.waiting import awaiting_signature, lapsed_signatures, waivers_to_grant

MOST = 50


def page(person: User) -> dict[str, Any]:
    """What `registry/lifecycle/queue.html` takes: what can be signed now apart from what lacks more than signatures."""
    versions = list(awaiting_signature(person).select_related("model__team", "model__project")[:MOST])
    said = _newest_verdicts([version.pk for version in versions])
    items = [_item(version, said.get(version.pk)) for version in versions]
    lapsed = lapsed_signatures(person).select_related("version__model__team", "snapshot").order_by("-seq")[:MOST]
    return {
        "section": "reviews",
        "ready": [item for item in items if item["is_ready"]],
        "unready": [item for item in items if not item["is_ready"]],
        "lapsed": [{"signature": row, "href": reverse("version-sign", args=[row.version_id])} for row in lapsed],
        "waivers": waivers_to_grant(person).select_related("version__model__team", "requested_by")[:MOST],
        "expertise": person.expertise.filter(ended_at=None).select_related("team").order_by("team__slug", "expertise"),
    }


def _newest_verdicts(pks: list[Any]) -> dict[Any, Verdict]:
    rows = Verdict.objects.filter(version__in=pks, to_stage=Stage.INFERENCE)
    return {row.version_id: row for row in rows.order_by("version", "-decided_at").distinct("version")}


def _item(version: Any, verdict: Verdict | None) -> dict[str, Any]:
    requirements = verdict.body["requirements"] if verdict else []
    unmet = [r for r in requirements if r["outcome"] != "passed" and not r["waived_until"]]
    other = [r for r in unmet if r["kind"] != "sign_off"]
    return {
        "name": str(version),
        "project": version.model.project.name,
        "href": reverse("version-sign", args=[version.pk]),
        "outcome": verdict.outcome if verdict else "undecided",
        "is_ready": verdict is not None and not other,
        "failed": sum(r["outcome"] == "failed" for r in other),
        "undecided": sum(r["outcome"] == "undecided" for r in other),
        "asked": [r["detail"]["expertise"] for r in unmet if r["kind"] == "sign_off"],
        "at": verdict.decided_at if verdict else version.registered_at,
    }
