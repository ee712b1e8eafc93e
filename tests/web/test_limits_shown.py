"""Every page that shows a measurement shows it against the limit that use asks, wherever its version stands."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, User, Verdict
from registry.reports.charts_history import history_chart
from registry.services import evaluations, verdicts
from registry.web.present import dossier_evidence, evidence, overview
from registry.web.present.policy import revision_page
from registry.web.present.versions import for_pages
from tests import make
from tests.people import Cast
from tests.web.test_statements import AT_MOST, statements

SignedIn = Callable[[User], Client]


def in_use(cast: Cast) -> ModelVersion:
    return make.approved_version(cast)


def retired(cast: Cast) -> ModelVersion:
    version = make.ready_version(cast)
    make.moved(version, to_stage="retired", by=cast.ada)
    return version


def before_training(cast: Cast) -> ModelVersion:
    made = make.ready_version(cast)
    version = make.model_version(cast, label="2")
    make.measured(version, by=cast.ada)
    assert version.model_id == made.model_id
    return version


@pytest.mark.parametrize("somewhere", [in_use, retired, before_training])
def test_a_measurement_stands_against_its_limit_at_every_stage(
    cast: Cast, signed_in: SignedIn, somewhere: Callable[[Cast], ModelVersion]
) -> None:
    version = somewhere(cast)
    version.refresh_from_db()
    (found,) = evidence.judged_measurements(version).values()
    assert (found.detail["limit"], found.outcome) == (0.8, "passed")
    page = signed_in(cast.ada).get(reverse("version-evidence", args=[version.pk]))
    ((row,),) = [group["measurements"] for group in page.context["groups"]]
    assert (row["limit"], row["outcome"]) == (0.8, "passed")
    assert "no limit" not in page.content.decode()
    assert statements(signed_in(cast.ada), reverse("version-evidence", args=[version.pk])) <= AT_MOST


def test_the_limits_of_the_next_step_are_judged_before_those_of_use(cast: Cast) -> None:
    rules = make.a_policy()["stages"][make.INFERENCE]
    (fairness,) = rules["evaluations"]
    strict = [threshold | {"limit": 0.99} for threshold in fairness["thresholds"]]
    early = {"evaluations": [fairness | {"thresholds": strict}]}
    version = make.at_stage(make.model_version(cast), "preprocessing", by=cast.ada)
    stages = {make.INFERENCE: rules, "training": early}
    make.active_policy(cast, on=version.model.project, body=make.a_policy(stages=stages))
    make.measured(version, by=cast.ada)
    (found,) = evidence.judged_measurements(version).values()
    assert (found.detail["limit"], found.outcome) == (0.99, "failed")


def test_too_few_rows_are_no_measurement_in_the_charts(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    few = {"low": 0.19, "high": 0.99, "n": 4, "status": "insufficient_data", "reason": "4 rows, fewer than 10"}
    rates = [make.reading(slice="race=a", low=0.5, high=0.6), make.reading(slice="race=b", **few)]
    make.measured(version, by=cast.ada, readings=rates)
    page = signed_in(cast.ada).get(reverse("version-evidence", args=[version.pk]))
    ((_, small),) = [slice["rows"] for slice in page.context["slices"]]
    assert small["status"] == "insufficient_data"
    assert "not enough data" in page.content.decode()


def test_on_the_first_page_a_chart_stands_under_what_it_shows(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.6, high=0.7)
    make.risk(version, by=cast.ada, priority="high", owner=None, treatment="")
    (blocked,) = overview.page(cast.ada)["blocked"]
    drawn = [reason["text"] for reason in blocked["reasons"] if reason["chart"]]
    assert drawn == ["Demographic parity ratio, worst group: at least 0.80"]
    html = signed_in(cast.ada).get("/").content.decode()
    line = next(part for part in html.split("<li") if drawn[0] in part).partition("</li>")[0]
    assert "<svg" in line.partition(drawn[0])[2]


def test_the_first_page_names_what_happened_without_the_codes_of_the_log(cast: Cast, signed_in: SignedIn) -> None:
    make.ready_version(cast)
    mary = signed_in(cast.mary)
    assert "model_version.registered" in mary.get(reverse("audit")).content.decode()
    assert "model_version.registered" not in mary.get("/").content.decode()


@pytest.mark.parametrize("limits", [(0.8, 0.9), (0.9, 0.8)])
def test_of_two_limits_on_one_number_the_one_that_is_worse_met_is_shown(
    cast: Cast, signed_in: SignedIn, limits: tuple[float, float]
) -> None:
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    (threshold,) = fairness["thresholds"]
    both = [
        threshold | {"limit": limit, "need_level": need} for limit, need in zip(limits, ("any", "high"), strict=True)
    ]
    version = make.ready_version(cast, evaluations=[fairness | {"thresholds": both}])
    make.measured(version, by=cast.ada, low=0.82, high=0.86)
    (found,) = evidence.judged_measurements(version).values()
    assert (found.detail["limit"], found.outcome) == (0.9, "failed")
    history = signed_in(cast.ada).get(reverse("version-history", args=[version.pk])).content.decode()
    assert "0.84 (0.82 – 0.86), misses at least 0.90" in history
    reviewed = verdicts.review(version, to_stage=make.INFERENCE)
    measured = evidence.newest_measurements(version)
    (group,) = dossier_evidence.section(version, measured, reviewed.decision.requirements)["groups"]
    assert [row["outcome"] for row in group["measurements"]] == ["failed"]


def test_the_history_says_of_no_run_that_it_met_a_limit_by_what_the_gate_does_not_take(
    cast: Cast, signed_in: SignedIn
) -> None:
    version = make.ready_version(cast)
    sent = [make.reading(low=0.91, high=0.95)]
    evaluations.report_readings(version, evaluator="fairness.group", reads=make.READS, readings=sent, by=cast.ada)
    make.measured(version, by=cast.ada, low=0.92, high=0.96, detail={"excluded": [{"group": "race=c", "n": 3}]})
    history = signed_in(cast.ada).get(reverse("version-history", args=[version.pk])).content.decode()
    assert "(0.91 – 0.95), not judged, since it was only reported" in history
    assert "(0.92 – 0.96), not judged, since it leaves out race: c" in history


def test_whoever_signs_or_waives_sees_with_which_settings_a_limit_was_measured(cast: Cast, signed_in: SignedIn) -> None:
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    version = make.ready_version(cast, evaluations=[fairness | {"parameters": {"family_minimum": 20}}])
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    code = next(
        each.id for each in verdicts.review(version, to_stage=make.INFERENCE).decision.unmet if each.kind == "threshold"
    )
    waiver = make.waived(version, code, cast=cast, grants=0)
    stored = Verdict.objects.filter(version=version, to_stage=make.INFERENCE).latest("decided_at")
    asked = "worst group: at least 0.80, with family minimum 20"
    ada, grace = signed_in(cast.ada), signed_in(cast.grace)
    assert asked in ada.get(reverse("version-waive", args=[version.pk])).content.decode()
    for page in (("version-sign", version.pk), ("waiver", waiver.pk), ("verdict", stored.pk)):
        assert asked in grace.get(reverse(page[0], args=[page[1]])).content.decode()


def test_whoever_agrees_to_a_policy_or_starts_its_runs_reads_all_that_they_are_asked_with(
    cast: Cast, signed_in: SignedIn
) -> None:
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    both = [fairness, fairness | {"parameters": {"family_minimum": 20}}]
    within = make.project(cast)
    revision = make.active_policy(cast, on=within, body=make.a_policy(evaluations=both))
    version = make.model_version(cast, within=within)
    page = signed_in(cast.grace).get(reverse("policy-revision", args=[revision.pk])).content.decode()
    assert page.count("favourable = 1") == 2
    assert page.count("with family minimum 20") == 1
    assert (
        "with family minimum 20"
        in signed_in(cast.ada).get(reverse("version-evaluate", args=[version.pk])).content.decode()
    )


def test_a_limit_that_is_missed_is_never_behind_more(cast: Cast, signed_in: SignedIn) -> None:
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    (threshold,) = fairness["thresholds"]
    names = ("equal_opportunity_difference", "equalized_odds_difference", "fpr_difference", "demographic_parity_ratio")
    limits = [threshold | {"metric": f"fairness.{name}", "limit": 0.5} for name in names]
    version = make.ready_version(cast, evaluations=[fairness | {"thresholds": limits}])
    good = [make.reading(metric=f"fairness.{name}", low=0.1, high=0.2) for name in names[:-1]]
    make.measured(version, by=cast.ada, readings=[*good, make.reading(low=0.1, high=0.2)])
    history = signed_in(cast.ada).get(reverse("version-history", args=[version.pk])).content.decode()
    assert "misses at least 0.50" in history
    assert "1 more judged" in history


def test_over_versions_nothing_is_drawn_as_passed_that_no_gate_takes(cast: Cast) -> None:
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.9, high=0.95)
    later = make.at_stage(make.model_version(cast, label="2"), "training", by=cast.ada)
    sent = [make.reading(low=0.91, high=0.95)]
    evaluations.report_readings(later, evaluator="fairness.group", reads=make.READS, readings=sent, by=cast.ada)
    drawn = {}
    for each in (version, later):
        shown = for_pages(ModelVersion.objects.all()).get(pk=each.pk)
        (chart,) = evidence.section(shown)["over_versions"]
        drawn[each.label] = [point.get("outcome") for point in chart["points"]]
    assert drawn == {"1": ["passed", "neutral"], "2": [None, "undecided"]}
    assert "is-undecided" in history_chart(chart["points"], unit=chart["unit"])


def test_rules_stand_in_the_order_in_which_a_version_meets_them(cast: Cast) -> None:
    rules = make.a_policy()["stages"][make.INFERENCE]
    revision = make.policy_revision(cast, body=make.a_policy(stages={make.INFERENCE: rules, "training": rules}))
    assert [stage["title"] for stage in revision_page(revision, person=cast.ada)["stages"]] == ["Training", "Inference"]
