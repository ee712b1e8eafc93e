"""How far a perturbation may go: balls of two norms around a row, cut to a box if there is one. Rows are flat."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.libraries import library
from evaluators.robustness.cases import Box

LINF, L2 = "linf", "l2"
TINY = 1e-12


@dataclass(frozen=True)
class Ball:
    """All points within `epsilon` of a row by a norm, in the units of the input."""

    norm: str
    epsilon: float
    box: Box = None

    def around(self, rows: Any, points: Any) -> Any:
        """The points drawn back into the ball, and into the box, which holds the rows themselves."""
        delta = points - rows
        if self.norm == LINF:
            inside = rows + delta.clamp(-self.epsilon, self.epsilon)
        else:
            length = delta.norm(dim=1, keepdim=True).clamp_min(TINY)
            inside = rows + delta * (self.epsilon / length).clamp_max(1.0)
        return inside if self.box is None else inside.clamp(*self.box)

    def direction(self, slopes: Any) -> Any:
        """The unit step that climbs fastest by this norm; 0 where the slope is."""
        if self.norm == LINF:
            return slopes.sign()
        return slopes / slopes.norm(dim=1, keepdim=True).clamp_min(TINY)

    def start(self, rows: Any, rng: np.random.Generator) -> Any:
        """A point drawn in the ball, the same offset for every row."""
        return self.around(rows, rows + library("torch").as_tensor(self._offset(rows.shape[1], rng)).to(rows))

    def size(self, rows: Any, points: Any) -> Any:
        """How far the points lie from their rows."""
        delta = points - rows
        return delta.abs().amax(dim=1) if self.norm == LINF else delta.norm(dim=1)

    def _offset(self, width: int, rng: np.random.Generator) -> Any:
        if self.norm == LINF:
            return rng.uniform(-self.epsilon, self.epsilon, width)[None]
        way = rng.standard_normal(width)
        return (self.epsilon * rng.uniform() ** (1 / width) * way / np.linalg.norm(way))[None]
