"""Whether gradients can be believed: signs that a model hides from gradient attacks instead of withstanding them."""

from dataclasses import dataclass
from typing import Any

from evaluators.contract import Json
from evaluators.libraries import library
from evaluators.robustness.losses import cross_entropy, margin
from evaluators.robustness.networks import Network

# How much more of the rows a black-box attack may break than gradients do.
TOLERANCE = 0.002
# How many of the rows may have no gradient at all.
ZERO_SHARE = 0.05
# How far two answers to the same rows may differ, relative to the largest of them.
SAME = 1e-4
BLACK_BOX, TRANSFER, ZERO, RANDOM, PROBABILITY, MIXED = (
    "black_box_beats_white_box",
    "transfer_beats_white_box",
    "zero_gradients",
    "randomised",
    "probabilities_for_logits",
    "rows_mixed",
)
WORDS = {
    BLACK_BOX: "an attack that only asks for scores breaks more rows than gradients do",
    TRANSFER: "examples made on a stand-in break more rows than gradients do",
    ZERO: "too many rows have a gradient of zero",
    RANDOM: "the same input gets different answers",
    PROBABILITY: "the network answers with probabilities where logits are needed",
    MIXED: "the answer for a row depends on the rows beside it",
}


@dataclass(frozen=True)
class Signs:
    """Counts over the rows that were right at first, and what the network's answers look like."""

    rows: int
    white: int
    black: int
    transfer: int
    zero: int
    is_random: bool
    is_probability: bool
    is_mixed: bool

    def raised(self) -> list[str]:
        """Which signs are there. Needs no model."""
        allowed = self.white + TOLERANCE * self.rows
        found = {
            BLACK_BOX: self.black > allowed,
            TRANSFER: self.transfer > allowed,
            ZERO: self.zero > ZERO_SHARE * self.rows,
            RANDOM: self.is_random,
            PROBABILITY: self.is_probability,
            MIXED: self.is_mixed,
        }
        return [name for name, is_there in found.items() if is_there]


def answers(network: Network, rows: Any) -> Json:
    """Whether the answers are random, probabilities, or mixed between rows."""
    first, again = network.logits(rows), network.logits(rows)
    alone = library("torch").cat([network.logits(rows[i : i + 1]) for i in range(min(len(rows), 8))])
    sums = first.sum(dim=1)
    return {
        "is_random": _differs(first, again),
        "is_probability": bool((first >= 0).all()) and _differs_little(sums, library("torch").ones_like(sums)),
        "is_mixed": not _differs(first, again) and _differs(first[: len(alone)], alone),
    }


def zero_gradients(network: Network, rows: Any, labels: Any) -> int:
    """How many rows have a gradient of exactly zero, of the cross-entropy or of the margin."""
    flat = library("torch").zeros(len(rows), dtype=library("torch").bool, device=rows.device)
    for loss in (cross_entropy, margin):
        _, slopes, _ = network.ascent(rows, labels, loss)
        flat |= (slopes == 0).all(dim=1)
    return int(flat.sum())


def _differs(first: Any, second: Any) -> bool:
    return not _differs_little(first, second)


def _differs_little(first: Any, second: Any) -> bool:
    scale = max(float(first.abs().max()), 1e-12)
    return float((first - second).abs().max()) <= SAME * scale
