"""What a person and a script need to know of the seeded demo, kept in demo.json beside the data."""

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.urls import NoReverseMatch, reverse

from registry.management.demo.people import PARTS, password
from registry.models import ModelVersion, Token
from registry.services.artifacts import blob_path
from registry.services.people import token_digest

Facts = dict[str, Any]


def facts_file() -> Path:
    return Path(settings.HOME) / "demo.json"


def recall() -> Facts | None:
    """The facts of a seeding that went through to its end and whose database is still the one there is."""
    try:
        facts: Facts = json.loads(facts_file().read_text(encoding="utf-8"))
        ids, digest = [item["id"] for item in facts["versions"].values()], token_digest(facts["token"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    is_there = ModelVersion.objects.filter(pk__in=ids).count() == len(ids) > 0
    is_known = Token.objects.filter(digest=digest, revoked_at=None, expires_at__gt=Now()).exists()
    return facts if is_there and is_known else None


def compose(versions: Mapping[str, str], *, token: str) -> Facts:
    """Everything, for versions given as name to id. Addresses follow the port the demo is served on now."""
    url = settings.PUBLIC_URL
    named = {
        name: {"id": pk, "url": url + page(pk), "verdict": verdict(url, name), "folder": str(folder(name))}
        for name, pk in versions.items()
    }
    return {
        "url": url,
        "accounts": [
            {"username": part.username, "name": part.name, "password": password(), "who": part.who} for part in PARTS
        ],
        "token": token,
        "versions": named,
        "try": suggestions(named, token),
    }


def folder(name: str) -> Path:
    """Where a pipeline would have the files of a version; the name without its team is the folder's."""
    return Path(settings.HOME) / "demo" / name.partition("/")[2]


def lay_out(version: ModelVersion) -> None:
    """Put the version's files where the tour finds them, as a pipeline has what it is about to deploy."""
    place = folder(str(version))
    place.mkdir(parents=True, exist_ok=True)
    for file in version.artifact.files.all() if version.artifact else ():
        shutil.copyfile(blob_path(file.sha256), place / file.name)


def page(pk: str) -> str:
    try:
        return reverse("version", args=[pk])
    except NoReverseMatch:
        return f"/versions/{pk}/"


def verdict(url: str, name: str) -> str:
    return f"{url}/api/v1/verdict/?name={name}&stage=inference"


def suggestions(versions: Mapping[str, Mapping[str, str]], token: str) -> list[str]:
    blocked, repaired = list(versions.values())[:2]
    models = f"{settings.PUBLIC_URL}/models/"
    header = shlex.quote(f"Authorization: Bearer {token}")
    return [
        f"Log in as ada and open the blocked model: {blocked['url']}",
        f"Ask as a pipeline why it is refused: curl -s -H {header} {shlex.quote(blocked['verdict'])}",
        f"Log in as grace, then as alan, sign the repaired version, and move it as ada: {repaired['url']}",
        f"Two more models, of text and of images, are trained and measured in the background: {models}",
    ]


def keep(facts: Facts) -> None:
    """Write the facts, whole and readable by their owner alone: they hold a password and a token."""
    path = facts_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(facts, stream, indent=2, ensure_ascii=False)
    draft.replace(path)
