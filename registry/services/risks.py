"""Assessing risks at each stage, and carrying what is open to the next."""

from collections.abc import Mapping
from typing import Any

from registry import policies
from registry.exceptions import InvalidInput, NotNow, NotPermitted
from registry.models import ModelVersion, Risk, RiskAssessment, User
from registry.models.choices import Aspect, Priority, Treatment
from registry.services import audit, verdicts

CHANGEABLE = ("likelihood", "severity", "priority", "treatment", "owner", "step_taken", "is_resolved", "resolution")

BLANK: Mapping[str, Any] = {
    "issue": "",
    "aspect": "",
    "likelihood": None,
    "severity": None,
    "priority": "",
    "treatment": "",
    "owner": None,
    "step_taken": "",
}


def open_assessment(version: ModelVersion, *, stage: str, by: User) -> RiskAssessment:
    """Open the assessment of a stage, carrying forward every risk of earlier stages that is not resolved."""
    assessment = RiskAssessment.objects.create(version=version, stage=stage, opened_by=by)
    for risk in Risk.objects.filter(version=version, is_resolved=False, carried_to=None).exclude(assessment=assessment):
        Risk.objects.create(
            assessment=assessment,
            version=version,
            carried_from=risk,
            issue=risk.issue,
            aspect=risk.aspect,
            likelihood=risk.likelihood,
            severity=risk.severity,
            priority=risk.priority,
            treatment=risk.treatment,
            owner=risk.owner,
            step_taken=risk.step_taken,
            recorded_by=risk.recorded_by,
            updated_by=risk.updated_by,
        )
    return assessment


def record_risk(version: ModelVersion, *, by: User, **values: Any) -> Risk:
    """Add a risk to the assessment of the version's present stage.

    `values`: issue, aspect, likelihood and severity (1 to 5), priority; and optionally treatment, owner, step_taken.
    InvalidInput names each that is missing or can't be used.
    """
    with audit.acting("risk.recorded", by=by, on=version):
        _check(version, by)
        values = {**BLANK, **values}
        if unknown := set(values) - set(BLANK):
            raise InvalidInput("A risk has no such field.", errors={name: ["unknown"] for name in unknown})
        _validate(version, values)
        assessment = RiskAssessment.objects.filter(version=version, stage=version.stage).first()
        if assessment is None:
            assessment = open_assessment(version, stage=version.stage, by=by)
        risk = Risk.objects.create(assessment=assessment, version=version, recorded_by=by, updated_by=by, **values)
        detail = {"version": str(version), "priority": risk.priority}
        audit.record("risk.recorded", subject=risk, actor=by, team=version.team, detail=detail)
        verdicts.refresh(version)
    return risk


def update_risk(risk: Risk, *, changes: Mapping[str, Any], by: User) -> Risk:
    """Change what was done about a risk. Resolving needs the resolution; a carried risk changes at its newest stage."""
    with audit.acting("risk.updated", by=by, on=risk):
        _check(risk.version, by)
        if unknown := set(changes) - set(CHANGEABLE):
            raise InvalidInput(
                "Some of this can't be changed.", errors={name: ["can't be changed"] for name in unknown}
            )
        # A move carries risks forward under this lock, so that a change can't land on one that was just carried.
        ModelVersion.objects.select_for_update(no_key=True).get(pk=risk.version_id)
        if Risk.objects.filter(carried_from=risk).exists():
            raise NotNow("This risk was carried forward; change it at the present stage.")
        after = {name: changes.get(name, getattr(risk, name)) for name in CHANGEABLE}
        _validate(risk.version, after | {"issue": risk.issue, "aspect": risk.aspect})
        if after["is_resolved"] and not str(after["resolution"]).strip():
            raise InvalidInput("Say what resolved it.", errors={"resolution": ["it is empty"]})
        before = {name: getattr(risk, name) for name in changes}
        Risk.objects.filter(pk=risk.pk).update(**changes, updated_by=by)
        risk.refresh_from_db()
        audit.record(
            "risk.updated",
            subject=risk,
            actor=by,
            team=risk.version.team,
            detail={"before": before, "after": dict(changes)},
        )
        verdicts.refresh(risk.version)
    return risk


def _check(version: ModelVersion, by: User) -> None:
    if not policies.may_contribute(by, version.team):
        raise NotPermitted(f"{by} may not rate risks of {version}.")


def _validate(version: ModelVersion, values: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    if not str(values["issue"]).strip():
        errors["issue"] = ["say what may go wrong"]
    for name, choices in (("aspect", Aspect), ("priority", Priority), ("treatment", Treatment)):
        if values[name] not in choices.values and not (name == "treatment" and values[name] == ""):
            errors[name] = [f"choose one of {', '.join(choices.values)}"]
    for name in ("likelihood", "severity"):
        if not isinstance(values[name], int) or not 1 <= values[name] <= 5:
            errors[name] = ["a whole number from 1 to 5"]
    if values["owner"] is not None and not policies.may_see(values["owner"], version.team):
        errors["owner"] = ["not a person of this team"]
    if errors:
        raise InvalidInput("The risk can't be recorded like this.", errors=errors)
