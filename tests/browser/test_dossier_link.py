"""The link to a dossier in a real browser: busy while the file is drawn, and itself again once it comes."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.gallery import CHROMIUM, FLAGS
from tests.databases import ROOT

pytestmark = pytest.mark.browser
PAGE = '<script src="/dossier.js" defer></script><a class="button" href="/versions/1/dossier.pdf">PDF dossier</a>'
# The driver looks away while an address is loading, so the page keeps a record of what a person sees, and clicks twice.
CLICK_TWICE = """() => {
  const link = document.querySelector("a");
  window.seen = [];
  const look = () => window.seen.push([link.textContent, link.getAttribute("aria-busy")]);
  new MutationObserver(look).observe(link, { childList: true, attributes: true });
  link.click();
  setTimeout(() => link.click(), 200);
}"""
POLICY = "default-src 'none'; script-src 'self'"


class Drawing(BaseHTTPRequestHandler):
    """A page with the link, the script, and a dossier that comes when the test lets it."""

    def __init__(self, drawn: threading.Event, asked: list[str], *more: object) -> None:
        self.drawn, self.asked = drawn, asked
        super().__init__(*more)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer, the dossier late."""
        address = urlsplit(self.path)
        if address.path == "/dossier.js":
            self.answer("text/javascript", (ROOT / "static/js/dossier.js").read_bytes())
        elif address.path == "/versions/1/":
            self.answer("text/html; charset=utf-8", PAGE.encode(), ("Content-Security-Policy", POLICY))
        else:
            self.asked.append(self.path)
            self.drawn.wait(30)
            word = parse_qs(address.query)["word"][0]
            cookie = ("Set-Cookie", f"dossier={word}; Path=/versions/1/")
            self.answer("application/pdf", b"%PDF-", ("Content-Disposition", "attachment; filename=d.pdf"), cookie)

    def answer(self, kind: str, content: bytes, *more: tuple[str, str]) -> None:
        """Send it."""
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(content))), *more):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_said: object) -> None:
        """Nothing."""


@pytest.fixture
def drawn() -> threading.Event:
    return threading.Event()


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def page(drawn: threading.Event, asked: list[str]) -> Iterator[Page]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Drawing, drawn, asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page()
        opened.goto(f"http://127.0.0.1:{server.server_port}/versions/1/")
        yield opened
        browser.close()
    server.shutdown()
    server.server_close()


def test_the_link_says_that_the_dossier_is_drawn_until_it_comes(
    page: Page, drawn: threading.Event, asked: list[str]
) -> None:
    with page.expect_download() as waiting:
        threading.Timer(1, drawn.set).start()
        page.evaluate(CLICK_TWICE)
    assert waiting.value.suggested_filename == "d.pdf"
    expect(page.get_by_role("link")).to_have_text("PDF dossier")
    assert page.evaluate("window.seen") == [["Drawing the dossier…", "true"], ["PDF dossier", None]]
    assert len(asked) == 1
