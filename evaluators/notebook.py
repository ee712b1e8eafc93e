"""Measure columns and a function of a notebook, with no file, no server and no registry.

measure("fairness.group", table=frame, predict=model.predict_proba, classes=["no", "yes"],
        features=["age", "income"], columns={"label": "granted", "group": "race"}, favourable="yes")
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import FileRef, Subject, SubjectError, digest
from evaluators.evaluate import Outcome, evaluate, silent
from evaluators.inputs.memory import Columns, InMemory, reference
from evaluators.models.model import PROMPTS, ROWS, TEXTS, VALUE, Model, NotOffered


def measure(
    evaluator_id: str,
    *,
    table: Any = None,
    predict: Callable[[Any], Any] | Model | None = None,
    reference_table: Any = None,
    baseline: Callable[[Any], Any] | Model | None = None,
    inputs: str = ROWS,
    output: str = "probability",
    classes: Sequence[str] = (),
    features: Sequence[str] = (),
    columns: Mapping[str, Any] | None = None,
    favourable: str | None = None,
    score_kind: str | None = None,
    params: Mapping[str, Any] | None = None,
    level: float = 0.95,
) -> Outcome:
    """Run one evaluator. Tables are data frames or columns by name; `predict` and `baseline` are functions.

    A function takes a float matrix (n, d) of the features, or a list of texts if `inputs` says so, and answers as
    `output` says: probabilities or logits with one column per class, one label of `classes` per input, or values.
    With `inputs="prompts"` and no classes it is one that writes: a list of prompts in, a list of texts out.
    Raises EvaluatorError.
    """
    tables = {"table": as_columns(table), "reference": as_columns(reference_table)}
    facts = {"inputs": inputs, "output": output, "classes": tuple(classes), "features": tuple(features)}
    models = {
        role: as_model(given, **facts) for role, given in {"model": predict, "baseline": baseline}.items() if given
    }
    subject = in_memory(
        tables={role: held for role, held in tables.items() if held},
        models=models,
        facts={"columns": columns, "favourable": favourable, "score_kind": score_kind, "features": tuple(features)},
    )
    return evaluate(evaluator_id, subject, params=params, level=level, progress=silent)


def in_memory(*, tables: Mapping[str, Columns], models: Mapping[str, Model], facts: Mapping[str, Any]) -> InMemory:
    """The subject made of these tables and models; `facts` are those of a job: columns, favourable and the like."""
    declared = Subject.from_dict({"kind": "memory", **facts})
    files = {role: reference(role, columns) for role, columns in tables.items()}
    for role, model in models.items():
        about = [model.inputs, model.score_kind, list(model.classes), list(model.features), list(model.shape)]
        files[role] = FileRef(path="", sha256=digest(about), name=f"the {role} in memory")
    return InMemory(**(vars(declared) | {"files": files}), tables=tables, models=models)


def as_columns(table: Any) -> Columns:
    """Columns by name, of a data frame or a mapping; nothing of nothing."""
    if table is None:
        return {}
    if not isinstance(table, Mapping) and not hasattr(table, "columns"):
        raise SubjectError(f"a table is a data frame or columns by name, not a {type(table).__name__}")
    names = list(table) if isinstance(table, Mapping) else list(table.columns)
    return {str(name): table[name] for name in names}


def as_model(
    given: Callable[[Any], Any] | Model,
    *,
    inputs: str,
    output: str,
    classes: tuple[str, ...],
    features: tuple[str, ...],
) -> Model:
    """A function as a model. Raises SubjectError if what it answers with isn't declared fully."""
    if isinstance(given, Model):
        return given
    if inputs not in (ROWS, TEXTS, PROMPTS):
        raise SubjectError(f"inputs are {ROWS}, {TEXTS} or {PROMPTS}, not {inputs!r}")
    if inputs == PROMPTS and not classes:
        return _writer(given)
    if output not in ("probability", "logit", "label", VALUE):
        raise SubjectError(f"output is probability, logit, label or {VALUE}, not {output!r}")
    if (output == VALUE) == bool(classes):
        raise SubjectError(f"classes are named, in the order of the scores, for every output but {VALUE!r}")

    def ask(asked: Any) -> FloatArray:
        answer = np.asarray(given(asked))
        if output == "label":
            return _one_hot(answer, classes)
        answer = answer.astype(np.float64)
        return answer.reshape(-1, 1) if output == VALUE else answer

    return Model(inputs=inputs, score_kind=output, ask=ask, classes=classes, features=features, batch=65_536)


def _writer(write: Callable[[Any], Any]) -> Model:
    """A function from prompts to texts."""

    def ask(_: Any) -> FloatArray:
        raise NotOffered("the function writes texts and names no classes, so it can't be asked for one")

    return Model(inputs=PROMPTS, score_kind="label", ask=ask, write=write, batch=64)


def _one_hot(labels: Any, classes: tuple[str, ...]) -> FloatArray:
    words = [str(word) for word in labels.reshape(-1).tolist()]
    unknown = next((word for word in words if word not in classes), None)
    if unknown is not None:
        raise SubjectError(f"the function answered with the label {unknown!r}, which is none of {', '.join(classes)}")
    return np.eye(len(classes))[[classes.index(word) for word in words]]
