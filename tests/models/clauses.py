"""The clauses of the guarded edge, each with the least that makes it false and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from registry.models import Membership, ModelVersion, ReviewerExpertise, User
from registry.services import evaluations, lifecycle, runs
from tests import make
from tests.databases import speaking_as
from tests.models.past import past_the_triggers
from tests.models.scene import Act, Scene, by_python

LONG_AGO = "clock_timestamp() - interval '91 days'"


@dataclass(frozen=True)
class Case:
    """One clause made false: by other rules, by what happens before signing, or after. The kinds that then bar."""

    name: str
    bars: str
    rules: dict[str, Any] = field(default_factory=dict)
    before: Act | None = None
    after: Act | None = None
    signs: bool = True
    subject: Callable[[Scene], ModelVersion] | None = None


def limit(**changes: Any) -> dict[str, Any]:
    """Rules with one other limit on the parity ratio."""
    evaluation = make.a_policy()["stages"]["inference"]["evaluations"][0]
    return {"evaluations": [evaluation | {"thresholds": [evaluation["thresholds"][0] | changes]}]}


def measure(**reading: Any) -> Act:
    return lambda scene: make.measured(scene.version, by=scene.cast.ada, **reading)


def past(table: str, what: str, where: str = "version_id = %s") -> Act:
    statement = f"update {table} set {what} where {where}"
    return lambda scene: past_the_triggers(table, statement, scene.version.pk)


def ended(state: str, **columns: Any) -> Act:
    """A newer run of the prescribed evaluation that is in this state."""

    def act(scene: Scene) -> None:
        run = make.requested(scene.version, by=scene.cast.ada)
        if state == "queued":
            return
        with speaking_as("assay_worker"):
            claimed = runs.claim(run.pk, worker="test")
            assert claimed is not None
            if state == "failed":
                runs.fail(claimed, failure="one class only")
        if state == "cancelling":
            evaluations.cancel_evaluation(claimed, by=scene.cast.ada)
        if state == "failed_infra":
            past_the_triggers("evaluation", "update evaluation set state = 'failed_infra' where id = %s", run.pk)

    return act


def another(**wanted: Any) -> Callable[[Scene], ModelVersion]:
    """A version that has everything the scene's has, except what the arguments leave out."""

    def act(scene: Scene) -> ModelVersion:
        has_card, data = wanted.get("has_card", True), scene.data if wanted.get("has_data", True) else None
        has_files, is_measured = wanted.get("has_files", True), wanted.get("is_measured", True)
        version = make.model_version(scene.cast, slug="other", has_files=has_files, data=data)
        if has_card:
            make.card(version, by=scene.cast.ada)
        make.at_stage(version, wanted.get("stage", "training"), by=scene.cast.ada)
        if has_files and is_measured:
            make.measured(version, by=scene.cast.ada)
        return version

    return act


def risky(**changes: Any) -> Act:
    return lambda scene: make.risk(scene.version, by=scene.cast.ada, **changes)


def without_policy(scene: Scene) -> ModelVersion:
    within = make.project(scene.cast, slug="unruled")
    version = make.model_version(scene.cast, within=within, slug="unruled")
    return make.at_stage(version, "training", by=scene.cast.ada)


def write_card(**said: Any) -> Act:
    def act(scene: Scene) -> None:
        answers = make.complete_answers("model_card") | said
        make.card(scene.version, by=scene.cast.ada, answers={key: value for key, value in answers.items() if value})

    return act


def no_datasheet(scene: Scene) -> None:
    other = make.dataset_version(scene.cast, slug="other")
    past_the_triggers(
        "lineage_edge",
        "update lineage_edge set parent_dataset_id = %s where child_model_id = %s",
        other.pk,
        scene.version.pk,
    )


def second_dataset(scene: Scene) -> None:
    other = make.dataset_version(scene.cast, slug="other")
    past_the_triggers(
        "lineage_edge",
        """insert into lineage_edge (relation, child_model_id, parent_dataset_id, recorded_by_id, recorded_at)
           values ('evaluated_on', %s, %s, %s, now())""",
        scene.version.pk,
        other.pk,
        scene.cast.ada.pk,
    )


def withdraw(scene: Scene) -> None:
    signature = scene.version.sign_offs.get(expertise="fairness")
    lifecycle.withdraw_sign_off(signature, reason="Looked again.", by=scene.cast.grace)


def change_mind(scene: Scene) -> None:
    make.signed(scene.version, by=scene.cast.grace, expertise="fairness", meaning="request_changes")


def grace(**columns: Any) -> Act:
    return lambda scene: User.objects.filter(pk=scene.cast.grace.pk).update(**columns)


def end_expertise(scene: Scene) -> None:
    people_rows = ReviewerExpertise.objects.filter(person=scene.cast.grace)
    people_rows.update(ended_at=scene.version.registered_at)


