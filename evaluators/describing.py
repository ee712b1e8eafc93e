"""What an evaluator reads, how that is given and what it yields, in words for who stands at the command line."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.catalog import EVALUATORS, family, method_page
from evaluators.contract import ROLES, Evaluator, EvaluatorError, Json
from evaluators.rendering import table

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
WIDTH, NARROW = 100, 30


def listing(evaluators: Sequence[Evaluator]) -> str:
    """One line per evaluator, and what the letters of the costs mean."""
    rows = [
        [one.id, one.version, one.title, family(one.id), _files(one), one.cost_class, str(len(one.metrics))]
        for one in evaluators
    ]
    return table([["id", "version", "title", "family", "reads", "cost", "metrics"], *rows]) + f"\n\n{LEGEND}"


def _files(evaluator: Evaluator) -> str:
    """The files it reads, and in brackets those that it may read."""
    must = [role for role in OPENED if role in evaluator.needs.get("files", ())]
    may = [f"({role})" for role in OPENED if role in evaluator.needs.get("optional", ())]
    return " ".join([*must, *may])


def description(about: Json, *, width: int = WIDTH) -> str:
    """What an evaluator reads, how that is given, what can be set, and what each metric asks."""
    needs = about["needs"]
    lines = [f"{about['id']} {about['version']}: {about['title']}", ""]
    lines += _needed(needs)
    lines += _ways([name for names in needs.values() for name in names], about["reads"])
    lines += [
        f"parameter {name} ({_rule(rule)}): {rule['title']}" for name, rule in about["params"]["properties"].items()
    ]
    lines = [_folded(line, width) for line in lines] + ["", _questions(about["metrics"], width)]
    example = next((one["id"] for one in about["metrics"] if one["id"] not in EVALUATORS), None)
    if example:
        more = f"python -m evaluators describe {example}: how it is measured, and what it can't tell"
        lines += ["", _folded(more, width)]
    return "\n".join(lines)


def _folded(line: str, width: int, *, indent: str = "    ") -> str:
    """The line in as many as it takes; names, options and links are never broken."""
    folder = textwrap.TextWrapper(
        max(width, NARROW), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return folder.fill(line)


def _questions(metrics: Sequence[Json], width: int) -> str:
    """A table of the metrics, each with its question in as many lines as it takes beside the rest."""
    head = ["metric", "direction", "unit"]
    rows = [[one["id"], one["direction"], one["unit"]] for one in metrics]
    taken = sum(max(len(row[i]) for row in [head, *rows]) + 2 for i in range(len(head)))
    lines = [[*head, "question"]]
    for row, one in zip(rows, metrics, strict=True):
        first, *more = _folded(_question(one["method"]), width - taken, indent="").split("\n")
        lines += [[*row, first], *(["", "", "", part] for part in more)]
    return table(lines)


def _needed(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The names of what is read; what has to be said of it is no column."""
    said = [name for name in needs.get("columns", ()) if name in SAID]
    columns = ", ".join(name for name in needs.get("columns", ()) if name not in SAID)
    may = needs.get("optional", ())
    some = "none that is always read; see optional" if any(name in ROLES or name in PLAIN for name in may) else "none"
    kinds = {"files": ", ".join(needs.get("files", ())) or "none", "columns": columns or some}
    kinds |= {"to be said": ", ".join(said)} if said else {}
    return [f"{kind}: {names}" for kind, names in (kinds | {"optional": ", ".join(may) or "none"}).items()]


def method(about: Json, *, width: int = WIDTH) -> str:
    """The method page of a metric."""
    lines = str(about["method"]).rstrip().split("\n")
    return "\n".join(_folded(line, width, indent="") for line in lines)


def is_metric(name: str) -> bool:
    """Whether some metric is called that."""
    try:
        method_page(name)
    except EvaluatorError:
        return False
    return True


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
