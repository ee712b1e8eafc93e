"""Gaps between cohorts that were asked the same questions: paired by question, so only the cohort differs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.clusters import MINIMUM_CLUSTERS
from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.intervals import clopper_pearson
from evaluators.contract import Json, Reading, Status
from evaluators.counting import how_many, too_few
from evaluators.generative.asking import Exchange
from evaluators.libraries import library

PERMUTATIONS = 2_000
MOST_COHORTS = 60


def gap_statistics(exchanges: Sequence[Exchange], scores: Sequence[float], rng: np.random.Generator) -> Json:
    """Per set of cohorts, what the largest difference of mean scores and its interval are a function of.

    A set is what stands before "=" in a cohort's name; only questions put to every cohort of it count.
    """
    cells: dict[str, dict[str, dict[str, list[float]]]] = {}
    for exchange, score in zip(exchanges, scores, strict=True):
        prompt = exchange.prompt
        if prompt.cohort and prompt.block:
            blocks = cells.setdefault(prompt.cohort.partition("=")[0], defaultdict(lambda: defaultdict(list)))
            blocks[prompt.block][prompt.cohort].append(score)
    return {set_: _reduced(blocks, rng) for set_, blocks in sorted(cells.items())}


def gap_reading(
    metric: str, slice_: str, item: Mapping[str, Any], *, span: float, level: float, common: Json, detail: Json
) -> Reading:
    """The largest difference between two cohorts' means; simultaneous over pairs by Bonferroni and Student's t.

    `span` is how far two scores can lie apart.
    """
    blocks, cohorts = item["blocks"], item["cohorts"]
    facts = detail | {"questions": blocks, "means": dict(zip(cohorts, item["means"], strict=True))}
    reason = _shortage(blocks, cohorts)
    if reason:
        return Reading(
            metric=metric, slice=slice_, status=Status.INSUFFICIENT_DATA, reason=reason, detail=facts, **common
        )
    low, high = _bounds(item, span, level)
    means = np.array(item["means"])
    facts |= {"highest": cohorts[int(means.argmax())], "lowest": cohorts[int(means.argmin())]}
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.OK,
        value=float(means.max() - means.min()),
        low=low,
        high=high,
        method="paired t, Bonferroni over pairs",
        n=blocks * len(cohorts),
        detail=facts,
        p_value=item["p"],
        **common,
    )


def permutation_p(matrix: FloatArray, rng: np.random.Generator) -> float:
    """How often cohorts shuffled within each question differ as much in their means; with +1."""
    means = matrix.mean(axis=0)
    seen = means.max() - means.min()
    hits = 0
    for _ in range(PERMUTATIONS):
        shuffled = rng.permuted(matrix, axis=1).mean(axis=0)
        hits += shuffled.max() - shuffled.min() >= seen - 1e-12
    return (1 + int(hits)) / (PERMUTATIONS + 1)


def _reduced(blocks: Mapping[str, Mapping[str, Sequence[float]]], rng: np.random.Generator) -> Json:
    cohorts = sorted({cohort for answers in blocks.values() for cohort in answers})
    whole = [blocks[name] for name in sorted(blocks) if len(blocks[name]) == len(cohorts)]
    if not whole or not 2 <= len(cohorts) <= MOST_COHORTS:
        return {"cohorts": cohorts, "blocks": len(whole), "means": [0.0] * len(cohorts), "pairs": [], "p": None}
    matrix = np.array([[float(np.mean(answers[cohort])) for cohort in cohorts] for answers in whole])
    first, second = np.triu_indices(len(cohorts), k=1)
    difference = matrix[:, first] - matrix[:, second]
    return {
        "cohorts": cohorts,
        "blocks": len(matrix),
        "means": matrix.mean(axis=0).tolist(),
        "pairs": np.stack([difference.sum(axis=0), (difference**2).sum(axis=0)], axis=1).tolist(),
        "p": permutation_p(matrix, rng),
    }


def _shortage(blocks: int, cohorts: Sequence[str]) -> str:
    if len(cohorts) < 2:
        return f"{how_many(len(cohorts), 'cohorts')}, and two are needed"
    if len(cohorts) > MOST_COHORTS:
        return f"{len(cohorts):,} cohorts, more than the {MOST_COHORTS} that are compared"
    if blocks < MINIMUM_CLUSTERS:
        return too_few(blocks, MINIMUM_CLUSTERS, "questions put to every cohort")
    return ""


def _bounds(item: Mapping[str, Any], span: float, level: float) -> tuple[float, float]:
    n, pairs = item["blocks"], np.array(item["pairs"])
    centre = pairs[:, 0] / n
    variance = np.maximum(pairs[:, 1] / n - centre**2, 0.0) * n / (n - 1)
    tail = (1 - level) / 2 / len(pairs)
    half = float(library("scipy.special").stdtrit(n - 1, 1 - tail)) * np.sqrt(variance / n)
    # Where no question told two cohorts apart, what could have been missed in so many questions.
    unseen = clopper_pearson(0, n, level=level)[1] * span
    half = np.where(pairs[:, 1] == 0, unseen, half)
    low = float(np.maximum(np.abs(centre) - half, 0.0).max())
    return low, min(float((np.abs(centre) + half).max()), span)
