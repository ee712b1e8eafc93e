"""Shapley values of the words of a text, by halving it again and again, with large batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.libraries import library

SPLIT = r"\W+"
BATCH = 64
Function = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True)
class Words:
    """The words of one text with what follows each, their values, the masked text's output and the text's own."""

    words: tuple[str, ...]
    phi: FloatArray
    base: float
    output: float

    @property
    def miss(self) -> float:
        """How far the values are from adding up."""
        return abs(float(self.phi.sum()) + self.base - self.output)


def explain_text(function: Function, text: str, *, mask: str, evaluations: int, batch: int = BATCH) -> Words:
    """Owen values along a halving tree of the words, by shap; `mask` stands for words that are taken out."""
    shap = library("shap")

    def asked(texts: Any) -> FloatArray:
        return np.asarray(function([str(one) for one in texts]), dtype=np.float64)

    # Words keep the space behind them; so must the mask, or it would grow onto the next word.
    masker = shap.maskers.Text(SPLIT, mask_token=f"{mask.rstrip()} ", collapse_mask_token=True)
    words = tuple(masker.data_transform(text)[0]) if text.strip() else ()
    if len(words) < 2:
        # A tree needs two leaves; one word's value is what the output changes by.
        base, output = asked([mask, text])
        return Words(words, np.array([output - base] * len(words)), float(base), float(output))
    explainer = shap.PartitionExplainer(asked, masker)
    found = explainer([text], max_evals=evaluations, batch_size=batch, silent=True)
    phi = np.asarray(found.values[0], dtype=np.float64).reshape(-1)
    base = float(np.asarray(found.base_values).reshape(-1)[0])
    return Words(tuple(str(word) for word in found.data[0]), phi, base, float(asked([text])[0]))
