"""What a registration that is refused leaves behind: nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from registry.models import Artifact, User
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


def blobs(settings: Any) -> set[Path]:
    return {path for path in Path(settings.BLOB_ROOT).rglob("*") if path.is_file()}
