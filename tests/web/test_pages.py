"""Each page shows what it is for, asks the database no more than it did, and can be made to run nothing."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.models import ModelVersion, User
from registry.services import catalog
from tests import make
from tests.people import Cast
from tests.web.world import World

SignedIn = Callable[[User], Client]
SHOWN = {
    "overview": ["Not to be used yet, and why", "lending/mortgage-approval@1", "Waits for you"],
    "model-list": ["lending/mortgage-approval", "May it be used?"],
    "model": ["Register a version", "Training"],
    "version": ["Not yet: undecided", "Demographic parity ratio", "What would unblock it", "Grace Hopper approved"],
    "version-evidence": [
        "measured 2 times; the newest counts",
        "Run here",
        "<svg",
        "fairness.demographic_parity_ratio",
    ],
    "version-coverage": ["Unsafe AI Artifacts", "AML.T0011.000", "not measured", "Techniques that nothing here"],
    "coverage": ["Coverage of attack techniques", "lending/mortgage-approval@2", "Apache License 2.0"],
    "methods": ["Group fairness", "Demographic parity ratio", "lower is better"],
    "version-card": ["required questions answered", "Edit the card", "lending/loans@1"],
    "version-risks": ["Approves too few of one group", "Ada Lovelace", "Reduce"],
    "version-lineage": ["lending/loans@1", "trained on"],
    "version-history": [
        "Moved from scoping to data",
        "Grace Hopper approved",
        "A waiver was asked for: Demog",
        "Registered",
    ],
    "version-compare": ["version 2", "Measurements", "Card", "Risks"],
    "version-move": ["Try to move it", "Retire this version"],
    "version-evaluate": [
        "Group fairness of decisions",
        "group: race, label: approved, prediction: predicted; favourable:\u00a01",
    ],
    "dataset-list": ["lending/loans"],
    "dataset-version": ["loans.csv", "Datasheet", "what was made from it"],
    "project": ["How much trust it needs", "Homes depend on it.", "activated it"],
    "evaluation": ["What it found", "Run it again", "Specification"],
    "document-edit": ["does not apply, because", "Save a revision"],
    "policy-revision": [
        "The lower bound is judged",
        "Four fifths, 29 CFR 1607.4(D).",
        "Grace Hopper",
        "Mortgages</a>",
        "One person with expertise in fairness, not an author of what they sign.",
    ],
    "method": ["How this is measured"],
    "waiver": ["2 more needed", "More rows arrive on Friday."],
    "audit": ["Grace Hopper approved lending/mortgage-approval@1", "model_version.signed_off", "leaf"],
    "people": ["Grace Hopper", "Fairness", "Auditor"],
    "verdict": ["as it was stored", "The evidence it was said of"],
}


def test_every_page_shows_what_it_is_for(world: World, signed_in: SignedIn) -> None:
    ada = signed_in(world.cast.ada)
    for name, words in SHOWN.items():
        page = ada.get(world.address(name)).content.decode()
        missing = [each for each in words if each not in page]
        assert missing == [], name


def test_no_page_leans_on_inline_script_or_style(world: World, signed_in: SignedIn) -> None:
    ada = signed_in(world.cast.ada)
    for name in SHOWN:
        page = ada.get(world.address(name)).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page), name


def test_an_empty_site_says_what_to_do_next(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.ada).get("/").content.decode()
    assert "Describe a project" in page
    assert "Describe a project" not in signed_in(cast.mary).get("/").content.decode()


BASELINES = {
    "overview": 21,
    "model-list": 7,
    "model": 7,
    "version": 38,  # 24 of them are the gate's own look at everything
    "version-evidence": 36,
    "version-card": 11,
    "version-risks": 12,
    "version-lineage": 12,
    "version-history": 20,
    "review-queue": 10,
    "audit": 7,
    "policy-list": 6,
}


def test_no_page_asks_the_database_more_than_it_did(world: World, signed_in: SignedIn) -> None:
    ada = signed_in(world.cast.ada)
    ada.get("/")
    counts = {name: count(ada, world.address(name)) for name in BASELINES}
    assert {name: number for name, number in counts.items() if number > BASELINES[name]} == {}


def test_more_rows_take_no_more_queries(world: World, signed_in: SignedIn) -> None:
    ada = signed_in(world.cast.ada)
    names = ("model-list", "model", "version-history", "audit", "overview")
    before = {name: count(ada, world.address(name)) for name in names}
    for number in range(3):
        make.model_version(world.cast, slug=f"other-{number}")
        make.model_version(world.cast, label=f"more-{number}")
        make.risk(world.version, by=world.cast.ada, issue=f"Risk {number}")
    after = {name: count(ada, world.address(name)) for name in names}
    assert {name: number for name, number in after.items() if number > before[name]} == {}


def count(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


def test_lists_are_walked_page_by_page_and_back(cast: Cast, signed_in: SignedIn) -> None:
    within = make.project(cast)
    slugs = [f"model-{number:03}" for number in range(65)]
    for slug in slugs:
        catalog.create_model(within, slug=slug, by=cast.ada)
    ada, address, seen = signed_in(cast.ada), reverse("model-list"), []
    pages = []
    while address:
        context = ada.get(address).context
        pages.append([row.slug for row in context["page"].rows])
        seen += pages[-1]
        address = reverse("model-list") + context["page"].older if context["page"].older else ""
        newer = context["page"].newer
    assert seen == slugs
    back = ada.get(reverse("model-list") + newer).context["page"]
    assert [row.slug for row in back.rows] == pages[-2]


def test_a_waiver_is_named_wherever_the_answer_is_shown(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    make.waived(version, next(item.id for item in unmet if item.kind == "threshold"), cast=cast)
    make.signed(version, by=cast.grace, expertise="fairness")
    make.signed(version, by=cast.alan, expertise="security")
    make.moved(version, to_stage=make.INFERENCE, by=cast.ada)
    ada = signed_in(cast.ada)
    for address in (reverse("model-list"), reverse("model", args=[version.model_id])):
        assert "in use, with a waiver" in ada.get(address).content.decode()
    assert "In use, with a waiver" in ada.get(reverse("version", args=[version.pk])).content.decode()


def test_models_are_found_by_name_stage_and_answer(world: World, signed_in: SignedIn) -> None:
    make.model_version(world.cast, slug="income-check")
    ada = signed_in(world.cast.ada)

    def found(query: str) -> list[str]:
        return [row.slug for row in ada.get(f"{reverse('model-list')}?{query}").context["page"].rows]

    assert found("q=INCOME") == ["income-check"]
    assert found("q=lending mortgage") == ["mortgage-approval"]
    assert found("stage=training") == []  # its newest version, 2, is at scoping
    assert found("team=lending&outcome=failed") == ["income-check", "mortgage-approval"]
    assert found("standing=suspended") == []


PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[x](javascript:alert(1))",
    "<svg/onload=alert(1)>",
    "{{ 7|add:7 }}{% load x %}",
    "<iframe srcdoc=x></iframe>",
)


def test_what_people_type_runs_nowhere(cast: Cast, signed_in: SignedIn) -> None:
    version = poisoned("\n\n".join(PAYLOADS), cast)
    ada = signed_in(cast.ada)
    pages = ["", "evidence/", "card/", "risks/", "lineage/", "history/", "compare/", "move/", "waive/"]
    addresses = [reverse("version", args=[version.pk]) + page for page in pages]
    addresses += [reverse("project", args=[version.model.project_id]), reverse("model", args=[version.model_id])]
    addresses += ["/", reverse("audit"), reverse("model-list"), reverse("project-list"), reverse("dataset-list")]
    addresses += [f"{reverse('model-list')}?q={PAYLOADS[1]}", f"{reverse('audit')}?q={PAYLOADS[0]}&team={PAYLOADS[1]}"]
    for address in addresses:
        page = ada.get(address).content.decode()
        assert "alert(1)</script>" not in page, address
        tags = re.findall(r"<[a-z][^>]*>", page)
        assert not [tag for tag in tags if re.search(r"\bon(error|load)=(?![^\"]*&quot;)", strip(tag))], address
        assert not [tag for tag in tags if "javascript:" in strip(tag) or tag.startswith(("<iframe", "<svg/"))], address
        assert "14" not in re.findall(r"\{\{|\b77\b", page), address


def strip(tag: str) -> str:
    """A tag without the values of its attributes that are escaped texts."""
    return re.sub(r'\b(?:value|title|content|aria-label|data-copy)="[^"]*"', "", tag)


def poisoned(text: str, cast: Cast) -> ModelVersion:
    """A version whose every text is hostile."""
    within = catalog.create_project(cast.lending, slug="p", name=text[:120], purpose=text, by=cast.ada)
    catalog.set_trust_need(within, aspect="fairness", level="high", reason=text, by=cast.ada)
    catalog.create_dataset(cast.lending, slug="d", description=text, by=cast.ada)
    model = catalog.create_model(within, slug="m", description=text, by=cast.ada)
    version = catalog.register_model_version(model, label="<b>1", by=cast.ada)
    answers = make.complete_answers("model_card")
    answers |= {key: {"text": text} for key, answer in answers.items() if "What there is" in str(answer)}
    make.card(version, by=cast.ada, answers=answers)
    make.risk(version, by=cast.ada, issue=text, step_taken=text)
    return version


def test_a_run_can_be_watched_cancelled_and_repeated_without_script(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    run, ada = make.requested(version, by=cast.ada), signed_in(cast.ada)
    page = ada.get(reverse("evaluation", args=[run.pk])).content.decode()
    assert "waits for a worker" in page
    assert 'hx-trigger="every 2s"' in page
    part = ada.get(reverse("evaluation-progress", args=[run.pk]))
    assert "<html" not in part.content.decode()
    assert "HX-Refresh" not in part
    answer = ada.post(reverse("evaluation-cancel", args=[run.pk]), follow=True)
    assert "The run is cancelled." in answer.content.decode()
    assert ada.get(reverse("evaluation-progress", args=[run.pk]))["HX-Refresh"] == "true"
    assert ada.post(reverse("evaluation-cancel", args=[run.pk])).status_code == 409
    answer = ada.post(reverse("evaluation-retry", args=[run.pk]), follow=True)
    assert "queued again, as a new run" in answer.content.decode()
    assert version.evaluations.filter(state="queued").count() == 1


def test_a_form_that_is_right_does_what_it_says(cast: Cast, signed_in: SignedIn) -> None:
    ada = signed_in(cast.ada)

    def send(name: str, sent: dict[str, Any], *keys: Any) -> str:
        answer = ada.post(reverse(name, args=keys), sent, follow=True)
        assert answer.status_code == 200, (name, answer.content.decode()[-2000:])
        return str(answer.redirect_chain[-1][0])

    send("project-new", {"team": cast.lending.pk, "slug": "cars", "name": "Cars", "purpose": "Who gets one."})
    within = cast.lending.projects.get()
    send("trust-needs", {"aspect": "privacy", "level": "high", "reason": "Names are in it."}, within.pk)
    send("dataset-new", {"team": cast.lending.pk, "slug": "sales", "description": ""})
    data = cast.lending.datasets.get()
    send("dataset-version-new", {"label": "1", "digests": f"{'ab' * 32} 12 sales.csv", "notes": ""}, data.pk)
    send("model-new", {"project": within.pk, "slug": "price", "description": ""})
    model = cast.lending.models.get()
    pinned = data.versions.get()
    address = send("version-new", {"label": "1", "trained_on": [pinned.pk]}, model.pk)
    version = model.versions.get()
    assert address == reverse("version", args=[version.pk])
    assert version.parents.get().parent_dataset == pinned
    send("version-files", {"digests": f"{'cd' * 32} 7 model.skops"}, version.pk)
    version.refresh_from_db()
    assert version.root_digest
    send(
        "risk-new",
        {"issue": "Too dear", "aspect": "fairness", "likelihood": 2, "severity": 2, "priority": "low"},
        version.pk,
    )
    risk = version.risks.get()
    rated = {"likelihood": 1, "severity": 2, "priority": "low", "is_resolved": "on", "resolution": "A cap."}
    send("risk-edit", rated, risk.pk)
    risk.refresh_from_db()
    assert risk.is_resolved
