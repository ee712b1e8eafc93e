"""Gradient times distance from the background's mean, for networks."""

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.libraries import library
from evaluators.models.estimators import Function
from evaluators.models.model import VALUE, Model

BATCH = 1_024


def gradient(
    model: Model, function: Function, background: FloatArray, rows: FloatArray, favourable: str | None, _: int
) -> tuple[FloatArray, float]:
    """phi (n, d) of the log-odds of the favourable class, or of the value; and the background's mean output."""
    slopes = saliency(model, rows, favourable)
    return slopes * (rows - background.mean(axis=0)), float(function(background).mean())


def saliency(model: Model, rows: FloatArray, favourable: str | None) -> FloatArray:
    """The gradient of the same output at each row, (n, d)."""
    torch = library("torch")
    position = 0 if model.score_kind == VALUE else model.position(favourable)
    parts = []
    for start in range(0, len(rows), BATCH):
        given = torch.as_tensor(rows[start : start + BATCH], dtype=torch.float32, device=model.device)
        given = given.reshape(len(given), *model.shape) if model.shape else given
        given.requires_grad_(True)
        logits = model.network(given).reshape(len(given), -1)
        chosen = logits[:, position]
        if logits.shape[1] > 1:
            others = torch.cat([logits[:, :position], logits[:, position + 1 :]], dim=1)
            chosen = chosen - torch.logsumexp(others, dim=1)
        (slope,) = torch.autograd.grad(chosen.sum(), given)
        parts.append(slope.reshape(len(slope), -1).double().cpu().numpy())
    return np.concatenate(parts)
