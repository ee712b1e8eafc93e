"""A version as its pages show it: who it is, where it stands, its sections, and what its gate says."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone

from registry.gates.values import WAIVABLE_KINDS
from registry.models import (
    Authorship,
    DocumentRevision,
    Measurement,
    Membership,
    ModelVersion,
    Risk,
    SignOff,
    Transition,
    User,
)
from registry.models.choices import Role, Stage, Standing
from registry.services import verdicts
from registry.web.present import waivers
from registry.web.present.drawn import WHOLE
from registry.web.present.waiting import RENEWED_WITHIN, newest_outcome

NEXT = {
    Stage.SCOPING: Stage.DATA,
    Stage.DATA: Stage.PREPROCESSING,
    Stage.PREPROCESSING: Stage.TRAINING,
    Stage.TRAINING: Stage.INFERENCE,
}
EVALUATORS = frozenset({Role.CONTRIBUTOR, Role.REVIEWER})
SECTIONS = ("evidence", "coverage", "card", "risks", "lineage", "history")


def next_stage(version: ModelVersion) -> str:
    """The stage after the present one; empty at the end of the way."""
    return str(NEXT.get(Stage(version.stage), ""))


def left_stage(version: Any) -> str:
    """How far a retired version had come; empty for one that is under way. `version` comes from `for_pages`."""
    return version.came_from or "" if version.stage == Stage.RETIRED else ""


def for_pages(rows: QuerySet[ModelVersion], *, person: User | None = None) -> QuerySet[ModelVersion]:
    """With what the frame of a version's pages shows, and the roles of `person` in its team, in one query."""
    mine = {"version": OuterRef("pk")}
    card = DocumentRevision.objects.filter(document__model_version=OuterRef("pk"), document__kind="model_card")
    newest = card.order_by("-number")
    roles = Membership.objects.filter(team=OuterRef("team"), person=person, ended_at=None)
    moved = Transition.objects.filter(**mine).order_by("-at")
    return rows.select_related("model__project", "model__team", "team", "artifact", "registered_by").annotate(
        measured=_number(Measurement.objects.filter(**mine, slice__in=WHOLE), Concat("spec_digest", "metric", "slice")),
        said=newest_outcome(),
        open_risks=_number(Risk.objects.filter(**mine, is_resolved=False, carried_to=None), "pk"),
        card_answered=Subquery(newest.values("answered")[:1]),
        card_applicable=Subquery(newest.values("applicable")[:1]),
        approved_until=Subquery(moved.values("expires_at")[:1]),
        came_from=Subquery(moved.values("from_stage")[:1]),
        roles=ArraySubquery(roles.values("role")),
        has_siblings=Exists(ModelVersion.objects.filter(model=OuterRef("model")).exclude(pk=OuterRef("pk"))),
        by_visitor=Exists(Authorship.objects.filter(**mine, person=person)),
    )


def _number(rows: QuerySet[Any], column: Any) -> Subquery:
    counted = rows.order_by().values("version").annotate(number=Count(column, distinct=True))
    return Subquery(counted.values("number"), output_field=IntegerField())


def frame(version: ModelVersion, tab: str) -> dict[str, Any]:
    """What `registry/catalog/version.html` takes. `version` comes from `for_pages`."""
    return {"version": version, "page": _page(version), "tabs": _tabs(version), "tab": tab, "section": "models"}


def _is_due(version: Any) -> bool:
    """Whether its approval has ended, was suspended, or ends soon."""
    until = version.approved_until
    ends_soon = until is not None and until <= timezone.now() + RENEWED_WITHIN
    return version.stage == Stage.INFERENCE and (ends_soon or version.standing == Standing.SUSPENDED)


def _page(version: Any) -> dict[str, Any]:
    model = version.model
    return {
        "title": str(model),
        "label": version.label,
        "crumbs": [
            {"title": "Models", "href": reverse("model-list")},
            {"title": str(model), "href": reverse("model", args=[model.pk])},
        ],
        "lead": model.description,
        **_standing(version),
        "stage": version.stage,
        "left": left_stage(version),
        "target": next_stage(version),
        "actions": _actions(version),
        "facts": [
            {"name": "Project", "value": model.project.name, "href": reverse("project", args=[model.project_id])},
            {"name": "Registered by", "value": str(version.registered_by)},
            {"name": "Registered", "when": version.registered_at},
            {"name": "Files", "digest": version.root_digest, "value": "none yet"},
        ],
    }


