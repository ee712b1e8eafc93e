"""What a new policy revision can begin with, and what may stand in it."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse

from evaluators.catalog import EVALUATORS
from registry.models import PolicyActivation, PolicyRevision, Project, User
from registry.models.choices import Aspect, NeedLevel, Priority
from registry.reports import tested
from registry.web.access import visible
from registry.web.present import families, metrics

EXAMPLE = settings.BASE_DIR / "fixtures" / "policies" / "lending.json"
BEGINNING: dict[str, Any] = {
    "title": "",
    "rationale": "",
    "max_waiver_hours": 72,
    "stages": {
        "inference": {
            "validity_days": 180,
            "block_risks_from": "high",
            "evaluations": [],
            "documents": [{"kind": "model_card", "min_percent": 80}, {"kind": "datasheet", "min_percent": 80}],
            "sign_offs": [{"expertise": "domain", "people": 1}],
        }
    },
}
# What the service fills in itself; a new revision begins without it.
FILLED_IN = ("spec_digest", "version")


def beginning(request: HttpRequest) -> dict[str, Any]:
    """What the form for a new revision starts with: an earlier revision, the example, or the frame of one."""
    begun: dict[str, Any] = {"body": BEGINNING}
    wanted = request.GET.get("from", "")
    if wanted == "example":
        return {"slug": "", "body": _example()}
    if key := _key(wanted):
        revision = visible(PolicyRevision, request.user).filter(pk=key).select_related("policy__team").first()
        if revision is not None:
            body = _without_filled_in(revision.body)
            begun = {"team": revision.policy.team, "slug": revision.policy.slug, "body": body}
    return begun | {"body": json.dumps(begun["body"], indent=2, ensure_ascii=False)}


@cache
def _example() -> str:
    return json.dumps(json.loads(EXAMPLE.read_text(encoding="utf-8")), indent=2, ensure_ascii=False)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _without_filled_in(body: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(body))
    for rules in plain["stages"].values():
        for rule in rules["evaluations"]:
            for name in FILLED_IN:
                rule.pop(name, None)
    return plain


def starts(person: User) -> list[dict[str, Any]]:
    """What can be begun with: the revisions that apply to the visitor's projects now, and an example."""
    new = reverse("policy-revision-new")
    last = PolicyActivation.objects.filter(project=OuterRef("pk")).order_by("-id").values("revision")[:1]
    active = Project.objects.visible_to(person).annotate(active=Subquery(last)).exclude(active=None)
    names: dict[Any, list[str]] = {}
    for project in active.order_by("slug"):
        names.setdefault(project.active, []).append(project.name)
    revisions = PolicyRevision.objects.filter(pk__in=names).select_related("policy__team").order_by("policy__slug")
    applied = [
        {"title": str(row), "note": f"applies to {', '.join(names[row.pk])}", "href": f"{new}?from={row.pk}"}
        for row in revisions[:20]
    ]
    example = {"title": "A worked example", "note": "a policy for mortgage decisions", "href": f"{new}?from=example"}
    return [*applied, example, {"title": "An empty frame", "note": "", "href": new}]


@cache
def _families() -> list[dict[str, Any]]:
    """Every evaluator, by family, with what it measures; no limit can be set on a test, so tests are marked."""
    by_evaluator: dict[str, list[dict[str, Any]]] = {}
    for metric, known in metrics.facts().items():
        line = {"id": metric, "title": known["title"], "is_test": tested.is_test(metric)}
        by_evaluator.setdefault(known["evaluator"], []).append(line)
    return [
        {
            "title": title,
            "evaluators": [
                {"id": name, "title": metrics.evaluator_title(name), "metrics": by_evaluator.get(name, [])}
                for name in names
            ],
        }
        for title, names in families.by_family(EVALUATORS)
    ]


def writing_help(person: User) -> dict[str, Any]:
    """What may stand in a policy: metrics by evaluator, the words that a field takes, and what to begin with."""
    return {
        "families": _families(),
        "starts": starts(person),
        "aspects": Aspect.values,
        "levels": ["any", *NeedLevel.values],
        "priorities": Priority.values,
    }
