"""A small registry on loopback that answers what a test wrote down, and the command run as one copied file."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

COMMAND = Path(__file__).resolve().parents[2] / "registry" / "management" / "assay.py"


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stub:
    """Answers by (method, path without its query): each a list, of which the last stays."""

    url: str = ""
    answers: dict[tuple[str, str], list[tuple[int, Any, dict[str, str]]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, method: str, path: str, body: Any, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault((method, f"/api/v1/{path}"), []).append((status, body, named))

    def respond(self, asked: Asked) -> tuple[int, Any, dict[str, str]]:
        self.asked.append(asked)
        waiting = self.answers.get((asked.method, asked.path.split("?")[0]))
        if not waiting:
            return 404, {"title": "Not found", "status": 404}, {}
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def sent(self, method: str, path: str) -> list[Asked]:
        return [a for a in self.asked if a.method == method and a.path.split("?")[0] == f"/api/v1/{path}"]


@dataclass(frozen=True)
class Said:
    code: int
    text: str


@pytest.fixture
def registry() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer, headers = stub.respond(Asked(self.command, self.path, dict(self.headers), body))
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            kind = "application/json" if status < 400 else "application/problem+json"
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

        def log_message(self, *_args: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    yield stub
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def assay(registry: Stub, tmp_path: Path) -> Callable[..., Said]:
    """Run a copy of the command, isolated and in an empty folder; address and token stand in its environment."""
    copied = tmp_path / "assay-copy.py"
    shutil.copy(COMMAND, copied)

    def run(*arguments: object, **environment: str) -> Said:
        env = {"ASSAY_URL": registry.url, "ASSAY_TOKEN": "assay_secret", **environment}
        command = [sys.executable, "-I", str(copied), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, cwd=tmp_path, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout + done.stderr)

    return run
