"""Differential privacy: accounting against published numbers, audits against theory and by simulation."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evaluators.catalog import load
from evaluators.contract import ParameterError, Reading, Status, SubjectError
from evaluators.privacy.accounting import accounted, gaussian_delta, limit_mu, renyi
from evaluators.privacy.audits import Guesses, cuts, epsilon_bound, excess, guess, p_value, smallest_p
from tests.evaluators.privacy.subjects import read

RATE = 256 / 60_000
ONE_RUN, ROC, EPSILON = "privacy.dp.audit_one_run", "privacy.dp.roc_bound", "privacy.dp.epsilon_accounted"
LOG = {"noise_multiplier": 1.1, "batch_size": 256, "dataset_size": 60_000, "epochs": 60}
CANARIES: dict[str, Any] = {"roles": {"member": ("member",)}, "score": "score"}


@pytest.mark.verification
@pytest.mark.parametrize(
    ("noise", "epochs", "classic", "tighter"),
    [
        (1.3, 15, 1.1923, 0.9546),
        (1.1, 60, 3.0083, 2.5966),
        (0.7, 45, 7.1006, 6.3184),
        (1.3, 20, 1.3498, None),
        (0.7, 70, 8.6757, None),
    ],
)
def test_epsilons_of_published_training_runs(noise: float, epochs: int, classic: float, tighter: float | None) -> None:
    facts: dict[str, Any] = {"rate": RATE, "noise": noise, "steps": round(epochs / RATE), "delta": 1e-5}
    assert accounted(**facts, conversion="classic").epsilon == pytest.approx(classic, abs=5e-5)
    found = accounted(**facts, conversion="tighter")
    assert found.epsilon < classic
    if tighter is not None:
        assert found.epsilon == pytest.approx(tighter, abs=5e-5)


@pytest.mark.verification
@pytest.mark.parametrize(("noise", "epochs", "whole"), [(0.7, 45, 7.1229), (0.7, 70, 8.948)])
def test_whole_orders_alone_give_more(noise: float, epochs: int, whole: float) -> None:
    steps = round(epochs / RATE)
    bounds = [
        steps * renyi(float(order), rate=RATE, noise=noise) - math.log(1e-5) / (order - 1) for order in range(2, 64)
    ]
    assert min(bounds) == pytest.approx(whole, abs=5e-4)


@pytest.mark.verification
def test_the_integral_meets_the_sum_at_whole_orders_and_the_closed_form_without_sampling() -> None:
    for order in (2, 3, 5):
        near = renyi(order + 1e-7, rate=0.02, noise=1.2)
        assert near == pytest.approx(renyi(float(order), rate=0.02, noise=1.2), rel=1e-5)
    assert renyi(2.5, rate=1.0, noise=1.1) == pytest.approx(2.5 / (2 * 1.1**2))
    assert renyi(2.5, rate=1 - 1e-9, noise=1.1) == pytest.approx(2.5 / (2 * 1.1**2), rel=1e-6)
    assert renyi(3.0, rate=0.0, noise=1.1) == 0.0


@pytest.mark.verification
def test_the_gaussian_mechanism_and_the_limit_of_many_steps() -> None:
    assert gaussian_delta(1, 1) == pytest.approx(0.1269367, abs=5e-8)
    assert gaussian_delta(0, 1) == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=1e-12)
    assert limit_mu(rate=RATE, noise=1.06, steps=20 / RATE) == pytest.approx(0.34995, abs=5e-6)
    assert limit_mu(rate=RATE, noise=0.638, steps=70 / RATE) == pytest.approx(1.78488, abs=5e-6)


def test_more_noise_and_fewer_steps_spend_less() -> None:
    def spent(noise: float, steps: int) -> float:
        return accounted(rate=0.01, noise=noise, steps=steps, delta=1e-5, conversion="tighter").epsilon

    assert spent(1.0, 1_000) > spent(2.0, 1_000) > spent(2.0, 100) > 0


def test_the_evaluator_names_its_conversion_and_shows_both() -> None:
    table = {"any": [1]}
    classic = read("privacy.dp_accounting", table, params=LOG | {"conversion": "classic"})[EPSILON, "overall"]
    assert classic.value == classic.low == classic.high == pytest.approx(3.0083, abs=5e-5)
    assert "classic" in classic.method
    tighter = read("privacy.dp_accounting", table, params=LOG)[EPSILON, "overall"]
    assert tighter.value == pytest.approx(2.5966, abs=5e-5)
    assert tighter.detail["spent"]["classic"]["epsilon"] == classic.value


@pytest.mark.parametrize("noise", [1e-154, 1e-160, 1e-200, 5e-324])
@pytest.mark.parametrize("rate", [0.01, 1.0])
def test_next_to_no_noise_is_never_an_epsilon_of_0(noise: float, rate: float) -> None:
    facts: dict[str, Any] = {"rate": rate, "steps": 1_000, "delta": 1e-5, "conversion": "tighter"}
    assert accounted(noise=1e-100, **facts).epsilon > 1e200
    with pytest.raises(ParameterError, match="more epsilon than can be counted"):
        accounted(noise=noise, **facts)


def test_without_noise_nothing_is_promised() -> None:
    found = read("privacy.dp_accounting", {"any": [1]})[EPSILON, "overall"]
    assert (found.status, found.value) == (Status.NOT_APPLICABLE, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sampling_rate": 0.1}, "either sampling_rate"),
        ({"batch_size": 0}, "either sampling_rate"),
        ({"steps": 5}, "either steps or epochs"),
        ({"epochs": 0}, "either steps or epochs"),
        ({"batch_size": 70_000}, "no share of them"),
        ({"epochs": 0.0001}, "no whole step"),
    ],
)
def test_a_training_log_that_leaves_something_open_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        read("privacy.dp_accounting", {"any": [1]}, params=LOG | change)


@pytest.mark.verification
@pytest.mark.parametrize(("guesses", "bound"), [(20, 1.822716), (50, 2.784727)])
def test_all_guesses_right_refute_a_known_epsilon(guesses: int, bound: float) -> None:
    found = epsilon_bound(Guesses(guesses, guesses, guesses), delta=0, tail=0.05)
    assert found == pytest.approx(bound, abs=5e-7)
    assert found == pytest.approx(math.log(0.05 ** (1 / guesses) / (1 - 0.05 ** (1 / guesses))), abs=1e-9)


def test_a_delta_weakens_what_is_refuted() -> None:
    found = Guesses(1_000, 50, 50)
    assert epsilon_bound(found, delta=1e-3, tail=0.05) < epsilon_bound(found, delta=0, tail=0.05)
    assert p_value(Guesses(100, 50, 0), 0, 0) == 1.0


def refuted_by_search(canaries: int, *, runs: int = 1_000) -> float:
    """How often the best of all pairs of guess numbers refutes scores that say nothing."""
    rng = np.random.default_rng(18)
    steps = np.arange(0, canaries + 1, int(math.sqrt(canaries)))
    ins, outs = (grid.ravel() for grid in np.meshgrid(steps, steps))
    fits = (ins + outs > 0) & (ins + outs <= canaries)
    ins, outs = ins[fits], outs[fits]
    refuted = 0
    for _ in range(runs):
        member = rng.random(canaries) < 0.5
        right = np.r_[0, np.cumsum(member)][ins] + np.r_[0, np.cumsum(~member[::-1])][outs]
        refuted += bool((stats.binom.sf(right - 1, ins + outs, 0.5) < 0.05).any())
    return refuted / runs


@pytest.mark.statistics
@pytest.mark.parametrize(("canaries", "share"), [(200, 0.35), (1_000, 0.46)])
def test_ml_privacy_meter_searching_the_numbers_of_guesses_refutes_the_innocent(canaries: int, share: float) -> None:
    assert refuted_by_search(canaries) == pytest.approx(share, abs=0.06)


@pytest.mark.verification
def test_ml_privacy_meter_numbers_of_guesses_are_parameters_and_never_searched_for() -> None:
    rng = np.random.default_rng(0)
    refuted = 0
    for _ in range(300):
        score, member = rng.normal(size=200), rng.random(200) < 0.5
        refuted += epsilon_bound(guess(score, member, take_in=20, take_out=20), delta=1e-5, tail=0.05) > 0
    assert refuted / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_ml_privacy_meter_delta_is_not_zero_unless_somebody_says_so() -> None:
    assert load("privacy.dp_audit").parameters["delta"]["default"] == 1e-5


def test_tied_scores_at_the_cut_are_no_ground_for_a_guess() -> None:
    member = np.arange(100) < 50
    score = np.r_[np.ones(60), np.zeros(40)]
    found = guess(score, member, take_in=10, take_out=10)
    assert (found.made, found.right) == (0, 0)
    assert guess(np.arange(100.0)[::-1], member, take_in=10, take_out=10) == Guesses(100, 20, 20)


def gaussian_canaries(rng: np.random.Generator, n: int, mu: float) -> tuple[np.ndarray, np.ndarray]:
    member = rng.random(n) < 0.5
    return rng.normal(size=n) + mu * member, member


@pytest.mark.statistics
def test_a_kept_promise_is_refuted_by_no_cut_beyond_the_level() -> None:
    """The Gaussian mechanism with signal 1 at epsilon 1 and its own delta lies exactly on the bound."""
    rng = np.random.default_rng(1)
    delta, runs = gaussian_delta(1.0, 1.0), 1_000
    found = [cuts(*gaussian_canaries(rng, 1_000, 1.0)) for _ in range(runs)]
    assert np.mean([excess(item, epsilon=1.0, delta=delta, tail=0.05)[1] > 0 for item in found]) <= 0.05
    assert np.mean([smallest_p(item, epsilon=1.0, delta=delta) < 0.05 for item in found[:300]]) <= 0.05


def test_a_broken_promise_is_refuted() -> None:
    score, member = gaussian_canaries(np.random.default_rng(2), 4_000, 3.0)
    table = {"member": member.astype(int), "score": score}
    found = read("privacy.dp_audit", table, params={"epsilon": 0.5}, **CANARIES)
    assert (found[ROC, "overall"].low or 0) > 0
    assert (found[ROC, "overall"].p_value or 1) < 0.001
    assert (found[ONE_RUN, "overall"].low or 0) > 0.5
    assert (found[ONE_RUN, "overall"].p_value or 1) < 0.001


def test_an_audit_that_finds_nothing_passes_no_limit() -> None:
    """A bound from below is no bound from above: the interval stays open to anything."""
    score, member = gaussian_canaries(np.random.default_rng(3), 500, 0.0)
    found = read("privacy.dp_audit", {"member": member.astype(int), "score": score}, **CANARIES)
    assert found[ONE_RUN, "overall"].value == 0.0
    assert (found[ONE_RUN, "overall"].high or 0) > 60
    assert (found[ROC, "overall"].high or 0) > 0


def test_losses_are_read_the_other_way_round() -> None:
    score, member = gaussian_canaries(np.random.default_rng(4), 500, 2.0)
    up = read("privacy.dp_audit", {"member": member.astype(int), "score": score}, **CANARIES)
    params = {"score_is_loss": True}
    down = read("privacy.dp_audit", {"member": member.astype(int), "score": -score}, params=params, **CANARIES)
    assert up[ONE_RUN, "overall"].value == down[ONE_RUN, "overall"].value != 0


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"member": [1] * 50, "score": range(50)}, "0 out"),
        ({"member": [1, 0] * 25, "score": [1] * 50}, "the same score"),
    ],
)
def test_one_side_or_one_score_is_insufficient(table: dict[str, Any], reason: str) -> None:
    found: dict[tuple[str, str], Reading] = read("privacy.dp_audit", table, **CANARIES)
    assert {reading.status for reading in found.values()} == {Status.INSUFFICIENT_DATA}
    assert all(reason in reading.reason for reading in found.values())


def test_a_score_that_is_missing_is_named() -> None:
    with pytest.raises(SubjectError, match="row 2, column 'score'"):
        read("privacy.dp_audit", {"member": [1, 0] * 20, "score": [1, float("nan")] * 20}, **CANARIES)


@pytest.mark.statistics
@pytest.mark.parametrize("epsilon", [0.0, 1.0])
def test_p_values_of_the_one_run_audit_are_no_smaller_than_uniform(epsilon: float) -> None:
    """Canaries whose inclusion follows the promise to the letter: each guess is right with e^eps / (1 + e^eps)."""
    rng = np.random.default_rng(5)
    right = rng.binomial(200, 1 / (1 + math.exp(-epsilon)), size=4_000)
    found = np.array([p_value(Guesses(1_000, 200, int(v)), epsilon, 0.0) for v in range(201)])[right]
    for level in (0.01, 0.05, 0.1, 0.25, 0.5, 0.9):
        assert np.mean(found <= level) <= level + 3 * math.sqrt(level * (1 - level) / 4_000)
    assert np.mean(found <= 0.5) > 0.4
