"""Texts of a table, and a model that is asked about each different text only once, texts of like length together."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Subject, SubjectError
from evaluators.inputs.files import required
from evaluators.models.model import TEXTS, Model
from evaluators.subjects.roles import groups, open_table

TEXT_BATCH = 64


@dataclass(frozen=True)
class TextRow:
    """A text, its right class if the table tells, and the group it belongs to, () without group columns."""

    text: str
    label: str = ""
    group: tuple[str, ...] = ()


def open_texts(subject: Subject, *, rows: int, seed: int, labelled: bool) -> list[TextRow]:
    """At most so many rows of the table, drawn by a digest of seed and text, so that the order of rows is no matter.

    Raises SubjectError if there is no text column, or no label column and labels are asked for.
    """
    text_column = subject.column("text")
    if labelled and not subject.label:
        raise SubjectError("no column was declared as label")
    columns = [text_column, *([subject.label] if labelled and subject.label else []), *subject.groups]
    table = open_table(subject, categorical=columns)
    group = groups(table, subject)
    texts = table.categorical[text_column]
    labels = table.categorical[subject.label] if labelled and subject.label else None
    found = [
        TextRow(texts.values[t], labels.values[labels.codes[i]] if labels else "", group.values[group.codes[i]])
        for i, t in enumerate(texts.codes.tolist())
    ]
    return sorted(found, key=lambda row: (ticket(seed, row.text), row.label, row.group))[:rows]


def check_labels(rows: Sequence[TextRow], model: Model, subject: Subject) -> None:
    """Raise SubjectError naming the first label that isn't a class of the model."""
    unknown = sorted({row.label for row in rows} - set(model.classes))
    if unknown:
        shown = ", ".join(repr(name) for name in model.classes[:10])
        where = f"{required(subject, 'table').name}: column {subject.label!r}"
        raise SubjectError(f"{where}: the label {unknown[0]!r} is not a class of the model; it has {shown}")


def check_reads_texts(model: Model) -> None:
    if model.inputs != TEXTS:
        raise SubjectError(f"the model reads {model.inputs}, and this measurement is about texts")


def ticket(seed: int, text: str) -> bytes:
    """A lot drawn for a text; the same for the same seed wherever the text stands."""
    return hashlib.sha256(f"{seed} {text}".encode("utf-8", "surrogatepass")).digest()


@dataclass
class Asker:
    """Asks about texts. Every different text costs one query, and another where the model decides by its own rule."""

    model: Model
    known: dict[str, FloatArray] = field(default_factory=dict)
    decided: dict[str, int] = field(default_factory=dict)

    def ask_ahead(self, texts: Sequence[str]) -> None:
        """Ask all that later questions about these texts need, in large batches."""
        self.probabilities(texts)
        self.positions(texts)

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """(n, K); one-hot where the model gives labels only."""
        for part in _fresh(texts, self.known):
            self.known.update(zip(part, self._ask(part), strict=True))
        return np.array([self.known[text] for text in texts]).reshape(len(texts), len(self.model.classes))

    def positions(self, texts: Sequence[str]) -> list[int]:
        """Positions in the model's classes as it decides itself; the most probable one if it has no rule of its own."""
        if self.model.decide is None:
            return [int(i) for i in self.probabilities(texts).argmax(axis=1)]
        for part in _fresh(texts, self.decided):
            self.decided.update(zip(part, self.model.labels(part).tolist(), strict=True))
        return [self.decided[text] for text in texts]

    def labels(self, texts: Sequence[str]) -> list[str]:
        return [self.model.classes[i] for i in self.positions(texts)]

    def _ask(self, texts: list[str]) -> FloatArray:
        if self.model.score_kind == "label":
            return self.model.scores(texts)
        return self.model.probabilities(texts)


def _fresh(texts: Sequence[str], known: Mapping[str, object]) -> list[list[str]]:
    """The different texts that aren't known yet, in batches of like length."""
    fresh = sorted({text for text in texts if text not in known}, key=lambda text: (len(text), text))
    return [fresh[start : start + TEXT_BATCH] for start in range(0, len(fresh), TEXT_BATCH)]
