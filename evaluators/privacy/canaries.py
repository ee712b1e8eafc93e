"""Does a language model remember one text better than others like it, and does it repeat what it was trained on?

The functions here take any model that can say how likely a text is, as `log_perplexity(text)`, or go on from a prefix,
as `go_on(prefix, length)`: a notebook's function, or one around an endpoint.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.intervals import clopper_pearson

# A gate needs a number for the other end, and this one passes no limit.
NO_UPPER_BOUND = 1_000.0

LogPerplexity = Callable[[str], float]
GoOn = Callable[[str, int], str]


@dataclass(frozen=True)
class Rank:
    """Of `candidates` other texts, how many the model finds at least as likely as the canary."""

    ahead: int
    candidates: int
    space: float = 0.0

    @property
    def is_exact(self) -> bool:
        """Whether the candidates are all there are, and no sample of a larger space."""
        return self.space <= self.candidates + 1

    @property
    def exposure(self) -> float:
        """log2 of the size of the space minus log2 of the rank, in bits; from a sample, the rank is the share ahead."""
        return math.log2(self.candidates + 1) - math.log2(self.ahead + 1)

    def interval(self, level: float) -> tuple[float, float]:
        """The exact value twice; for a sample what the share ahead can be, and at most log2 of the space.

        A canary before all candidates has no upper bound unless the space was declared: few candidates show few bits.
        """
        if self.is_exact:
            is_cut_off = not self.ahead and not self.space
            return self.exposure, NO_UPPER_BOUND if is_cut_off else self.exposure
        low, high = clopper_pearson(self.ahead, self.candidates, level=level)
        most = math.log2(self.space)
        return max(0.0, -math.log2(high)), most if low * self.space <= 1 else -math.log2(low)


def rank(canary: float, others: FloatArray, *, space: float = 0.0) -> Rank:
    """From log-perplexities, low for likely texts; a tie counts against the canary's being remembered."""
    return Rank(int(np.count_nonzero(np.asarray(others) <= canary)), len(others), space)


def log_perplexities(model: LogPerplexity, texts: Sequence[str]) -> FloatArray:
    return np.array([model(text) for text in texts], dtype=np.float64)


def repeats(said: str, truth: str) -> bool:
    """Whether a model's continuation begins with the true one, to the letter; blanks around them don't count.

    An empty truth can't be repeated.
    """
    return bool(truth.strip()) and said.lstrip().startswith(truth.strip())


def repeated(model: GoOn, texts: Sequence[str], *, prefix: int) -> list[bool]:
    """Per text longer than the prefix, in characters: does the model go on from the prefix as the text does?"""
    usable = [text for text in texts if len(text) > prefix]
    return [repeats(model(text[:prefix], len(text) - prefix), text[prefix:]) for text in usable]
