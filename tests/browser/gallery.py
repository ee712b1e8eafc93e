"""Every component with sample data, as pages to look at: `python -m tests.browser.gallery FOLDER` writes screenshots.

It needs neither a database nor the application; the pages are served under the same content policy as the real ones,
and anything that the browser refuses or that overflows sideways is reported.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import django
from django.conf import settings
from playwright.sync_api import sync_playwright

from tests.browser.gallery_pages import rendered

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def configure() -> None:
    """Django with templates and nothing else."""
    settings.configure(
        SECRET_KEY="gallery",
        STATIC_URL="/static/",
        USE_TZ=True,
        USE_I18N=False,
        ASSAY_VERSION="0.1",
        ROOT_URLCONF="tests.browser.gallery_pages",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOT / "templates", ROOT / "tests/browser/templates"],
                "OPTIONS": {"builtins": ["registry.templatetags.assay"]},
            }
        ],
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


def shoot(pages: dict[str, str], folder: Path, only: str = "") -> list[str]:
    """Screenshots of every page, wide and narrow, by day and by night; what went wrong comes back as lines."""
    server = serve(pages)
    troubles: list[str] = []
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        for width in (1280, 390):
            for scheme in ("light", "dark"):
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                page = context.new_page()
                page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
                for path in pages:
                    name = path.strip("/").replace("/", "-") or "overview"
                    if only and only not in name:
                        continue
                    page.goto(f"http://127.0.0.1:{server.server_port}{path}")
                    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    if over > 0:
                        troubles.append(f"{path} at {width}: {over} px too wide")
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
                context.close()
        browser.close()
    server.shutdown()
    return troubles


def main() -> int:
    configure()
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    troubles = shoot(rendered(), folder, only=sys.argv[2] if len(sys.argv) > 2 else "")
    sys.stdout.writelines(f"{trouble}\n" for trouble in sorted(set(troubles)))
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
