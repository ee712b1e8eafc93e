"""The page of trust needs says what they decide, and leads from answers to levels that a person sets."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from registry.models import Project, TrustNeed, User
from registry.services import catalog
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]


def decided(ada: Client, within: Project) -> dict[str, dict[str, object]]:
    context = ada.get(reverse("trust-needs", args=[within.pk])).context
    return {each["key"]: each for each in context["decided"]}


def test_the_level_chooses_which_limits_are_judged(cast: Cast, signed_in: SignedIn) -> None:
    ada = signed_in(cast.ada)
    body = make.a_policy()
    always = body["stages"]["inference"]["evaluations"][0]["thresholds"][0]
    strict = always | {"metric": "fairness.equal_opportunity_difference", "limit": 0.1, "need_level": "high"}
    body["stages"]["inference"]["evaluations"][0]["thresholds"] = [always, strict | {"slice": "overall"}]
    within = make.project(cast)
    make.active_policy(cast, on=within, body=body)
    before = decided(ada, within)["fairness"]
    assert [limit["need"] for limit in before["limits"]] == ["any", "high"]  # type: ignore[attr-defined]
    assert before["differs"]
    catalog.set_trust_need(within, aspect="fairness", level="medium", reason="Few are touched.", by=cast.grace)
    after = decided(ada, within)["fairness"]
    assert [limit["need"] for limit in after["limits"]] == ["any"]  # type: ignore[attr-defined]
    page = ada.get(reverse("trust-needs", args=[within.pk])).content.decode()
    assert "With a high need: 2 limits" in page
    assert "Few are touched." in page


def test_without_a_policy_the_page_says_that_nothing_is_judged(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.ada).get(reverse("trust-needs", args=[make.project(cast).pk])).content.decode()
    assert "no limit is judged yet" in page
    assert "Nobody has answered yet" in page


def test_answers_lead_to_levels_with_their_reasons_and_into_the_form(cast: Cast, signed_in: SignedIn) -> None:
    ada = signed_in(cast.ada)
    within = make.project(cast)
    where = reverse("trust-needs", args=[within.pk])
    context = ada.get(f"{where}?asked=1&group_harm=1&doubtful_quality=1").context
    fairness = next(each for each in context["proposed"] if each["aspect"] == "Fairness")
    assert fairness["level"] == "High"
    assert len(fairness["because"]) == 2
    form = ada.get(where + fairness["href"].partition("#")[0]).context["form"]
    assert form.initial["level"] == "high"
    assert "Some group could be hurt by biased output" in form.initial["reason"]
    sent = form.initial | {"reason": "A group could be hurt."}
    answer = ada.post(f"{where}?asked=1&group_harm=1&doubtful_quality=1", sent)
    assert answer.status_code == 302
    assert TrustNeed.objects.order_by("-id")[0].answers["group_harm"] is True
    again = ada.get(where).context
    assert [each["slug"] for each in again["questions"] if each["yes"]] == ["group_harm", "doubtful_quality"]


def test_a_made_up_proposal_is_not_taken_over(cast: Cast, signed_in: SignedIn) -> None:
    where = reverse("trust-needs", args=[make.project(cast).pk])
    assert signed_in(cast.ada).get(f"{where}?aspect=luck&level=vast").context["form"].initial == {}
