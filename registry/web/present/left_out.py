"""The groups or classes that a reading leaves out for want of rows: the worst of the rest may not be the worst."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from registry.models import Measurement
from registry.reports import slices

# More names than these are folded.
FEW = 3
# A dossier lists no more; all of them are in the attached data.
ON_PAPER = 12


def words(detail: Mapping[str, Any], statistics: Mapping[str, Any]) -> dict[str, Any]:
    """'leaves out 6 of 10' with their names and sizes; nothing where nobody is left out."""
    sizes, names, partly = _sizes(detail), named(detail), _partly(detail)
    if not names:
        return {}
    kept, parts = detail.get("support"), statistics.get("slices")
    every = len({*sizes, *kept}) if isinstance(kept, Mapping) else len(parts) if isinstance(parts, list) else 0
    of = f" of {every:,}" if every > len(names) - len(partly) else ""
    said = f"leaves out {len(names) - len(partly):,}{of}{f', and {len(partly):,} in part' if partly else ''}"
    return {"text": said, "names": "; ".join(names), "is_long": len(names) > FEW}


def in_full(detail: Mapping[str, Any], statistics: Mapping[str, Any]) -> str:
    """The same in one line, for paper."""
    said, names = words(detail, statistics), named(detail)
    if not said:
        return ""
    more = f"; and {len(names) - ON_PAPER:,} more" if len(names) > ON_PAPER else ""
    return f"{said['text']}: {'; '.join(names[:ON_PAPER])}{more}"


def named(detail: Mapping[str, Any]) -> list[str]:
    """'class: 1 (25 rows)'; 'race: a (11 rows, 4 rows with the favourable outcome)' where two rates leave it out.

    One that is left out by some rates and not by others is named last, and said to be left out in part.
    """
    sizes, partly = _sizes(detail), _partly(detail)
    whole = [group for group in sizes if group not in partly]
    last = [f"{slices.words(group)} in part{_rows(sizes[group])}" for group in partly]
    return [f"{slices.words(group)}{_rows(sizes[group])}" for group in whole] + last


def beside(rows: Iterable[Measurement]) -> list[dict[str, Any]]:
    """What stands under a chart of these readings: which of them leaves out whom, each set of names once."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if said := words(row.detail, row.statistics):
            name = f"{slices.words(row.slice)} {said['text']}"
            paper = f"{slices.words(row.slice)} {in_full(row.detail, row.statistics)}"
            found.setdefault(paper, said | {"text": name, "paper": paper})
    return list(found.values())


def _entries(detail: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What was left out. Evaluators name other things under the same word, which aren't groups."""
    given = detail.get("excluded")
    return [each for each in given if isinstance(each, Mapping) and "group" in each] if isinstance(given, list) else []


def _sizes(detail: Mapping[str, Any]) -> dict[str, list[str | int]]:
    """Each group once, with the numbers of rows it was too small by: one rate may rest on others than the next.

    In words where the evaluator says which rows these are.
    """
    found: dict[str, list[str | int]] = {}
    for entry in _entries(detail):
        sizes, size = found.setdefault(str(entry["group"]), []), entry.get("counted") or entry.get("n")
        if isinstance(size, (int, str)) and size not in sizes:
            sizes.append(size)
    return found


def _partly(detail: Mapping[str, Any]) -> list[str]:
    """Those that count all the same: among what was compared, or left out by fewer rates than others are."""
    kept = detail.get("support")
    # Where every class has comparisons of its own, nobody says how many there are.
    times = Counter(str(entry["group"]) for entry in _entries(detail) if "counted" in entry and "class" not in entry)
    most = max(times.values(), default=0)
    return [group for group, n in times.items() if n < most or (isinstance(kept, Mapping) and group in kept)]


def _rows(sizes: list[str | int]) -> str:
    worded = [size for size in sizes if isinstance(size, str)]
    numbers = [size for size in sizes if isinstance(size, int)]
    if numbers:
        written = " and ".join(f"{number:,}" for number in numbers)
        worded.append(f"{written} {'row' if numbers == [1] else 'rows'}")
    return f" ({', '.join(worded)})" if worded else ""
