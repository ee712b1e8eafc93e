"""The groups or classes that a reading leaves out for want of rows: the worst of the rest may not be the worst."""

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
    names = _names(detail)
    if not names:
        return {}
    kept = len(detail.get("support") or ())
    every = len(names) + kept if kept else len(statistics.get("slices") or ())
    of = f" of {every:,}" if every > len(names) else ""
    return {"text": f"leaves out {len(names):,}{of}", "names": ", ".join(names), "is_long": len(names) > FEW}


def in_full(detail: Mapping[str, Any], statistics: Mapping[str, Any]) -> str:
    """The same in one line, for paper."""
    said, names = words(detail, statistics), _names(detail)
    if not said:
        return ""
    more = f", and {len(names) - ON_PAPER:,} more" if len(names) > ON_PAPER else ""
    return f"{said['text']}: {', '.join(names[:ON_PAPER])}{more}"


def beside(rows: Iterable[Measurement]) -> list[dict[str, Any]]:
    """What stands under a chart of these readings: which of them leaves out whom, each set of names once."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if said := words(row.detail, row.statistics):
            name = f"{slices.words(row.slice)} {said['text']}"
            paper = f"{slices.words(row.slice)} {in_full(row.detail, row.statistics)}"
            found.setdefault(paper, said | {"text": name, "paper": paper})
    return list(found.values())


def _names(detail: Mapping[str, Any]) -> list[str]:
    """'class: 1 (25 rows)'. Evaluators name other things under the same word, which aren't groups."""
    given = detail.get("excluded")
    entries = given if isinstance(given, list) else []
    return [_name(entry) for entry in entries if isinstance(entry, Mapping) and "group" in entry]


def _name(entry: Mapping[str, Any]) -> str:
    size = entry.get("n")
    return f"{slices.words(str(entry['group']))}{f' ({size:,} rows)' if isinstance(size, int) else ''}"
