"""What an evaluator left to be drawn, as a chart or a table; what can't be drawn is said in a sentence instead.

The data comes out of a sandbox: nothing in it is trusted to have a shape, a length or a type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.safestring import SafeString

from registry.reports.charts_curve import NotDrawable, control_chart, curve_chart, drawable
from registry.reports.charts_model import bar_interval_chart
from registry.reports.figures import format_number, is_number
from registry.reports.svg import clip

MOST_ROWS, MOST_COLUMNS, MOST_BARS, MOST_WORDS = 200, 12, 40, 400
MOST_DECIMALS = 4
Shown = dict[str, Any]


def drawing(name: str, data: object) -> Shown | None:
    """A figure: its title, its kind and either `svg`, or `columns` and `rows`, or in `note` why there is neither.

    None where the evidence is no figure of this kind: some of it has a page's own chart, some is for machines.
    """
    if not isinstance(data, Mapping) or "draw" not in data:
        return None
    plain = name.replace("_", " ")
    title = clip(str(data.get("title") or plain[:1].upper() + plain[1:]), 120)
    note = clip(str(data["note"]), MOST_WORDS) if isinstance(data.get("note"), str) else ""
    draw = KINDS.get(str(data["draw"]))
    shown: Shown = {"name": name, "title": title, "note": note, "kind": str(data["draw"]) if draw else ""}
    if draw is None:
        return shown | {"note": f"This installation draws no {clip(str(data['draw']), 40)}."}
    try:
        drawn = draw(dict(data) | {"title": title})
    except NotDrawable as problem:
        return shown | {"note": f"It can't be drawn: {problem}."}
    return shown | drawn | {"note": " ".join(filter(None, (note, drawn.get("note"))))}


def _curve(data: Mapping[str, Any]) -> Shown:
    return {"svg": curve_chart(data)}


def _control(data: Mapping[str, Any]) -> Shown:
    return {"svg": control_chart(data)}


def _bars(data: Mapping[str, Any]) -> Shown:
    given = [each for each in _items(data.get("bars")) if isinstance(each, Mapping)]
    bars = [
        {
            "name": each.get("label") or each.get("name"),
            **{end: drawable(each.get(end)) for end in ("value", "low", "high")},
        }
        for each in given
        if drawable(each.get("value")) is not None
    ]
    if not bars:
        raise NotDrawable("it has no bars")
    unit = str(data.get("unit") or "")
    drawn: SafeString = bar_interval_chart(bars[:MOST_BARS], label=str(data["title"]), unit=unit)
    return {"svg": drawn} | _cut(len(bars), MOST_BARS, "bars")


def _table(data: Mapping[str, Any]) -> Shown:
    titles = [_headed(clip(str(each), 60)) for each in _items(data.get("columns"))][:MOST_COLUMNS]
    rows = [list(each)[: len(titles)] for each in _items(data.get("rows")) if isinstance(each, list | tuple)]
    if titles and data.get("rows") == []:
        return {"note": "There is nothing to list."}
    if not titles or not rows:
        raise NotDrawable("it has no rows")
    shown = rows[:MOST_ROWS]
    numeric = [all(is_number(row[at]) for row in shown if at < len(row)) for at in range(len(titles))]
    cells = [[row[at] if at < len(row) else "" for row in shown] for at in range(len(titles))]
    columns = [_column(each, is_numeric=is_numeric) for each, is_numeric in zip(cells, numeric, strict=True)]
    return {
        "columns": [{"title": title, "numeric": is_numeric} for title, is_numeric in zip(titles, numeric, strict=True)],
        "rows": [[{"text": text} for text in texts] for texts in zip(*columns, strict=True)],
    } | _cut(max(len(rows), _total(data)), len(shown), "rows")


def _total(data: Mapping[str, Any]) -> int:
    """How many rows an evaluator had of which it left some."""
    total = data.get("total")
    return total if isinstance(total, int) and not isinstance(total, bool) else 0


def _column(cells: list[Any], *, is_numeric: bool) -> list[str]:
    """The texts of a column, its numbers with the same decimals where that only gives back zeros left out."""
    texts = [_cell(cell) for cell in cells]
    most = max(len(text.partition(".")[2]) for text in texts)
    if not is_numeric or not 0 < most <= MOST_DECIMALS:
        return texts
    return [_filled(text, most) if isinstance(cell, float) else text for cell, text in zip(cells, texts, strict=True)]


def _filled(text: str, decimals: int) -> str:
    """'0.47' as '0.470': three significant digits are written of every number."""
    known = [digit for digit in text if digit.isdigit()]
    significant = len("".join(known).lstrip("0"))
    short = min(decimals - len(text.partition(".")[2]), 3 - significant)
    return text + "0" * short if "." in text and significant and short > 0 else text


def _headed(title: str) -> str:
    """A column's title begins large; n and p stay what statistics calls them."""
    return title if len(title) == 1 else title[:1].upper() + title[1:]


def _cell(value: object) -> str:
    """A number as everywhere, nothing as a dash, and a text not longer than a table can bear."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return format_number(value)
    if isinstance(value, list | tuple):
        return clip(", ".join(map(str, value[:20])), MOST_WORDS)
    return clip(str(value), MOST_WORDS)


def _items(given: object) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else []


def _cut(there: int, shown: int, what: str) -> Shown:
    return {"note": f"{shown:,} of {there:,} {what} are shown."} if there > shown else {}


KINDS: Final[dict[str, Callable[[Mapping[str, Any]], Shown]]] = {
    "curve": _curve,
    "chart": _control,
    "bars": _bars,
    "table": _table,
}
