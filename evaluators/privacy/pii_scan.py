"""Personal data in the cells of a table: which columns hold it, where, and of which kind."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.adding import added
from evaluators.arithmetic.counts import slice_name
from evaluators.arithmetic.intervals import wilson
from evaluators.contract import (
    OVERALL,
    Direction,
    Evidence,
    Json,
    Measured,
    Metric,
    ParameterError,
    Progress,
    Reading,
    Status,
    Subject,
)
from evaluators.counting import too_few
from evaluators.inputs.tables import Categorical
from evaluators.language import pii
from evaluators.subjects.columns import header
from evaluators.subjects.roles import open_table
from evaluators.support import MINIMUM

RATE = "privacy.pii.rate"
ROWS = "privacy.pii.rows"
MAX_COLUMNS = 200
MAX_SHOWN = 200
SCANNED_ROLES = ("text", "output", "feature")


class PiiScan:
    """Reads the columns declared as text, output or feature; every column if none is.

    Evidence `personal_data`: row, column, kind and shape of what was found, never the value.
    """

    id = "privacy.pii_scan"
    version = "3"
    title = "Personal data in a table"
    input_kind = "D"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {"files": ("table",), "columns": (), "optional": SCANNED_ROLES}
    parameters: Mapping[str, Mapping[str, Any]] = {
        "kinds": {
            "type": "array",
            "items": "string",
            "default": [],
            "enum": list(pii.KINDS),
            "title": "Kinds looked for; all of them if none is named",
        }
    }
    metrics = (
        Metric(id=RATE, title="Rows with personal data", direction=Direction.LOWER, unit="per 1,000 rows"),
        Metric(id=ROWS, title="Rows with personal data, counted", direction=Direction.LOWER, unit="rows"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        names = [name for role in SCANNED_ROLES for name in subject.roles.get(role, ())]
        names = list(dict.fromkeys(names or header(subject)))
        if len(names) > MAX_COLUMNS:
            raise ParameterError(f"{len(names):,} columns, more than the {MAX_COLUMNS} scanned; name those with text")
        progress(0.0, "reading the table")
        table = open_table(subject, categorical=names)
        kinds = frozenset(params["kinds"]) or None
        hit, columns, shown = np.zeros(table.n, dtype=bool), [], []
        for i, name in enumerate(names):
            progress(0.1 + 0.8 * i / len(names), f"scanning {name}")
            found, rows, places = _scan(table.categorical[name], name, kinds)
            hit |= rows
            columns.append({"column": name, "rows": int(rows.sum()), "kinds": found})
            shown += places
        shown.sort(key=lambda place: (place[0], place[1]))
        statistics: Json = {"n": table.n, "rows": int(hit.sum()), "columns": columns}
        return Measured(statistics=statistics, evidence=(_table(shown),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        total: Counter[str] = Counter()
        for column in statistics["columns"]:
            total.update(column["kinds"])
        slices = [(OVERALL, statistics["rows"], dict(sorted(total.items())))]
        slices += [(slice_name(("column",), (c["column"],)), c["rows"], c["kinds"]) for c in statistics["columns"]]
        common: Json = {"level": level, "statistics": dict(statistics), "n": statistics["n"]}
        return [reading.sound() for part in slices for reading in _readings(*part, common)]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The counts of two shards of one table as those of the whole."""
        return added(first, second)


def _readings(name: str, rows: int, kinds: Json, common: Json) -> list[Reading]:
    """The rate as of a sample from whatever the table stands for; the count exactly as of this table."""
    low, high = wilson(rows, common["n"], level=common["level"])
    told: Json = {"slice": name, "status": Status.OK, "detail": {"rows": rows, "kinds": kinds}, **common}
    count = Reading(metric=ROWS, value=float(rows), low=float(rows), high=float(rows), method="exact", **told)
    if common["n"] < MINIMUM:
        told |= {"status": Status.INSUFFICIENT_DATA, "reason": too_few(common["n"], MINIMUM)}
    rate = Reading(
        metric=RATE, value=1_000 * rows / common["n"], low=1_000 * low, high=1_000 * high, method="wilson", **told
    )
    return [rate, count]


def _scan(item: Categorical, column: str, kinds: frozenset[str] | None) -> tuple[Json, np.ndarray, list[list[Any]]]:
    """Rows per kind, which rows were hit, and the first places as [row, column, kind, shape]."""
    # Equal cells are read once.
    found = {code: pii.find(value, kinds) for code, value in enumerate(item.values)}
    found = {code: places for code, places in found.items() if places}
    often = np.bincount(item.codes, minlength=len(item.values))
    counted: Counter[str] = Counter()
    for code, places in found.items():
        for kind in {place.kind for place in places}:
            counted[kind] += int(often[code])
    rows = np.isin(item.codes, list(found)) if found else np.zeros(len(item.codes), dtype=bool)
    shown = [
        [int(row) + 1, column, pii.TITLES[place.kind], pii.masked(item.values[item.codes[row]], place)]
        for row in np.flatnonzero(rows)[:MAX_SHOWN]
        for place in found[int(item.codes[row])]
    ]
    return dict(sorted(counted.items())), rows, shown


def _table(shown: list[list[Any]]) -> Evidence:
    data: Json = {
        "draw": "table",
        "title": "Where personal data stands; 9 is a digit, x a letter",
        "columns": ["Row", "Column", "Kind", "Shape"],
        "rows": shown[:MAX_SHOWN],
    }
    return Evidence(name="personal_data", data=data)
