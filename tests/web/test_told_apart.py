"""Two runs of one evaluator are told apart, and whoever is left out of a reading is named beside it."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from registry.models import Evaluation, Measurement, User
from registry.services import evaluations, runs
from registry.web.present import asked_model, beside, dossier_evidence, drawn, evidence, left_out, told_apart
from tests import make
from tests.databases import speaking_as
from tests.people import Cast
from tests.web.world import World

SignedIn = Callable[[User], Client]
EXCLUDED = [{"group": f"class={number}", "n": 20 + number, "reason": "too few"} for number in range(6)]


def test_runs_that_read_other_columns_say_which_and_are_counted_each(world: World, signed_in: SignedIn) -> None:
    cast, version = world.cast, world.version
    ada, where = signed_in(cast.ada), reverse("version-evidence", args=[version.pk])
    before = ada.get(where).context
    texts = [group["text"] for group in before["groups"]]
    assert not any("asked" in text for text in texts)
    reads = {"columns": {"prediction": "score", "group": ["race"]}, "favourable": "1"}
    rows = make.held(cast.lending, files={"predictions.csv": make.table()}, by=cast.ada)
    other = evaluations.request_evaluation(
        version, evaluator="fairness.group", parameters={"family_minimum": 50}, reads=reads, table=rows, by=cast.ada
    )
    with speaking_as("assay_worker"):
        claimed = runs.claim(other.pk, worker="test")
        assert claimed
        assert runs.finish(claimed, readings=[make.reading()], evidence=(), environment={})
    after = ada.get(where).context
    texts = [group["text"] for group in after["groups"]]
    assert all("asked" in text for text in texts)
    assert any("prediction score" in text and "measured once" in text for text in texts)
    assert any("prediction predicted" in text and "measured 2 times" in text for text in texts)
    notes = [row[0]["note"] for row in after["runs"]]
    assert any("prediction score" in note and "50" in note for note in notes)
    counted = [next(tab["note"] for tab in each["tabs"] if tab["key"] == "evidence") for each in (before, after)]
    assert counted[1] == counted[0] + 1


def test_a_single_run_needs_nothing_to_be_told_apart_by(world: World) -> None:
    assert set(told_apart.apart([world.run]).values()) == {""}


def test_who_is_left_out_of_the_worst_group_is_named_beside_it(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    run = make.measured(
        version, by=cast.ada, readings=[make.reading(detail={"excluded": EXCLUDED, "support": {"a": 90}})]
    )
    for name, key in (("version-evidence", version.pk), ("evaluation", run.pk)):
        page = signed_in(cast.ada).get(reverse(name, args=[key])).content.decode()
        assert "leaves out 6 of 7" in page, name
        assert "class: 0 (20 rows); class: 1 (21 rows)" in page, name


def test_a_chart_of_the_parts_says_whom_its_worst_part_leaves_out(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    said = {"detail": {"excluded": EXCLUDED}, "statistics": {"slices": [{}] * 10}}
    parts = [make.reading(slice="worst class", **said), make.reading(slice="class=1"), make.reading(slice="class=2")]
    make.measured(version, by=cast.ada, readings=parts)
    page = signed_in(cast.ada).get(reverse("version-evidence", args=[version.pk])).content.decode()
    assert "<summary>worst class leaves out 6 of 10</summary>class: 0 (20 rows); class: 1" in page


def test_no_chart_mixes_what_two_specifications_found(cast: Cast) -> None:
    version = make.model_version(cast)
    for favourable, low in (("1", 0.1), ("0", 0.8)):
        rates = [
            make.reading(metric="fairness.selection_rate", slice=f"race={name}", low=low, high=low + 0.1)
            for name in "ab"
        ]
        reads = make.READS | {"favourable": favourable}
        evaluations.report_readings(version, evaluator="fairness.group", reads=reads, readings=rates, by=cast.ada)
    first, second = drawn.forests(evidence.newest_measurements(version))
    assert [row["low"] for row in (*first["rows"], *second["rows"])] == [0.1, 0.1, 0.8, 0.8]
    assert ("favourable 1" in first["title"], "favourable 0" in second["title"]) == (True, True)


def test_an_earlier_run_does_not_say_that_no_limit_judges_what_a_newer_run_is_judged_by(
    cast: Cast, signed_in: SignedIn
) -> None:
    version = make.ready_version(cast)
    earlier = Evaluation.objects.get(version=version)
    newer = make.measured(version, by=cast.ada)
    ada = signed_in(cast.ada)
    pages = [ada.get(reverse("evaluation", args=[run.pk])).content.decode() for run in (earlier, newer)]
    assert ["a newer run counts" in page for page in pages] == [True, False]
    assert not any("no limit" in page for page in pages)


def test_few_that_are_left_out_are_not_folded_and_other_things_are_no_groups() -> None:
    assert left_out.in_full({"excluded": EXCLUDED[:1]}, {"slices": [1, 2]}) == "leaves out 1 of 2: class: 0 (20 rows)"
    assert left_out.words({"excluded": EXCLUDED[:3]}, {})["is_long"] is False
    assert left_out.words({"excluded": ["a column"]}, {}) == {}
    assert left_out.words({}, {}) == {}
    many = [{"group": f"class={number}", "n": 3} for number in range(18)]
    assert left_out.in_full({"excluded": many}, {}).endswith("; and 6 more")


def test_a_group_that_several_rates_leave_out_is_counted_once_with_all_its_sizes() -> None:
    excluded = [{"group": "race=a", "n": 4}, {"group": "race=b", "n": 11}, {"group": "race=a", "n": 0}]
    support = {"race=b": 40, "race=c": 90}
    said = left_out.in_full({"excluded": excluded + excluded[:1], "support": support}, {})
    assert said == "leaves out 2 of 3: race: a (4 and 0 rows); race: b (11 rows)"
    both = [{"group": "race=b", "n": 3, "counted": f"3 rows {which}"} for which in ("with", "without")]
    part = [*both, {"group": "race=a", "n": 9, "counted": "9 rows without"}]
    said = left_out.in_full({"excluded": part, "support": {"race=a": 41, "race=c": 90}}, {})
    assert (
        said
        == "leaves out 1 of 3, and 1 in part: race: b (3 rows with, 3 rows without); race: a in part (9 rows without)"
    )
    assert left_out.words({"excluded": part}, {})["text"] == "leaves out 1, and 1 in part"
    with_rate = {"group": "race=a", "n": 4, "counted": "4 rows with the favourable outcome"}
    said = left_out.in_full({"excluded": [{"group": "race=a", "n": 9, "counted": "9 rows"}, with_rate, with_rate]}, {})
    assert said == "leaves out 1: race: a (9 rows, 4 rows with the favourable outcome)"


def test_the_worst_group_is_called_by_its_name_where_the_worst_is_the_highest_too() -> None:
    run = Evaluation(subject={"columns": {"group": ["race"]}})
    detail = {"lowest": "race=a", "highest": "race=b"}
    said = [
        evidence.where(Measurement(metric=metric, slice="worst", detail=detail, evaluation=run))
        for metric in ("calib.ece15_debiased", "performance.accuracy")
    ]
    assert said == ["worst group, race: b", "worst group, race: a"]


def test_what_was_noticed_of_a_model_is_said_in_words_and_other_tables_stay_as_they_are() -> None:
    noticed = {"draw": "table", "columns": ["fact", "value"], "rows": [["batch gap", "8.5e-07"], ["queries", "1263"]]}
    rows = asked_model.in_words("model_asked", noticed)["rows"]
    assert rows[0] == ["Largest difference between an answer given alone and among others", "less than 0.000001"]
    assert rows[1] == ["Times it was asked", "1,263"]
    assert asked_model.in_words("model_asked", {"rows": [1, ["a"]]}) == {"rows": [1, ["a"]]}
    assert asked_model.in_words("another", noticed) == noticed


def test_what_was_said_of_a_runs_table_stands_on_its_page(cast: Cast, signed_in: SignedIn) -> None:
    data = make.dataset_version(cast)
    version = make.model_version(cast, data=data)
    rows = make.held(cast.lending, files={"predictions.csv": make.table()}, by=cast.ada)
    run = evaluations.request_evaluation(
        version,
        evaluator="robust.noise",
        reads={"columns": {"label": "approved", "feature": ["income", "debt"]}},
        table=rows,
        dataset_version=data,
        by=cast.ada,
    )
    facts = signed_in(cast.mary).get(reverse("evaluation", args=[run.pk])).context["facts"]
    said = {fact["name"]: fact.get("value") for fact in facts}
    assert (said["The model is given"], said["Said to stand for"]) == ("income, debt", "lending/loans@1")
    assert said["Columns"] == "label: approved"


def test_what_a_pipeline_sends_beside_its_numbers_breaks_no_page(cast: Cast, signed_in: SignedIn) -> None:
    """Evidence is never taken back, so what one reading brings would shut its version's pages for ever."""
    version = make.ready_version(cast)
    odd = {
        "excluded": [{"group": "race=c", "n": True}, {"group": ["x"]}],
        "support": 5,
        "lowest": ["race=a"],
        "highest": {"a": 1},
        "queries": 2**53 - 1,
    }
    sent = [make.reading(slice=part, detail=odd, statistics={"slices": 7}) for part in ("worst", "race=a", "race=b")]
    run = evaluations.report_readings(version, evaluator="fairness.group", reads=make.READS, readings=sent, by=cast.ada)
    ada = signed_in(cast.ada)
    row = Measurement.objects.filter(evaluation=run).first()
    assert row is not None
    addresses = [reverse(name, args=[version.pk]) for name in ("version-evidence", "version", "version-history")]
    addresses += [reverse("evaluation", args=[run.pk]), f"{reverse('method', args=[make.RATIO])}?reading={row.pk}"]
    assert [ada.get(address).status_code for address in addresses] == [200] * len(addresses)
    assert dossier_evidence.section(version, evidence.newest_measurements(version), ())["readings"]


