"""The factories walk every way that people walk; where they stop working, so does everything else."""

import pytest
from django.db import connection

from registry.models import Measurement, Transition
from registry.services import verdicts
from tests import make
from tests.databases import speaking_as


def session_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select session_user, current_user")
        both = cursor.fetchone()
    assert both[0] == both[1]
    return both[0]


def test_a_version_that_walked_every_stage_is_in_use(cast) -> None:
    version = make.approved_version(cast)
    assert version.stage == "inference"
    assert [move.to_stage for move in Transition.objects.filter(version=version).order_by("at")] == [
        "data",
        "preprocessing",
        "training",
        "inference",
    ]


def test_a_signed_version_has_nothing_left_to_show(cast) -> None:
    version = make.signed_version(cast)
    assert verdicts.review(version, to_stage="inference").decision.unmet == ()


def test_measurements_of_the_platform_come_from_the_workers_login(cast) -> None:
    version = make.ready_version(cast)
    assert Measurement.objects.get(version=version).assurance == "platform-run"
    assert session_user() == "assay_app"


def test_everything_works_in_a_database_that_commits(committed_cast) -> None:
    assert session_user() == "assay_app"
    assert make.approved_version(committed_cast).stage == "inference"


@pytest.mark.parametrize("role", ["assay_worker", "assay_notary", "assay_auditor"])
def test_a_test_speaks_as_another_login_for_a_while(db, role) -> None:
    with speaking_as(role):
        assert session_user() == role
    assert session_user() == "assay_app"


def test_a_failure_while_speaking_as_another_leaves_the_app_speaking(db) -> None:
    with pytest.raises(RuntimeError), speaking_as("assay_worker"):
        raise RuntimeError
    assert session_user() == "assay_app"
