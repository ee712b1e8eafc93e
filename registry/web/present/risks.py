"""The risks of a version, as its page shows them."""

from typing import Any

from django.urls import reverse

from registry import policies
from registry.models import ModelVersion, Risk, RiskAssessment, User
from registry.models.choices import Aspect, Priority, Stage, Treatment

COLUMNS = [{"title": name} for name in ("Risk", "Priority", "Likelihood × severity", "Treatment", "Owner", "State")]
RANK = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}


def section(version: ModelVersion, *, person: User) -> dict[str, Any]:
    """What `version_risks.html` takes."""
    standing = Risk.objects.filter(version=version, carried_to=None).select_related("owner", "assessment")
    trails = _trails(version)
    may = policies.may_contribute(person, version.team)
    rows = sorted(standing, key=lambda risk: (risk.is_resolved, RANK[Priority(risk.priority)], risk.pk))
    add = {"title": "Add a risk", "href": reverse("risk-new", args=[version.pk])}
    return {
        "risks": [_row(risk, trails, may=may) for risk in rows],
        "risk_columns": COLUMNS,
        "assessment": _assessment(version),
        "add": add if may else None,
        "empty_actions": [add] if may else [],
    }


def _trails(version: ModelVersion) -> dict[int, str]:
    """For every carried risk the stages it came through."""
    rows = dict(Risk.objects.filter(version=version).values_list("pk", "carried_from"))
    stages = dict(Risk.objects.filter(version=version).values_list("pk", "assessment__stage"))
    trails = {}
    for pk in rows:
        trail, at = [stages[pk]], rows[pk]
        while at:
            trail.insert(0, stages[at])
            at = rows[at]
        trails[pk] = " → ".join(Stage(stage).label for stage in trail)
    return trails


def _row(risk: Risk, trails: dict[int, str], *, may: bool) -> list[dict[str, Any]]:
    edit = {"href": reverse("risk-edit", args=[risk.pk])} if may else {}
    treatment = Treatment(risk.treatment).label if risk.treatment else "none yet"
    return [
        {"text": risk.issue, "note": f"{Aspect(risk.aspect).label} · {trails[risk.pk]}", **edit},
        {"status": _priority_status(risk.priority), "text": Priority(risk.priority).label},
        {"text": f"{risk.likelihood} × {risk.severity}"},
        {"text": treatment, "note": risk.step_taken},
        {"text": str(risk.owner) if risk.owner else "nobody yet"},
        {
            "status": "resolved" if risk.is_resolved else "open",
            "text": "resolved" if risk.is_resolved else "open",
            "note": risk.resolution,
        },
    ]


def _priority_status(priority: str) -> str:
    return "priority_high" if priority in (Priority.CRITICAL, Priority.HIGH) else f"priority_{priority}"


def _assessment(version: ModelVersion) -> str:
    assessment = RiskAssessment.objects.filter(version=version, stage=version.stage).select_related("opened_by").first()
    if assessment is None:
        return f"No assessment has been opened for the stage {version.stage} yet; adding a risk opens it."
    return (
        f"Assessment for {version.stage}, opened by {assessment.opened_by} on {assessment.opened_at:%Y-%m-%d}. "
        "A priority is judged by a person, not computed from likelihood and severity. "
        "Open risks are carried forward from stage to stage; none is ever dropped."
    )
