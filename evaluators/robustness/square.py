"""A random search that asks for scores only, after the Square attack (Andriushchenko and others 2020).

It needs no gradient, so that it also breaks models whose gradients lead nowhere.
"""

from typing import Any

import numpy as np

from evaluators.libraries import library
from evaluators.robustness.balls import LINF, TINY, Ball
from evaluators.robustness.losses import margin
from evaluators.robustness.networks import Network

# From which share of the search on the part that is redrawn halves; the first share of the input redrawn is START.
HALVED_AT = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
START = 0.8


def share_at(step: int, steps: int) -> float:
    """Which share of the input is redrawn at a step of the search."""
    return float(START / 2 ** sum(step / steps > at for at in HALVED_AT))


def square(
    network: Network, rows: Any, labels: Any, *, ball: Ball, steps: int, rng: np.random.Generator
) -> tuple[Any, Any]:
    """Which rows were broken, and the points that broke them (the rows themselves elsewhere).

    What is drawn is the same for every row, so that a row's fate doesn't hang on the rows beside it.
    """
    points = ball.around(rows, rows + _stripes(network.shape, ball, rng).to(rows))
    logits = network.logits(points)
    losses, broken = margin(logits, labels), logits.argmax(dim=1) != labels
    for step in range(steps):
        left = (~broken).nonzero().squeeze(1)
        if not len(left):
            break
        mask, signs = _patch(network.shape, share_at(step, steps), rng)
        tried = _redrawn(rows[left], points[left], mask.to(rows), signs.to(rows), ball)
        logits = network.logits(tried)
        found = margin(logits, labels[left])
        better = found > losses[left]
        points[left[better]], losses[left[better]] = tried[better], found[better]
        broken[left] = logits.argmax(dim=1) != labels[left]
    found_points = rows.clone()
    found_points[broken] = points[broken]
    return broken, found_points


def _redrawn(rows: Any, points: Any, mask: Any, signs: Any, ball: Ball) -> Any:
    """Inside the patch the offset is drawn anew: to a corner by the largest norm, a bump of another sign by length."""
    delta = points - rows
    if ball.norm == LINF:
        return ball.around(rows, rows + delta * (1 - mask) + ball.epsilon * mask * signs)
    outside = delta * (1 - mask)
    room = (ball.epsilon**2 - outside.square().sum(dim=1, keepdim=True)).clamp_min(0).sqrt()
    bump = mask * signs
    return ball.around(rows, outside + rows + room * bump / bump.norm().clamp_min(TINY))


def _patch(shape: tuple[int, ...], share: float, rng: np.random.Generator) -> tuple[Any, Any]:
    """A mask (1, d) over a square window of an image, or over some features of a row; and signs, one per channel."""
    torch = library("torch")
    if len(shape) < 2:
        width = int(np.prod(shape))
        chosen = rng.permutation(width)[: max(1, round(share * width))]
        mask = np.zeros(width)
        mask[chosen] = 1
        return torch.as_tensor(mask)[None], torch.as_tensor(rng.choice([-1.0, 1.0], width))[None]
    channels, height, width = (1, *shape)[-3:]
    side = max(1, min(round((share * height * width) ** 0.5), height, width))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    window = np.zeros((channels, height, width))
    window[:, top : top + side, left : left + side] = 1
    signs = np.broadcast_to(rng.choice([-1.0, 1.0], (channels, 1, 1)), window.shape)
    return torch.as_tensor(window.reshape(1, -1)), torch.as_tensor(signs.reshape(1, -1).copy())


def _stripes(shape: tuple[int, ...], ball: Ball, rng: np.random.Generator) -> Any:
    """The first offset: vertical stripes of an image, or a random sign per feature."""
    if len(shape) < 2:
        signs = rng.choice([-1.0, 1.0], (1, int(np.prod(shape))))
    else:
        channels, height, width = (1, *shape)[-3:]
        signs = np.repeat(rng.choice([-1.0, 1.0], (channels, 1, width)), height, axis=1).reshape(1, -1)
    scale = ball.epsilon if ball.norm == LINF else ball.epsilon / np.sqrt(signs.size)
    return library("torch").as_tensor(scale * signs)
