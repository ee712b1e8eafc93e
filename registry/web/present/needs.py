"""What a project's trust needs decide, and what the questions about its use lead to."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import reverse

from registry.cards.needs import load_rubric, propose_levels
from registry.models import PolicyActivation, PolicyRevision, Project, TrustNeed
from registry.models.choices import Aspect, NeedLevel, Stage
from registry.reports.wording import asked_words
from registry.web.present.projects import needs_of

LEVELS = [NeedLevel.HIGH, NeedLevel.MEDIUM, NeedLevel.LOW]


def last_answers(project: Project) -> dict[str, bool]:
    """What was answered when a need was last set; empty where nobody has answered."""
    newest = TrustNeed.objects.filter(project=project).exclude(answers={}).order_by("-id").first()
    return dict(newest.answers) if newest else {}


def page(project: Project, *, answers: Mapping[str, bool], query: str) -> dict[str, Any]:
    """What `registry/catalog/needs.html` takes. `query`: the answers as they stand in the address."""
    last = PolicyActivation.objects.filter(project=project).select_related("revision__policy__team").order_by("-id")
    active = last.first()
    needs = needs_of(project)
    return {
        "section": "models",
        "project": project,
        "revision": active.revision if active else None,
        "decided": [_decided(need, _limits(active.revision) if active else []) for need in needs],
        "questions": [_question(each, answers) for each in load_rubric()["questions"]],
        "proposed": [_proposed(need, answers, query) for need in needs] if answers else [],
    }


def _limits(revision: PolicyRevision) -> list[dict[str, Any]]:
    """Every limit of a policy, with the aspect and the need in which it is judged."""
    return [
        {
            "aspect": rule["aspect"],
            "need": rule["need_level"],
            "text": asked_words({"kind": "threshold", "detail": rule}),
            "href": reverse("method", args=[rule["metric"]]),
            "stage": Stage(stage).label.lower(),
        }
        for stage, rules in sorted(revision.body["stages"].items())
        for evaluation in rules["evaluations"]
        for rule in evaluation["thresholds"]
    ]


def _decided(need: Mapping[str, Any], limits: list[dict[str, Any]]) -> dict[str, Any]:
    """One aspect: its level, and what is judged because of it."""
    own = [limit for limit in limits if limit["aspect"] == need["key"]]
    by_level = {level: [limit for limit in own if limit["need"] in ("any", level)] for level in LEVELS}
    others = [level for level in LEVELS if level != need["value"]]
    return {
        **need,
        "limits": by_level[NeedLevel(need["value"])],
        "otherwise": [{"level": level.label.lower(), "number": len(by_level[level])} for level in others],
        "differs": len({tuple(each["text"] for each in found) for found in by_level.values()}) > 1,
    }


def _question(question: Mapping[str, Any], answers: Mapping[str, bool]) -> dict[str, Any]:
    aspects = ", ".join(Aspect(name).label.lower() for name in question["aspects"])
    return {
        "slug": question["slug"],
        "prompt": question["prompt"],
        "aspects": aspects,
        "yes": bool(answers.get(question["slug"])),
    }


def reasons(aspect: str, answers: Mapping[str, bool]) -> Iterator[str]:
    """The questions answered with yes that point at an aspect."""
    for question in load_rubric()["questions"]:
        if answers.get(question["slug"]) and aspect in question["aspects"]:
            yield question["prompt"]


def _proposed(need: Mapping[str, Any], answers: Mapping[str, bool], query: str) -> dict[str, Any]:
    """What the answers lead to for one aspect, beside what is set."""
    level = propose_levels(answers).get(need["key"])
    return {
        "aspect": need["aspect"],
        "now": need["level"],
        "is_set": need["is_set"],
        "level": NeedLevel(level).label if level else "",
        "because": list(reasons(need["key"], answers)),
        "agrees": need["is_set"] and level == need["value"],
        "href": f"?{query}&aspect={need['key']}&level={level}#set" if level else "",
    }
