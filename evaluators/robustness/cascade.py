"""Attacks in turn, each on the rows that those before it left standing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import generator
from evaluators.contract import EvaluatorError, Json
from evaluators.libraries import library
from evaluators.robustness.apgd import apgd, apgd_targeted
from evaluators.robustness.balls import Ball
from evaluators.robustness.losses import cross_entropy, logits_ratio
from evaluators.robustness.networks import Network
from evaluators.robustness.pgd import pgd
from evaluators.robustness.square import square

PGD, APGD_CE, APGD_DLR, APGD_TARGETED, SQUARE = "pgd", "apgd-ce", "apgd-dlr", "apgd-targeted", "square"
WHITE_BOX = (PGD, APGD_CE, APGD_DLR, APGD_TARGETED)
Attack = Callable[[Any, Any], tuple[Any, Any]]


@dataclass
class Fates:
    """What became of the rows that were right at first, by attack."""

    tried: dict[str, int] = field(default_factory=dict)
    fell: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, tried: int, fell: int) -> None:
        self.tried[name] = self.tried.get(name, 0) + tried
        self.fell[name] = self.fell.get(name, 0) + fell


@dataclass(frozen=True)
class Cascade:
    """The attacks of one ball on one network, with what they draw."""

    network: Network
    ball: Ball
    params: Mapping[str, Any]
    seed: int

    def attacks(self) -> dict[str, Attack]:
        network, common = self.network, {"ball": self.ball, "steps": self.params["steps"]}
        return {
            PGD: self.pgd,
            APGD_CE: lambda x, y: apgd(network, x, y, loss=cross_entropy, **common),
            APGD_DLR: lambda x, y: apgd(network, x, y, loss=logits_ratio, **common),
            APGD_TARGETED: lambda x, y: apgd_targeted(network, x, y, classes=self.params["targets"], **common),
            SQUARE: self.square,
        }

    def pgd(self, rows: Any, labels: Any) -> tuple[Any, Any]:
        rng, given = generator(self.seed, f"{PGD} {self.ball.epsilon!r}"), self.params
        efforts = {"steps": given["steps"], "restarts": given["restarts"]}
        return pgd(self.network, rows, labels, ball=self.ball, rng=rng, **efforts)

    def square(self, rows: Any, labels: Any) -> tuple[Any, Any]:
        rng = generator(self.seed, f"{SQUARE} {self.ball.epsilon!r}")
        return square(self.network, rows, labels, ball=self.ball, steps=self.params["square_steps"], rng=rng)

    def run(self, rows: Any, labels: Any, fates: Fates) -> dict[str, Any]:
        """By attack, which rows it broke. A row that fell is tried no further."""
        torch = library("torch")
        left = torch.arange(len(rows), device=rows.device)
        by_attack = {}
        for name, attack in self.attacks().items():
            broken = torch.zeros(len(rows), dtype=torch.bool, device=rows.device)
            if len(left):
                fell, points = attack(rows[left], labels[left])
                self._check(rows[left], points)
                broken[left] = fell
                fates.add(name, len(left), int(fell.sum()))
                left = left[~fell]
            by_attack[name] = broken
        return by_attack

    def _check(self, rows: Any, points: Any) -> None:
        """No attack may win by leaving the ball, but for the rounding of single precision."""
        allowed = self.ball.epsilon * (1 + 1e-4) + 1e-6 * max(1.0, float(rows.abs().max()))
        if float(self.ball.size(rows, points).max()) > allowed:
            raise EvaluatorError("an attack left the ball around its row, so its success says nothing")


def curve(network: Network, rows: Any, labels: Any, balls: list[Ball], params: Mapping[str, Any]) -> list[int]:
    """How many rows stand against a gradient attack at each of growing radii. What breaks at one is broken beyond."""
    right = network.labels(rows) == labels
    standing, counts = right.nonzero().squeeze(1), []
    for ball in balls:
        if ball.epsilon > 0 and len(standing):
            attack = {"loss": logits_ratio, "ball": ball, "steps": params["steps"]}
            fell, _ = apgd(network, rows[standing], labels[standing], **attack)
            standing = standing[~fell]
        counts.append(len(standing))
    return counts


def radii(epsilon: float, points: int) -> FloatArray:
    """Radii of the curve, from 0 to twice the one that is judged, which is among them."""
    return np.linspace(0, 2 * epsilon, 2 * points + 1)


def summary(fates: Fates) -> Json:
    return {name: {"tried": fates.tried[name], "broken": fates.fell[name]} for name in fates.tried}
