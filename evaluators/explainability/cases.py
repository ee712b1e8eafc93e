"""A model with rows to explain, rows to compare them with, and the groups they belong to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray, slice_name
from evaluators.arithmetic.draws import drawn, generator
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import Json, Progress, Subject
from evaluators.explainability.explainers import KINDS, Explanation, choose, explain
from evaluators.explainability.targets import open_rows_model, target
from evaluators.inputs.files import required
from evaluators.models.checks import require_one_answer
from evaluators.models.estimators import Function
from evaluators.models.model import Model
from evaluators.subjects.roles import groups, model_rows, open_table
from evaluators.support import too_many_groups

# Attributions below this share of the output are rounding.
ROUNDING = 1e-10
# Between the seeds of neighbouring rows, so that no seed near the first is used twice.
APART = 1_000_003
NEEDS: Mapping[str, tuple[str, ...]] = {
    "files": ("model", "table"),
    "columns": (),
    "optional": ("features", "favourable", "group"),
}
# Rows explained before the clock is looked at again; setting up takes long for trees.
PART, PART_OF_TREES = 10, 50
EXPLAINER: Mapping[str, Mapping[str, Any]] = {
    "explainer": {"type": "string", "default": "auto", "enum": KINDS, "title": "How the values are computed"}
}


def row_parameters(rows: int, background: int) -> Mapping[str, Mapping[str, Any]]:
    """How many rows are explained, how many stand for the rest, and the seconds it may take."""
    return {
        **BUDGET_PARAMETERS,
        "rows": {"type": "integer", "default": rows, "minimum": 10, "maximum": 2_000, "title": "Rows explained"},
        "background": {
            "type": "integer",
            "default": background,
            "minimum": 5,
            "maximum": 1_000,
            "title": "Background rows",
        },
    }


@dataclass(frozen=True)
class Case:
    """Rows (n, d) to explain, background rows (b, d), and per explained row the code of its group in `names`.

    Of a part of a case, `start` is the place of its first row and `total` how many rows the whole has.
    """

    model: Model
    rows: FloatArray
    background: FloatArray
    codes: IntArray
    names: tuple[str, ...]
    kind: str
    favourable: str | None
    start: int = 0
    total: int = 0

    def seed_of(self, seed: int) -> int:
        """The seed of this part, so that every part draws anew."""
        return seed + APART * self.start

    def take(self, part: slice) -> "Case":
        """A part of the rows."""
        own = {"start": self.start + part.start, "total": self.total or len(self.rows)}
        return replace(self, rows=self.rows[part], codes=self.codes[part], **own)

    def parts(self, budget: Budget, progress: Progress, what: str = "explaining") -> Iterator["Case"]:
        """The rows part by part, until the seconds are spent. They are in random order, so any part is a sample."""
        size = PART_OF_TREES if self.kind == "tree" else PART
        for part in budget.parts(len(self.rows), size):
            progress(0.1 + 0.75 * part.start / len(self.rows), f"{what} row {part.start + 1} of {len(self.rows)}")
            yield self.take(part)

    @property
    def function(self) -> Function:
        return target(self.model, self.kind, self.favourable)[0]

    @property
    def features(self) -> tuple[str, ...]:
        return self.model.features

    def explain(self, rows: FloatArray, *, seed: int, background: FloatArray | None = None) -> Explanation:
        """Attributions of these rows by the chosen explainer, against the case's background or another."""
        against = self.background if background is None else background
        among = len(rows) * (self.total or len(self.rows)) // len(self.rows)
        told: Json = {"kind": self.kind, "favourable": self.favourable, "among": among}
        found = explain(self.model, against, rows, seed=self.seed_of(seed), **told)
        return replace(found, phi=self.cleared(found.phi))

    def cleared(self, phi: FloatArray) -> FloatArray:
        """phi without what is rounding of the output: 0 has neither rank nor sign, and 1e-17 would get both."""
        largest = float(np.abs(self.function(self.background)).max())
        return np.where(np.abs(phi) <= ROUNDING * largest, 0.0, phi)

    def facts(self) -> Json:
        """What a reader must know of how it was measured."""
        return {
            "explainer": self.kind,
            "output": target(self.model, self.kind, self.favourable)[1],
            "background_rows": len(self.background),
            "features": len(self.features),
        }


def open_case(subject: Subject, params: Mapping[str, Any], *, seed: int, kind: str | None = None) -> Case:
    """Open model and table and draw the rows. Raises SubjectError, and Randomised: chance has no attributions."""
    model = open_rows_model(subject)
    table = open_table(subject, categorical=subject.groups, numeric=model.features)
    rows = model_rows(table, subject, model, required(subject, "table").name)
    found = groups(table, subject)
    rng, known = generator(seed, "explained rows"), np.column_stack([found.codes, rows])
    background, chosen = drawn(known, params["background"], rng), drawn(known, params["rows"], rng)
    chosen = generator(seed, "order of rows").permutation(chosen)
    require_one_answer(model, rows[chosen])
    is_listed = found.columns and not too_many_groups(len(found.values))
    names = tuple(slice_name(found.columns, value) for value in found.values) if is_listed else ()
    chosen_kind = choose(model, rows[np.concatenate([background, chosen])], kind or params["explainer"])
    return Case(model, rows[chosen], rows[background], found.codes[chosen], names, chosen_kind, subject.favourable)
