"""What waits for whom, and what ends: a waiver ends only once it holds, and is named by what it accepts."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, User, Waiver
from registry.services import people
from registry.web.present import requirements, waiting, worklists
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]
ACCEPTED = "Demographic parity ratio, worst group: at least 0.80"


def waiver(cast: Cast, *, grants: int) -> Waiver:
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    return make.waived(version, next(i.id for i in unmet if i.kind == "threshold"), cast=cast, grants=grants)


def titles(items: list[worklists.Item]) -> list[str]:
    return [item["title"] for item in items]


@pytest.mark.parametrize("grants", [0, 1])
def test_a_waiver_that_was_only_asked_for_ends_nothing_and_waits_for_grants(cast: Cast, grants: int) -> None:
    waiver(cast, grants=grants)
    assert worklists.lists(cast.ada)["expiring"] == []
    lacking = "one reviewer" if grants else "2 reviewers"
    (item,) = worklists.lists(cast.ada)["elsewhere"]
    assert item["title"] == ACCEPTED
    assert item["text"] == (
        "A waiver for lending/mortgage-approval@1, asked for by Ada Lovelace: "
        f"waits to be granted by {lacking} of lending"
    )
    assert ACCEPTED in titles(worklists.lists(cast.alan)["waiting"])
    assert worklists.lists(cast.alan)["elsewhere"] == []
    assert (ACCEPTED in titles(worklists.lists(cast.grace)["waiting"])) == (grants == 0)


def test_a_granted_waiver_ends_and_waits_for_nobody(cast: Cast) -> None:
    held = waiver(cast, grants=2)
    (item,) = worklists.lists(cast.ada)["expiring"]
    assert (item["title"], item["when"], item["code"]) == (ACCEPTED, held.expires_at, held.requirement)
    for person in (cast.ada, cast.grace, cast.alan, cast.mary):
        assert ACCEPTED not in titles([*worklists.lists(person)["waiting"], *worklists.lists(person)["elsewhere"]])


def test_a_grant_counts_only_as_long_as_it_counts_for_the_gate(cast: Cast) -> None:
    held = waiver(cast, grants=2)
    assert counted(held) == 2
    role = cast.lending.memberships.get(person=cast.grace, role="reviewer", ended_at=None)
    people.end_membership(role, by=cast.joan)
    assert counted(held) == 1
    assert worklists.lists(cast.ada)["expiring"] == []


def counted(held: Waiver) -> int:
    """As the lists count, which has to agree with the gate."""
    number: int = waiting.counting_grants(Waiver.objects.filter(pk=held.pk)).get().counted  # type: ignore[attr-defined]
    asked = make.verdicts.review(held.version, to_stage=make.INFERENCE).decision.requirements
    requirement = next(each for each in asked if each.id == held.requirement)
    assert (number >= waiting.GRANTS_NEEDED) == (requirement.waived_until is not None)
    return number


def test_a_waiver_is_named_in_words_wherever_it_is_listed(cast: Cast, signed_in: SignedIn) -> None:
    asked = waiver(cast, grants=0)
    pages = {
        "overview": signed_in(cast.ada).get("/"),
        "reviews": signed_in(cast.grace).get(reverse("review-queue")),
        "waiver": signed_in(cast.grace).get(reverse("waiver", args=[asked.pk])),
        "audit": signed_in(cast.mary).get(reverse("audit")),
        "history": signed_in(cast.mary).get(reverse("version-history", args=[asked.version_id])),
    }
    assert [name for name, page in pages.items() if ACCEPTED not in page.content.decode()] == []
    assert f">{asked.requirement} of " not in pages["overview"].content.decode()


def test_every_kind_of_requirement_has_words(cast: Cast) -> None:
    version = make.ready_version(cast)
    risk = make.risk(version, by=cast.ada, issue="Homes are lost", priority="high")
    asked = make.verdicts.review(version, to_stage=make.INFERENCE).decision.requirements
    codes = {each.kind: each.id for each in asked} | {"treatment": f"treatment:{risk.pk}"}
    words = requirements.words_of([*codes.values(), "threshold:0", "nonsense"])
    assert words[codes["threshold"]] == ACCEPTED
    assert words[codes["evaluation"]] == "\u201cGroup fairness of decisions\u201d has run here"
    assert words[codes["document"]].endswith("of the required questions answered")
    assert words[f"risk:{risk.pk}"] == "Open risk of high priority: Homes are lost"
    assert words[codes["treatment"]] == "A treatment and an owner for the risk: Homes are lost"
    assert (words["threshold:0"], words["nonsense"]) == ("threshold:0", "nonsense")


def note(version: ModelVersion, client: Client) -> str:
    """What the newest evaluation found, as the history tells it."""
    entries = client.get(reverse("version-history", args=[version.pk])).context["entries"]
    return str(next(entry["note"] for entry in entries if entry["title"].startswith("Evaluation: ")))


def test_the_history_says_what_a_run_found_against_the_limit(cast: Cast, signed_in: SignedIn) -> None:
    version, mary = make.ready_version(cast), signed_in(cast.mary)
    name = "Demographic parity ratio, worst group"
    assert note(version, mary) == f"{name} 0.90 (0.85 – 0.95), meets at least 0.80"
    make.measured(version, by=cast.ada, low=0.61, high=0.766)
    assert note(version, mary) == f"{name} 0.688 (0.61 – 0.766), misses at least 0.80"
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    assert note(version, mary) == f"{name} 0.80 (0.70 – 0.90), undecided against at least 0.80"


def test_the_history_says_that_nothing_could_be_measured(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    nothing = make.reading(low=None, high=None, status="insufficient_data", reason="too few rows")
    make.measured(version, by=cast.ada, readings=[nothing])
    said = "Demographic parity ratio, worst group too few rows, asked: at least 0.80"
    assert note(version, signed_in(cast.mary)) == said


def test_what_no_policy_judges_has_a_headline(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    readings = [make.reading(metric="fairness.selection_rate", slice="overall", low=0.6, high=0.8)]
    make.measured(version, by=cast.ada, readings=readings)
    assert note(version, signed_in(cast.mary)) == "Selection rate 70% (60% – 80%)"


def test_a_reason_is_never_cut_within_a_word(cast: Cast, signed_in: SignedIn) -> None:
    words = [f"word{number}s" for number in range(60)]
    revision = make.policy_revision(cast, body=make.a_policy(rationale=" ".join(words)))
    page = signed_in(cast.ada).get(reverse("policy", args=[revision.policy_id])).content.decode()
    assert set(re.findall(r"word\d\w*", page)) <= set(words)
    assert "word23s \u2026" in page


def test_a_project_without_a_model_is_on_the_way_until_one_is_registered(cast: Cast, signed_in: SignedIn) -> None:
    project = make.project(cast, slug="letters")
    line = f"{project.name}: no model is registered yet"
    ada = signed_in(cast.ada)
    assert line in ada.get(reverse("overview")).content.decode()
    assert line not in signed_in(cast.eve).get(reverse("overview")).content.decode()
    make.model_version(cast, within=project)
    assert line not in ada.get(reverse("overview")).content.decode()


@pytest.mark.django_db
def test_the_gravest_of_your_open_risks_stands_first(cast: Cast) -> None:
    version = make.ready_version(cast)
    for issue, priority in (("Small", "low"), ("Grave", "high")):
        make.risk(version, by=cast.ada, issue=issue, priority=priority, owner=cast.ada)
    assert titles(worklists._chores(cast.ada))[:2] == ["Grave", "Small"]
