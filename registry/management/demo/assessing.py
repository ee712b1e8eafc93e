"""The risks of a version, carried from stage to stage, and the stages themselves."""

from collections.abc import Mapping
from typing import Any

from registry.management.demo import texts
from registry.management.demo.versions import Walk
from registry.models import Risk
from registry.models.choices import Stage
from registry.services import lifecycle, risks

WAY = (Stage.SCOPING, Stage.DATA, Stage.PREPROCESSING, Stage.TRAINING)
RATED = ("issue", "aspect", "likelihood", "severity", "priority", "treatment")


def walk_to_training(walk: Walk) -> None:
    """Assess at each stage what is known there, then move on; at training the measurements are not yet known."""
    walk.version.refresh_from_db()
    if walk.version.stage not in WAY:
        return
    for here, onward in zip(WAY, WAY[1:], strict=False):
        if walk.version.stage == here:
            assess(walk, here)
            lifecycle.transition(walk.version, to_stage=onward, by=walk.by, comment="Risks assessed.")
            walk.version.refresh_from_db()


def assess(walk: Walk, stage: str) -> None:
    """Record each risk that is new and add what was done about it at this stage."""
    for item in walk.risks:
        risk = Risk.objects.filter(version=walk.version, issue=item["issue"], carried_to=None).first()
        if risk is None:
            rating = {name: item[name] for name in RATED}
            risk = risks.record_risk(walk.version, owner=walk.by, by=walk.by, **rating)
        changes = said(item.get("at", {}).get(stage, {}), walk.figures)
        if any(getattr(risk, name) != value for name, value in changes.items()):
            risks.update_risk(risk, changes=changes, by=walk.by)


def said(plain: Mapping[str, Any], figures: Mapping[str, str]) -> dict[str, Any]:
    return {name: texts.fill(value, figures) if isinstance(value, str) else value for name, value in plain.items()}
