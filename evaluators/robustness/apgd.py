"""Auto-PGD (Croce and Hein 2020): momentum, and a step that halves itself wherever it stops paying."""

from dataclasses import dataclass
from typing import Any

from evaluators.libraries import library
from evaluators.robustness.balls import Ball
from evaluators.robustness.losses import targeted, targets
from evaluators.robustness.networks import Loss, Network

MOMENTUM = 0.75
PAYING = 0.75
FIRST, SHRINK, SHORTEST = 0.22, 0.03, 0.06


def checkpoints(steps: int) -> list[int]:
    """After which steps the step sizes are looked at: more and more often."""
    before, now, found = 0.0, FIRST, []
    while now < 1:
        found.append(max(1, round(now * steps)))
        before, now = now, now + max(now - before - SHRINK, SHORTEST)
    return sorted(set(found))


@dataclass
class Climb:
    """Where every row stands: its point and the one before, the best point so far, and its step size."""

    rows: Any
    points: Any
    before: Any
    best: Any
    best_loss: Any
    best_slope: Any
    slopes: Any
    losses: Any
    stride: Any
    broken: Any
    found: Any
    rises: Any
    # At the last checkpoint: the best loss, and whether the step was halved.
    last_best: Any
    was_halved: Any

    def step(self, ball: Ball, *, momentum: float) -> None:
        ahead = ball.around(self.rows, self.points + self.stride[:, None] * ball.direction(self.slopes))
        drift = momentum * (ahead - self.points) + (1 - momentum) * (self.points - self.before)
        self.before, self.points = self.points, ball.around(self.rows, self.points + drift)

    def look(self, losses: Any, slopes: Any, logits: Any, labels: Any) -> None:
        """Take in what the network says of the new points."""
        fell = (logits.argmax(dim=1) != labels) & ~self.broken
        self.found[fell] = self.points[fell]
        self.broken |= fell
        self.rises += (losses > self.losses).to(self.rises)
        better = losses > self.best_loss
        self.best[better], self.best_slope[better] = self.points[better], slopes[better]
        self.best_loss = losses.maximum(self.best_loss)
        self.losses, self.slopes = losses, slopes

    def review(self, window: int) -> None:
        """Halve the step of rows that rose too seldom or stand still, and send them back to their best point."""
        stuck = self.rises < PAYING * window
        stuck |= ~self.was_halved & (self.best_loss <= self.last_best)
        self.stride[stuck] /= 2
        self.points[stuck], self.slopes[stuck] = self.best[stuck], self.best_slope[stuck]
        self.before[stuck] = self.best[stuck]
        self.losses[stuck] = self.best_loss[stuck]
        self.was_halved, self.last_best = stuck, self.best_loss.clone()
        self.rises.zero_()


def apgd(
    network: Network, rows: Any, labels: Any, *, loss: Loss, ball: Ball, steps: int, wanted: Any = None
) -> tuple[Any, Any]:
    """Which rows were broken, and the points that broke them (the rows themselves elsewhere).

    `wanted` names the class each row is pulled towards, for a loss that needs one. The start is the row itself.
    """
    told = labels if wanted is None else library("torch").stack([labels, wanted], dim=1)
    climb = _begun(rows, *network.ascent(rows, told, loss), labels, 2 * ball.epsilon)
    looks, last = set(checkpoints(steps)), 0
    for number in range(1, steps + 1):
        climb.step(ball, momentum=1.0 if number == 1 else MOMENTUM)
        climb.look(*network.ascent(climb.points, told, loss), labels)
        if number in looks:
            climb.review(number - last)
            last = number
    return climb.broken, climb.found


def apgd_targeted(network: Network, rows: Any, labels: Any, *, ball: Ball, steps: int, classes: int) -> tuple[Any, Any]:
    """`apgd` towards each of the most likely wrong classes in turn, each trying the survivors of the one before."""
    torch = library("torch")
    broken = torch.zeros(len(rows), dtype=torch.bool, device=rows.device)
    found, logits = rows.clone(), network.logits(rows)
    for rank in range(1, min(classes, logits.shape[1] - 1) + 1):
        left = (~broken).nonzero().squeeze(1)
        if not len(left):
            break
        wanted = targets(logits[left], labels[left], rank)
        attack = {"loss": targeted, "ball": ball, "steps": steps, "wanted": wanted}
        broken[left], found[left] = apgd(network, rows[left], labels[left], **attack)
    return broken, found


def _begun(rows: Any, losses: Any, slopes: Any, logits: Any, labels: Any, stride: float) -> Climb:
    torch = library("torch")
    none = torch.zeros(len(rows), dtype=torch.bool, device=rows.device)
    return Climb(
        rows=rows,
        points=rows.clone(),
        before=rows.clone(),
        best=rows.clone(),
        best_loss=losses.clone(),
        best_slope=slopes.clone(),
        slopes=slopes,
        losses=losses,
        stride=torch.full_like(losses, stride),
        broken=logits.argmax(dim=1) != labels,
        found=rows.clone(),
        rises=torch.zeros_like(losses),
        last_best=losses.clone(),
        was_halved=none,
    )
