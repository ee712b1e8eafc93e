"""How a number was measured is one click away from it, for those who may see the number."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from evaluators.catalog import EVALUATORS
from registry.models import User
from registry.reports.metric_names import facts, title
from registry.reports.wording import metric_words
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]


def test_a_number_leads_to_its_method_with_its_own_run_and_what_was_left_out(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    detail = {"excluded": [{"group": "race=c", "n": 3}], "queries": 41}
    run = make.measured(version, by=cast.ada, detail=detail)
    ada = signed_in(cast.ada)
    [row] = run.measurements.all()
    address = f"{reverse('method', args=[make.RATIO])}?reading={row.pk}"
    assert address in ada.get(reverse("version-evidence", args=[version.pk])).content.decode()
    page = ada.get(address).content.decode()
    for words in ("This number", str(version), "0.85 – 0.95", "multinomial", "race: c (3 rows)", "41", "Queries"):
        assert words in page, words
    assert reverse("evaluation", args=[run.pk]) in page


def test_what_was_counted_is_said_in_words_with_shares_in_percent_and_digests_short(
    cast: Cast, signed_in: SignedIn
) -> None:
    version = make.ready_version(cast)
    detail = {"rate": "selection rate", "highest_value": 0.765, "background_sha256": "ab" * 32}
    detail |= {"budget_exhausted": False, "units_done": 300, "norm": "linf", "clean_accuracy": 0.963}
    detail |= {"attacks": {"pgd": {"tried": 289, "broken": 118}}, "support": {"race=a": 41}, "law_99": [0.83, 0.957]}
    [row] = make.measured(version, by=cast.ada, detail=detail).measurements.all()
    page = signed_in(cast.ada).get(f"{reverse('method', args=[make.RATIO])}?reading={row.pk}").content.decode()
    for words in (
        "Highest",
        "76.5%",
        "Ended by its time limit",
        "Items done",
        "its largest part",
        "96.3%",
        "Attack: PGD",
        "tried 289, turned 118",
        "Rows, race: a",
        "83% – 95.7%",
    ):
        assert words in page, words
    assert "sha256" not in page
    assert f">{'ab' * 32}<" not in page


def test_another_teams_number_and_one_of_another_metric_are_not_there(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    row = version.measurements.first()
    assert signed_in(cast.eve).get(f"{reverse('method', args=[row.metric])}?reading={row.pk}").status_code == 404
    ada = signed_in(cast.ada)
    assert ada.get(f"{reverse('method', args=['performance.auc'])}?reading={row.pk}").status_code == 404
    assert ada.get(f"{reverse('method', args=[row.metric])}?reading=1e3").status_code == 404


def test_every_evaluator_and_metric_stands_in_the_index(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.ada).get(reverse("methods")).content.decode()
    assert [name for name in EVALUATORS if name not in page] == []
    assert [metric for metric in facts() if reverse("method", args=[metric]) not in page] == []


def test_a_metric_has_one_name_everywhere() -> None:
    assert all(metric_words(metric) == title(metric) == known["title"] for metric, known in facts().items())
    assert metric_words("gone.false_thing_auc") == "False thing AUC"


def test_a_method_page_says_its_title_once(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.ada).get(reverse("method", args=["security.serialisation_class"])).content.decode()
    assert "Serialisation class (A=1 to D=4)</h1>" in page
    assert ">Serialisation class</h" not in page
