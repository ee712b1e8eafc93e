"""What a team has before it has a model: a project with its trust needs, a policy, and documented data."""

import io
from collections.abc import Mapping
from typing import Any

from registry.management.demo import texts
from registry.management.demo.data import Applications, prepared_table, source_file
from registry.management.demo.people import Cast
from registry.models import Dataset, DatasetVersion, PolicyRevision, Project, Team, TrustNeed, User
from registry.models.choices import Relation
from registry.services import artifacts, catalog, documents, policy

POLICY = "lending"


def open_project(cast: Cast, plain: Mapping[str, Any]) -> Project:
    """The use case, with how much of each aspect of trust it needs and why."""
    ada = cast["ada"]
    project = Project.objects.filter(team=cast.lending, slug=plain["slug"]).first() or catalog.create_project(
        cast.lending, slug=plain["slug"], name=plain["name"], purpose=plain["purpose"], by=ada
    )
    for aspect, need in plain["needs"].items():
        if not TrustNeed.objects.filter(project=project, aspect=aspect).exists():
            catalog.set_trust_need(project, aspect=aspect, answers=plain["answers"], by=ada, **need)
    return project


def adopt_policy(cast: Cast, project: Project, *, slug: str = POLICY) -> PolicyRevision:
    """ada writes it, grace and alan agree, joan activates it. Its body is the fixture of that name."""
    known = PolicyRevision.objects.filter(policy__team=cast.lending, policy__slug=slug.replace("_", "-")).first()
    body = texts.load(slug, room="policies")
    revision = known or policy.write_revision(cast.lending, slug=slug.replace("_", "-"), body=body, by=cast["ada"])
    for reader in (cast["grace"], cast["alan"]):
        if not revision.publications.filter(agreed_by=reader).exists():
            policy.agree(revision, by=reader)
    if not revision.activations.filter(project=project).exists():
        policy.activate(revision, project=project, by=cast["joan"])
    return revision


def register_data(cast: Cast, data: Applications) -> DatasetVersion:
    """The package's file as it is, and what was made of it for training; each with its datasheet."""
    ada, figures = cast["ada"], texts.data_figures(data)
    sheet = texts.load("datasheet_boston_mortgages")
    raw = dataset_version(
        cast.lending,
        slug="boston-mortgages",
        description="1,989 mortgage applications in Boston, 1990 (Hunter and Walker 1996).",
        file=("loanapp.csv.bz2", source_file("loanapp").read_bytes()),
        by=ada,
    )
    describe(raw, texts.as_answers(sheet, figures), by=ada)
    prepared = dataset_version(
        cast.lending,
        slug="mortgage-features",
        description="The same applications as models take them.",
        file=("applications.csv", prepared_table(data)),
        parent=raw,
        by=ada,
    )
    describe(prepared, texts.as_answers(sheet | texts.load("datasheet_mortgage_features"), figures), by=ada)
    return prepared


def dataset_version(
    team: Team,
    *,
    slug: str,
    description: str,
    file: tuple[str, bytes],
    by: User,
    parent: DatasetVersion | None = None,
) -> DatasetVersion:
    """Version 1 of a dataset, with its one file."""
    known = DatasetVersion.objects.filter(dataset__team=team, dataset__slug=slug, label="1").first()
    if known:
        return known
    named = Dataset.objects.filter(team=team, slug=slug).first()
    artifact = artifacts.store_artifact(team, files=[(file[0], io.BytesIO(file[1]))], by=by)
    return catalog.register_dataset_version(
        named or catalog.create_dataset(team, slug=slug, description=description, by=by),
        label="1",
        artifact=artifact,
        parents=[catalog.Parent(relation=Relation.DERIVED_FROM, version=parent)] if parent else [],
        by=by,
    )


def describe(version: DatasetVersion, answers: texts.Answers, *, by: User) -> None:
    """Write the datasheet, unless somebody has."""
    sheet = version.documents.get()
    if not sheet.revisions.exists():
        documents.write_revision(sheet, answers=answers, expected=0, by=by)
