"""How well a signal tells members from others: what the intervals are functions of, and a curve to draw."""

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.ranks import delong
from evaluators.contract import Json

CURVE_POINTS = 48


def separation(
    signal: FloatArray, member: NDArray[np.bool_], *, rates: list[float], cluster: NDArray[np.int64] | None = None
) -> Json:
    """Statistics of one attack; `cluster` says which of several target models a row was asked of."""
    found: Json = {
        "auc": asdict(delong(signal, member)),
        "tpr": [at_rate(signal, member, rate) for rate in rates],
        "is_constant": bool(len(signal) and np.ptp(signal) == 0),
    }
    if cluster is not None:
        parts = [cluster == code for code in np.unique(cluster)]
        found["by_model"] = [_of_model(signal[part], member[part], found["tpr"]) for part in parts]
    return found


def at_rate(signal: FloatArray, member: NDArray[np.bool_], rate: float) -> Json:
    """Members above a threshold that lets in a share `rate` of others on average, whatever their distribution.

    The threshold is the j-th largest of n others with j = floor(rate (n + 1)): a new one lies above it with
    probability j/(n + 1). With j = 0 there are too few others, and no threshold. Of rows exactly at the threshold a
    share is let in by lot (`admitted`), so that tied scores hide nothing; x counts members with that share.
    """
    outside = np.sort(signal[~member])[::-1]
    j = int(np.floor(rate * (len(outside) + 1) + 1e-9))
    found: Json = {"fpr": rate, "others": len(outside), "rank": j, "m": int(member.sum())}
    if not j:
        return found | {"x": 0, "threshold": None, "admitted": 0.0}
    threshold = float(outside[j - 1])
    tied = int(np.count_nonzero(outside == threshold))
    # A tie of one is the row that sets the threshold, which is let in by nobody.
    admitted = 0.0 if tied == 1 else (j - int(np.count_nonzero(outside > threshold))) / tied
    return found | {
        "x": _found(signal[member], threshold, admitted),
        "threshold": threshold,
        "admitted": admitted,
    }


def _found(signal: FloatArray, threshold: float, admitted: float) -> float:
    return float(np.count_nonzero(signal > threshold) + admitted * np.count_nonzero(signal == threshold))


def curve(signal: FloatArray, member: NDArray[np.bool_]) -> list[Json]:
    """Points of the ROC curve, evenly spaced on a logarithmic scale of false positives."""
    outside, inside = np.sort(signal[~member])[::-1], np.sort(signal[member])
    if not len(outside) or not len(inside):
        return []
    ranks = np.unique(np.geomspace(1, len(outside), CURVE_POINTS).round().astype(int))
    above = len(inside) - np.searchsorted(inside, outside[ranks - 1], side="right")
    return [
        {"x": float(rank / (len(outside) + 1)), "y": float(hits / len(inside))}
        for rank, hits in zip(ranks, above, strict=True)
    ]


def _of_model(signal: FloatArray, member: NDArray[np.bool_], tpr: list[Json]) -> Json:
    inside = signal[member]
    hits = [0.0 if item["threshold"] is None else _found(inside, item["threshold"], item["admitted"]) for item in tpr]
    return {"auc": delong(signal, member).auc, "m": int(member.sum()), "hits": hits}
