"""Every component holds its shape in a real browser, under the real content policy, from a phone to a wide screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.gallery import CHROMIUM, FLAGS, TEMPLATES, serve, visit
from tests.browser.gallery_pages import rendered

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def pages(settings: Any) -> dict[str, str]:
    settings.TEMPLATES = TEMPLATES
    settings.ROOT_URLCONF = "tests.browser.gallery_pages"
    return rendered()


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1600])
def test_no_page_is_wider_than_its_screen_or_refused_anything(
    browser: Browser, pages: dict[str, str], width: int
) -> None:
    assert visit(browser, pages, width=width, scheme="light") == []


def test_pages_are_whole_without_script(browser: Browser, pages: dict[str, str]) -> None:
    server = serve(pages)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/version/")
    page.get_by_text("Menu", exact=True).click()
    assert page.get_by_role("link", name="Policies").is_visible()
    assert page.get_by_text("No: it is blocked").is_visible()
    assert not page.locator("[data-copy]").first.is_visible()
    context.close()
    server.shutdown()
    server.server_close()


def test_on_a_phone_one_line_stands_above_the_page_and_the_verdict_is_on_the_first_screen(
    browser: Browser, pages: dict[str, str]
) -> None:
    server = serve(pages)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/version/")
    header = page.locator(".site-header").bounding_box()
    assert header is not None
    assert header["height"] <= 52
    assert page.locator(".site-header summary:visible").count() == 1
    verdict = page.get_by_text("No: it is blocked").bounding_box()
    assert verdict is not None
    assert verdict["y"] + verdict["height"] < 844
    context.close()
    server.shutdown()
    server.server_close()


def test_the_theme_that_was_chosen_stays_chosen(browser: Browser, pages: dict[str, str]) -> None:
    server = serve(pages)
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/version/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("[data-theme-toggle]").click()
    dark = page.evaluate(ground)
    page.reload()
    assert light != dark
    assert page.evaluate(ground) == dark
    context.close()
    server.shutdown()
    server.server_close()


def test_the_first_stop_of_the_keyboard_leads_to_the_content(browser: Browser, pages: dict[str, str]) -> None:
    server = serve(pages)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/version/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    context.close()
    server.shutdown()
    server.server_close()
