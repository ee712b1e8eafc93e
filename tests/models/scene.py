"""A version that lacks only its signatures, committed once for a file of tests; what a test changes is rolled back."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from registry.management.embedded.postgres import SUPERUSER
from registry.models import DatasetVersion, Measurement, ModelVersion, Project, Transition
from registry.services import verdicts
from tests import make
from tests.databases import clone, django_connected, worker_name
from tests.people import Cast, gather


@dataclass
class Scene:
    """The cast, the version and what it rests on."""

    cast: Cast
    version: ModelVersion
    data: DatasetVersion
    project: Project

    @property
    def measurement(self) -> Measurement:
        return Measurement.objects.filter(version=self.version).latest("id")

    def rules(self, **changes: Any) -> None:
        """Another policy for the project."""
        make.active_policy(self.cast, on=self.project, body=make.a_policy(**changes), slug="other")

    def sign(self) -> None:
        """Grace for fairness, alan for security, over the evidence as it is now."""
        self.version.refresh_from_db()
        make.signed(self.version, by=self.cast.grace, expertise="fairness")
        make.signed(self.version, by=self.cast.alan, expertise="security")


@pytest.fixture(scope="module")
def staged(cluster: Any, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Scene]:
    name = f"assay_scene_{worker_name()}"
    with (
        pytest.MonkeyPatch.context() as patch,
        clone(cluster, name) as access,
        django_connected(access, app_login=SUPERUSER),
        django_db_blocker.unblock(),
    ):
        patch.setattr(settings, "BLOB_ROOT", tmp_path_factory.mktemp("blobs"))
        cast = gather()
        version = make.ready_version(cast)
        yield Scene(cast=cast, version=version, data=DatasetVersion.objects.get(), project=version.model.project)


@pytest.fixture
def scene(staged: Scene, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """The committed scene; everything a test does is rolled back."""
    with transaction.atomic():
        yield Scene(
            cast=staged.cast,
            version=ModelVersion.objects.get(pk=staged.version.pk),
            data=staged.data,
            project=staged.project,
        )
        transaction.set_rollback(True)


def by_python(version: ModelVersion, *, to_stage: str = make.INFERENCE) -> set[str]:
    """What the Python gate finds unmet."""
    return {item.id for item in verdicts.review(version, to_stage=to_stage).decision.unmet}


def by_database(version: ModelVersion, *, to_stage: str = make.INFERENCE) -> set[str]:
    """What the database's judge names when the move is inserted past the service; empty when it lets it in."""
    reviewed = verdicts.review(version, to_stage=to_stage)
    mover = reviewed.version.registered_by
    try:
        with transaction.atomic():
            Transition.objects.create(
                version=reviewed.version, to_stage=to_stage, moved_by=mover, verdict=verdicts.store(reviewed)
            )
    except IntegrityError as error:
        return detail_of(error)
    return set()


def detail_of(error: IntegrityError) -> set[str]:
    """The requirements in a refusal of the judge; anything else is no refusal of the judge."""
    refusal = error.__cause__
    if not isinstance(refusal, psycopg.errors.CheckViolation) or not refusal.diag.message_detail:
        raise error
    return set(json.loads(refusal.diag.message_detail))


def stage_of(version: ModelVersion) -> str:
    """The stage as it stands in the table."""
    return ModelVersion.objects.values_list("stage", flat=True).get(pk=version.pk)


Act = Callable[[Scene], object]
__all__ = ["Act", "Scene", "by_database", "by_python", "connection", "scene", "stage_of", "staged"]
