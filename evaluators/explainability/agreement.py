"""Do different explainers agree, are the values exact where all subsets can be tried, and how few features matter?"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.budget import Budget
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.explainability.averages import row_readings, row_statistics
from evaluators.explainability.cases import EXPLAINER, NEEDS, Case, open_case, row_parameters
from evaluators.explainability.local import local_linear
from evaluators.explainability.shapley import exact, masked_means
from evaluators.explainability.wobble import spearman

EXACTNESS = "explain.exactness"
SPARSITY = "explain.sparsity"
EFFECTIVE = "explain.effective_features"
RANKS = "explain.agreement"
SIGNS = "explain.agreement_sign"
MAX_FEATURES = 8
MAX_EXACT_ROWS = 20
TOP = 3


class Agreement:
    """Reads a model of rows and a table. Evidence `explainers` is a table: mean |attribution| by each explainer."""

    id = "explain.agreement"
    version = "2"
    title = "Agreement, exactness and sparsity of attributions"
    input_kind = "MD"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {**EXPLAINER, **row_parameters(50, 30)}
    metrics = (
        Metric(id=RANKS, title="Agreement of explainers in rank", direction=Direction.HIGHER, unit="rank r"),
        Metric(id=SIGNS, title="Agreement of explainers in sign", direction=Direction.HIGHER),
        Metric(
            id=EXACTNESS, title="Distance to exact Shapley values", direction=Direction.LOWER, unit="share of spread"
        ),
        Metric(id=SPARSITY, title="Gini coefficient of attributions", direction=Direction.NONE, unit="Gini"),
        Metric(id=EFFECTIVE, title="Effective number of features", direction=Direction.NONE, unit="features"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        case, budget = open_case(subject, params, seed=seed), Budget(params["budget_s"])
        ways = [three_ways(part, seed) for part in case.parts(budget, progress, "explaining three ways")]
        found = {name: np.concatenate([way[name] for way in ways]) for name in ways[0]}
        case = case.take(slice(0, budget.done))
        main = next(iter(found.values()))
        values = {SPARSITY: gini(main), EFFECTIVE: effective(main), **agreements(found)}
        progress(0.85, "trying all subsets")
        statistics = row_statistics(values, case.codes, case.names, case.facts() | budget.facts)
        statistics["exactness"] = exactness(case, main)
        return Measured(statistics=statistics, evidence=(_evidence(case, found),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        readings = row_readings(statistics, level=level, seed=seed)
        if "exactness" in statistics:
            readings.append(_exactness_reading(statistics, level))
        return [reading.sound() for reading in _by_pair(readings)]


def three_ways(case: Case, seed: int) -> dict[str, FloatArray]:
    """phi (n, d) by the chosen explainer, by taking out one feature at a time, and by a local plane."""
    main = case.explain(case.rows, seed=seed).phi
    own = case.seed_of(seed)
    surrogate = local_linear(case.model, case.function, case.background, case.rows, case.favourable, own)[0]
    return {case.kind: main, "one_out": case.cleared(one_out(case)), "plane": case.cleared(surrogate)}


def one_out(case: Case) -> FloatArray:
    """Permutation importance of each row: the fall of the output when one feature comes from the background."""
    masks = ~np.eye(case.rows.shape[1], dtype=bool)
    left = masked_means(case.function, case.background, case.rows, masks)
    return np.asarray(case.function(case.rows)[:, None] - left)


def agreements(found: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Per row and pair the rank correlation of sizes, and the share of the top three features with the same sign.

    The mean over pairs stands under the metric's own name, each pair behind a bar.
    """
    values: dict[str, FloatArray] = {}
    for one, other in combinations(found, 2):
        pair = f"|pair={one} and {other}"
        values[RANKS + pair] = spearman(np.abs(found[one]), np.abs(found[other]))
        values[SIGNS + pair] = same_signs(found[one], found[other])
    for metric in (RANKS, SIGNS):
        values[metric] = np.mean([column for name, column in values.items() if name.startswith(f"{metric}|")], axis=0)
    return values