def _standing(version: Any) -> dict[str, str]:
    """Said only when it is not good: beside a shut gate "good standing" reads like a yes."""
    if left := left_stage(version):
        return {"standing": version.stage, "standing_word": f"Retired from {left}"}
    bad = "" if version.standing == Standing.GOOD else version.standing
    return {"standing": bad, "standing_word": f"{Standing(version.standing).label} standing"}


def _actions(version: Any) -> list[dict[str, str]]:
    roles = set(version.roles)
    ahead, address = next_stage(version), {"args": [version.pk]}
    actions = []
    if ahead and "contributor" in roles:
        is_shut = ahead == Stage.INFERENCE and version.said != "passed"
        kind = {"kind": "quiet"} if is_shut else {}
        actions.append({"title": f"Move to {ahead}", "href": reverse("version-move", **address), **kind})
    if "contributor" in roles and _is_due(version):
        href = f"{reverse('version-move', **address)}?to={version.stage}"
        actions.append({"title": "Renew the approval", "href": href})
    if "contributor" in roles and version.stage == Stage.INFERENCE:
        href = f"{reverse('version-move', **address)}?to={Stage.RETIRED}"
        actions.append({"title": "Retire", "href": href, "kind": "quiet"})
    if "contributor" in roles and version.root_digest is None:
        actions.append({"title": "Attach files", "href": reverse("version-files", **address), "kind": "quiet"})
    if may_be_evaluated(version):
        actions.append({"title": "Evaluate", "href": reverse("version-evaluate", **address), "kind": "quiet"})
    actions.append({"title": "Compare", "href": reverse("version-compare", **address), "kind": "quiet"})
    href = reverse("version-dossier", **address)
    actions.append({"title": "PDF dossier", "href": href, "kind": "quiet", "note": "takes some seconds"})
    return actions


def may_be_evaluated(version: Any) -> bool:
    """Whether a page offers its visitor to measure this version: there are files, and an answer is still of use."""
    is_open = version.root_digest is not None and version.stage != Stage.RETIRED
    return is_open and bool(EVALUATORS & set(version.roles))


def _tabs(version: Any) -> list[dict[str, Any]]:
    card = f"{version.card_answered}/{version.card_applicable}" if version.card_applicable else ""
    notes = {"evidence": version.measured or "", "card": card, "risks": version.open_risks or ""}
    gate = {"key": "gate", "title": "Gate", "href": reverse("version", args=[version.pk])}
    rest = [
        {
            "key": key,
            "title": key.capitalize(),
            "href": reverse(f"version-{key}", args=[version.pk]),
            "note": notes.get(key, ""),
        }
        for key in SECTIONS
    ]
    return [gate, *rest]


def offers(version: Any, gate: dict[str, Any], signed: list[SignOff], person: User) -> dict[str, Any]:
    """What this person could do about the gate: the steps that its unmet requirements suggest, and withdrawing.

    `version` comes from `for_pages`, `signed` from `signatures.sign_offs`.
    """
    reviewed = gate.get("reviewed")
    last = next((row for row in signed if row.signed_by_id == person.pk), None)
    withdrawn = last is None or hasattr(last, "withdrawal")
    return {
        "next_steps": _next_steps(version, reviewed, person) if reviewed else [],
        "withdraw_href": "" if withdrawn else reverse("sign-off-withdraw", args=[last.pk]),
        "waivers": waivers.listed(version, gate["verdict"]),
    }


def _next_steps(version: Any, reviewed: verdicts.Review, person: User) -> list[dict[str, str]]:
    kinds = {item.kind for item in reviewed.decision.unmet}
    unmeasured = any(item.kind == "threshold" and item.found == "0" for item in reviewed.decision.unmet)
    roles = set(version.roles)
    is_contributor = Role.CONTRIBUTOR in roles
    may_sign = Role.REVIEWER in roles and not (version.by_visitor or person.is_service)
    wanted = [
        ("Run what is missing", "version-evaluate", ("evaluation" in kinds or unmeasured) and roles & EVALUATORS),
        ("Complete the documents", "version-card", "document" in kinds and is_contributor),
        ("Go through the risks", "version-risks", kinds & {"risk", "treatment", "assessment"} and is_contributor),
        ("Review and sign", "version-sign", reviewed.policy and reviewed.policy.sign_offs and may_sign),
        ("Ask for a waiver", "version-waive", kinds & WAIVABLE_KINDS and is_contributor),
    ]
    return [{"title": t, "href": reverse(n, args=[version.pk]), "kind": "quiet"} for t, n, offered in wanted if offered]
