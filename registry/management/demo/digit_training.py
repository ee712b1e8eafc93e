"""Training the demo's image model for real. Imported by dotted name and only when there is something to train."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from evaluators.models.layers import build
from evaluators.models.networks import network_files
from registry.management.demo.data import as_csv
from registry.management.demo.made import File, Made

SIDE, DARKEST = 8, 16
EPOCHS, BATCH, SEED = 20, 64, 0
PIXELS = tuple(f"pixel_{row}_{column}" for row in range(SIDE) for column in range(SIDE))
LAYERS = [
    {"type": "conv2d", "in": 1, "out": 16, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "conv2d", "in": 16, "out": 32, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "maxpool2d", "kernel": 2},
    {"type": "flatten"},
    {"type": "linear", "in": 512, "out": 64},
    {"type": "relu"},
    {"type": "linear", "in": 64, "out": 10},
]
ARCHITECTURE = {
    "inputs": "images",
    "shape": [1, SIDE, SIDE],
    "classes": [str(digit) for digit in range(10)],
    "features": list(PIXELS),
    "output": "logit",
    "layers": LAYERS,
}
Pixels = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Digits:
    """1,797 handwritten digits, pixels from 0 to 1, in a part to learn from and a part kept from it."""

    known: Pixels
    known_labels: Codes
    unseen: Pixels
    unseen_labels: Codes


def read_digits() -> Digits:
    """The images that scikit-learn carries, a third of each digit held out."""
    images, labels = load_digits(return_X_y=True)
    known, unseen, known_labels, unseen_labels = train_test_split(
        images / DARKEST, labels, test_size=1 / 3, random_state=SEED, stratify=labels
    )
    return Digits(known=known, known_labels=known_labels, unseen=unseen, unseen_labels=unseen_labels)


def as_table(pixels: Pixels, labels: Codes) -> bytes:
    """One row per image: its 64 pixels and what digit it is."""
    columns = {name: [f"{value:g}" for value in pixels[:, place]] for place, name in enumerate(PIXELS)}
    return as_csv({**columns, "digit": labels.tolist()})


def make(*, say: Callable[[str], None]) -> Made:
    """Train on two thirds of the images."""
    torch.set_num_threads(1)  # so small a network is faster on one
    digits = read_digits()
    files = train(digits)
    say(f"trained on {len(digits.known):,} digits in {EPOCHS} rounds")
    pixels = np.concatenate([digits.known, digits.unseen])
    labels = np.concatenate([digits.known_labels, digits.unseen_labels])
    return Made(
        files=files,
        source=("digits.csv", as_table(pixels, labels)),
        held_out=("held-out.csv", as_table(digits.unseen, digits.unseen_labels)),
    )


def train(digits: Digits) -> list[File]:
    """A small convolutional network: the files of the model, by name. The same data gives the same network."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        network = build(LAYERS, "the digits' network")
    images = torch.tensor(digits.known, dtype=torch.float32).reshape(-1, 1, SIDE, SIDE)
    labels = torch.tensor(digits.known_labels)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(EPOCHS):
        for part in torch.randperm(len(images), generator=generator).split(BATCH):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(images[part]), labels[part]).backward()
            optimiser.step()
    return list(network_files(ARCHITECTURE, network.state_dict()).items())
