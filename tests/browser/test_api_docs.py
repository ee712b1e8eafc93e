"""The API's document as a browser draws it: in the site's frame, under its content policy, readable in both themes."""

import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import sync_playwright

from tests.browser.gallery import CHROMIUM, FLAGS

pytestmark = pytest.mark.browser
# The least contrast of a text that is shown, and the text: what lies behind it is the nearest ground that is painted.
FAINTEST = """() => {
  const light = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  let faintest = [21, ""];
  for (const node of document.querySelectorAll("#main *")) {
    const text = [...node.childNodes].filter((each) => each.nodeType === 3).map((each) => each.data.trim()).join("");
    if (!text || !node.checkVisibility({ opacityProperty: true }) || node.closest("[disabled], .disabled")) continue;
    const [one, other] = [luminance(numbers(getComputedStyle(node).color)), luminance(ground(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < faintest[0]) faintest = [ratio, text.slice(0, 60)];
  }
  return faintest;
}"""


class Server(ThreadingMixIn, WSGIServer):
    """Answers several requests at once."""

    daemon_threads = True


class Silent(WSGIRequestHandler):
    """Says nothing of what it answers."""

    def log_message(self, *_said: object) -> None:
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """The site without a database: the document and the page that draws it need none."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=Server, handler_class=Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1/docs/"
    server.shutdown()
    server.server_close()


def test_the_document_is_drawn_and_readable_on_every_screen_in_both_themes(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            errors: list[str] = []
            page.on("console", lambda said, kept=errors: kept.append(said.text) if said.type == "error" else None)
            page.goto(address)
            page.locator(".opblock-post .opblock-summary-control").first.click(timeout=60_000)
            page.locator(".opblock.is-open .responses-wrapper").wait_for()
            assert page.get_by_role("navigation", name="Breadcrumb").is_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == width
            ratio, text = page.evaluate(FAINTEST)
            assert ratio >= 4.5, (width, scheme, ratio, text)
            assert errors == []
            page.close()
        browser.close()
