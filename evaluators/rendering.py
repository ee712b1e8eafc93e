"""What the command line says: lists, descriptions and readings as text, in columns that stay straight in any script."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.catalog import BEYOND_LIMITS, EVALUATORS, family, method_page
from evaluators.contract import ROLES, Evaluator, EvaluatorError, Evidence, Json, Reading, Status

LEGEND = """reads: in brackets, what it may read besides or instead
cost: A seconds, B minutes, C up to an hour, D hours
python -m evaluators describe ID: what it needs, how to give it, and the question behind each metric"""
# How what an evaluator needs is given, where it isn't just a column in a role.
OPTIONS: Mapping[str, str] = {
    "favourable": "--favourable VALUE",
    "score_kind": "--score-kind KIND",
    "features": "--feature NAME …",
    "model": "--model FILES or --endpoint",
    "table": "--table FILE",
    "reference": "--reference FILE",
    "baseline": "--baseline FILES",
}
SAID = ("favourable", "score_kind", "features")
OPENED = ("table", "reference", "model", "baseline")
PLAIN = ("label", "prediction", "score", "group")
MOST_SHOWN = 3
# Control characters, marks that turn the direction of writing, and halves of letters.
OBEYED = frozenset(["Cc", "Cf", "Cs"])


def listing(evaluators: Sequence[Evaluator]) -> str:
    """One line per evaluator, and what the letters of the costs mean."""
    rows = [
        [one.id, one.version, one.title, family(one.id), _files(one), one.cost_class, str(len(one.metrics))]
        for one in evaluators
    ]
    return _table([["id", "version", "title", "family", "reads", "cost", "metrics"], *rows]) + f"\n\n{LEGEND}"


def _files(evaluator: Evaluator) -> str:
    """The files it reads, and in brackets those that it may read."""
    must = [role for role in OPENED if role in evaluator.needs.get("files", ())]
    may = [f"({role})" for role in OPENED if role in evaluator.needs.get("optional", ())]
    return " ".join([*must, *may])


def description(about: Json) -> str:
    """What an evaluator reads, how that is given, what can be set, and what each metric asks."""
    needs = about["needs"]
    lines = [f"{about['id']} {about['version']}: {about['title']}", ""]
    lines += _needed(needs)
    lines += _ways([name for names in needs.values() for name in names], about["reads"])
    lines += [
        f"parameter {name} ({_rule(rule)}): {rule['title']}" for name, rule in about["params"]["properties"].items()
    ]
    metrics = [[one["id"], one["direction"], one["unit"], _question(one["method"])] for one in about["metrics"]]
    lines += ["", _table([["metric", "direction", "unit", "question"], *metrics])]
    example = next((metric for metric, *_ in metrics if metric not in EVALUATORS), None)
    if example:
        lines += ["", f"python -m evaluators describe {example}: how it is measured, and what it can't tell"]
    return "\n".join(lines)


def _needed(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The names of what is read; what has to be said of it is no column."""
    said = [name for name in needs.get("columns", ()) if name in SAID]
    columns = ", ".join(name for name in needs.get("columns", ()) if name not in SAID)
    may = needs.get("optional", ())
    some = "none that is always read; see optional" if any(name in ROLES or name in PLAIN for name in may) else "none"
    kinds = {"files": ", ".join(needs.get("files", ())) or "none", "columns": columns or some}
    kinds |= {"to be said": ", ".join(said)} if said else {}
    return [f"{kind}: {names}" for kind, names in (kinds | {"optional": ", ".join(may) or "none"}).items()]


def method(about: Json) -> str:
    """The method page of a metric."""
    return str(about["method"]).rstrip()


def is_metric(name: str) -> bool:
    """Whether some metric is called that."""
    try:
        method_page(name)
    except EvaluatorError:
        return False
    return True


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
    lines = [_table([["metric", "slice", "value", "interval", "unit", "p", "n", "note"], *rows]), ""]
    if evidence:
        lines.append(f"evidence, not shown here: {', '.join(item.name for item in evidence)}")
    lines.append(f"specification {spec_hash[:12]}  subject {subject_hash[:12]}  seed {seed}")
    return "\n".join(lines)


def harmless(text: str) -> str:
    """What a terminal would obey instead of showing it, spelt out: names in a table or a model may hold anything."""
    obeyed = {letter for letter in text if unicodedata.category(letter) in OBEYED}
    return text.translate({ord(letter): letter.encode("unicode_escape").decode() for letter in obeyed})


def _table(rows: Sequence[Sequence[str]]) -> str:
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


def _ways(names: Sequence[str], reads: Mapping[str, str]) -> list[str]:
    """How each of these is given on the command line, and what a file holds."""
    plain = [name for name in PLAIN if name in names]
    lines = [f"  {', '.join(plain)}: --column ROLE=NAME"] if plain else []
    if "prediction" in plain and "model" in names:
        lines[0] += "; without a prediction column, a model predicts"
    for name in dict.fromkeys(names):
        # Scores of models that were not trained on a row stand beside who was; elsewhere a reference is a table.
        is_column = name in ROLES and (name != "reference" or "member" in names)
        column = f"--column {name}=NAME ({ROLES[name]})" if is_column else ""
        holds = f" ({reads[name]})" if name in reads and name in OPTIONS else ""
        ways = [way for way in (OPTIONS.get(name, "") + holds, column) if way]
        lines += [f"  {name}: {', or '.join(ways)}"] if ways else []
    return lines


def _rule(rule: Mapping[str, Any]) -> str:
    """Type, default and what is allowed."""
    said = f"{rule['type']}, default {rule['default'] if rule['default'] not in ('', []) else 'none'}"
    if "enum" in rule:
        return f"{said}, one of {', '.join(map(str, rule['enum']))}"
    bounds = [f"{word} {rule[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in rule]
    return ", ".join([said, " ".join(bounds)] if bounds else [said])


def _question(page: str) -> str:
    """What a method page says the metric is for, as one line."""
    return " ".join(page.partition("## Purpose")[2].partition("\n## ")[0].split())


def _row(reading: Reading, unit: str) -> list[str]:
    interval = _interval(reading.low, reading.high)
    value, p_value = ("" if number is None else f"{number:.4g}" for number in (reading.value, reading.p_value))
    unit = "" if unit == "proportion" or reading.value is None else unit
    return [reading.metric, reading.slice, value, interval, unit, p_value, str(reading.n), _note(reading)]


def _interval(low: float | None, high: float | None) -> str:
    """Both ends; the open end of a test, which may fail a limit and never meet one, as what it is."""
    if low is None or high is None:
        return ""
    start = "(-∞" if low <= -BEYOND_LIMITS else f"[{low:.4g}"
    return f"{start}, ∞)" if high >= BEYOND_LIMITS > low else f"{start}, {high:.4g}]"


def _note(reading: Reading) -> str:
    """The method, or why there is no number; then who was left out and what was found."""
    notes = [reading.method if reading.status is Status.OK else f"{reading.status.value}: {reading.reason}"]
    excluded = reading.detail.get("excluded") or []
    if excluded:
        notes[0] += f"; {len(excluded)} left out: {_some([entry['group'] for entry in excluded])}"
    found = [one["what"] for one in reading.detail.get("findings") or [] if isinstance(one, dict) and "what" in one]
    if found:
        notes.append(f"found {_some(found)}")
    said = reading.detail.get("reason")
    if said and said != reading.reason:
        notes.append(str(said))
    return "; ".join(notes)


def _some(names: Sequence[Any]) -> str:
    return ", ".join(map(str, names[:MOST_SHOWN])) + (", …" if len(names) > MOST_SHOWN else "")
