from statistics import NormalDist

import numpy as np
import pytest

from evaluators import catalog
from evaluators.arithmetic.clusters import Clusters, rate_interval
from evaluators.contract import Status
from evaluators.models.model import ROWS, Model
from evaluators.robustness.cases import row_generators, row_keys
from evaluators.robustness.smoothing import certify, lower_bound, radius_of
from tests.evaluators.robustness.subjects import as_model, breast_cancer, margins, outcome, run

RADIUS, NOISE = ("robust.certified.smoothing_radius", "overall"), ("robust.noise_acc", "overall")


def linear(weights: np.ndarray, bias: float = 0.0) -> Model:
    def ask(rows: np.ndarray) -> np.ndarray:
        return np.eye(2)[(rows @ weights + bias > 0).astype(int)]

    return Model(inputs=ROWS, score_kind="label", ask=ask, classes=("0", "1"), batch=1 << 20)


@pytest.mark.verification
def test_the_certificate_of_a_linear_model() -> None:
    model, rows, labels = breast_cancer()
    exact = margins(model, rows, labels) / np.linalg.norm(model.coef_[0])
    i = int(np.argsort(exact)[len(exact) // 2])
    assert exact[i] == pytest.approx(1.975, abs=5e-4)
    assert radius_of(99_997, 100_000, sigma=0.5, alpha=0.001) == pytest.approx(1.825, abs=5e-4)
    found = certify(
        as_model(model), rows[i], sigma=0.5, selecting=100, draws=100_000, alpha=0.001, rng=np.random.default_rng(1)
    )
    assert found.label == labels[i]
    assert abs(found.agreeing - 99_996) <= 6
    assert 0.88 <= found.radius / exact[i] <= 1


@pytest.mark.verification
def test_accuracy_under_noise_is_that_of_algebra() -> None:
    model, rows, labels = breast_cancer()
    exact = margins(model, rows, labels) / np.linalg.norm(model.coef_[0])
    for sigma in (0.5, 2.0):
        expected = np.mean([NormalDist().cdf(value / sigma) for value in exact])
        reading = run("robust.noise", as_model(model), rows, labels, sigma=sigma, draws=200)[NOISE]
        assert reading.value == pytest.approx(expected, abs=0.006)
        assert reading.low < expected < reading.high
        assert reading.detail["drop"] == pytest.approx(reading.detail["clean_accuracy"] - reading.value)


def test_a_one_sided_bound_abstains_below_one_half() -> None:
    assert lower_bound(0, 100, alpha=0.001) == 0
    assert lower_bound(100, 100, alpha=0.001) == pytest.approx(0.001 ** (1 / 100))
    assert radius_of(510, 1_000, sigma=1.0, alpha=0.001) == 0
    assert radius_of(1_000, 1_000, sigma=1.0, alpha=0.001) > 2


def test_rows_on_the_boundary_abstain_and_wrong_ones_certify_nothing() -> None:
    rows = np.zeros((20, 2))
    abstaining = run("robust.smoothing", linear(np.array([1.0, 0.0])), rows, [0] * 10 + [1] * 10, draws=200)[RADIUS]
    assert (abstaining.value, abstaining.detail["abstained"]) == (0.0, 20)
    far = np.tile([[5.0, 0.0]], (20, 1))
    wrong = run("robust.smoothing", linear(np.array([1.0, 0.0])), far, [0] * 19 + [1], draws=200)[RADIUS]
    assert (wrong.value, wrong.detail["wrong"], wrong.status) == (0.0, 19, Status.OK)


def test_noise_belongs_to_the_row_and_not_to_its_place() -> None:
    _, rows, labels = breast_cancer()
    whole = row_generators(row_keys(rows, labels, 3), 3, "m")
    part = row_generators(row_keys(rows[5:7], labels[5:7], 3), 3, "m")
    assert whole[5].standard_normal(4).tolist() == part[0].standard_normal(4).tolist()
    assert whole[6].standard_normal() != part[1].standard_normal(2)[1]


@pytest.mark.parametrize(
    ("evaluator", "limit"), [("robust.noise", "noise.BLOCK"), ("robust.smoothing", "certified.PART")]
)
def test_copies_of_a_row_draw_apart_wherever_the_parts_end(
    evaluator: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, labels = np.tile([[0.1, 0.0]], (60, 1)), np.ones(60, dtype=np.int64)
    params = {"sigma": 0.3, "draws": 100}
    whole = outcome(evaluator, linear(np.array([1.0, 0.0])), rows, labels, **params).readings
    monkeypatch.setattr(f"evaluators.robustness.{limit}", 1)
    assert outcome(evaluator, linear(np.array([1.0, 0.0])), rows, labels, **params).readings == whole


@pytest.mark.parametrize("evaluator", ["robust.noise", "robust.smoothing"])
def test_batches_of_any_size_give_the_same_and_so_does_a_second_run(evaluator: str) -> None:
    model, rows, labels = breast_cancer()
    first = outcome(evaluator, as_model(model), rows, labels, rows=20, draws=100)
    for batch in (65_536, 13):
        again = outcome(evaluator, as_model(model, batch=batch), rows, labels, rows=20, draws=100)
        assert [reading.as_dict() for reading in again.readings] == [reading.as_dict() for reading in first.readings]


@pytest.mark.parametrize("evaluator", ["robust.noise", "robust.smoothing"])
def test_readings_come_back_from_their_own_statistics_without_the_model(evaluator: str) -> None:
    model, rows, labels = breast_cancer()
    found = outcome(evaluator, as_model(model), rows, labels, rows=30, draws=100)
    kept = found.readings[0]
    again = catalog.summarise(evaluator, kept.statistics, params={}, level=0.95, seed=found.seed)[0]
    assert (again.value, again.low, again.high, again.n) == (kept.value, kept.low, kept.high, kept.n)


def test_spent_time_with_one_usable_part_is_a_reading_and_says_so() -> None:
    model, rows, labels = breast_cancer()
    slow = as_model(model)
    found = outcome("robust.smoothing", slow, np.tile(rows, (3, 1)), np.tile(labels, 3), budget_s=1, draws=30_000)
    detail = found.readings[0].detail
    assert detail["budget_exhausted"] is (detail["units_done"] < 100)
    assert detail["units_done"] % 8 == 0 or detail["units_done"] == 100


@pytest.mark.statistics
def test_certificates_are_wrong_no_more_often_than_allowed() -> None:
    rng, wrong, trials = np.random.default_rng(0), 0, 20_000
    true = 0.9
    radius = NormalDist().inv_cdf(true)
    for agreeing in rng.binomial(1_000, true, trials):
        wrong += radius_of(int(agreeing), 1_000, sigma=1.0, alpha=0.01) > radius
    assert wrong / trials <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / trials)


@pytest.mark.statistics
@pytest.mark.parametrize("rows", [20, 100])
def test_the_interval_under_noise_covers_the_truth(rows: int) -> None:
    rng, covered, trials = np.random.default_rng(rows), 0, 1_500
    for _ in range(trials):
        chances = rng.beta(3, 1, rows)
        clusters = Clusters.of((int(x), 20) for x in rng.binomial(20, chances))
        (low, high), _ = rate_interval(clusters, level=0.95, rng=rng)
        covered += low <= 0.75 <= high
    assert 0.925 <= covered / trials <= 0.985
