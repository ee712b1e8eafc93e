"""Files come in as they are, up to a limit, and under their own names."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.models import Artifact
from tests import make
from tests.api.clients import Caller, made, refused
from tests.people import Cast


def kept(settings) -> list[Path]:
    return [path for path in Path(settings.BLOB_ROOT).rglob("*") if path.is_file()]


def test_files_are_kept_by_their_digests_and_named_as_they_were_sent(cast: Cast, pipeline: Caller) -> None:
    shown = made(pipeline.upload({"b/model.bin": b"weights", "a.json": b"{}"}))
    assert [(file["name"], file["size"]) for file in shown["files"]] == [("a.json", 2), ("b/model.bin", 7)]
    digests = [hashlib.sha256(data).digest() for data in (b"{}", b"weights")]
    assert shown["root_digest"] == hashlib.sha256(b"".join(digests)).hexdigest()
    assert shown["is_held"] is True
    assert made(pipeline.get(f"artifacts/{shown['id']}/"), 200) == shown


def test_the_same_files_are_the_same_artifact(cast: Cast, pipeline: Caller) -> None:
    assert made(pipeline.upload({"a": b"x"}))["id"] == made(pipeline.upload({"a": b"x"}))["id"]
    assert Artifact.objects.count() == 1


def test_a_person_uploads_with_a_session(cast: Cast, person: Callable[[str], Caller]) -> None:
    assert made(person("ada").upload({"deep/er/a.bin": b"x"}))["files"][0]["name"] == "deep/er/a.bin"


def test_digests_alone_are_enough(cast: Cast, pipeline: Caller) -> None:
    files = [{"name": "a", "size": 3, "sha256": "0" * 64}]
    shown = made(pipeline.post("artifacts/", {"files": files}))
    assert (shown["is_held"], shown["files"]) == (False, files)


@pytest.mark.parametrize(
    "name", ["../a", "/etc/passwd", "a/../b", "C:\\\\a", "a//b", ".git", "a\x00b", "a\x1bb", "\u202egnp", "a/"]
)
def test_a_name_that_leads_elsewhere_is_refused(cast: Cast, pipeline: Caller, name: str, settings) -> None:
    refused(pipeline.upload({name: b"x"}), 400)
    refused(pipeline.post("artifacts/", {"files": [{"name": name, "size": 1, "sha256": "0" * 64}]}), 400)
    assert not Artifact.objects.exists()
    assert kept(settings) == [] or name == ".git"


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "a", "size": -1, "sha256": "0" * 64},
        {"name": "a", "size": 2**63, "sha256": "0" * 64},
        {"name": "a", "size": 1, "sha256": "0" * 63},
        {"name": "a", "size": 1, "sha256": "G" * 64},
        {"name": "a", "size": 1},
        {"name": "a", "size": 1, "sha256": "0" * 64, "path": "/etc/passwd"},
        "a",
    ],
)
def test_a_digest_that_is_none_is_refused(cast: Cast, pipeline: Caller, entry: object) -> None:
    refused(pipeline.post("artifacts/", {"files": [entry]}), 400)
    refused(pipeline.post("artifacts/", {"files": []}), 400)
    assert not Artifact.objects.exists()


def test_an_upload_over_the_limit_ends_at_once_and_leaves_nothing(cast: Cast, pipeline: Caller, settings) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1000
    assert "1,000 bytes" in refused(pipeline.upload({"a": b"x" * 600, "b": b"y" * 600}), 413)["detail"]
    assert not Artifact.objects.exists()
    assert kept(settings) == []


def test_an_upload_that_is_refused_after_it_was_read_leaves_nothing(cast: Cast, pipeline: Caller, settings) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    made(pipeline.post("artifacts/", {"files": [{"name": "a", "size": 1, "sha256": digest}]}))
    refused(pipeline.upload({"a": b"x"}), 400)
    assert kept(settings) == []


def test_a_refused_upload_takes_nothing_that_another_artifact_holds(cast: Cast, pipeline: Caller, settings) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    made(pipeline.upload({"other": b"x"}))
    made(pipeline.post("artifacts/", {"files": [{"name": "a", "size": 1, "sha256": digest}]}))
    refused(pipeline.upload({"a": b"x"}), 400)
    assert [path.name for path in kept(settings)] == [digest]


def test_files_of_a_version_whose_label_was_refused_serve_under_the_next(cast: Cast, pipeline: Caller) -> None:
    taken = make.model_version(cast)
    sent = made(pipeline.upload({"a": b"x"}))["id"]
    address = f"models/{taken.model_id}/versions/"
    refused(pipeline.post(address, {"label": taken.label, "artifact": sent}), 400)
    again = made(pipeline.upload({"a": b"x"}))["id"]
    assert made(pipeline.post(address, {"label": "next", "artifact": again}))["artifact"] == again == sent
    assert Artifact.objects.filter(model_versions=None).count() == 0


def test_an_announced_length_over_the_limit_is_not_even_begun(cast: Cast, pipeline: Caller, settings) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1000
    refused(pipeline.upload({"a": b"x" * (6 * 1024 * 1024)}), 413)
    assert kept(settings) == []


def test_too_many_files_are_refused(cast: Cast, pipeline: Caller, settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = settings.UPLOAD_LIMIT_FILES = 3
    refused(pipeline.upload({str(number): b"x" for number in range(4)}), 413)
    assert kept(settings) == []


@pytest.mark.parametrize("form", [b"", b"--edge--\r\n", b"nonsense", b"--edge\r\nContent-Disposition: x\r\n\r\n"])
def test_a_form_that_is_none_is_refused(cast: Cast, pipeline: Caller, form: bytes) -> None:
    kind = "multipart/form-data; boundary=edge"
    refused(pipeline.client.post("/api/v1/artifacts/", form, content_type=kind, headers=pipeline.headers), 400)
    none = pipeline.client.post(
        "/api/v1/artifacts/", form, content_type="multipart/form-data", headers=pipeline.headers
    )
    refused(none, 400)


def test_a_field_beside_the_files_is_refused(cast: Cast, pipeline: Caller) -> None:
    assert "root_digest" in refused(pipeline.upload({"a": b"x"}, root_digest="0" * 64), 400)["errors"]


def test_files_go_to_a_team_of_ones_own(cast: Cast, pipeline: Caller, person: Callable[[str], Caller]) -> None:
    assert made(pipeline.upload({"a": b"x"}, team="lending"))["team"] == "lending"
    refused(pipeline.upload({"a": b"x"}, team="marketing"), 400)
    refused(person("mary").upload({"a": b"x"}), 403)
