"""A network of handwritten digits, kept as files, compressed in the house."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from evaluators.contract import FileRef, Reading, Subject
from evaluators.evaluate import evaluate
from evaluators.models.layers import build
from evaluators.models.networks import network_files
from tests.evaluators.data import ends, sha256, write_csv

FEATURES = [f"pixel_{i}" for i in range(64)]
LAYERS = [
    {"type": "scale", "mean": 0, "std": 16},
    {"type": "linear", "in": 64, "out": 32},
    {"type": "relu"},
    {"type": "linear", "in": 32, "out": 10},
]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """Trained for a second on the first 1,200 images; measured on the other 597, even digits against odd ones."""
    folder = tmp_path_factory.mktemp("digits")
    images, label = load_digits(return_X_y=True)
    network = trained(images[:1200], label[:1200])
    about = {"inputs": "rows", "shape": [64], "classes": [str(i) for i in range(10)], "layers": LAYERS}
    files = {}
    for name, data in network_files(about | {"features": FEATURES}, network.state_dict()).items():
        (folder / name).write_bytes(data)
        files[f"model/{name}"] = folder / name
    columns = {name: images[1200:, i] for i, name in enumerate(FEATURES)}
    parity = np.where(label[1200:] % 2 == 0, "even", "odd")
    files["table"] = write_csv(folder / "t.csv", columns | {"label": label[1200:], "parity": parity})
    return Subject(
        kind="model",
        files={role: FileRef(path=str(path), sha256=sha256(path), name=path.name) for role, path in files.items()},
        label="label",
        groups=("parity",),
    )


def trained(images: np.ndarray, label: np.ndarray) -> Any:
    torch.manual_seed(0)
    network = build(LAYERS, "test")
    inputs, wanted = torch.as_tensor(images, dtype=torch.float32), torch.as_tensor(label)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(150):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs), wanted).backward()
        optimiser.step()
    return network.eval()


def readings(subject: Subject, variant: str) -> dict[tuple[str, str], Reading]:
    outcome = evaluate("compression.harm", subject, params={"variant": variant})
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


@pytest.mark.verification
def test_eight_bits_cost_digits_next_to_nothing_and_nine_tenths_of_weights_a_lot(digits: Subject) -> None:
    rounded, pruned = readings(digits, "int8"), readings(digits, "prune90")
    assert ends(rounded["compress.accuracy_delta", "worst"])[0] >= -0.03
    assert ends(rounded["compress.taxicab", "overall"])[1] <= 0.02
    assert ends(pruned["compress.accuracy_delta", "worst"])[1] < -0.03
    assert ends(pruned["compress.cie_rate", "overall"])[0] > 0.1


def test_what_the_files_weigh_is_told(digits: Subject) -> None:
    outcome = evaluate("efficiency.model", digits, params={"calls": 100})
    found = {reading.metric: reading for reading in outcome.readings}
    files = {role: ref for role, ref in digits.files.items() if role.startswith("model/")}
    assert found["eff.size_bytes"].value == sum(Path(ref.path).stat().st_size for ref in files.values())
    assert found["eff.flops"].value == 2 * (64 * 32 + 32 * 10) + 32 + 10
    assert found["eff.flops"].detail["not_counted"] == ["ReLU", "Scale"]
