"""Policies in plain words."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Max, OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from registry import policies
from registry.cards.schemas import load_schema
from registry.models import Policy, PolicyActivation, PolicyRevision, Project, User
from registry.models.choices import Assurance, NeedLevel, Role, Stage
from registry.reports import slices
from registry.reports.figures import format_level, format_number
from registry.reports.settings_words import settings_words
from registry.reports.wording import asked_words
from registry.services.policy import is_published
from registry.web.access import teams_of
from registry.web.present import metrics


def policy_list(request: HttpRequest) -> dict[str, Any]:
    """What `registry/policy/policies.html` takes."""
    rows = Policy.objects.visible_to(request.user).select_related("team").order_by("team__slug", "slug")
    rows = rows.annotate(
        newest=Max("revisions__number"), applied=Count("revisions__activations__project", distinct=True)
    )
    may = teams_of(request.user, Role.CONTRIBUTOR, Role.ADMINISTRATOR).exists()
    return {
        "section": "policies",
        "columns": [{"title": "Policy"}, {"title": "Newest revision"}, {"title": "Projects", "numeric": True}],
        "rows": [
            [
                {"text": each.title, "href": reverse("policy", args=[each.pk]), "note": str(each)},
                {"text": f"revision {each.newest}" if each.newest else "none"},
                {"text": each.applied},
            ]
            for each in rows[:200]
        ],
        "actions": [{"title": "Write a revision", "href": reverse("policy-revision-new")}] if may else [],
    }


def policy_page(policy: Policy, *, person: User) -> dict[str, Any]:
    """What `registry/policy/policy.html` takes."""
    revisions = policy.revisions.select_related("written_by", "policy__team").annotate(agreed=Count("publications"))
    active = _active_projects(policy)
    may = policies.may_write_policy(person, policy.team)
    newest = policy.revisions.order_by("-number").values_list("pk", flat=True).first()
    new = {"title": "Write the next revision", "href": f"{reverse('policy-revision-new')}?from={newest}"}
    return {
        "section": "policies",
        "policy": policy,
        "crumbs": [{"title": "Policies", "href": reverse("policy-list")}],
        "actions": [new] if may else [],
        "columns": [{"title": name} for name in ("Revision", "State", "Applies to", "Written by", "Written")],
        "rows": [
            [
                {
                    "text": f"Revision {each.number}",
                    "href": reverse("policy-revision", args=[each.pk]),
                    "note": Truncator(each.rationale).words(24, truncate=" \u2026"),
                },
                {
                    "status": "published" if each.agreed >= 2 else "pending",
                    "text": "" if each.agreed >= 2 else f"{each.agreed} of 2 agreed",
                },
                {"text": ", ".join(project.name for project in active.get(each.pk, ())) or "nothing"},
                {"text": str(each.written_by)},
                {"when": each.written_at},
            ]
            for each in revisions.order_by("-number")[:100]
        ],
    }


def _active_projects(policy: Policy) -> dict[Any, list[Project]]:
    """By revision, the projects that it applies to now."""
    last = PolicyActivation.objects.filter(project=OuterRef("pk")).order_by("-id").values("revision")[:1]
    rows = Project.objects.filter(team=policy.team_id).annotate(active=Subquery(last)).exclude(active=None)
    found: dict[Any, list[Project]] = {}
    for project in rows.order_by("slug"):
        found.setdefault(project.active, []).append(project)
    return found


def revision_page(revision: PolicyRevision, *, person: User) -> dict[str, Any]:
    """What `registry/policy/revision.html` takes."""
    agreed = list(revision.publications.select_related("agreed_by").order_by("agreed_at"))
    published, wrote = is_published(revision), revision.written_by_id == person.pk
    may = policies.may_publish_policy(person, revision.policy.team) and not wrote
    has_agreed = any(each.agreed_by_id == person.pk for each in agreed)
    return {
        "section": "policies",
        "revision": revision,
        "title": f"{revision.policy.title}, revision {revision.number}",
        "crumbs": [
            {"title": "Policies", "href": reverse("policy-list")},
            {"title": revision.policy.title, "href": reverse("policy", args=[revision.policy_id])},
        ],
        "status": "published" if published else "pending",
        "status_word": "published" if published else f"{len(agreed)} of 2 agreed",
        "stages": [_stage(stage, rules) for stage, rules in sorted(revision.body["stages"].items(), key=_place)],
        "agreed": agreed,
        "projects": _active_projects(revision.policy).get(revision.pk, []),
        "may_agree": may and not has_agreed,
        "may_activate": may and published,
        "wrote": wrote,
        "as_json": json.dumps(revision.body, indent=2, sort_keys=False, ensure_ascii=False),
        "facts": [
            {"name": "Written by", "value": str(revision.written_by)},
            {"name": "Written", "when": revision.written_at},
            {"name": "Longest waiver", "value": _hours(revision.max_waiver_hours)},
            {"name": "Digest", "digest": revision.digest},
        ],
    }


def _place(rules: tuple[str, Any]) -> int:
    """Where on its way a version meets them."""
    return Stage.values.index(rules[0])


def _hours(hours: int) -> str:
    """'72 hours (3 days)': the form of a waiver asks for hours, people think in days."""
    days = f" ({hours // 24:,} days)" if hours > 24 and hours % 24 == 0 else ""
    return f"{hours:,} hour{'' if hours == 1 else 's'}{days}"


def _stage(stage: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    block = rules["block_risks_from"]
    return {
        "title": Stage(stage).label,
        "validity": f"An approval lasts {rules['validity_days']} days.",
        "risks": f"No open risk of {block} priority or above; every open risk has a treatment and an owner."
        if block
        else "",
        "evaluations": [_evaluation(each) for each in rules["evaluations"]],
        "documents": [_document(each) for each in rules["documents"]],
        "sign_offs": [_sign_off(each) for each in rules["sign_offs"]],
    }


def _evaluation(rule: Mapping[str, Any]) -> dict[str, Any]:
    columns = rule["reads"].get("columns") or {}
    declared = {name: rule["reads"][name] for name in ("favourable", "score_kind") if rule["reads"].get(name)}
    reads = ", ".join(
        f"{role.replace('_', ' ')} = {', '.join(c) if isinstance(c, list) else c}"
        for role, c in {**columns, **declared}.items()
    )
    assurance = Assurance(rule["assurance"]).label
    settings = settings_words(rule["evaluator"], rule["parameters"], version=rule["version"])
    return {
        "title": metrics.evaluator_title(rule["evaluator"]),
        "id": rule["evaluator"],
        "how": f"{assurance}, at most {rule['max_age_days']} days old, {format_level(rule['level'])} intervals",
        "reads": reads,
        "settings": settings,
        "thresholds": [_threshold(each) for each in rule["thresholds"]],
    }


def _threshold(rule: Mapping[str, Any]) -> dict[str, Any]:
    need = rule["need_level"]
    when = "always" if need == "any" else f"where the need for {rule['aspect']} is {NeedLevel(need).label.lower()}"
    bound = {"at_least": "lower bound", "at_most": "upper bound", "within": "whole interval"}[rule["direction"]]
    left_out = f"Judged even without {slices.listed(rule['excluded_allowed'])}." if rule["excluded_allowed"] else ""
    return {
        "text": asked_words({"kind": "threshold", "detail": rule}),
        "judged": f"The {bound} is judged, {when}.",
        "source": rule["source"],
        "left_out": left_out,
        "href": reverse("method", args=[rule["metric"]]),
        "limit": format_number(rule["limit"]),
    }


def _document(rule: Mapping[str, Any]) -> str:
    name = rule["kind"].replace("_", " ").capitalize()
    questions = load_schema(rule["kind"]).questions
    named = [f"\u201c{questions[key].title if key in questions else key}\u201d" for key in rule["must_know"]]
    known = f"; these must be known: {' and '.join(named)}" if named else ""
    return f"{name}: at least {rule['min_percent']}% of the required questions answered{known}."


def _sign_off(rule: Mapping[str, Any]) -> str:
    one = rule["people"] == 1
    people = "One person" if one else f"{rule['people']} people"
    return f"{people} with expertise in {rule['expertise']}, {'not' if one else 'none'} an author of what they sign."
