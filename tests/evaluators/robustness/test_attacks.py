from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from evaluators import catalog
from evaluators.contract import Status
from evaluators.robustness.apgd import apgd, checkpoints
from evaluators.robustness.balls import Ball
from evaluators.robustness.losses import logits_ratio, margin
from evaluators.robustness.networks import Network, open_network
from evaluators.robustness.pgd import pgd
from evaluators.robustness.square import square
from tests.evaluators.robustness.subjects import (
    as_model,
    breast_cancer,
    digit_network,
    digits,
    margins,
    outcome,
    run,
    torch_model,
)

LINF = {0.05: 0.9357, 0.1: 0.9181, 0.2: 0.8070, 0.3: 0.6491, 0.5: 0.3450}
L2 = {0.05: 0.9532, 0.1: 0.9474, 0.2: 0.9357, 0.3: 0.9357, 0.5: 0.9181}
CHEAP = {"steps": 20, "restarts": 2, "square_steps": 50, "curve_points": 1}


def network() -> tuple[Network, torch.Tensor, torch.Tensor]:
    model, rows, labels = breast_cancer()
    net = open_network(as_model(model), device="cpu", width=30)
    return net, net.tensor(rows), net.codes(labels)


@pytest.mark.verification
@pytest.mark.parametrize(("norm", "dual", "known"), [("linf", 1, LINF), ("l2", 2, L2)])
def test_a_linear_model_keeps_exactly_the_accuracy_that_algebra_says(norm: str, dual: int, known: dict) -> None:
    model, rows, labels = breast_cancer()
    for epsilon, published in known.items():
        exact = np.mean(margins(model, rows, labels) > epsilon * np.linalg.norm(model.coef_[0], dual))
        assert exact == pytest.approx(published, abs=5e-5)
        found = run("robust.adversarial", as_model(model), rows, labels, norm=norm, epsilon=epsilon, **CHEAP)
        for attack in ("pgd", "apgd"):
            reading = found[f"robust.{norm}.{attack}_acc", "overall"]
            assert (reading.status, reading.n) == (Status.OK, 171)
            assert reading.value == exact


@pytest.mark.verification
def test_with_no_radius_to_speak_of_the_clean_accuracy_is_kept() -> None:
    model, rows, labels = breast_cancer()
    found = run("robust.adversarial", as_model(model), rows, labels, epsilon=1e-6, **CHEAP)
    assert found["robust.linf.pgd_acc", "overall"].value == pytest.approx(0.9591, abs=5e-5)


ATTACKS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "pgd": lambda net, x, y, ball: pgd(net, x, y, ball=ball, steps=20, restarts=3, rng=np.random.default_rng(0)),
    "apgd": lambda net, x, y, ball: apgd(net, x, y, loss=logits_ratio, ball=ball, steps=20),
    "square": lambda net, x, y, ball: square(net, x, y, ball=ball, steps=200, rng=np.random.default_rng(0)),
}


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_no_attack_leaves_its_ball_or_breaks_more_than_can_be_broken(name: str, norm: str) -> None:
    model, rows, labels = breast_cancer()
    net, x, y = network()
    ball = Ball(norm, 0.3)
    broken, points = ATTACKS[name](net, x, y, ball)
    assert float(ball.size(x, points).max()) <= 0.3 * (1 + 1e-9)
    dual = 1 if norm == "linf" else 2
    breakable = margins(model, rows, labels) < 0.3 * np.linalg.norm(model.coef_[0], dual) + 1e-9
    assert not (broken.numpy() & ~breakable).any()
    assert (net.labels(points) != y)[broken].all()


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_points_stay_inside_the_box(name: str) -> None:
    net = open_network(torch_model(digit_network(), shape=(1, 8, 8)), device="cpu", width=64)
    x, y = digits()
    rows, labels = net.tensor(x[1200:1260]), net.codes(y[1200:1260])
    _, points = ATTACKS[name](net, rows, labels, Ball("linf", 0.5, (0.0, 1.0)))
    assert float(points.min()) >= 0
    assert float(points.max()) <= 1


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_rows_in_another_order_or_alone_meet_the_same_fate(name: str) -> None:
    net, x, y = network()
    ball = Ball("linf", 0.2)
    together, _ = ATTACKS[name](net, x, y, ball)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    shuffled, _ = ATTACKS[name](net, x[order], y[order], ball)
    assert (together[order] == shuffled).all()
    alone = [bool(ATTACKS[name](net, x[i : i + 1], y[i : i + 1], ball)[0]) for i in range(12)]
    assert together[:12].tolist() == alone


