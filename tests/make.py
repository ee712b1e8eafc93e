"""Factories: things made by the verbs that people use, so that nothing in a test got there by another way."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry.cards.artifacts import FileEntry
from registry.cards.completeness import asked_questions
from registry.cards.schemas import load_schema
from registry.models import (
    Artifact,
    Dataset,
    DatasetVersion,
    Document,
    DocumentRevision,
    Evaluation,
    ModelVersion,
    PolicyRevision,
    Project,
    Reauthentication,
    RegisteredModel,
    RequiredEvaluation,
    Risk,
    SignOff,
    Team,
    Transition,
    User,
    Waiver,
)
from registry.models.gate_inputs import active_revision
from registry.services import (
    artifacts,
    catalog,
    documents,
    evaluations,
    lifecycle,
    people,
    policy,
    risks,
    runs,
    verdicts,
)
from tests.databases import speaking_as
from tests.people import Cast

RATIO = "fairness.demographic_parity_ratio"
DIFFERENCE = "fairness.demographic_parity_difference"
WORST = "worst"
READS = {"columns": {"label": "approved", "prediction": "predicted", "group": ["race"]}, "favourable": "1"}
WAY = ("scoping", "data", "preprocessing", "training")
INFERENCE = "inference"


def project(cast: Cast, *, slug: str = "mortgages", needs: Mapping[str, str] | None = None) -> Project:
    """A project of the lending team, by default with a high need for fairness."""
    made = catalog.create_project(cast.lending, slug=slug, name=slug.title(), by=cast.ada)
    for aspect, level in (needs or {"fairness": "high"}).items():
        catalog.set_trust_need(made, aspect=aspect, level=level, reason="Homes depend on it.", by=cast.ada)
    return made


def held(team: Team, *, files: Mapping[str, bytes], by: User) -> Artifact:
    """Files whose bytes are here."""
    return artifacts.store_artifact(team, files=[(name, io.BytesIO(data)) for name, data in files.items()], by=by)


def declared(team: Team, *, files: Mapping[str, str], by: User) -> Artifact:
    """Files known by their digests alone: name to SHA-256."""
    entries = [FileEntry(name=name, size=1, sha256=sha256) for name, sha256 in files.items()]
    return artifacts.declare_artifact(team, files=entries, by=by)


def table(rows: Sequence[Sequence[Any]] = ((1, 1, "a"), (0, 0, "b"))) -> bytes:
    """A prediction table as CSV: approved, predicted, race."""
    text = io.StringIO()
    csv.writer(text).writerows([("approved", "predicted", "race"), *rows])
    return text.getvalue().encode()


def dataset_version(cast: Cast, *, slug: str = "loans", label: str = "1", by: User | None = None) -> DatasetVersion:
    """A version of a dataset, with its file."""
    writer = by or cast.ada
    dataset = Dataset.objects.filter(team=cast.lending, slug=slug).first()
    dataset = dataset or catalog.create_dataset(cast.lending, slug=slug, by=writer)
    files = held(cast.lending, files={f"{slug}.csv": f"{slug} {label}\n".encode()}, by=writer)
    return catalog.register_dataset_version(dataset, label=label, artifact=files, by=writer)


def model_version(
    cast: Cast,
    *,
    within: Project | None = None,
    slug: str = "mortgage-approval",
    label: str = "1",
    files: Mapping[str, bytes] | None = None,
    has_files: bool = True,
    data: DatasetVersion | None = None,
    by: User | None = None,
) -> ModelVersion:
    """A version of a model at `scoping`, with files of its own and, where `data` is given, trained on it."""
    writer = by or cast.ada
    model = RegisteredModel.objects.filter(team=cast.lending, slug=slug).first()
    if model is None:
        within = within or Project.objects.filter(team=cast.lending).first() or project(cast)
        model = catalog.create_model(within, slug=slug, by=writer)
    content = files or {"model.skops": f"{slug} {label}".encode()}
    return catalog.register_model_version(
        model,
        label=label,
        artifact=held(cast.lending, files=content, by=writer) if has_files else None,
        parents=[catalog.Parent(relation="trained_on", version=data)] if data else [],
        by=writer,
    )


def a_policy(**changes: Any) -> dict[str, Any]:
    """A policy's JSON: one fairness limit, card, datasheet, risks and two signatures before inference.

    Keyword arguments replace fields of the stage `inference`, e.g. `sign_offs=[…]`; `max_waiver_hours`, `title`,
    `rationale` and `stages` replace those of the whole.
    """
    rules: dict[str, Any] = {
        "validity_days": 365,
        "block_risks_from": "high",
        "evaluations": [
            {
                "evaluator": "fairness.group",
                "reads": READS,
                "assurance": "platform-run",
                "max_age_days": 90,
                "thresholds": [
                    {
                        "metric": RATIO,
                        "slice": WORST,
                        "limit": 0.8,
                        "aspect": "fairness",
                        "source": "Four fifths, 29 CFR 1607.4(D).",
                    }
                ],
            }
        ],
        "documents": [{"kind": "model_card"}, {"kind": "datasheet"}],
        "sign_offs": [{"expertise": "fairness", "people": 1}, {"expertise": "security", "people": 1}],
    }
    whole = {
        name: changes.pop(name) for name in ("title", "rationale", "max_waiver_hours", "stages") if name in changes
    }
    return {
        "title": "Lending",
        "rationale": "What a mortgage model must show before it decides about people.",
        "stages": {INFERENCE: rules | changes},
    } | whole


def policy_revision(cast: Cast, *, body: Mapping[str, Any] | None = None, slug: str = "lending") -> PolicyRevision:
    """Written by ada, agreed to by nobody yet."""
    return policy.write_revision(cast.lending, slug=slug, body=body or a_policy(), by=cast.ada)


def active_policy(
    cast: Cast, *, on: Project, body: Mapping[str, Any] | None = None, slug: str = "lending"
) -> PolicyRevision:
    """Written by ada, published by grace and alan, activated by joan."""
    revision = policy_revision(cast, body=body, slug=slug)
    for agreeing in (cast.grace, cast.alan):
        policy.agree(revision, by=agreeing)
    policy.activate(revision, project=on, by=cast.joan)
    return revision


def complete_answers(kind: str) -> dict[str, Any]:
    """An answer to every question of a document, required or not."""
    schema = load_schema(kind)
    gates = {gate.key for gate in schema.gates}
    answers: dict[str, Any] = {}
    for key, question in asked_questions(schema, {}).items():
        if key in gates or question.choices:
            answers[key] = {"text": "yes" if "yes" in question.choices else question.choices[0]}
        elif question.columns:
            answers[key] = {"rows": [{column.slug: "as measured" for column in question.columns}]}
        else:
            answers[key] = {"text": f"What there is to say about {question.title.lower()}."}
    return answers


def write(document: Document, *, by: User, answers: Mapping[str, Any] | None = None) -> DocumentRevision:
    """The next revision of a document, by default a complete one."""
    return documents.write_revision(document, answers=dict(answers or complete_answers(document.kind)), by=by)


def card(version: ModelVersion, *, by: User, answers: Mapping[str, Any] | None = None) -> DocumentRevision:
    """A complete model card."""
    return write(version.documents.get(), by=by, answers=answers)


def datasheet(of: DatasetVersion, *, by: User, answers: Mapping[str, Any] | None = None) -> DocumentRevision:
    """A complete datasheet."""
    return write(of.documents.get(), by=by, answers=answers)


def risk(version: ModelVersion, *, by: User, **changes: Any) -> Risk:
    """An open risk that bars nothing: of medium priority, with a treatment and an owner."""
    wanted: dict[str, Any] = {
        "issue": "Approves too few of one group",
        "aspect": "fairness",
        "likelihood": 3,
        "severity": 4,
        "priority": "medium",
        "treatment": "reduce",
        "owner": by,
    }
    return risks.record_risk(version, by=by, **(wanted | changes))


def reading(
    *, metric: str = RATIO, slice: str = WORST, low: float | None = 0.85, high: float | None = 0.95, **more: Any
) -> dict[str, Any]:
    """What an evaluator would say of one metric; the value is the middle of the interval where there is one."""
    value = (low + high) / 2 if low is not None and high is not None else None
    plain = {"metric": metric, "slice": slice, "status": "ok", "value": value, "low": low, "high": high}
    return plain | {"level": 0.95, "n": 2000, "method": "multinomial bootstrap", "seed": "1"} | more


def prescription(version: ModelVersion, *, metric: str = RATIO, to_stage: str = INFERENCE) -> RequiredEvaluation:
    """The evaluation that the active policy prescribes for a metric."""
    return RequiredEvaluation.objects.get(
        revision=active_revision(version), to_stage=to_stage, evaluator=metric_owner(metric)
    )


def metric_owner(metric: str) -> str:
    """The evaluator that yields a metric."""
    return {"fairness": "fairness.group"}[metric.partition(".")[0]]


def requested(version: ModelVersion, *, by: User, metric: str = RATIO) -> Evaluation:
    """The prescribed run, queued."""
    rows = held(version.team, files={"predictions.csv": table()}, by=by)
    return evaluations.request_required(version, prescription(version, metric=metric), table=rows, by=by)


def measured(
    version: ModelVersion,
    *,
    by: User,
    metric: str = RATIO,
    low: float | None = 0.85,
    high: float | None = 0.95,
    readings: Sequence[Mapping[str, Any]] | None = None,
    **more: Any,
) -> Evaluation:
    """Run the prescribed evaluation as the worker does, with these readings for its result."""
    run = requested(version, by=by, metric=metric)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed is not None
        said = readings or [reading(metric=metric, low=low, high=high, **more)]
        assert runs.finish(claimed, readings=said, evidence=(), environment={})
    run.refresh_from_db()
    return run


def proof(of: User, *, method: str = "password") -> Reauthentication:
    """A person has just proved who they are."""
    return people.prove_presence(of, method=method)


def signed(
    version: ModelVersion,
    *,
    by: User,
    expertise: str,
    to_stage: str = INFERENCE,
    meaning: str = "approve",
    comment: str = "Looked at all of it.",
) -> SignOff:
    """A signature over the evidence as it is now."""
    shown = verdicts.review(version, to_stage=to_stage)
    return lifecycle.sign_off(
        version,
        to_stage=to_stage,
        expertise=expertise,
        meaning=meaning,
        comment=comment,
        evidence_rev=shown.version.evidence_rev,
        evidence_digest=shown.evidence_digest,
        proof=proof(by),
        by=by,
    )


def waived(version: ModelVersion, requirement: str, *, cast: Cast, hours: int = 24, grants: int = 2) -> Waiver:
    """Asked for by ada and granted by grace, then alan, for the finding as it is now."""
    unmet = {item.id: item.found for item in verdicts.review(version, to_stage=INFERENCE).decision.unmet}
    waiver = lifecycle.request_waiver(
        version,
        to_stage=INFERENCE,
        requirement=requirement,
        found=unmet[requirement],
        reason="More rows arrive on Friday.",
        expires_at=timezone.now() + timedelta(hours=hours),
        by=cast.ada,
    )
    for granting in (cast.grace, cast.alan)[:grants]:
        lifecycle.grant_waiver(waiver, proof=proof(granting), by=granting)
    return waiver


def moved(version: ModelVersion, *, to_stage: str, by: User) -> Transition:
    """One step, through the gate."""
    return lifecycle.transition(version, to_stage=to_stage, by=by)


def at_stage(version: ModelVersion, stage: str, *, by: User) -> ModelVersion:
    """Walk from where it stands to `stage`, one of scoping, data, preprocessing, training."""
    version.refresh_from_db()
    for step in WAY[WAY.index(version.stage) + 1 : WAY.index(stage) + 1]:
        moved(version, to_stage=step, by=by)
    version.refresh_from_db()
    return version


def ready_version(cast: Cast, *, label: str = "1", slug: str = "mortgage-approval", **rules: Any) -> ModelVersion:
    """At training, under an active policy, with every requirement met except the signatures."""
    within = Project.objects.filter(team=cast.lending).first() or project(cast)
    data = DatasetVersion.objects.filter(dataset__team=cast.lending).first() or dataset_version(cast)
    version = model_version(cast, within=within, slug=slug, label=label, data=data)
    if active_revision(version) is None:
        active_policy(cast, on=within, body=a_policy(**rules))
    if not data.documents.get().revisions.exists():
        datasheet(data, by=cast.ada)
    card(version, by=cast.ada)
    at_stage(version, "training", by=cast.ada)
    measured(version, by=cast.ada)
    return version


def signed_version(cast: Cast, **wanted: Any) -> ModelVersion:
    """A ready version that grace (fairness) and alan (security) signed: it may move."""
    version = ready_version(cast, **wanted)
    signed(version, by=cast.grace, expertise="fairness")
    signed(version, by=cast.alan, expertise="security")
    return version


def approved_version(cast: Cast, **wanted: Any) -> ModelVersion:
    """A version at inference that walked every stage."""
    version = signed_version(cast, **wanted)
    moved(version, to_stage=INFERENCE, by=cast.ada)
    version.refresh_from_db()
    return version
