"""Has the distribution of each column changed since the reference window?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evaluators.arithmetic.draws import generator
from evaluators.contract import WORST, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import too_few
from evaluators.exact import insufficient, not_applicable, table
from evaluators.inputs.tables import Categorical
from evaluators.libraries import library
from evaluators.monitoring import transport
from evaluators.monitoring.bins import as_statistics, both_numbers, in_categories, in_quantiles
from evaluators.monitoring.laws import (
    Distance,
    benjamini_hochberg,
    cramers_v,
    jensen_shannon,
    kolmogorov,
    psi,
    psi_value,
)
from evaluators.monitoring.windows import open_windows

PSI, KS, CHI2, WASSERSTEIN, JS = "drift.psi", "drift.ks", "drift.chi2", "drift.wasserstein", "drift.js"
NUMERIC, CATEGORICAL = (PSI, KS, WASSERSTEIN, JS), (PSI, CHI2, JS)
METHODS = {
    PSI: "non-central chi-squared and delta method",
    KS: "dvoretzky-kiefer-wolfowitz-massart",
    CHI2: "non-central chi-squared",
    WASSERSTEIN: "triangle band",
    JS: "non-central chi-squared",
}
MINIMUM = 30
COLUMN = "column="


class DistributionDrift:
    """Compares every column of the table with the same column of the reference file.

    Slices: worst is the column that moved most, judged by intervals that hold for all columns together; then each
    column. p-values are adjusted over columns after Benjamini and Hochberg. Evidence `distribution_shift`: bars of the
    stability index; `drift`: cell by cell shares of the column that moved most.
    """

    id = "drift.distribution"
    version = "3"
    title = "Drift of single columns"
    input_kind = "D"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table", "reference"),
        "columns": (),
        "optional": ("feature", "features", "score", "prediction", "label"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "bins": {
            "type": "integer",
            "default": 10,
            "minimum": 2,
            "maximum": 50,
            "title": "Bins of a column of numbers, at quantiles of the reference",
        }
    }
    metrics = (
        Metric(id=PSI, title="Population stability index", direction=Direction.LOWER, unit="index"),
        Metric(id=KS, title="Kolmogorov–Smirnov distance", direction=Direction.LOWER),
        Metric(id=CHI2, title="Change of categories (Cramér's V)", direction=Direction.LOWER),
        Metric(id=WASSERSTEIN, title="Wasserstein distance", direction=Direction.LOWER, unit="standard deviations"),
        Metric(id=JS, title="Jensen–Shannon distance", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading both windows")
        current, reference = open_windows(subject)
        columns: list[Json] = []
        for i, name in enumerate(current.names):
            progress(0.2 + 0.7 * i / len(current.names), f"comparing {name}")
            found = _compare(reference.data[name], current.data[name], bins=params["bins"])
            columns.append({"name": name, "n": current.n, "m": reference.n, **found})
        return Measured(statistics={"columns": columns}, evidence=tuple(_evidence(columns)))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        columns = statistics["columns"]
        small = [item for item in columns if min(item["n"], item["m"]) < MINIMUM]
        readings: list[Reading] = []
        for metric in METHODS:
            used = [item for item in columns if metric in (NUMERIC if item["ks"] else CATEGORICAL)]
            common: Json = {"level": level, "seed": seed, "statistics": {"columns": used}}
            if small:
                n = min(small[0]["n"], small[0]["m"])
                reason = f"a window has {too_few(n, MINIMUM)}"
                readings.append(insufficient(metric, reason, common=common, slice_=WORST, n=n))
            elif not used:
                kind = "categories" if metric == CHI2 else "numbers"
                readings.append(not_applicable(metric, f"no column holds {kind}", common=common, slice_=WORST))
            else:
                readings += _readings(metric, used, common)
        return readings


def _compare(reference: Categorical, current: Categorical, *, bins: int) -> Json:
    """Counts in common cells and, for numbers, what the tests on values need."""
    pair = both_numbers(reference, current)
    if pair is None:
        return {"cells": as_statistics(in_categories(reference, current)), "ks": None, "transport": None}
    known = [values[np.isfinite(values)] for values in pair]
    cells = as_statistics(in_quantiles(*pair, bins=bins))
    test = library("scipy.stats").ks_2samp(*known)
    ks = {"distance": float(test.statistic), "p": float(test.pvalue), "m": len(known[0]), "n": len(known[1])}
    return {"cells": cells, "ks": ks, "transport": transport.measure(*known).as_statistics()}


def _distance(metric: str, item: Mapping[str, Any], level: float, seed: int) -> Distance:
    cells = item["cells"]
    reference, current = np.array(cells["reference"]), np.array(cells["current"])
    if metric == KS:
        found = item["ks"]
        # Rows without a value say nothing about the law of the values.
        return kolmogorov(found["distance"], found["n"], found["m"], found["p"], level=level)
    if metric == WASSERSTEIN:
        rng = generator(seed, f"{metric} {item['name']}")
        return transport.judge(transport.from_statistics(item["transport"]), level=level, rng=rng)
    law = {PSI: psi, JS: jensen_shannon, CHI2: cramers_v}[metric]
    return law(reference, current, level=level)


def _readings(metric: str, columns: list[Json], common: Json) -> list[Reading]:
    level, seed = common["level"], common["seed"]
    joint = 1 - (1 - level) / len(columns)
    alone = [_distance(metric, item, level, seed) for item in columns]
    together = [_distance(metric, item, joint, seed) for item in columns]
    adjusted = benjamini_hochberg([found.p_value for found in alone])
    readings = [_worst(metric, columns, alone, together, common)]
    readings[0].detail["joint_level"] = joint
    for item, found, q in zip(columns, alone, adjusted, strict=True):
        # The adjusted p-value needs the other columns, which a column's own statistics don't hold: it is kept in them.
        adjusted_p = item.get("adjusted_p", q)
        detail = {"p": found.p_value, "adjusted_p": adjusted_p, "reference_n": item["m"]}
        own: Json = common | {"statistics": {"columns": [item | {"adjusted_p": adjusted_p}]}}
        readings.append(_reading(metric, COLUMN + item["name"], found, item["n"], detail, own))
    return [replace(readings[0], p_value=min(adjusted)), *readings[1:]]


def _worst(metric: str, columns: list[Json], alone: list[Distance], together: list[Distance], common: Json) -> Reading:
    """The column that moved most. The largest of all is at least every lower bound and at most the largest upper."""
    i = max(range(len(columns)), key=lambda i: (alone[i].value, columns[i]["name"]))
    bounds = max(found.low for found in together), max(found.high for found in together)
    found = Distance(alone[i].value, *bounds, alone[i].p_value)
    detail = {"column": columns[i]["name"], "columns": len(columns)}
    return _reading(metric, WORST, found, columns[i]["n"], detail, common)


def _reading(metric: str, slice_: str, found: Distance, n: int, detail: Json, common: Json) -> Reading:
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.OK,
        value=found.value,
        low=found.low,
        high=found.high,
        method=METHODS[metric],
        n=n,
        detail=detail,
        p_value=found.p_value,
        **common,
    )


def _evidence(columns: list[Json]) -> list[Evidence]:
    values = {item["name"]: _psi(item) for item in columns}
    order = sorted(columns, key=lambda item: (-values[item["name"]], item["name"]))
    bars = [{"label": item["name"], "value": values[item["name"]]} for item in order[:30]]
    title = "Population stability index by column"
    first = order[0]["cells"]
    sums = [max(1, sum(first[window])) for window in ("reference", "current")]
    rows = [
        [name, before / sums[0], now / sums[1]]
        for name, before, now in zip(first["names"], first["reference"], first["current"], strict=True)
    ]
    shown = f"Shares of {order[0]['name']}"
    return [
        Evidence(name="distribution_shift", data={"draw": "bars", "title": title, "bars": bars}),
        table("drift", shown, ["cell", "share in the reference", "share now"], rows),
    ]


def _psi(item: Mapping[str, Any]) -> float:
    return psi_value(np.array(item["cells"]["reference"]), np.array(item["cells"]["current"]))
