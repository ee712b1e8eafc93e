"""What a registration that is refused leaves behind: nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from registry.models import Artifact, AuditEvent, User
from tests import make
from tests.people import Cast


@pytest.mark.parametrize("noun", ["version", "dataset-version"])
@pytest.mark.parametrize("label", ["1", "not/a label"])
def test_files_are_not_kept_where_the_label_is_refused(
    cast: Cast, signed_in: Callable[[User], Client], settings: Any, noun: str, label: str
) -> None:
    taken = make.model_version(cast) if noun == "version" else make.dataset_version(cast)
    before, artifacts = blobs(settings), Artifact.objects.count()
    sent = {"label": label, "notes": "", "files": [SimpleUploadedFile("other.bin", b"other weights")]}
    owner = taken.model_id if noun == "version" else taken.dataset_id
    answer = signed_in(cast.ada).post(reverse(f"{noun}-new", args=[owner]), sent)
    assert answer.status_code == 400
    assert blobs(settings) == before
    assert Artifact.objects.count() == artifacts


@pytest.mark.parametrize("sent", ["files", "digests"])
@pytest.mark.parametrize(
    ("door", "name", "status"),
    [
        ("version-new", "grace", 403),
        ("dataset-version-new", "grace", 403),
        ("version-files", "grace", 403),
        ("version-files", "ada", 409),
    ],
)
def test_nothing_is_taken_in_for_a_version_that_is_refused_and_the_refusal_is_on_record(
    cast: Cast, signed_in: Callable[[User], Client], settings: Any, door: str, name: str, status: int, sent: str
) -> None:
    data = make.dataset_version(cast)
    version = make.model_version(cast, data=data, has_files=status == 409)
    owners = {"version-new": version.model_id, "dataset-version-new": data.dataset_id, "version-files": version.pk}
    before = blobs(settings), Artifact.objects.count(), AuditEvent.objects.count()
    files = {"files": [SimpleUploadedFile("other.bin", b"other weights")], "digests": f"{'ab' * 32} 5 other.bin"}
    answer = signed_in(cast.everybody()[name]).post(
        reverse(door, args=[owners[door]]), {"label": "99", "notes": "", sent: files[sent]}
    )
    assert answer.status_code == status
    assert (blobs(settings), Artifact.objects.count(), AuditEvent.objects.count() - 1) == before
    assert AuditEvent.objects.latest("id").verb.endswith(".refused")


def test_nobody_is_offered_other_files_for_a_version_that_has_its_own(
    cast: Cast, signed_in: Callable[[User], Client]
) -> None:
    version = make.model_version(cast)
    answer = signed_in(cast.ada).get(reverse("version-files", args=[version.pk]))
    assert answer.status_code == 409
    assert "they are never exchanged" in answer.content.decode()
    assert "Not now" not in answer.content.decode()


def test_who_may_attaches_files_once(cast: Cast, signed_in: Callable[[User], Client], settings: Any) -> None:
    version = make.model_version(cast, has_files=False)
    sent = {"files": [SimpleUploadedFile("model.skops", b"weights")]}
    answer = signed_in(cast.ada).post(reverse("version-files", args=[version.pk]), sent)
    assert answer.status_code == 302
    version.refresh_from_db()
    assert version.artifact.files.get().name == "model.skops"
    assert len(blobs(settings)) == 1


@pytest.mark.parametrize("name", ["project-new", "dataset-new", "model-new"])
def test_who_can_register_nothing_is_told_what_it_takes_and_shown_no_form(
    cast: Cast, signed_in: Callable[[User], Client], name: str
) -> None:
    for person in (cast.mary, cast.joan):
        answer = signed_in(person).get(reverse(name))
        assert answer.status_code == 403
        assert "takes a contributor of a team." in answer.content.decode()
    assert signed_in(cast.ada).get(reverse(name)).status_code == 200


def blobs(settings: Any) -> set[Path]:
    return {path for path in Path(settings.BLOB_ROOT).rglob("*") if path.is_file()}