def end_membership(scene: Scene) -> None:
    Membership.objects.filter(person=scene.cast.grace).update(ended_at=scene.version.registered_at)


def become_author(scene: Scene) -> None:
    past_the_triggers(
        "authorship",
        "insert into authorship (version_id, person_id, why) values (%s, %s, 'rated a risk')",
        scene.version.pk,
        scene.cast.grace.pk,
    )


def sign_twice(scene: Scene) -> None:
    """Alan has both expertises that are asked for, and signs for both."""
    scene.version.refresh_from_db()
    make.signed(scene.version, by=scene.cast.alan, expertise="domain")
    make.signed(scene.version, by=scene.cast.alan, expertise="security")


def sign_then(act: Act) -> Act:
    def both(scene: Scene) -> None:
        scene.sign()
        act(scene)

    return both


def waiver(spoil: Act | None = None, *, grants: int = 2) -> Act:
    """A finding that misses its limit, waived; then the waiver itself is spoiled."""

    def act(scene: Scene) -> None:
        make.measured(scene.version, by=scene.cast.ada, low=0.75, high=0.85)
        (requirement,) = {name for name in by_python(scene.version) if name.startswith("threshold")}
        make.waived(scene.version, requirement, cast=scene.cast, grants=grants)
        if spoil is not None:
            spoil(scene)

    return act


