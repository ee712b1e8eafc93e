"""The demo's data, models and policy are what its texts say, without a database or a server."""

import json
import zipfile
from io import BytesIO

import numpy as np
import pytest
import skops.io

from evaluators.models.estimators import TRUSTED
from registry.cards.answers import parse_answers
from registry.cards.completeness import measure_completeness
from registry.cards.schemas import load_schema
from registry.management.demo import data, facts, texts, training
from registry.management.demo.assessing import RATED, WAY
from registry.management.demo.figures import QUOTED
from registry.models.choices import Priority, Treatment
from registry.services.policy_text import read_policy

pytestmark = pytest.mark.flow
IDENTITY = {"race", "white", "black", "hispan", "male", "sex", "married", "dep", "old", "sch", "min30", "approved"}
CONCLUSIONS = {"gdlin", "unver", "review", "inss", "inson", "action", "typur", "approve", "reject"}
FIGURES = (*QUOTED, "explained", "crossed_ratio", "crossed_rates", "registered")


@pytest.fixture(scope="module")
def applications() -> data.Applications:
    return data.read_applications()


@pytest.fixture(scope="module")
def blocked(applications: data.Applications) -> training.Trained:
    return training.train(applications, fair=False)


@pytest.fixture(scope="module")
def repaired(applications: data.Applications) -> training.Trained:
    return training.train(applications, fair=True)


@pytest.fixture
def figures(applications: data.Applications) -> dict[str, str]:
    return texts.data_figures(applications) | dict.fromkeys(FIGURES, "0.5 (0.4 to 0.6)")


def selected(applications: data.Applications, trained: training.Trained, race: str) -> float:
    return float(trained.predictions[np.array(applications.race) == race].mean())


def parity(applications: data.Applications, trained: training.Trained) -> float:
    return selected(applications, trained, "non-white") / selected(applications, trained, "white")


def weights(trained: training.Trained) -> list[float]:
    return [*trained.estimator.coef_[0], *trained.estimator.intercept_]


def test_the_applications_are_the_published_ones(applications: data.Applications) -> None:
    assert len(applications.approved) == 1989
    assert (applications.race.count("white"), applications.race.count("non-white")) == (1681, 308)
    assert applications.approval_rate("white") == pytest.approx(0.908, abs=5e-4)
    assert applications.approval_rate("non-white") == pytest.approx(0.708, abs=5e-4)


def test_codes_for_not_known_are_replaced_and_counted(applications: data.Applications) -> None:
    assert applications.filled == {"term": 4, "liq": 9}
    columns = dict(zip(data.FEATURES, zip(*applications.features, strict=True), strict=True))
    assert max(columns["term"]) < 1000
    assert max(columns["liq"]) < 999_999


def test_another_file_in_the_place_of_the_data_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "APPLICATIONS", 1991)
    with pytest.raises(data.CommandError, match="1989 rows instead of 1991"):
        data.read_applications()


def test_no_feature_says_who_applied_or_what_the_lender_concluded() -> None:
    assert set(data.FEATURES).isdisjoint(IDENTITY | CONCLUSIONS)


def test_the_first_version_approves_far_fewer_non_white_applicants(applications, blocked) -> None:
    assert parity(applications, blocked) == pytest.approx(0.688, abs=0.02)


def test_the_second_version_comes_close_to_parity(applications, repaired) -> None:
    assert parity(applications, repaired) == pytest.approx(0.92, abs=0.04)


def test_neither_version_needs_the_group_to_predict(blocked, repaired) -> None:
    for trained in (blocked, repaired):
        assert tuple(trained.estimator.feature_names_in_) == data.FEATURES


@pytest.mark.parametrize("fair", [False, True])
def test_training_twice_gives_the_same_model(applications, blocked, repaired, fair: bool) -> None:
    first, again = (repaired if fair else blocked), training.train(applications, fair=fair)
    assert first.table == again.table
    assert weights(first) == weights(again)


def test_every_prediction_is_made_by_a_model_that_had_not_seen_the_row(applications, blocked) -> None:
    rows = training.DataFrame(applications.features, columns=list(data.FEATURES))
    inside = blocked.estimator.predict_proba(rows)[:, 1]
    assert not np.allclose(inside, blocked.scores, atol=1e-3)
    assert ((blocked.scores >= training.CUT_OFF) == blocked.predictions).all()


