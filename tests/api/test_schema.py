"""The API describes itself, completely and without a doubt."""

import json
import re
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client

from tests.api.addresses import every
from tests.api.clients import Caller


def test_the_document_is_made_without_a_warning(tmp_path, capsys) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    assert "warning" not in capsys.readouterr().err.lower()


def test_every_address_is_described_with_what_goes_wrong() -> None:
    document = json.loads(Client().get("/api/v1/schema/").content)
    assert document["openapi"].startswith("3.1")
    described = {
        (nameless(path), method.upper()): operation["responses"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    for address in every():
        if address.route not in ("schema/", "docs/"):
            responses = described[nameless("/api/v1/" + address.route), address.method]
            assert "application/problem+json" in responses["default"]["content"]


def nameless(path: str) -> str:
    return re.sub(r"<[^>]*>|{[^}]*}", "{}", path)


@pytest.mark.django_db
def test_the_page_that_shows_it_holds_no_script_of_its_own_and_nothing_from_elsewhere(nobody: Caller) -> None:
    response = nobody.client.get("/api/v1/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("<script") == len(re.findall(r'<script src="/static/|<script src="/api/v1/docs/', page))
    assert "style=" not in page
    assert "<style" not in page
    assert "//" not in re.sub(r"<!doctype html>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    assert "'self'" in response["Content-Security-Policy"]
    script = nobody.client.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/api/v1/schema/" in script.content


def test_the_page_has_the_sites_frame_for_everybody_and_the_navigation_for_whoever_is_signed_in(
    nobody: Caller, person: Callable[[str], Caller]
) -> None:
    shut = nobody.client.get("/api/v1/docs/").content.decode()
    assert 'class="site-header"' in shut
    assert 'aria-label="Breadcrumb"' in shut
    assert 'aria-label="Main"' not in shut
    seen = person("ada").client.get("/api/v1/docs/").content.decode()
    assert 'aria-label="Main"' in seen
    assert "in your name" in seen
    assert "/static/css/api.css" in seen


def test_every_operation_says_in_a_line_what_it_does(nobody: Caller) -> None:
    paths = nobody.client.get("/api/v1/schema/").json()["paths"]
    unsaid = [(path, method) for path, each in paths.items() for method, one in each.items() if not one["summary"]]
    assert unsaid == []


def test_files_are_sent_as_files(nobody: Caller) -> None:
    shapes = nobody.client.get("/api/v1/schema/").json()["components"]["schemas"]
    assert shapes["UploadedArtifact"]["properties"]["files"]["items"]["format"] == "binary"
