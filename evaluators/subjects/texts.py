"""Texts of a table, and a model that is asked about each different text only once, texts of like length together."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Subject, SubjectError, Undeclared
from evaluators.inputs.files import required
from evaluators.inputs.tables import Categorical
from evaluators.language.wording import shortened
from evaluators.models.model import TEXTS, Model
from evaluators.subjects.roles import groups, open_table

TEXT_BATCH = 64


@dataclass(frozen=True, order=True)
class TextRow:
    """A text, its right class if the table tells, and the group it belongs to, () without group columns."""

    text: str
    label: str = ""
    group: tuple[str, ...] = ()


def open_texts(subject: Subject, *, rows: int, seed: int, classes: Sequence[str] = ()) -> list[TextRow]:
    """At most so many rows of the table, drawn by a digest of seed and text, so that the order of rows is no matter.

    Labels are read if `classes` are given. Raises SubjectError if there is no text column or no label column, and
    naming the first row whose label is none of the classes.
    """
    text_column = subject.column("text")
    if classes and not subject.label:
        raise Undeclared("no column was declared as label, what really came out")
    label_column = subject.label if classes else None
    columns = [text_column, *([label_column] if label_column else []), *subject.groups]
    table = open_table(subject, categorical=columns)
    group = groups(table, subject)
    texts = table.categorical[text_column]
    labels = table.categorical[label_column] if label_column else None
    if labels:
        _check_labels(labels, classes, f"column {label_column!r}", required(subject, "table").name)
    found = [
        TextRow(texts.values[t], labels.values[labels.codes[i]] if labels else "", group.values[group.codes[i]])
        for i, t in enumerate(texts.codes.tolist())
    ]
    return [row for _, row in sorted(_lots(found, seed))[:rows]]


def _lots(rows: Sequence[TextRow], seed: int) -> Iterator[tuple[bytes, TextRow]]:
    """A lot for each row, copies of a text included: with one lot for all of them they would be drawn together."""
    copies: Counter[str] = Counter()
    for row in sorted(rows):
        yield ticket(seed, row.text + "\0" * copies[row.text]), row
        copies[row.text] += 1


def _check_labels(labels: Categorical, classes: Sequence[str], column: str, name: str) -> None:
    for code, value in enumerate(labels.values):
        if value not in classes:
            row = int(np.flatnonzero(labels.codes == code)[0]) + 1
            shown = ", ".join(repr(one) for one in classes[:10])
            where = f"{name}: row {row}, {column}"
            raise SubjectError(
                f"{where}: the label {shortened(value, 40)!r} is not a class of the model; it has {shown}"
            )


def check_reads_texts(model: Model) -> None:
    if model.inputs != TEXTS:
        raise SubjectError(
            f"the model reads {model.inputs}, and this measurement is about models that read texts: a Hugging Face "
            "folder, or an endpoint or a function that takes texts"
        )


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
