"""The stored answer about a version is about the files that it has now, and every refusal around it is on record."""

import pytest

from registry.exceptions import NotNow, NotPermitted
from registry.models import Attestation, AuditEvent, ModelVersion
from registry.services import catalog, evaluations
from registry.web.present import runs
from tests import make
from tests.people import Cast

pytestmark = pytest.mark.django_db


def newest_answer(version: ModelVersion) -> Attestation:
    return Attestation.objects.filter(version=version, stage="inference").latest("seq")


def test_attaching_files_brings_an_answer_that_names_them(cast: Cast) -> None:
    version = make.model_version(cast, has_files=False)
    assert newest_answer(version).root_digest is None
    files = make.held(cast.lending, files={"model.skops": b"weights"}, by=cast.ada)
    catalog.attach_artifact(version, artifact=files, by=cast.ada)
    assert newest_answer(version).root_digest == files.root_digest


def test_nothing_new_brings_no_second_answer(cast: Cast) -> None:
    version = make.model_version(cast)
    before = newest_answer(version).pk
    make.project(cast, slug="elsewhere")
    catalog.set_trust_need(version.model.project, aspect="privacy", level="low", reason="No people in it.", by=cast.ada)
    assert newest_answer(version).pk == before


def test_repeating_a_run_that_is_not_over_is_refused_on_record(cast: Cast) -> None:
    run = evaluations.request_evaluation(make.model_version(cast), evaluator="security.model_file", by=cast.ada)
    with pytest.raises(NotNow, match="It is queued"):
        evaluations.retry_evaluation(run, by=cast.ada)
    assert AuditEvent.objects.filter(verb="evaluation.requested.refused", actor=cast.ada).count() == 1


def test_who_may_not_evaluate_is_told_so_whatever_state_the_run_is_in(cast: Cast) -> None:
    run = evaluations.request_evaluation(make.model_version(cast), evaluator="security.model_file", by=cast.ada)
    with pytest.raises(NotPermitted):
        evaluations.retry_evaluation(run, by=cast.mary)


def test_what_was_measured_elsewhere_is_neither_repeated_nor_offered_to_be(cast: Cast) -> None:
    version = make.model_version(cast)
    run = evaluations.report_readings(version, evaluator="fairness.group", readings=[make.reading()], by=cast.ada)
    with pytest.raises(NotNow, match="measured elsewhere"):
        evaluations.retry_evaluation(run, by=cast.ada)
    assert runs.page(run, person=cast.ada)["may_retry"] is False
