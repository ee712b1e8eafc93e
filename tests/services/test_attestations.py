"""The notary signs what can be signed, and one answer that can't be never holds up the others."""

import logging
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from registry.exchange.dsse import load_or_create_signer, sign_statement
from registry.models import Attestation
from registry.services import attestations
from tests import make
from tests.databases import speaking_as
from tests.models.past import past_the_triggers
from tests.people import Cast


def test_an_answer_without_a_statement_stays_pending_and_the_next_is_signed(cast: Cast, tmp_path: Path) -> None:
    first = make.model_version(cast, label="1")
    second = make.model_version(cast, within=first.model.project, label="2")
    broken = Attestation.objects.filter(version=first).earliest("seq")
    past_the_triggers(
        "evidence_snapshot",
        "update evidence_snapshot set body = '{}', digest = encode(sha256('{}'), 'hex') where id = %s",
        broken.verdict.snapshot_id,
    )
    signer, unsignable = load_or_create_signer(tmp_path / "notary"), set()
    with speaking_as("assay_notary"):
        key_id = signer.public_key.keyid
        sign = partial(sign_statement, signer=signer)
        signed = attestations.sign_pending(sign, key_id=key_id, unsignable=unsignable)
    assert unsignable == {broken.pk}
    assert signed >= 1
    broken.refresh_from_db()
    assert broken.envelope is None
    answer = Attestation.objects.filter(version=second).latest("seq")
    assert bytes(answer.body).startswith(b"{")
    assert answer.key_id == key_id


def test_a_yes_that_was_never_signed_is_signed_however_old_it_is(cast: Cast) -> None:
    version = make.approved_version(cast)
    past_the_triggers("attestation", "update attestation set created_at = now() - interval '21 days' where passed")
    with speaking_as("assay_notary"):
        call_command("notary", once=True)
    assert Attestation.objects.get(version=version, passed=True).envelope is not None


def test_what_waits_is_signed_though_the_database_refuses_to_renew(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    version = make.approved_version(cast)
    with speaking_as("postgres"), connection.cursor() as cursor:
        cursor.execute(
            """create or replace function renew_attestations() returns int language plpgsql as
               'begin raise exception ''gate: not now'' using errcode = ''23514''; end'"""
        )
    with speaking_as("assay_notary"), caplog.at_level(logging.ERROR):
        call_command("notary", once=True)
    assert Attestation.objects.get(version=version, passed=True).envelope is not None
    assert "no approval could be renewed" in caplog.text
