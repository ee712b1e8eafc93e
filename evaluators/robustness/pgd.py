"""Projected gradient descent: steps up the loss, drawn back into the ball, from several starts."""

from typing import Any

import numpy as np

from evaluators.libraries import library
from evaluators.robustness.balls import Ball
from evaluators.robustness.losses import cross_entropy
from evaluators.robustness.networks import Network

# Steps together reach 2.5 times the radius, so that every point of the ball can be reached from every start.
REACH = 2.5


def pgd(
    network: Network, rows: Any, labels: Any, *, ball: Ball, steps: int, restarts: int, rng: np.random.Generator
) -> tuple[Any, Any]:
    """Which rows were broken, and the points that broke them (the rows themselves elsewhere).

    The first start is the row itself, for there the gradient of a linear model leads straight to the worst point;
    each further one is drawn. A row counts as broken if any start breaks it; later starts try the survivors only.
    """
    torch = library("torch")
    broken = torch.zeros(len(rows), dtype=torch.bool, device=rows.device)
    found = rows.clone()
    for restart in range(restarts):
        start = ball.start(rows, rng) if restart else rows.clone()
        left = (~broken).nonzero().squeeze(1)
        if not len(left):
            break
        fell, points = _climb(network, rows[left], labels[left], start[left], ball, steps)
        broken[left], found[left] = fell, points
    return broken, found


def _climb(network: Network, rows: Any, labels: Any, points: Any, ball: Ball, steps: int) -> tuple[Any, Any]:
    stride = REACH * ball.epsilon / steps
    worst = rows.clone()
    broken = library("torch").zeros(len(rows), dtype=library("torch").bool, device=rows.device)
    for _ in range(steps):
        _, slopes, logits = network.ascent(points, labels, cross_entropy)
        broken, worst = _kept(broken, worst, points, logits, labels)
        points = ball.around(rows, points + stride * ball.direction(slopes))
    return _kept(broken, worst, points, network.logits(points), labels)


def _kept(broken: Any, worst: Any, points: Any, logits: Any, labels: Any) -> tuple[Any, Any]:
    """Remember the first point that breaks a row."""
    fell = (logits.argmax(dim=1) != labels) & ~broken
    worst[fell] = points[fell]
    return broken | fell, worst
