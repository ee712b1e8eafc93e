"""Behavioural templates that somebody brings as a table, one filled template per row.

`split` says mft, inv or dir; `cluster` names the template; `label` is the class an mft row must get, "base" for the
row the others of its template are compared with, and up or down for the other dir rows; a group column, if there is
one, names the capability.
"""

from collections.abc import Mapping, Sequence

from evaluators.contract import Subject, SubjectError
from evaluators.inputs.files import required
from evaluators.robustness.checklist_templates import DIR, DOWN, INV, KINDS, MFT, UP, Trial
from evaluators.subjects.roles import column_for, open_table

BASE = "base"
OWN = "own"


def is_suite(subject: Subject) -> bool:
    """Whether the table is such a list of templates, and not a list of texts."""
    return "split" in subject.roles


def open_suite(subject: Subject, classes: Sequence[str]) -> list[Trial]:
    """The trials of the table, whatever the order of its rows. Raises SubjectError naming the first row in the way."""
    roles = {"text": subject.column("text"), "split": subject.column("split"), "cluster": subject.column("cluster")}
    roles["label"] = column_for(subject, "label")
    capability = subject.groups[0] if subject.groups else None
    table = open_table(subject, categorical=[*roles.values(), *([capability] if capability else [])])
    name = required(subject, "table").name
    columns = {
        role: [table.categorical[column].values[code] for code in table.categorical[column].codes]
        for role, column in (roles | ({"group": capability} if capability else {})).items()
    }
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    bases = _bases(rows, name)
    return sorted(
        {_trial(row, i, bases, classes, name) for i, row in enumerate(rows, start=1) if not _is_base(row)},
        key=lambda trial: (trial.kind, trial.capability, trial.cluster, trial.text),
    )


def _is_base(row: Mapping[str, str]) -> bool:
    """In a row of kind mft, "base" is the name of a class."""
    return row["label"] == BASE and row["split"] != MFT


def _bases(rows: Sequence[Mapping[str, str]], name: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for i, row in enumerate(rows, start=1):
        if row["split"] not in KINDS:
            raise SubjectError(f"{name}: row {i}: {row['split']!r} is not one of {', '.join(KINDS)}")
        if _is_base(row) and found.setdefault((row["split"], row["cluster"]), row["text"]) != row["text"]:
            raise SubjectError(f"{name}: row {i}: the template {row['cluster']!r} has two different base rows")
    return found


def _trial(
    row: Mapping[str, str], i: int, bases: Mapping[tuple[str, str], str], classes: Sequence[str], name: str
) -> Trial:
    kind, label = row["split"], row["label"]
    if kind == MFT and label not in classes:
        raise SubjectError(f"{name}: row {i}: {label!r} is not a class of the model; it has {', '.join(classes[:10])}")
    if kind == DIR and label not in (UP, DOWN):
        raise SubjectError(f"{name}: row {i}: a row of kind dir says base, up or down, not {label!r}")
    base = bases.get((kind, row["cluster"]), "")
    if kind != MFT and (kind, row["cluster"]) not in bases:
        raise SubjectError(f"{name}: row {i}: the template {row['cluster']!r} has no base row to compare with")
    expected = "" if kind == INV else label
    return Trial(kind, row.get("group", OWN), row["cluster"], row["text"], base=base, expected=expected)
