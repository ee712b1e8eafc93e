"""The README's tour in a real browser, on the real demo: blocked, understood, repaired, signed by two, in use.

Every page it comes by is kept as a picture, wide and narrow, light and dark, in `var/screenshots`.
"""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pypdf
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.gallery import CHROMIUM, FLAGS
from tests.databases import ROOT
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.flow]
PICTURES = ROOT / "var" / "screenshots"
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
BLOCKED, REPAIRED = "lending/mortgage-approval@1", "lending/mortgage-approval@2"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Visitor:
    """A person at a browser: one session, in which nothing may go wrong unseen."""

    def __init__(self, demo: Demo, browser: Browser, name: str) -> None:
        self.demo, self.name, self.facts = demo, name, demo.facts()
        self.context: BrowserContext = browser.new_context(viewport=SIZES["wide"])
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.errors: list[str] = []
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    @property
    def password(self) -> str:
        return next(each["password"] for each in self.facts["accounts"] if each["username"] == self.name)

    def logged_in(self) -> "Visitor":
        self.page.goto(f"{self.facts['url']}/accounts/login/")
        self.page.fill("[name=login]", self.name)
        self.page.fill("[name=password]", self.password)
        self.page.locator("main button[type=submit]").click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        return self

    def open(self, path: str, *, picture: str = "") -> Page:
        """Go there; with `picture`, keep the page in both widths and both schemes, none wider than its screen."""
        answer = self.page.goto(self.facts["url"] + path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        if picture:
            self.keep(picture)
        return self.page

    def keep(self, picture: str) -> None:
        for size, viewport in SIZES.items():
            for scheme in ("light", "dark"):
                self.page.set_viewport_size(viewport)
                self.page.emulate_media(color_scheme=scheme)
                wide = self.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= viewport["width"], f"{picture} is {wide} pixels wide on a {size} screen"
                self.page.screenshot(path=PICTURES / f"{picture}-{size}-{scheme}.png", full_page=True)
        self.page.set_viewport_size(SIZES["wide"])
        self.page.emulate_media(color_scheme="light")

    def version(self, name: str, section: str = "") -> str:
        return f"/versions/{self.facts['versions'][name]['id']}/{section}"

    def sign(self, expertise: str) -> None:
        page = self.open(self.version(REPAIRED, "sign/"))
        page.select_option("[name=expertise]", expertise)
        page.get_by_label("I approve the use of this version at this stage").check()
        page.fill("[name=word]", "APPROVE")
        page.fill("[name=password]", self.password)
        page.get_by_role("button", name="Sign").click()
        expect(page.get_by_role("alert").or_(page.get_by_role("status")).first).to_be_visible()

    def leave(self) -> None:
        self.context.close()
        assert self.errors == []


def answered(address: str, *, token: str) -> bytes:
    """The verdict's answer as soon as it is signed."""
    parts = urlsplit(address)
    for _ in range(100):
        with closing(http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)) as connection:
            connection.request("GET", f"{parts.path}?{parts.query}", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            told = answer.read()
        if answer.status == 200:
            return told
        assert answer.status == 503, told
        time.sleep(0.3)
    raise AssertionError("the approval was not signed within half a minute")


def test_1_the_blocked_model_says_why_and_what_would_unblock_it(demo: Demo, browser: Browser) -> None:
    ada = Visitor(demo, browser, "ada").logged_in()
    ada.open("/", picture="overview")
    expect(ada.page.get_by_text(BLOCKED).first).to_be_visible()
    page = ada.open(ada.version(BLOCKED), picture="blocked")
    expect(page.get_by_text("No: it is blocked")).to_be_visible()
    parity = page.locator("article.requirement").filter(has_text="emographic parity ratio").first
    expect(parity).to_contain_text("What would unblock it")
    assert parity.locator("svg").count() >= 1
    for section in ("evidence", "card", "risks", "lineage", "history"):
        ada.open(ada.version(BLOCKED, f"{section}/"), picture=f"blocked-{section}")
    ada.leave()


def test_2_moving_it_all_the_same_is_refused_and_recorded(demo: Demo, browser: Browser) -> None:
    ada = Visitor(demo, browser, "ada").logged_in()
    page = ada.open(ada.version(BLOCKED, "move/"))
    page.get_by_role("button", name="Try to move it").click()
    expect(page.get_by_text("The gate is shut").first).to_be_visible()
    ada.keep("refused")
    page = ada.open("/audit/", picture="audit")
    expect(page.locator("main")).to_contain_text("refused")
    ada.errors = [said for said in ada.errors if "409" not in said]
    ada.leave()


def test_3_the_repaired_version_is_compared_and_an_author_cannot_sign(demo: Demo, browser: Browser) -> None:
    ada = Visitor(demo, browser, "ada").logged_in()
    page = ada.open(ada.version(REPAIRED), picture="repaired")
    expect(page.get_by_text("Not yet: undecided").or_(page.get_by_text("waits for", exact=False)).first).to_be_visible()
    ada.open(ada.version(REPAIRED, "compare/"), picture="compare")
    answer = page.goto(ada.facts["url"] + ada.version(REPAIRED, "sign/"))
    assert answer is not None
    assert answer.status == 403 or page.get_by_role("button", name="Sign").count() == 0
    ada.errors = [said for said in ada.errors if "403" not in said]
    ada.leave()


def test_4_two_people_sign_and_a_change_makes_both_signatures_lapse(demo: Demo, browser: Browser) -> None:
    grace, alan = (Visitor(demo, browser, name).logged_in() for name in ("grace", "alan"))
    grace.open("/reviews/", picture="reviews")
    expect(grace.page.locator("main")).to_contain_text("mortgage-approval")
    grace.open(grace.version(REPAIRED, "sign/"), picture="sign")
    grace.sign("fairness")
    alan.sign("security")
    expect(alan.open(alan.version(REPAIRED)).get_by_text("What blocks")).to_have_count(0)
    ada = Visitor(demo, browser, "ada").logged_in()
    page = ada.open(ada.version(REPAIRED, "risks/"))
    page.get_by_role("link", name=re.compile("add a risk|new risk|record", re.I)).first.click()
    page.fill("[name=issue]", "Applicants of joint applications are not judged apart.")
    page.select_option("[name=aspect]", "fairness")
    page.select_option("[name=likelihood]", "2")
    page.select_option("[name=severity]", "2")
    page.select_option("[name=priority]", "low")
    page.select_option("[name=treatment]", "accept")
    page.select_option("[name=owner]", index=1)
    page.locator("main form").get_by_role("button").last.click()
    page.wait_for_load_state()
    ada.leave()
    page = grace.open(grace.version(REPAIRED, "sign/"), picture="sign-again")
    expect(page.get_by_text("Changed since you signed")).to_be_visible()
    expect(page.locator("main")).to_contain_text("joint applications")
    grace.sign("fairness")
    alan.sign("security")
    grace.leave()
    alan.leave()


def test_5_it_moves_and_its_approval_is_signed_within_seconds(demo: Demo, browser: Browser) -> None:
    ada = Visitor(demo, browser, "ada").logged_in()
    page = ada.open(ada.version(REPAIRED, "move/"), picture="move")
    page.get_by_role("button", name="Move it to inference").click()
    page.wait_for_load_state()
    address = f"{ada.facts['url']}/api/v1/verdict/?name={REPAIRED}&stage=inference"
    told = answered(address, token=ada.facts["token"])
    assert b'"approved":true' in told
    ada.open(ada.version(REPAIRED), picture="approved")
    # On a busy machine it is drawn for longer than a page may take.
    with page.expect_download(timeout=120_000) as waiting:
        page.get_by_role("link", name="PDF dossier").click(timeout=120_000)
    path = PICTURES / "dossier.pdf"
    waiting.value.save_as(path)
    reader = pypdf.PdfReader(path)
    text = "\n".join(sheet.extract_text() for sheet in reader.pages)
    assert "Grace Hopper" in text
    assert "attestation.json" in reader.attachments
    ada.leave()


def test_6_the_auditor_reads_all_and_the_other_team_sees_nothing(demo: Demo, browser: Browser) -> None:
    mary = Visitor(demo, browser, "mary").logged_in()
    for path, picture in (("/models/", "models"), ("/datasets/", "datasets"), ("/policies/", "policies")):
        mary.open(path, picture=picture)
    page = mary.open(mary.version(REPAIRED))
    assert page.get_by_role("link", name=re.compile("^Move")).count() == 0
    mary.leave()
    eve = Visitor(demo, browser, "eve").logged_in()
    assert "mortgage-approval" not in eve.open("/models/").content()
    answer = eve.page.goto(eve.facts["url"] + eve.version(BLOCKED))
    assert answer is not None
    assert answer.status == 404
    eve.errors = [said for said in eve.errors if "404" not in said]
    eve.leave()
