"""What goes over the wire, and what is laid out on the disk, before anything is asked."""

import contextlib
import hashlib
import socket
import threading
import time
from pathlib import Path

import pytest

from evaluators.contract import FileRef, SubjectError
from evaluators.limits import MAX_WRITTEN_BYTES
from evaluators.models.layout import laid_out
from evaluators.models.wire import TRIES, EndpointError, Wire

SLOW_BYTES = 60


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


def test_a_greeting_that_trickles_in_is_cut_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte came in time; the whole answer to the first words of TLS never does."""
    monkeypatch.setattr("evaluators.models.wire.FIRST_PAUSE_S", 0.0)
    sent: list[int] = []

    def trickle(listening: socket.socket) -> None:
        for _ in range(TRIES):
            with listening.accept()[0] as line:
                sent.append(0)
                with contextlib.suppress(OSError):
                    for byte in b"\x16\x03\x03\x40\x00" + bytes(SLOW_BYTES):
                        line.sendall(bytes([byte]))
                        sent[-1] += 1
                        time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=trickle, args=[listening])
        server.start()
        wire = Wire(url=f"https://127.0.0.1:{listening.getsockname()[1]}", timeout_s=0.3)
        with pytest.raises(EndpointError, match=r"gave no whole answer within 0\.3 s \(4 tries\)"):
            wire.post("/", {}, "inputs 1 to 2")
        server.join()
    assert max(sent) < SLOW_BYTES


def test_a_model_too_large_to_be_laid_out_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.truncate(MAX_WRITTEN_BYTES + 1)
    ref = FileRef(path=str(path), sha256=hashlib.sha256(b"").hexdigest(), name=path.name)
    with pytest.raises(SubjectError, match=r"1,073,741,825 bytes, more than the 1,073,741,824"), laid_out({"a": ref}):
        pass
