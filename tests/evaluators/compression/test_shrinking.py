"""Networks compressed in the house, on small ones whose every weight is known."""

from typing import Any

import numpy as np
import pytest
import torch

from evaluators.compression.shrinking import facts, shrunk
from evaluators.contract import Reading, Status
from evaluators.evaluate import evaluate
from evaluators.inputs.memory import InMemory
from evaluators.models.model import ROWS, Model
from evaluators.notebook import in_memory
from tests.evaluators.data import ends


def line(*weights: float) -> torch.nn.Sequential:
    layer = torch.nn.Linear(len(weights), 1, bias=False)
    layer.weight.data = torch.tensor([weights])
    return torch.nn.Sequential(layer)


@pytest.mark.verification
def test_half_of_the_weights_are_set_to_nothing_least_magnitude_first() -> None:
    network = line(0.1, -0.4, 0.3, -0.2)
    assert shrunk(network, "prune50")[0].weight.tolist() == [[0.0, pytest.approx(-0.4), pytest.approx(0.3), 0.0]]
    assert network[0].weight.tolist()[0][0] == pytest.approx(0.1)


@pytest.mark.verification
def test_equal_weights_are_still_pruned_to_the_share_asked_for() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(10, 10))
    torch.nn.init.ones_(network[0].weight)
    for variant, zeros in (("prune50", 50), ("prune70", 70), ("prune90", 90)):
        assert int((shrunk(network, variant)[0].weight == 0).sum()) == zeros


@pytest.mark.verification
def test_eight_bits_round_weights_and_inputs_to_steps_of_their_own_scale() -> None:
    rounded = shrunk(line(1.27, 0.004, -0.016), "int8")
    assert rounded[0].weight.tolist()[0] == pytest.approx([1.27, 0.0, -0.02], abs=1e-6)
    one, row = torch.tensor([[12.7, 0.04, 0.0]]), torch.tensor([[100.0, 100.0, 100.0]])
    assert rounded(one).item() == pytest.approx(12.7 * 1.27, abs=1e-5)
    assert rounded(torch.cat([one, row]))[0].item() == rounded(one).item()


def test_bytes_and_zeros_are_counted_by_hand() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 2))
    network[0].weight.data = torch.tensor([[1.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    network[0].bias.data = torch.tensor([0.0, 1.0])
    assert facts(network) == {"numbers": 8, "zeros": 3, "bytes": 32}
    # Six weights of one byte, two scales and two biases of four.
    assert facts(network, "int8")["bytes"] == 6 + 8 + 8


def subject_of(network: Any, rows: np.ndarray, **columns: Any) -> InMemory:
    """A subject of a network that tells two classes apart by the sign of one output."""
    both = torch.nn.Sequential(network, Signed())
    model = Model(
        inputs=ROWS,
        score_kind="logit",
        ask=lambda part: both(torch.as_tensor(part, dtype=torch.float32)).detach().double().numpy(),
        classes=("no", "yes"),
        features=tuple(f"x{i}" for i in range(rows.shape[1])),
        shape=(rows.shape[1],),
        network=both.eval(),
    )
    table = {name: rows[:, i] for i, name in enumerate(model.features)} | columns
    facts = {"columns": {role: role for role in columns}}
    return in_memory(tables={"table": table}, models={"model": model}, facts=facts)


class Signed(torch.nn.Module):
    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return torch.cat([-value, value], dim=1)


def two_groups(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group a is told apart by the first feature, group b by the second, whose weight is small: pruning takes it."""
    group = rng.choice(["a", "b"], 4000)
    rows = rng.normal(0, 1, (4000, 4))
    rows[group == "a", 1] = 0
    rows[group == "b", 0] = 0
    label = np.where(np.where(group == "a", rows[:, 0], rows[:, 1]) > 0, "yes", "no")
    return rows, label, group


def measured(subject: InMemory, variant: str) -> dict[tuple[str, str], Reading]:
    outcome = evaluate("compression.harm", subject, params={"variant": variant})
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


def test_pruning_that_takes_one_group_its_only_feature_is_found_and_its_clean_twin_passes() -> None:
    rows, label, group = two_groups(np.random.default_rng(0))
    harmed = measured(subject_of(line(1.0, 0.1, 0.3, 0.2), rows, label=label, group=group), "prune50")
    assert harmed["compress.cohort_ratio", "overall"].detail["highest"] == "group=b"
    assert ends(harmed["compress.cohort_ratio", "overall"])[0] > 1.1
    assert ends(harmed["compress.accuracy_delta", "worst"])[1] < -0.03
    clean = measured(subject_of(line(1.0, 1.0, 0.001, 0.001), rows, label=label, group=group), "prune50")
    assert ends(clean["compress.accuracy_delta", "worst"])[0] >= -0.03
    assert ends(clean["compress.cie_rate", "overall"])[1] <= 0.01


def test_every_way_of_compressing_is_told_in_a_table() -> None:
    rows, label, group = two_groups(np.random.default_rng(1))
    subject = subject_of(line(1.0, 0.5, 0.3, 0.2), rows, label=label, group=group)
    outcome = evaluate("compression.harm", subject)
    table = outcome.evidence[0].data
    assert [row[0] for row in table["rows"]] == ["original", "prune50", "prune70", "prune90", "int8"]
    assert table["rows"][1][2] == 0.5
    assert outcome.evidence[0].name == "compression"
    taxicab = next(reading for reading in outcome.readings if reading.metric == "compress.taxicab")
    assert 0 < (taxicab.value or 0) < 0.02


def test_the_same_network_gives_the_same_bits() -> None:
    rows, label, group = two_groups(np.random.default_rng(2))
    first, second = (
        measured(subject_of(line(1.0, 0.5, 0.3, 0.2), rows, label=label, group=group), "int8") for _ in range(2)
    )
    assert [reading.as_dict() for reading in first.values()] == [reading.as_dict() for reading in second.values()]


def test_a_model_without_a_network_is_not_compressed() -> None:
    rows, label, group = two_groups(np.random.default_rng(3))
    subject = subject_of(line(1.0, 0.5, 0.3, 0.2), rows, label=label, group=group)
    subject.models["model"].network = None
    found = measured(subject, "int8")
    assert {reading.status for reading in found.values()} == {Status.NOT_APPLICABLE}
