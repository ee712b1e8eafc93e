"""The membership game as a model plays it: its training rows, other rows, and shadow models trained here on halves."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import drawn, generator
from evaluators.budget import Budget
from evaluators.contract import Json, Progress, Subject, SubjectError
from evaluators.inputs.files import required
from evaluators.inputs.parquet import as_text
from evaluators.inputs.tables import Table
from evaluators.language.wording import shortened
from evaluators.libraries import library
from evaluators.models.estimators import Estimator
from evaluators.models.model import IMAGES, ROWS, Model
from evaluators.privacy.games import Game
from evaluators.privacy.signals import Confidence, from_probability
from evaluators.subjects.roles import column_for, feature_names, model_rows, open_table

WORDS_HASHED = 128
Sides = list[tuple[FloatArray, IntArray]]


@dataclass(frozen=True)
class Pool:
    """Members and others in one order that the tables' orders don't touch. `label` are positions in the classes.

    Texts are rows of one number, their place in `texts`.
    """

    rows: FloatArray
    label: IntArray
    member: NDArray[np.bool_]
    facts: Json
    texts: tuple[str, ...] = ()

    @property
    def inputs(self) -> Any:
        """What the model is asked."""
        return [self.texts[int(place)] for place in self.rows[:, 0]] if self.texts else self.rows

    @property
    def known(self) -> FloatArray:
        """What a person who never asks the model sees of a row: its values, or how often which words occur."""
        if not self.texts:
            return np.column_stack([np.nan_to_num(self.rows), self.label])
        hashing = library("sklearn.feature_extraction.text").HashingVectorizer
        counted = hashing(n_features=WORDS_HASHED, alternate_sign=False, norm=None).transform(self.inputs)
        return np.column_stack([np.asarray(counted.toarray(), dtype=np.float64), self.label])


def asked_game(
    subject: Subject, model: Model, params: Mapping[str, Any], *, seed: int, progress: Progress
) -> tuple[Game, Json]:
    """The game with up to `shadows` reference models, and facts about rows and shadows. Raises SubjectError."""
    pool = _pool(subject, model, int(params["rows"]), seed)
    progress(0.1, f"asking the model about {len(pool.rows):,} rows")
    target = from_probability(_of_truth(model.probabilities(pool.inputs), pool.label))
    facts: Json = dict(pool.facts)
    references: list[Confidence] = []
    halves: list[NDArray[np.bool_]] = []
    if can_be_trained_again(model):
        budget = Budget(float(params["budget_s"]))
        rng = generator(seed, "privacy.membership.shadows")
        for part in budget.parts(int(params["shadows"]), 2):
            progress(0.1 + 0.7 * part.start / max(int(params["shadows"]), 1), f"training shadow model {part.start + 1}")
            half = _half(len(pool.rows), rng)
            for inside in (half, ~half)[: part.stop - part.start]:
                references.append(_shadow(model, pool, inside, int(rng.integers(2**31))))
                halves.append(inside)
        facts |= {"units_done": budget.done, "budget_exhausted": budget.is_exhausted}
    inside_matrix = np.stack(halves) if halves else None
    game = Game(member=pool.member, target=target, references=tuple(references), inside=inside_matrix, blind=pool.known)
    return game, facts


def can_be_trained_again(model: Model) -> bool:
    """Whether the file holds a recipe: an estimator with its settings, which can be fitted to other rows."""
    return model.inputs == ROWS and hasattr(model.estimator, "fit") and hasattr(model.estimator, "get_params")


def _pool(subject: Subject, model: Model, limit: int, seed: int) -> Pool:
    is_text = model.inputs not in (ROWS, IMAGES)
    read = _labelled_texts if is_text else _labelled
    parts, texts = read(subject, model)
    keys = [np.column_stack([np.nan_to_num(rows, nan=np.inf), label]) for rows, label in parts]
    is_copy = _rows_in(keys[1], keys[0])
    parts[1], keys[1] = (parts[1][0][~is_copy], parts[1][1][~is_copy]), keys[1][~is_copy]
    rng = generator(seed, "privacy.membership.rows")
    chosen = [drawn(key, limit, rng) for key in keys]
    rows = np.concatenate([part[0][rows] for part, rows in zip(parts, chosen, strict=True)])
    label = np.concatenate([part[1][rows] for part, rows in zip(parts, chosen, strict=True)])
    member = np.arange(len(rows)) < len(chosen[0])
    facts = {
        "members": int(member.sum()),
        "others": int((~member).sum()),
        "others_that_are_members": int(is_copy.sum()),
    }
    return Pool(rows, label, member, facts, texts)


def _labelled(subject: Subject, model: Model) -> tuple[Sides, tuple[str, ...]]:
    """Rows and labels of the members and of the others."""
    column, names = column_for(subject, "label"), feature_names(subject, model)
    sides: Sides = []
    for role in ("table", "reference"):
        table, name = open_table(subject, role, categorical=[column], numeric=names), required(subject, role).name
        sides.append((model_rows(table, subject, model, name), positions(table, column, model.classes, name)))
    return sides, ()


def _labelled_texts(subject: Subject, model: Model) -> tuple[Sides, tuple[str, ...]]:
    """The same for texts, and the texts that the rows count in."""
    column, text = column_for(subject, "label"), subject.column("text")
    tables = [open_table(subject, role, categorical=[column, text]) for role in ("table", "reference")]
    every = sorted({value for table in tables for value in table.categorical[text].values})
    place = {value: float(i) for i, value in enumerate(every)}
    sides: Sides = []
    for role, table in zip(("table", "reference"), tables, strict=True):
        item = table.categorical[text]
        rows = np.array([place[value] for value in item.values])[item.codes][:, None]
        sides.append((rows, positions(table, column, model.classes, required(subject, role).name)))
    return sides, tuple(every)


def positions(table: Table, column: str, classes: tuple[str, ...], name: str) -> IntArray:
    """The label as positions in the model's classes. Raises SubjectError naming the first row with another word."""
    item = table.categorical[column]
    index = {word: i for i, word in enumerate(classes)}
    for code, value in enumerate(item.values):
        if value not in index:
            row = int(np.flatnonzero(item.codes == code)[0]) + 1
            shown = ", ".join(repr(word) for word in classes[:10])
            raise SubjectError(
                f"{name}: row {row}, column {column!r}: {shortened(value, 40)!r} is not a class of the model ({shown})"
            )
    return np.array([index[value] for value in item.values], dtype=np.int64)[item.codes]


