"""Groups are called so that no two of them have one name, whatever stands in their cells."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators.arithmetic.counts import slice_name
from evaluators.contract import SubjectError
from evaluators.subjects.roles import group_value, groups, open_table
from tests.evaluators import every
from tests.evaluators.data import subject, write_csv


def names(where: Path, **columns: list[str]) -> list[str]:
    about = subject(write_csv(where / "t.csv", columns), columns={"group": list(columns)})
    found = groups(open_table(about, categorical=list(columns)), about)
    return [slice_name(found.columns, value) for value in found.values]


def test_a_cell_that_says_missing_is_no_missing_cell(tmp_path: Path) -> None:
    found = names(tmp_path, g=["", "(missing)", '"(missing)"', "a"])
    assert sorted(found) == sorted(["g=(missing)", 'g="(missing)"', 'g="\\"(missing)\\""', "g=a"])


def test_values_that_hold_what_stands_between_columns_stay_apart(tmp_path: Path) -> None:
    found = names(tmp_path, a=["x & b=y", "x"], b=["z", "y & b=z"])
    assert sorted(found) == ['a="x & b=y" & b=z', 'a=x & b="y & b=z"']
    assert names(tmp_path, race=["Black & other", "white"]) == ["race=Black & other", "race=white"]
    assert group_value("x & y", 2) == '"x & y"'


@pytest.mark.parametrize("name", ["fairness.group", "data.representation", "performance.accuracy", "data.proxy"])
def test_such_groups_are_measured_apart(name: str, tmp_path: Path) -> None:
    people: dict[str, Any] = dict(every.people())
    people["g"] = ["", "(missing)", "x & h=y", "x"] * 60
    people["h"] = ["p", "p", "z", "y & h=z"] * 60
    given = replace(every.asked(name), tables={"table": people})
    columns = {**given.facts["columns"], "group": ["g", "h"]}
    outcome = every.run(name, replace(given, facts={**given.facts, "columns": columns}), tmp_path)
    assert len({(reading.metric, reading.slice) for reading in outcome.readings}) == len(outcome.readings)


def test_a_group_that_is_called_like_a_class_is_refused_with_a_remedy(tmp_path: Path) -> None:
    people = dict(every.people())
    people["class"] = people["y"]
    given = every.asked("uncertainty.conformal").with_table(people)
    columns = {**given.facts["columns"], "group": ["class"]}
    with pytest.raises(SubjectError, match=r"both called 'class=\w+'; rename the column 'class' or its value"):
        every.run("uncertainty.conformal", replace(given, facts={**given.facts, "columns": columns}), tmp_path)