def same_signs(a: FloatArray, b: FloatArray, top: int = TOP) -> FloatArray:
    """Per row the share of a's `top` largest features to which b gives the same sign; NaN where a is 0 throughout."""
    order = np.argsort(-np.abs(a), axis=1, kind="stable")[:, :top]
    first, second = (np.sign(np.take_along_axis(each, order, axis=1)) for each in (a, b))
    counted = first != 0
    same = ((first == second) & counted).sum(axis=1)
    return np.where(counted.any(axis=1), same / np.maximum(counted.sum(axis=1), 1), np.nan)


def gini(phi: FloatArray) -> FloatArray:
    """Per row, of |phi|: 0 where all features count alike, 1 - 1/d where one counts alone; NaN where none does."""
    size = np.sort(np.abs(phi), axis=1)
    d, total = size.shape[1], size.sum(axis=1)
    ranks = 2 * np.arange(1, d + 1) - d - 1
    return np.where(total > 0, (size * ranks).sum(axis=1) / np.where(total > 0, d * total, 1.0), np.nan)


def effective(phi: FloatArray) -> FloatArray:
    """Per row, e to the entropy of the shares of |phi|: d where all count alike, 1 where one counts alone."""
    size = np.abs(phi)
    total = size.sum(axis=1, keepdims=True)
    share = size / np.where(total > 0, total, 1.0)
    terms = np.where(share > 0, share * np.log(np.where(share > 0, share, 1.0)), 0.0)
    return np.where(total[:, 0] > 0, np.exp(-terms.sum(axis=1)), np.nan)


def exactness(case: Case, phi: FloatArray) -> Json:
    """The largest distance to the values from all subsets, in units of the spread of the output."""
    d = case.rows.shape[1]
    if d > MAX_FEATURES:
        return {"not_applicable": f"the model reads {d} features; all subsets are tried for at most {MAX_FEATURES}"}
    rows = case.rows[:MAX_EXACT_ROWS]
    truth, base = exact(case.function, case.background, rows)
    outputs = case.function(case.rows)
    spread = float(np.abs(outputs - base).max())
    # The output of a constant model varies by rounding alone, which is no spread to measure with.
    scale = spread if spread > 1e-12 * float(np.abs(outputs).max()) else 1.0
    distance = float(np.abs(truth - phi[: len(rows)]).max()) / scale
    return {"distance": distance, "n": len(rows)}


def _exactness_reading(statistics: Mapping[str, Any], level: float) -> Reading:
    found, facts = statistics["exactness"], dict(statistics["facts"])
    own: Json = {"rows": {}, "codes": [], "names": [], "facts": facts, "exactness": found}
    fields: Json = {"metric": EXACTNESS, "slice": OVERALL, "level": level, "statistics": own, "detail": facts}
    if "not_applicable" in found:
        return Reading(status=Status.NOT_APPLICABLE, reason=found["not_applicable"], **fields)
    value, method = found["distance"], "exact on the explained rows"
    return Reading(status=Status.OK, value=value, low=value, high=value, method=method, n=found["n"], **fields)


def _by_pair(readings: list[Reading]) -> list[Reading]:
    """A metric's name behind which a pair stands becomes that pair's slice, overall only."""
    found = []
    for reading in readings:
        metric, _, pair = reading.metric.partition("|")
        if not pair:
            found.append(reading)
        elif reading.slice == OVERALL:
            found.append(Reading(**{**vars(reading), "metric": metric, "slice": pair}))
    return found


def _evidence(case: Case, found: Mapping[str, FloatArray]) -> Evidence:
    means = {name: np.abs(phi).mean(axis=0) for name, phi in found.items()}
    order = np.argsort(-next(iter(means.values())), kind="stable")[:50]
    data: Json = {
        "draw": "table",
        "title": "Mean size of each feature's attribution, by explainer",
        "columns": ["feature", *means],
        "rows": [[case.features[j], *(float(f"{column[j]:.6g}") for column in means.values())] for j in order],
    }
    return Evidence(name="explainers", data=data)