def test_the_model_file_holds_only_types_that_are_trusted_without_asking(blocked, repaired) -> None:
    for trained in (blocked, repaired):
        assert zipfile.is_zipfile(BytesIO(trained.model_file))
        assert skops.io.get_untrusted_types(data=trained.model_file) == []
        loaded = skops.io.loads(trained.model_file, trusted=sorted(TRUSTED))
        assert loaded.coef_.tolist() == trained.estimator.coef_.tolist()


def test_a_weight_in_its_own_unit_says_the_same_as_one_on_a_standard_scale(applications) -> None:
    rows = training.DataFrame(applications.features, columns=list(data.FEATURES))
    scaler = training.StandardScaler().fit(rows)
    fitted = training.LogisticRegression(max_iter=1000).fit(scaler.transform(rows), applications.approved)
    shown = training.in_own_units(fitted, scaler).decision_function(rows)
    assert shown == pytest.approx(fitted.decision_function(scaler.transform(rows)), abs=1e-9)


def test_the_table_holds_a_row_for_each_application_with_its_features(repaired) -> None:
    header, *rows = repaired.table.decode().splitlines()
    assert header.split(",") == ["application", *data.FEATURES, "approved", "predicted", "score", "race", "sex"]
    assert len(rows) == data.APPLICATIONS


def test_the_policy_can_be_used_and_gives_a_source_for_every_number() -> None:
    inference = read_policy(texts.load("lending", room="policies"))["stages"]["inference"]
    limits = [limit for wanted in inference["evaluations"] for limit in wanted["thresholds"]]
    assert {limit["metric"]: limit["limit"] for limit in limits}["fairness.demographic_parity_ratio"] == 0.8
    assert all(len(limit["source"]) > 60 for limit in limits)
    assert {rule["expertise"]: rule["people"] for rule in inference["sign_offs"]} == {"fairness": 1, "security": 1}
    assert inference["block_risks_from"] == "high"


@pytest.mark.parametrize("label", ["1", "2"])
def test_a_model_card_answers_what_the_policy_asks(figures: dict[str, str], label: str) -> None:
    plain = texts.load("model_card")
    assert completeness("model_card", plain["both"] | plain[label], figures) == 1


def test_the_datasheets_leave_open_only_what_nobody_knows(figures: dict[str, str]) -> None:
    raw, prepared = (texts.load(f"datasheet_{name}") for name in ("boston_mortgages", "mortgage_features"))
    for answers in (raw, raw | prepared):
        assert 0.9 <= completeness("datasheet", answers, figures) < 1


def completeness(kind: str, plain: dict, figures: dict[str, str]) -> float:
    schema = load_schema(kind)
    measured = measure_completeness(schema, parse_answers(schema, texts.as_answers(plain, figures)))
    assert measured.missing == ()
    assert measured.fraction is not None
    return measured.fraction


def test_every_risk_is_rated_treated_and_told_in_measured_figures(figures: dict[str, str]) -> None:
    plain = texts.load("risks")
    for item in (risk for risks in plain.values() for risk in risks):
        assert set(RATED) <= set(item)
        assert (item["priority"] in Priority.values, item["treatment"] in Treatment.values) == (True, True)
        assert set(item["at"]) <= set(WAY)
        said = [value for at in item["at"].values() for value in at.values() if isinstance(value, str)]
        assert all(texts.fill(text, figures) for text in said)


def test_a_figure_that_nobody_measured_is_not_left_blank() -> None:
    with pytest.raises(KeyError):
        texts.fill("a ratio of $ratio", {})


def test_the_facts_are_kept_for_their_owner_alone(settings, tmp_path) -> None:
    settings.HOME, settings.PUBLIC_URL = tmp_path, "http://localhost:8123"
    ids = {"lending/mortgage-approval@1": "1" * 32, "lending/mortgage-approval@2": "2" * 32}
    facts.keep(facts.compose(ids, token="assay_x"))
    kept = json.loads(facts.facts_file().read_text())
    assert facts.facts_file().stat().st_mode & 0o777 == 0o600
    assert list(kept["versions"]) == list(ids)
    assert kept["url"] == "http://localhost:8123"
    assert all(item["url"].startswith(kept["url"]) for item in kept["versions"].values())
    assert len({account["username"] for account in kept["accounts"]}) == 6
