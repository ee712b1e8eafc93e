"""The membership game as a table brings it: who was a member, and the scores that models gave."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Subject, SubjectError
from evaluators.inputs.files import required
from evaluators.inputs.tables import Categorical, Table
from evaluators.language.wording import shortened
from evaluators.privacy.games import Game
from evaluators.privacy.learners import as_numbers
from evaluators.privacy.signals import Confidence, from_logit, from_loss, from_margin, from_probability
from evaluators.subjects.roles import column_for, open_table

MEMBER_WORDS: Mapping[str, bool] = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def brought_game(subject: Subject, params: Mapping[str, Any]) -> Game:
    """Raises SubjectError for a column that is missing, a score outside its kind, or a member column of other words."""
    score, member = column_for(subject, "score"), subject.column("member")
    references, known = subject.roles.get("reference", ()), subject.roles.get("feature", ())
    cluster = subject.roles.get("cluster", ())[:1]
    table = open_table(subject, categorical=[member, *cluster, *known], numeric=[score, *references])
    name = required(subject, "table").name
    kind = "loss" if params["score_is_loss"] else subject.score_kind
    return Game(
        member=members(table.categorical[member], member, name),
        target=_confidence(table, score, kind, name),
        references=tuple(_confidence(table, column, kind, name) for column in references),
        cluster=table.categorical[cluster[0]].codes if cluster else None,
        blind=np.column_stack([as_numbers(table.categorical[column]) for column in known]) if known else None,
    )


def members(item: Categorical, column: str, name: str) -> NDArray[np.bool_]:
    """1 or 0, true or false, yes or no. Raises SubjectError naming the first row that says something else."""
    said = [MEMBER_WORDS.get(value.strip().lower().removesuffix(".0")) for value in item.values]
    for code, (value, meaning) in enumerate(zip(item.values, said, strict=True)):
        if meaning is None:
            row = int(np.flatnonzero(item.codes == code)[0]) + 1
            raise SubjectError(f"{name}: row {row}, column {column!r}: {shortened(value, 40)!r} is neither 1 nor 0")
    return np.array([bool(meaning) for meaning in said])[item.codes]


def _confidence(table: Table, column: str, kind: str | None, name: str) -> Confidence:
    values = _finite(table.numeric[column], column, name)
    if kind == "loss":
        return from_loss(values, name)
    if kind == "probability":
        outside = np.flatnonzero((values < 0) | (values > 1))
        if outside.size:
            row = int(outside[0])
            raise SubjectError(f"{name}: row {row + 1}, column {column!r}: {values[row]:g} is not a probability")
        return from_probability(values)
    if kind in ("logit", "margin"):
        return from_logit(values) if kind == "logit" else from_margin(values)
    raise SubjectError(
        f"declare what the scores are: probability or logit of the true class, margin or loss, not {kind}"
    )


def _finite(values: FloatArray, column: str, name: str) -> FloatArray:
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        row = int(bad[0])
        what = "missing" if np.isnan(values[row]) else "infinite"
        raise SubjectError(f"{name}: row {row + 1}, column {column!r}: the score is {what} ({bad.size:,} such rows)")
    return values