OF_GRACE = "person_id = (select id from person where username = 'grace') and %s is not null"
ONE_SEAT = {"sign_offs": [{"expertise": "security", "people": 1}]}
CASES = [
    Case("it is at an earlier stage", "edge", subject=another(stage="preprocessing"), signs=False),
    Case("no policy is active", "policy", subject=without_policy, signs=False),
    Case("it has no files", "artifact", rules={"evaluations": []}, subject=another(has_files=False)),
    Case("it is suspended", "standing", after=past("model_version", "standing = 'suspended'", "id = %s")),
    Case("it is withdrawn", "standing", after=past("model_version", "standing = 'withdrawn'", "id = %s")),
    Case(
        "the evaluation never ran",
        "evaluation",
        rules=limit() | {"evaluations": [limit()["evaluations"][0] | {"thresholds": []}]},
        subject=another(is_measured=False),
    ),
    Case("a newer run is queued", "evaluation", before=ended("queued")),
    Case("a newer run is running", "evaluation", before=ended("running")),
    Case("a newer run is being cancelled", "evaluation", before=ended("cancelling")),
    Case("a newer run failed", "evaluation", before=ended("failed")),
    Case("a newer run broke down", "evaluation", before=ended("failed_infra")),
    Case("the run is too old", "evaluation", after=past("evaluation", f"finished_at = {LONG_AGO}")),
    Case("the run was not here", "evaluation", after=past("evaluation", "assurance = 'self-reported'")),
    Case("the run was on other files", "evaluation", after=past("evaluation", f"root_digest = '{'0' * 64}'")),
    Case("the run was of another specification", "evaluation", after=past("evaluation", f"spec_digest = '{'0' * 64}'")),
    Case("the metric was not measured", "threshold", rules=limit(metric=make.DIFFERENCE, limit=0.1)),
    Case("the slice was not measured", "threshold", rules=limit(slice="overall")),
    Case("the whole interval misses a lower limit", "threshold", before=measure(low=0.6, high=0.7)),
    Case("the interval straddles a lower limit", "threshold", before=measure(low=0.79999, high=0.9)),
    Case(
        "the interval straddles an upper limit",
        "threshold",
        rules=limit(metric=make.DIFFERENCE, limit=0.1),
        before=measure(metric=make.DIFFERENCE, low=0.05, high=0.11),
    ),
    Case("there was too little data", "threshold", before=measure(status="insufficient_data", low=None, high=None)),
    Case("the measuring went wrong", "threshold", before=measure(status="error", low=None, high=None)),
    Case("the metric does not apply", "threshold", before=measure(status="not_applicable", low=None, high=None)),
    Case("an error carries a fine interval", "threshold", before=measure(status="error")),
    Case("the interval has no low bound", "threshold", before=measure(low=None)),
    Case("the interval has no high bound", "threshold", before=measure(high=None)),
    Case("a group was left out", "threshold", before=measure(detail={"excluded": ["b"]})),
    Case("the measurement is too old", "threshold", after=past("measurement", f"measured_at = {LONG_AGO}")),
    Case("the measurement was not made here", "threshold", after=past("measurement", "assurance = 'self-reported'")),
    Case("the measurement is of other files", "threshold", after=past("measurement", f"root_digest = '{'0' * 64}'")),
    Case(
        "the measurement is another version's",
        "threshold",
        subject=another(is_measured=False),
        before=lambda scene: past_the_triggers(
            "evaluation",
            "update evaluation set version_id = %s, root_digest = %s",
            scene.version.pk,
            scene.version.root_digest,
        ),
    ),
    Case("nobody wrote the card", "document", subject=another(has_card=False)),
    Case("the card lacks an answer", "document", before=write_card(**{"model_details.license": None})),
    Case(
        "the card does not know what it must",
        "document",
        rules={"documents": [{"kind": "model_card", "min_percent": 50, "must_know": ["model_details.license"]}]},
        before=write_card(**{"model_details.license": {"unknown": "lost"}}),
    ),
    Case("nobody wrote the datasheet", "document", after=no_datasheet),
    Case("one of two datasheets is missing", "document", after=second_dataset),
    Case("it names no data", "document", subject=another(has_data=False)),
    Case(
        "nobody assessed the risks of this stage",
        "assessment",
        after=past("risk_assessment", "stage = 'retired'", "version_id = %s and stage = 'training'"),
    ),
    Case("a high risk is open", "risk", before=risky(priority="high")),
    Case("a critical risk is open", "risk", before=risky(priority="critical")),
    Case("a risk has no treatment", "treatment", before=risky(treatment="")),
    Case("a risk has no owner", "treatment", before=risky(owner=None)),
    Case("nobody signed", "sign_off", rules=ONE_SEAT, signs=False),
    Case(
        "one of two people signed",
        "sign_off",
        rules={"sign_offs": [{"expertise": "fairness", "people": 1}, {"expertise": "security", "people": 2}]},
    ),
    Case(
        "the evidence changed since",
        "sign_off",
        rules=ONE_SEAT,
        after=lambda scene: make.card(scene.version, by=scene.cast.ada),
    ),
    Case(
        "the signature is for another stage",
        "sign_off",
        after=past("sign_off", "to_stage = 'retired'", "version_id = %s and expertise = 'fairness'"),
    ),
    Case("the signature was withdrawn", "sign_off", after=withdraw),
    Case("the signer asks for changes", "sign_off", after=change_mind),
    Case("the signer lost the expertise", "sign_off", after=end_expertise),
    Case("the signer left the team", "sign_off", after=end_membership),
    Case(
        "the signer is no reviewer any more",
        "sign_off",
        after=past("membership", "role = 'contributor'", OF_GRACE),
    ),
    Case(
        "the signer reviews for another team",
        "sign_off",
        after=past("membership", "team_id = (select id from team where slug = 'marketing')", OF_GRACE),
    ),
    Case(
        "the signer has the expertise in another team",
        "sign_off",
        after=past("reviewer_expertise", "team_id = (select id from team where slug = 'marketing')", OF_GRACE),
    ),
    Case(
        "the signer has another expertise",
        "sign_off",
        after=past("reviewer_expertise", "expertise = 'legal'", OF_GRACE),
    ),
    Case("the signer's account is closed", "sign_off", after=grace(is_active=False)),
    Case("the signer is a service account", "sign_off", after=grace(is_service=True)),
    Case("the signer had a hand in it", "sign_off", after=become_author),
    Case(
        "one person signs for two seats",
        "sign_off",
        rules={"sign_offs": [{"expertise": "domain", "people": 1}, {"expertise": "security", "people": 1}]},
        signs=False,
        after=sign_twice,
    ),
    Case(
        "the waiver is over",
        "threshold",
        before=waiver(past("waiver", "expires_at = clock_timestamp() - interval '1 second'")),
    ),
    Case("the waiver has one grant", "threshold", before=waiver(grants=1)),
    Case("the waiver is of an older finding", "threshold", before=waiver(measure(low=0.75, high=0.85))),
    Case("the waiver is for another stage", "threshold", before=waiver(past("waiver", "to_stage = 'retired'"))),
    Case(
        "the waiver is of another requirement",
        "threshold",
        before=waiver(past("waiver", "requirement = 'threshold:0'")),
    ),
    Case(
        "a granter asked for the waiver",
        "threshold",
        before=waiver(past("waiver", "requested_by_id = (select id from person where username = 'grace')")),
    ),
]
TRUE = [
    Case("everything is as asked", ""),
    Case("a bound is exactly on the limit", "", before=measure(low=0.8, high=0.9)),
    Case(
        "a group that may be left out was",
        "",
        rules=limit(excluded_allowed=["b"]),
        before=measure(detail={"excluded": ["b"]}),
    ),
    Case("the limit is for a need that the project does not have", "", rules=limit(limit=0.99, need_level="medium")),
    Case(
        "a run was cancelled",
        "",
        before=lambda scene: evaluations.cancel_evaluation(
            make.requested(scene.version, by=scene.cast.ada), by=scene.cast.ada
        ),
    ),
    Case("a low risk is open", "", before=risky(priority="low")),
    Case("the failing interval is waived", "", before=waiver()),
]
