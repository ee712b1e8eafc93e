"""What goes over the wire, and what is laid out on the disk, before anything is asked."""

import hashlib
from pathlib import Path

import pytest

from evaluators.contract import FileRef, SubjectError
from evaluators.limits import MAX_WRITTEN_BYTES
from evaluators.models.layout import laid_out
from evaluators.models.wire import Wire


@pytest.mark.parametrize("url", ["http://models.example", "http://10.0.0.7:8080/v2"])
def test_a_token_is_never_sent_where_others_read_it(url: str) -> None:
    with pytest.raises(SubjectError, match="use https, or leave it out"):
        Wire(url=url, timeout_s=1, token="s3cret")
    assert Wire(url=url, timeout_s=1).parts.scheme == "http"


@pytest.mark.parametrize(
    "url", ["https://models.example", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:9"]
)
def test_a_token_goes_over_https_and_to_this_machine(url: str) -> None:
    assert Wire(url=url, timeout_s=1, token="s3cret").token == "s3cret"


def test_a_model_too_large_to_be_laid_out_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.truncate(MAX_WRITTEN_BYTES + 1)
    ref = FileRef(path=str(path), sha256=hashlib.sha256(b"").hexdigest(), name=path.name)
    with pytest.raises(SubjectError, match=r"1,073,741,825 bytes, more than the 1,073,741,824"), laid_out({"a": ref}):
        pass
