"""A stand-in for a model, trained on the model's own answers, whose attacks are then tried on the model."""

from typing import Any

import numpy as np

from evaluators.libraries import library
from evaluators.robustness.networks import Network

HIDDEN = 64
EPOCHS = 200
RATE = 0.01


def trained(network: Network, rows: Any, labels: Any, rng: np.random.Generator) -> Network:
    """A smooth network of one hidden layer that imitates the labels given to the rows.

    Its gradients lead somewhere even where those of the model don't.
    """
    torch = library("torch")
    classes = network.logits(rows[:1]).shape[1]
    drawn = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
    module = _perceptron(rows, classes, drawn)
    optimiser = torch.optim.Adam(module.parameters(), lr=RATE)
    with torch.enable_grad():
        for _ in range(EPOCHS):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(module(rows), labels).backward()
            optimiser.step()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return Network(module.eval(), (rows.shape[1],), network.device, network.dtype, batch=network.batch)


def _perceptron(rows: Any, classes: int, drawn: Any) -> Any:
    """Standardises by the rows, then one hidden layer; the weights are drawn on the CPU and then moved."""
    torch = library("torch")
    first, second = torch.nn.Linear(rows.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, classes)
    with torch.no_grad():
        for layer in (first, second):
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=drawn) / layer.weight.shape[1] ** 0.5)
            layer.bias.zero_()
    scaler = torch.nn.BatchNorm1d(rows.shape[1], affine=False)
    scaler.running_mean, scaler.running_var = rows.mean(dim=0), rows.var(dim=0, correction=0)
    stack = torch.nn.Sequential(scaler.eval(), first, torch.nn.Tanh(), second)
    return stack.to(device=rows.device, dtype=rows.dtype)
