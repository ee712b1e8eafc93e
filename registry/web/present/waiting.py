"""What waits for a person: versions whose gate asks for their signature, and signatures of theirs that lapsed."""

from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from registry.models import (
    ModelVersion,
    PolicyActivation,
    ReviewerExpertise,
    SignOff,
    SignOffRule,
    StageEdge,
    Verdict,
    Waiver,
)
from registry.models.choices import Role, Stage, Standing

ASKED = Stage.INFERENCE


def awaiting_signature(person: Any) -> QuerySet[ModelVersion]:
    """Versions one step before use whose policy asks for an expertise of this person, who is no author of them and has
    not signed their present evidence. `newest_outcome` is what the gate last said."""
    expertise = ReviewerExpertise.objects.filter(person=person, ended_at=None)
    active = PolicyActivation.objects.filter(project=OuterRef("model__project")).order_by("-id").values("revision")[:1]
    asked = SignOffRule.objects.filter(
        revision=OuterRef("active_revision"),
        to_stage=ASKED,
        expertise__in=expertise.filter(team=OuterRef(OuterRef("team"))).values("expertise"),
    )
    signed = SignOff.objects.filter(
        version=OuterRef("pk"),
        to_stage=ASKED,
        signed_by=person,
        evidence_rev=OuterRef("evidence_rev"),
        withdrawal=None,
    )
    before = StageEdge.objects.filter(to_stage=ASKED, guarded=True).values("from_stage")
    return (
        ModelVersion.objects.filter(team__in=teams_as_reviewer(person), stage__in=before, standing=Standing.GOOD)
        .annotate(active_revision=Subquery(active), newest_outcome=newest_outcome())
        .filter(Exists(asked), ~Exists(signed))
        .exclude(authors__person=person)
    )


def teams_as_reviewer(person: Any) -> QuerySet[Any]:
    """The teams in which a person reviews now."""
    return person.memberships.filter(role=Role.REVIEWER, ended_at=None).values("team")


def newest_outcome(version: str = "pk") -> Subquery:
    """What the gate last said of a version's use."""
    newest = Verdict.objects.filter(version=OuterRef(version), to_stage=ASKED).order_by("-decided_at")
    return Subquery(newest.values("outcome")[:1])


def lapsed_signatures(person: Any) -> QuerySet[SignOff]:
    """Approvals of this person over evidence that has changed since, of versions that are still to be decided."""
    newer = SignOff.objects.filter(version=OuterRef("version"), signed_by=person, seq__gt=OuterRef("seq"))
    return SignOff.objects.filter(
        ~Exists(newer),
        signed_by=person,
        withdrawal=None,
        evidence_rev__lt=F("version__evidence_rev"),
        version__stage__in=StageEdge.objects.filter(guarded=True).values("from_stage"),
        version__team__in=teams_as_reviewer(person),
    )


def waivers_to_grant(person: Any) -> QuerySet[Waiver]:
    """Waivers that somebody else asked for, still running, which this person could grant and has not."""
    return (
        Waiver.objects.filter(version__team__in=teams_as_reviewer(person), expires_at__gt=Now())
        .exclude(requested_by=person)
        .exclude(grants__granted_by=person)
        .exclude(version__authors__person=person)
    )
