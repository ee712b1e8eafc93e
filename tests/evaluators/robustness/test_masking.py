"""Models that hide from gradient attacks, each beside its clean twin."""

import pytest
import torch

from evaluators.contract import Reading, Status
from tests.evaluators.robustness.subjects import digit_network, digits, run, torch_model

FLAG = ("robust.gradient_masking_flag", "overall")
CHEAP = {"epsilon": 0.15, "steps": 20, "restarts": 2, "square_steps": 200, "curve_points": 1, "rows": 150}


class Quantised(torch.nn.Module):
    """Rounds its input to a few levels first, so that the gradient is zero everywhere."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return digit_network()(torch.round(rows * 4) / 4)


class Softmax(torch.nn.Module):
    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return digit_network()(rows).softmax(dim=1)


class Noisy(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.drawn = torch.Generator().manual_seed(0)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return digit_network()(rows) + 0.1 * torch.randn(len(rows), 10, generator=self.drawn)


class Mixing(torch.nn.Module):
    """Normalises by the batch at hand, as batch normalisation does that was left in training mode."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return digit_network()(rows - 0.2 * (rows.mean(dim=0, keepdim=True) - 0.3))


def attacked(module: torch.nn.Module) -> dict[tuple[str, str], Reading]:
    x, y = digits()
    return run("robust.adversarial", torch_model(module, shape=(1, 8, 8)), x[1200:1350], y[1200:1350], **CHEAP)


@pytest.mark.parametrize(
    ("module", "sign"),
    [
        (Quantised, "zero_gradients"),
        (Quantised, "black_box_beats_white_box"),
        (Quantised, "transfer_beats_white_box"),
        (Softmax, "probabilities_for_logits"),
        (Noisy, "randomised"),
        (Mixing, "rows_mixed"),
    ],
    ids=["quantised-zero", "quantised-black-box", "quantised-transfer", "softmax", "noisy", "mixing"],
)
def test_a_model_that_hides_its_gradients_is_flagged_and_its_accuracy_is_no_evidence(
    module: type[torch.nn.Module], sign: str
) -> None:
    found = attacked(module())
    assert sign in found[FLAG].detail["signs"]
    assert (found[FLAG].value, found[FLAG].low) == (1.0, 1.0)
    for metric in ("robust.linf.pgd_acc", "robust.linf.apgd_acc"):
        reading = found[metric, "overall"]
        assert reading.status is Status.INSUFFICIENT_DATA
        assert "too good to be believed" in reading.reason


def test_the_clean_twin_is_not_flagged_and_no_flag_passes_nothing() -> None:
    found = attacked(digit_network())
    assert (found[FLAG].value, found[FLAG].detail["signs"]) == (0.0, [])
    assert found[FLAG].low is None
    assert found[FLAG].high is None
    assert found["robust.linf.apgd_acc", "overall"].status is Status.OK


def test_a_model_hardened_by_its_training_is_robust_and_not_flagged() -> None:
    hardened, plain = attacked(digit_network(0.15)), attacked(digit_network())
    metric = ("robust.linf.apgd_acc", "overall")
    assert hardened[metric].status is Status.OK
    assert hardened[FLAG].value == 0.0
    assert hardened[metric].low > plain[metric].high


def test_zero_gradients_are_not_read_as_robustness() -> None:
    masked, clean = attacked(Quantised()), attacked(digit_network())
    pgd, cascade = (("robust.linf.pgd_acc", "overall"), ("robust.linf.apgd_acc", "overall"))
    assert masked[pgd].value > clean[pgd].value + 0.2
    assert masked[cascade].value < masked[pgd].value


def test_a_network_that_is_not_the_model_is_refused() -> None:
    x, y = digits()
    model = torch_model(digit_network(), shape=(1, 8, 8))
    model.network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    with pytest.raises(Exception, match="disagree"):
        run("robust.adversarial", model, x[1200:1300], y[1200:1300], **CHEAP)
