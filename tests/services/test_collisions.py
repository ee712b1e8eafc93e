"""What two requests do at the same moment, and what a copy that takes its time must not hold open."""

import io
from typing import Any

import pytest
from django.db import IntegrityError, connection

from registry.exceptions import InvalidInput, NotNow
from registry.models import AuditEvent, Evaluation, Project, RequiredEvaluation, Risk
from registry.models.gate_inputs import active_revision
from registry.services import artifacts, audit, catalog, evaluations, inputs
from tests import make
from tests.people import Cast


def test_what_another_request_did_first_is_a_refusal_on_record(cast: Cast) -> None:
    first = make.project(cast)
    with (
        pytest.raises(NotNow, match="Another request did the same"),
        audit.acting("project.created", by=cast.ada, on=cast.lending),
    ):
        Project.objects.create(team=cast.lending, slug=first.slug, name="Again", created_by=cast.ada)
    assert AuditEvent.objects.filter(verb="project.created.refused", actor=cast.ada).count() == 1


def test_a_run_that_ends_while_it_is_asked_for_again_is_asked_for_anew(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = make.model_version(cast)
    first = evaluations.request_evaluation(version, evaluator="security.model_file", by=cast.ada)
    # What the database said is over by the time that the other run is looked for.
    evaluations.cancel_evaluation(first, by=cast.ada)
    save, said = Evaluation.save, iter(["one_live_run_per_key: it was there a moment ago"])

    def ends(run: Evaluation, **how: Any) -> None:
        for problem in said:
            raise IntegrityError(problem)
        save(run, **how)

    monkeypatch.setattr(Evaluation, "save", ends)
    second = evaluations.request_evaluation(version, evaluator="security.model_file", by=cast.ada)
    assert (second.pk != first.pk, second.state) == (True, "queued")


def test_of_several_prescribed_runs_all_are_queued_or_none(cast: Cast) -> None:
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    within = make.project(cast)
    make.active_policy(
        cast, on=within, body=make.a_policy(evaluations=[fairness, {"evaluator": "security.model_file"}])
    )
    model = catalog.create_model(within, slug="digests-only", by=cast.ada)
    files = make.declared(cast.lending, files={"model.skops": "a" * 64}, by=cast.ada)
    version = catalog.register_model_version(model, label="1", artifact=files, by=cast.ada)
    table = make.held(cast.lending, files={"predictions.csv": make.table()}, by=cast.ada)
    wanted = list(RequiredEvaluation.objects.filter(revision=active_revision(version)).order_by("evaluator"))
    brought: list[inputs.Brought] = [{"table": table}, {}]
    with pytest.raises(InvalidInput):
        evaluations.request_all_required(version, list(zip(wanted, brought, strict=True)), by=cast.ada)
    assert not Evaluation.objects.filter(version=version).exists()
    evaluations.request_all_required(version, [(wanted[0], brought[0])], by=cast.ada)
    assert Evaluation.objects.get(version=version).evaluator == "fairness.group"


def test_a_fault_of_another_kind_stays_a_fault(cast: Cast) -> None:
    risk = make.risk(make.model_version(cast), by=cast.ada)
    with pytest.raises(IntegrityError), audit.acting("risk.updated", by=cast.ada, on=risk):
        Risk.objects.filter(pk=risk.pk).update(likelihood=6)
    assert not AuditEvent.objects.filter(verb="risk.updated.refused").exists()


class Watched(io.BytesIO):
    """Bytes that remember whether a transaction was open while they were read."""

    held_open = False

    def read(self, size: int | None = -1) -> bytes:
        self.held_open = self.held_open or connection.in_atomic_block
        return super().read(size)


def test_no_transaction_is_open_while_files_are_copied(committed_cast: Cast) -> None:
    stream = Watched(b"weights")
    made = artifacts.store_artifact(committed_cast.lending, files=[("model.skops", stream)], by=committed_cast.ada)
    assert made.files.get().size == 7
    assert not stream.held_open
