"""What waits for a person: versions whose gate asks for their signature, and signatures of theirs that lapsed."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from registry.models import (
    Authorship,
    Membership,
    ModelVersion,
    PolicyActivation,
    ReviewerExpertise,
    SignOff,
    SignOffRule,
    StageEdge,
    Transition,
    Verdict,
    Waiver,
    WaiverGrant,
)
from registry.models.choices import Role, Stage, Standing

ASKED = Stage.INFERENCE
RENEWED_WITHIN = timedelta(days=30)
GRANTS_NEEDED = 2


def awaiting_signature(person: Any) -> QuerySet[ModelVersion]:
    """Versions one step before use, or whose approval is to be renewed, whose policy asks for an expertise of this
    person, who is no author of them and has not signed their present evidence. `newest_outcome` is what the gate last
    said."""
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
    return (
        to_be_decided(ModelVersion.objects.filter(team__in=teams_as_reviewer(person)))
        .annotate(active_revision=Subquery(active), newest_outcome=newest_outcome())
        .filter(Exists(asked), ~Exists(signed))
        .exclude(authors__person=person)
    )


def to_be_decided(versions: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    """Those one step before use, and those whose approval was suspended, has ended or ends soon."""
    last = Transition.objects.filter(version=OuterRef("pk")).order_by("-at").values("expires_at")[:1]
    is_before = Q(stage__in=stages_before_use(), standing=Standing.GOOD)
    has_ended = Q(standing=Standing.SUSPENDED) | Q(standing=Standing.GOOD, approved_until__lte=Now() + RENEWED_WITHIN)
    is_due = Q(stage=ASKED) & has_ended
    return versions.annotate(approved_until=Subquery(last)).filter(is_before | is_due)


def stages_before_use() -> QuerySet[Any]:
    """Where a version stands that has still to be let in."""
    return StageEdge.objects.filter(to_stage=ASKED, guarded=True).exclude(from_stage=ASKED).values("from_stage")


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
        version__stage__in=stages_before_use(),
        version__team__in=teams_as_reviewer(person),
    )


def counting_grants(waivers: QuerySet[Waiver]) -> QuerySet[Waiver]:
    """With `counted`: how many people granted it whose grants count now, as the gate counts them."""
    reviewing = Membership.objects.filter(
        team=OuterRef("version__team"), person=OuterRef("granted_by"), role=Role.REVIEWER, ended_at=None
    )
    writing = Authorship.objects.filter(version=OuterRef("version"), person=OuterRef("granted_by"))
    grants = (
        WaiverGrant.objects.filter(Exists(reviewing), ~Exists(writing), waiver=OuterRef("pk"))
        .filter(granted_by__is_active=True, granted_by__is_service=False)
        .exclude(granted_by=F("waiver__requested_by"))
    )
    number = grants.values("waiver").annotate(people=Count("granted_by", distinct=True)).values("people")
    return waivers.annotate(counted=Coalesce(Subquery(number), 0))


def waivers_without_grants(waivers: QuerySet[Waiver]) -> QuerySet[Waiver]:
    """Those that are still running and don't hold yet, of versions that are still to be decided."""
    running = counting_grants(waivers).filter(expires_at__gt=Now(), counted__lt=GRANTS_NEEDED)
    return running.exclude(version__stage=Stage.RETIRED)


def waivers_to_grant(person: Any) -> QuerySet[Waiver]:
    """Waivers that somebody else asked for and that lack grants, which this person could grant and has not."""
    return (
        waivers_without_grants(Waiver.objects.filter(version__team__in=teams_as_reviewer(person)))
        .exclude(requested_by=person)
        .exclude(grants__granted_by=person)
        .exclude(version__authors__person=person)
    )
