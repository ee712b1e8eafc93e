"""What two requests do at the same moment, and what a copy that takes its time must not hold open."""

import io

import pytest
from django.db import IntegrityError, connection

from registry.exceptions import NotNow
from registry.models import AuditEvent, Project, Risk
from registry.services import artifacts, audit
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
