"""Prompts and what was written to them: by a model that is asked here, or in a table that somebody brings."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.arithmetic.clusters import Clusters
from evaluators.arithmetic.counts import slice_name
from evaluators.budget import Budget
from evaluators.contract import OVERALL, Evidence, Json, Progress, Subject, Undeclared
from evaluators.inputs.files import has_model
from evaluators.models.model import Model
from evaluators.models.opening import open_model
from evaluators.subjects.roles import groups, open_table

PART = 8
# What an endpoint counts besides.
COUNTED = ("requests", "retries")
TITLES = {
    "units_done": "prompts with an output",
    "queries": "queries of the model",
    "requests": "requests over the network",
    "retries": "of these, repeated",
}


@dataclass(frozen=True)
class Prompt:
    """What is asked. `block` names the prompts that differ in the cohort alone; `label` is what the metric needs."""

    text: str
    cohort: str = ""
    block: str = ""
    label: str = ""


@dataclass(frozen=True)
class Exchange:
    """A prompt and what was written to it."""

    prompt: Prompt
    output: str


@dataclass(frozen=True)
class Asked:
    """The exchanges, and how they came about."""

    exchanges: list[Exchange]
    facts: Json


def is_brought(subject: Subject) -> bool:
    """Whether the subject has outputs already."""
    return "output" in subject.roles


def ask(subject: Subject, prompts: Sequence[Prompt], *, seconds: float, progress: Progress) -> Asked:
    """The outputs the table has or the model writes. Raises SubjectError, NotOffered."""
    if is_brought(subject):
        progress(0.1, "reading the table")
        found = read_exchanges(subject)
        return Asked(found, {"units_done": len(found), "budget_exhausted": False, "queries": 0})
    if not has_model(subject):
        raise Undeclared(
            "a model that writes is needed, in files or behind an endpoint; or a table with what it wrote declared as "
            "output and the prompts as text"
        )
    progress(0.0, "opening the model")
    return ask_model(open_model(subject, device="auto"), prompts, seconds=seconds, progress=progress)


def ask_model(model: Model, prompts: Sequence[Prompt], *, seconds: float, progress: Progress) -> Asked:
    """What the model writes to each prompt, in order, until the seconds are spent."""
    budget, before = Budget(seconds), model.queries
    exchanges: list[Exchange] = []
    for part in budget.parts(len(prompts), PART):
        written = model.written([prompt.text for prompt in prompts[part]])
        exchanges += [Exchange(prompt, output) for prompt, output in zip(prompts[part], written, strict=True)]
        progress(0.05 + 0.85 * part.stop / len(prompts), f"{part.stop} of {len(prompts)} prompts")
    counted = {name: model.facts[name] for name in COUNTED if name in model.facts}
    done: Json = {"units_done": budget.done, "budget_exhausted": budget.is_exhausted, "queries": model.queries - before}
    return Asked(exchanges, done | counted)


def asked_evidence(asked: Asked) -> Evidence:
    """A table of what was asked: prompts with an output, queries, and requests over the network if there were any."""
    rows = [[TITLES[name], asked.facts[name]] for name in TITLES if name in asked.facts]
    data = {"draw": "table", "title": "What was asked", "columns": ["what", "how many"], "rows": rows}
    return Evidence(name="asked", data=data)


def read_exchanges(subject: Subject) -> list[Exchange]:
    """Columns text and output, and where declared label, cohort (group) and block (cluster). Raises SubjectError."""
    if "text" not in subject.roles:
        raise Undeclared("outputs were declared without their prompts: declare the column of prompts as text")
    columns = {"text": subject.column("text"), "output": subject.column("output")}
    if subject.label:
        columns["label"] = subject.label
    if "cluster" in subject.roles:
        columns["block"] = subject.column("cluster")
    table = open_table(subject, categorical=[*columns.values(), *subject.groups])
    group = groups(table, subject)
    cohorts = [slice_name(group.columns, value) if group.columns else "" for value in group.values]
    cells = {
        role: [table.categorical[column].values[code] for code in table.categorical[column].codes]
        for role, column in columns.items()
    }
    empty = [""] * table.n
    labels, blocks = cells.get("label", empty), cells.get("block", empty)
    return [
        Exchange(Prompt(cells["text"][i], cohorts[group.codes[i]], blocks[i], labels[i]), cells["output"][i])
        for i in range(table.n)
    ]


def by_prompt(exchanges: Sequence[Exchange], hits: Sequence[bool]) -> dict[str, list[list[int]]]:
    """Cells of hits per prompt: overall and for each cohort."""
    slices: dict[str, dict[str, list[int]]] = {OVERALL: {}}
    for exchange, hit in zip(exchanges, hits, strict=True):
        names = [OVERALL, exchange.prompt.cohort] if exchange.prompt.cohort else [OVERALL]
        for name in names:
            pair = slices.setdefault(name, {}).setdefault(exchange.prompt.text, [0, 0])
            pair[0] += bool(hit)
            pair[1] += 1
    return {name: Clusters.of((x, m) for x, m in clusters.values()).cells for name, clusters in sorted(slices.items())}
