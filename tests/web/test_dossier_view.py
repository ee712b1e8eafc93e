"""The dossier's address: who gets it, what is recorded, and what is said when it can't be drawn."""

import hashlib
import json

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import AuditEvent, ModelVersion
from tests import make
from tests.people import Cast


@pytest.fixture
def version(cast: Cast) -> ModelVersion:
    return make.ready_version(cast)


def address(version: ModelVersion) -> str:
    return reverse("version-dossier", args=[version.pk])


def exports() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb="dossier.exported"))


def test_a_member_gets_a_pdf_that_no_cache_keeps_and_its_digest_is_on_record(
    client: Client, cast: Cast, version: ModelVersion
) -> None:
    client.force_login(cast.mary)
    answer = client.get(address(version))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="dossier-lending-mortgage-approval-1.pdf"'
    assert answer.content.startswith(b"%PDF-")
    [event] = exports()
    detail = json.loads(event.body)["detail"]
    assert detail["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert (event.actor, event.subject_id, event.team) == (cast.mary, str(version.pk), cast.lending)


@pytest.mark.parametrize("name", ["eve", "olga"])
def test_for_another_team_it_does_not_exist(client: Client, cast: Cast, version: ModelVersion, name: str) -> None:
    client.force_login(cast.everybody()[name])
    assert client.get(address(version)).status_code == 404
    assert exports() == []


def test_a_stranger_is_asked_to_log_in(client: Client, version: ModelVersion) -> None:
    answer = client.get(address(version))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("method", ["post", "put", "delete", "head"])
def test_it_is_only_fetched(client: Client, cast: Cast, version: ModelVersion, method: str) -> None:
    client.force_login(cast.mary)
    assert getattr(client, method)(address(version)).status_code == 405


def test_a_dossier_that_cannot_be_drawn_is_refused_with_a_page_and_not_recorded(
    client: Client, cast: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.reports.pdf.TIME_LIMIT_S", 0.05)
    client.force_login(cast.mary)
    answer = client.get(address(version))
    assert answer.status_code == 503
    assert "Nothing was kept and nothing was changed." in answer.content.decode()
    assert exports() == []
