"""Talking to the API as its callers do."""

import io
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.test import Client

BASE = "/api/v1/"
PROBLEM = "application/problem+json"


class Caller:
    """Somebody who asks: with a token, with a session, or with neither."""

    def __init__(self, *, secret: str | None = None, enforce_csrf_checks: bool = False) -> None:
        self.client = Client(enforce_csrf_checks=enforce_csrf_checks)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send JSON, or bytes as they are, and return whatever comes back."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("/") else BASE + path
        return self.client.generic(method, address, data, content_type="application/json", headers=sent)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.ask("POST", path, {} if body is None else body, **headers)

    def upload(self, files: Mapping[str, bytes], **fields: str) -> HttpResponse:
        """Send files as parts named `files`, under names that may have folders."""
        parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
        parts += [(f'name="files"; filename="{name}"', data) for name, data in files.items()]
        form = io.BytesIO()
        for disposition, data in parts:
            form.write(f"--edge\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + b"\r\n")
        form.write(b"--edge--\r\n")
        kind = "multipart/form-data; boundary=edge"
        return self.client.post(BASE + "artifacts/", form.getvalue(), content_type=kind, headers=self.headers)


def made(response: HttpResponse, status: int = 201) -> Any:
    """The JSON of a success, or a failed test that shows what was said instead."""
    assert response.status_code == status, response.content.decode()
    return response.json()


def refused(response: HttpResponse, status: int) -> Any:
    """The problem details of an error."""
    assert response.status_code == status, response.content.decode()
    assert response["Content-Type"] == PROBLEM
    problem = response.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:assay:problem:")
    assert problem["title"]
    assert problem["detail"]
    return problem
