"""HTML to PDF in a child process that reaches no file and no network, with data attached inside the PDF."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

TIME_LIMIT_S = 60
# What a child may know of its surroundings.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_PATH", "FONTCONFIG_FILE")


class RenderingFailed(RuntimeError):
    """The child ended without a PDF; its last words are the message."""


class RenderingTimedOut(RenderingFailed):
    """It was ended because it took too long."""


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A file inside the PDF, which its reader can save: the data behind the page."""

    name: str
    description: str
    content: bytes


def to_pdf(html: str, *, attachments: Sequence[Attached] = ()) -> bytes:
    """The pages as PDF/A-3 with the attachments. Only `data:` addresses in the HTML are followed.

    RenderingFailed when the child runs out of its time or memory, or the HTML asks for what can't be drawn.
    """
    job = {
        "html": html,
        "attachments": [
            {"name": each.name, "description": each.description, "content": base64.b64encode(each.content).decode()}
            for each in attachments
        ],
    }
    surroundings = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-s", "-P", "-m", "registry.reports.pdf_child"],
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=TIME_LIMIT_S,
            check=False,
            cwd=settings.BASE_DIR,
            env={**surroundings, "PYTHONPATH": str(settings.BASE_DIR)},
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderingTimedOut(f"The PDF was not ready within {TIME_LIMIT_S} s.") from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise RenderingFailed(done.stderr.decode(errors="replace")[-2000:] or f"it ended with status {done.returncode}")
    return done.stdout
