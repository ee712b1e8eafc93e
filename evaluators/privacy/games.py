"""The membership game: rows of which it is known whether the model was trained on them, and what models say of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Json
from evaluators.privacy import lira, rmia
from evaluators.privacy.signals import Confidence

# Each row is in half of the shadow models, and both halves need two for a variance.
PAIRS_FOR_VARIANCE = 4


@dataclass(frozen=True, kw_only=True)
class Game:
    """Rows asked of one or more target models. `inside` (references, n) says which reference was trained on which row.

    Without `inside` no reference was trained on any of the rows.
    """

    member: NDArray[np.bool_]
    target: Confidence
    references: tuple[Confidence, ...] = ()
    inside: NDArray[np.bool_] | None = None
    cluster: NDArray[np.int64] | None = None
    # What a person who never asked the model knows of the rows.
    blind: FloatArray | None = None


@dataclass(frozen=True)
class Signal:
    """What an attack ranks rows by, or why there is none, and what it is worth saying about it."""

    values: FloatArray | None
    facts: Json
    reason: str = ""


def signals(game: Game, *, gamma: float, interpolation: float) -> dict[str, Signal]:
    """The three attacks on one game."""
    loss = Signal(game.target.logit, {"clipped": game.target.clipped})
    return {"loss": loss, "lira": _lira(game), "rmia": _rmia(game, gamma, interpolation)}


def _lira(game: Game) -> Signal:
    if len(game.references) < 2:
        return Signal(None, {}, f"{len(game.references)} reference models; this attack needs two")
    logits = np.stack([reference.logit for reference in game.references])
    facts: Json = {"references": len(logits), "own_variance": len(logits) >= lira.MODELS_FOR_OWN_VARIANCE}
    if game.inside is None:
        return Signal(lira.offline(game.target.logit, logits), facts | {"mode": "offline"})
    if len(logits) < PAIRS_FOR_VARIANCE:
        return Signal(None, {}, f"{len(logits)} shadow models; this attack needs {PAIRS_FOR_VARIANCE}")
    return Signal(lira.online(game.target.logit, logits, game.inside), facts | {"mode": "online"})


def _rmia(game: Game, gamma: float, interpolation: float) -> Signal:
    if not game.references:
        return Signal(None, {}, "no reference models")
    if game.target.probability is None or any(item.probability is None for item in game.references):
        return Signal(None, {}, "the scores are margins, and this attack compares probabilities")
    stacked = np.stack([item.probability for item in game.references])  # type: ignore[misc]
    facts: Json = {"references": len(stacked), "gamma": gamma, "tuned": game.inside is not None and len(stacked) >= 4}
    out = outside_mean(stacked, game.inside)
    if facts["tuned"] and game.inside is not None:
        # The first pair of references is held out: its members are known, and it is not the model that is measured.
        held_out = outside_mean(stacked[2:], game.inside[2:])
        interpolation = rmia.tune(stacked[0], held_out, game.inside[0])
    ratio = rmia.ratios(game.target.probability, out, interpolation=interpolation)
    facts["interpolation"] = interpolation
    return Signal(rmia.ranked(ratio, ratio[~game.member], gamma=gamma), facts)


def outside_mean(probabilities: FloatArray, inside: NDArray[np.bool_] | None) -> FloatArray:
    """Per row the mean over the references (models, n) that were not trained on it."""
    if inside is None:
        return np.asarray(probabilities.mean(axis=0))
    return np.asarray(np.where(inside, 0.0, probabilities).sum(axis=0) / np.maximum((~inside).sum(axis=0), 1))