def test_batch_normalisation_mixes_no_rows() -> None:
    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    module(torch.randn(64, 4))
    model = torch_model(module, shape=(4,), classes=3)
    module.train()
    net = open_network(model, device="cpu", width=4)
    x, y = torch.randn(20, 4), torch.randint(0, 3, (20,))
    _, together, _ = net.ascent(x, y, margin)
    alone = torch.cat([net.ascent(x[i : i + 1], y[i : i + 1], margin)[1] for i in range(20)])
    assert torch.allclose(together, alone, atol=1e-6)


def test_a_batch_that_does_not_fit_is_halved_and_changes_nothing() -> None:
    net, x, y = network()
    whole = net.ascent(x, y, margin)
    module, largest = net.module, 40

    def small(part: torch.Tensor) -> torch.Tensor:
        if len(part) > largest:
            raise torch.OutOfMemoryError("no memory")
        return module(part)

    net.module, net.batch = small, 171
    for before, after in zip(whole, net.ascent(x, y, margin), strict=True):
        assert torch.allclose(before, after, atol=1e-12)
    assert net.batch <= largest


def test_apgd_looks_at_its_steps_more_and_more_often() -> None:
    looks = checkpoints(100)
    assert looks[:3] == [22, 41, 57]
    gaps = np.diff([0, *looks])
    assert (np.diff(gaps) <= 0).all()
    assert gaps[-1] == 6


def test_scaling_the_logits_does_not_silence_the_cascade() -> None:
    class Loud(torch.nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return digit_network()(rows) * 1e4

    x, y = digits()
    facts = {"epsilon": 0.1, "rows": 100, **CHEAP}
    plain = run(
        "robust.adversarial", torch_model(digit_network(), shape=(1, 8, 8)), x[1200:1300], y[1200:1300], **facts
    )
    loud = run("robust.adversarial", torch_model(Loud(), shape=(1, 8, 8)), x[1200:1300], y[1200:1300], **facts)
    metric = ("robust.linf.apgd_acc", "overall")
    assert loud[metric].value == pytest.approx(plain[metric].value, abs=0.02)
    assert loud["robust.gradient_masking_flag", "overall"].value == 1.0


def test_success_counts_only_rows_that_were_right_at_first() -> None:
    model, rows, labels = breast_cancer()
    found = run("robust.adversarial", as_model(model), rows, labels, epsilon=0.2, **CHEAP)
    detail = found["robust.linf.pgd_acc", "overall"].detail
    assert detail["attacks"]["pgd"] == {"tried": 164, "broken": 26}
    assert detail["success"] == pytest.approx(26 / 164)
    assert detail["clean_accuracy"] == pytest.approx(164 / 171)


def test_later_attacks_try_only_the_survivors() -> None:
    x, y = digits()
    model = torch_model(digit_network(), shape=(1, 8, 8))
    found = run("robust.adversarial", model, x[1200:1400], y[1200:1400], epsilon=0.08, **CHEAP)
    left = None
    for attack in found["robust.linf.apgd_acc", "overall"].detail["attacks"].values():
        assert left is None or attack["tried"] == left
        left = attack["tried"] - attack["broken"]


def test_the_curve_never_rises_and_passes_through_the_judged_radius() -> None:
    model, rows, labels = breast_cancer()
    found = outcome("robust.adversarial", as_model(model), rows, labels, epsilon=0.2, steps=20, curve_points=2)
    curve = found.evidence[0].data
    assert (found.evidence[0].name, curve["draw"]) == ("robustness_curve", "curve")
    points = curve["series"][0]["points"]
    assert [point["x"] for point in points] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert [point["y"] for point in points[:4]] == pytest.approx([0.9591, 0.9181, 0.8070, 0.6491], abs=5e-5)
    assert all(point["low"] <= point["y"] <= point["high"] for point in points)


def test_readings_come_back_from_their_own_statistics_without_the_model() -> None:
    model, rows, labels = breast_cancer()
    found = outcome("robust.adversarial", as_model(model), rows, labels, epsilon=0.2, **CHEAP)
    for reading in found.readings:
        again = catalog.summarise("robust.adversarial", reading.statistics, params={}, level=0.95, seed=found.seed)
        match = next(other for other in again if other.metric == reading.metric)
        assert (match.value, match.low, match.high, match.n) == (reading.value, reading.low, reading.high, reading.n)


def test_the_same_subject_gives_the_same_bits() -> None:
    x, y = digits()
    model = torch_model(digit_network(), shape=(1, 8, 8))
    first, second = (outcome("robust.adversarial", model, x[1200:1280], y[1200:1280], **CHEAP) for _ in range(2))
    assert [reading.as_dict() for reading in first.readings] == [reading.as_dict() for reading in second.readings]