def test_a_reading_that_names_its_groups_at_length_is_cut(cast: Cast) -> None:
    run = Evaluation(subject={})
    detail = {"lowest": "a" * 100_000, "highest": "b" * 100_000}
    row = Measurement(metric=make.DIFFERENCE, slice="overall", detail=detail, evaluation=run)
    assert len(evidence.where(row)) < 450


def test_a_dossier_draws_what_was_run_here_and_not_what_was_only_reported_before(cast: Cast) -> None:
    version = make.ready_version(cast)
    rates = [make.reading(metric="fairness.selection_rate", slice=f"race={name}", low=0.9, high=0.95) for name in "ab"]
    reads = make.READS | {"favourable": "0"}
    evaluations.report_readings(version, evaluator="fairness.group", reads=reads, readings=rates, by=cast.ada)
    make.measured(version, by=cast.ada, readings=[make.reading(), *(rate | {"low": 0.1} for rate in rates)])
    (forest,) = dossier_evidence.section(version, evidence.newest_measurements(version), ())["forests"]
    (chart,) = forest["charts"]
    assert [row["low"] for row in chart["rows"]] == [0.1, 0.1]
    assert chart["title"] == "Selection rate"


def test_beside_one_another_a_number_that_was_only_reported_is_called_so(cast: Cast) -> None:
    first = make.ready_version(cast)
    second = make.model_version(cast, label="2")
    sent = [make.reading(low=0.97, high=0.99)]
    evaluations.report_readings(second, evaluator="fairness.group", reads=make.READS, readings=sent, by=cast.ada)
    (pair,) = (each for each in beside.pairs(first, second) if len(each["rows"]) == 2)
    assert [row["label"] for row in pair["rows"]] == ["version 1", "version 2, self-reported"]
