"""Every component with sample data, as pages to look at: `python -m tests.browser.gallery FOLDER` writes screenshots.

It needs neither a database nor the application; the pages are served under the same content policy as the real ones,
and anything that the browser refuses or that overflows sideways is reported.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from playwright.sync_api import Browser, sync_playwright

from tests.browser.gallery_pages import rendered

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates", ROOT / "tests/browser/templates"],
        "OPTIONS": {"builtins": ["registry.templatetags.assay"]},
    }
]


def configure() -> None:
    """Django with templates and nothing else."""
    settings.configure(
        SECRET_KEY="gallery",
        STATIC_URL="/static/",
        USE_TZ=True,
        USE_I18N=False,
        ASSAY_VERSION="0.1",
        ROOT_URLCONF="tests.browser.gallery_pages",
        TEMPLATES=TEMPLATES,
    )
    django.setup()


def serve(pages: dict[str, str]) -> ThreadingHTTPServer:
    """The pages and the static files, on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path.startswith("/static/"):
                body, kind = (ROOT / path.lstrip("/")).read_bytes(), TYPES.get(Path(path).suffix, "text/plain")
            else:
                body, kind = pages.get(path, "").encode(), "text/html; charset=utf-8"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def visit(browser: Browser, pages: dict[str, str], *, width: int, scheme: str, folder: Path | None = None) -> list[str]:
    """Open every page at one width by day or by night; what the browser refused or what is too wide comes back."""
    troubles: list[str] = []
    server = serve(pages)
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    for path in pages:
        page.goto(f"http://127.0.0.1:{server.server_port}{path}")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            troubles.append(f"{path} at {width}: {over} px too wide")
        if folder:
            page.screenshot(path=folder / f"{path.strip('/')}-{width}-{scheme}.png", full_page=True)
    context.close()
    server.shutdown()
    server.server_close()
    return troubles


def main() -> int:
    configure()
    folder, only = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {path: html for path, html in rendered().items() if only in path}
    troubles: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width in (1280, 390):
            for scheme in ("light", "dark"):
                troubles += visit(browser, pages, width=width, scheme=scheme, folder=folder)
        browser.close()
    sys.stdout.writelines(f"{trouble}\n" for trouble in sorted(set(troubles)))
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
