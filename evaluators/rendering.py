"""What the command line says of readings, as text in columns that stay straight in any script."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.catalog import BEYOND_LIMITS
from evaluators.contract import Evidence, Reading, Status

MOST_SHOWN = 3
# From here on a number is written without decimals, and from there on with a power of ten.
ROUNDED, LARGEST = 10_000, 1e15
# Control characters, marks that turn the direction of writing, and halves of letters.
OBEYED = frozenset(["Cc", "Cf", "Cs"])


def readings(
    measured: Sequence[Reading],
    evidence: Sequence[Evidence],
    spec_hash: str,
    subject_hash: str,
    seed: int,
    *,
    units: Mapping[str, str],
) -> str:
    """One line per reading, and what else there is; the unit of every number that isn't a share."""
    rows = [_row(one, units.get(one.metric, "")) for one in measured]
    lines = [table([["metric", "slice", "value", "interval", "unit", "p", "n", "note"], *rows]), ""]
    if evidence:
        lines.append(f"evidence, not shown here: {', '.join(item.name for item in evidence)}")
    lines.append(f"specification {spec_hash[:12]}  subject {subject_hash[:12]}  seed {seed}")
    return "\n".join(lines)


def harmless(text: str) -> str:
    """What a terminal would obey instead of showing it, spelt out: names in a table or a model may hold anything."""
    obeyed = {letter for letter in text if unicodedata.category(letter) in OBEYED}
    return text.translate({ord(letter): letter.encode("unicode_escape").decode() for letter in obeyed})


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, the first row as their head."""
    rows = [[harmless(cell) for cell in row] for row in rows]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _width(text: str) -> int:
    """How many places a text takes on a terminal: wide letters two, marks that stand on others none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def _row(reading: Reading, unit: str) -> list[str]:
    interval = _interval(reading.low, reading.high)
    value, p_value = ("" if number is None else _number(number) for number in (reading.value, reading.p_value))
    unit = "" if unit == "proportion" or reading.value is None else unit
    return [reading.metric, reading.slice, value, interval, unit, p_value, _number(reading.n), _note(reading)]


def _number(number: float) -> str:
    """Counts and other large numbers to their last digit, all others to the fourth that means something."""
    is_whole = float(number).is_integer() or abs(number) >= ROUNDED
    # Adding 0 makes 0 of -0.
    return f"{number + 0:,.0f}" if is_whole and abs(number) < LARGEST else f"{number:.4g}"


def _interval(low: float | None, high: float | None) -> str:
    """Both ends; the open end of a test, which may fail a limit and never meet one, as what it is."""
    if low is None or high is None:
        return ""
    start = "(-∞" if low <= -BEYOND_LIMITS else f"[{_number(low)}"
    return f"{start}, ∞)" if high >= BEYOND_LIMITS > low else f"{start}, {_number(high)}]"


def _note(reading: Reading) -> str:
    """The method, or why there is no number; then who was left out, what was found, and what the p-value is."""
    notes = [reading.method if reading.status is Status.OK else f"{reading.status.value}: {reading.reason}"]
    excluded = list(dict.fromkeys(entry["group"] for entry in reading.detail.get("excluded") or []))
    if excluded:
        notes[0] += f"; {len(excluded)} left out: {_some(excluded)}"
    notes += _found(reading.detail.get("findings") or [])
    said, meant = reading.detail.get("reason"), reading.detail.get("p_value_is")
    if said and said != reading.reason:
        notes.append(str(said))
    if meant and reading.p_value is not None:
        notes.append(f"p is {meant}")
    return "; ".join(notes)


def _found(findings: Sequence[Any]) -> list[str]:
    """The first findings: names of what was found, or sentences that say it themselves."""
    names = [one["what"] for one in findings if isinstance(one, dict) and "what" in one]
    said = [one for one in findings if isinstance(one, str)]
    return ([f"found {_some(names)}"] if names else []) + ([_some(said)] if said else [])


def _some(names: Sequence[Any]) -> str:
    return ", ".join(map(str, names[:MOST_SHOWN])) + (", …" if len(names) > MOST_SHOWN else "")
