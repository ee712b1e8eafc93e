"""A signature covers the digest of the evidence that was shown; no other digest can stand beside that text."""

import pytest
from django.db import IntegrityError, transaction

from registry.models import EvidenceSnapshot
from registry.services import verdicts
from tests import make
from tests.people import Cast


def test_a_snapshot_stands_only_under_the_digest_of_its_own_text(cast: Cast) -> None:
    reviewed = verdicts.review(make.model_version(cast), to_stage="data")
    forged = {"version": reviewed.version, "to_stage": "data", "evidence_rev": reviewed.version.evidence_rev}
    with pytest.raises(IntegrityError, match="a_snapshot_has_its_digest"), transaction.atomic():
        EvidenceSnapshot.objects.create(**forged, body='{"risks":[]}', digest=reviewed.evidence_digest)
    with pytest.raises(IntegrityError, match="a_snapshot_has_its_digest"), transaction.atomic():
        EvidenceSnapshot.objects.create(**forged, body=reviewed.evidence_body, digest="0" * 64)
    assert verdicts.take_snapshot(reviewed).digest == reviewed.evidence_digest