def _rows_in(rows: FloatArray, others: FloatArray) -> NDArray[np.bool_]:
    """Which rows occur among the others, byte for byte."""
    seen = {row.tobytes() for row in np.ascontiguousarray(others)}
    return np.array([row.tobytes() in seen for row in np.ascontiguousarray(rows)], dtype=bool)


def _half(n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    inside = np.zeros(n, dtype=bool)
    inside[rng.choice(n, size=n // 2, replace=False)] = True
    return inside


def _shadow(model: Model, pool: Pool, inside: NDArray[np.bool_], seed: int) -> Confidence:
    """A copy of the recipe, fitted to half of the pool, asked about all of it."""
    fresh = library("sklearn.base").clone(model.estimator)
    states = {key: seed for key in fresh.get_params() if key.endswith("random_state")}
    fresh.set_params(**states)
    words = np.asarray(model.estimator.classes_)
    recipe = Estimator(model.estimator, model.features)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=library("sklearn.exceptions").ConvergenceWarning)
        fresh.fit(recipe.frame(pool.rows[inside]), words[pool.label[inside]])
    answers = np.asarray(fresh.predict_proba(recipe.frame(pool.rows)), dtype=np.float64)
    learned = [as_text(value) for value in np.asarray(fresh.classes_).tolist()]
    every = np.zeros((len(pool.rows), len(model.classes)))
    every[:, [model.classes.index(word) for word in learned]] = answers
    return from_probability(_of_truth(every, pool.label))


def _of_truth(probabilities: FloatArray, label: IntArray) -> FloatArray:
    return np.clip(probabilities[np.arange(len(label)), label], 0.0, 1.0)
