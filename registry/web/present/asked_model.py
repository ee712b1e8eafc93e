"""What a run noticed about the model while it was asked, in words that need no knowledge of its code."""

from collections.abc import Mapping
from typing import Any

from registry.reports.figures import as_number, format_number

NAME = "model_asked"
WORDS = {
    "batch gap": "Largest difference between an answer given alone and among others",
    "checked": "Rows asked again to see whether the answer is the same",
    "depends on batch": "Answers depend on what else is asked",
    "max tokens": "Tokens it reads of a text at most",
    "queries": "Times it was asked",
    "randomised": "Answers change when it is asked again",
    "repeat gap": "Largest difference when it is asked again",
    "score kind": "Kind of score",
    "texts cut": "Texts cut to what it reads",
    "weights unread": "Weights in the file that were not used",
}


def in_words(name: str, data: Any) -> Any:
    """The table of these facts as people read it; anything else as it is."""
    if name != NAME or not isinstance(data, Mapping) or not isinstance(data.get("rows"), list):
        return data
    return {**data, "rows": [_row(row) for row in data["rows"]]}


def how_often(environment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How often the run asked the model and on which device, where it ran one."""
    queries, device = environment.get("queries"), environment.get("device")
    asked = f"{queries:,} times for an answer" if isinstance(queries, int) else ""
    facts = [{"name": "Model asked", "value": asked}, {"name": "Device", "value": str(device or "")}]
    return [fact for fact in facts if fact["value"]]


def _row(row: Any) -> Any:
    if not isinstance(row, list) or len(row) != 2 or not all(isinstance(each, str) for each in row):
        return row
    fact, value = row
    number = as_number(value)
    is_whole = number is not None and number.is_integer()
    written = value if number is None else format_number(int(number) if is_whole else number)
    return [WORDS.get(fact, fact[:1].upper() + fact[1:]), written]
