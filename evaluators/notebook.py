"""Measure columns and a function of a notebook, with no file, no server and no registry.

measure("fairness.group", table=frame, predict=model.predict_proba, classes=["no", "yes"],
        features=["age", "income"], columns={"label": "granted", "group": "race"}, favourable="yes")
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import FileRef, Subject, SubjectError, digest
from evaluators.evaluate import Outcome, evaluate, silent
from evaluators.inputs.memory import Columns, InMemory, reference
from evaluators.models.functions import check_function, from_function, from_network, is_network, words
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
    classes: Sequence[Any] = (),
    features: Sequence[str] = (),
    columns: Mapping[str, Any] | None = None,
    favourable: Any = None,
    score_kind: str | None = None,
    params: Mapping[str, Any] | None = None,
    level: float = 0.95,
) -> Outcome:
    """Run one evaluator. Tables are data frames or columns by name; `predict` and `baseline` are functions.

    `print` shows the outcome as a table, and `outcome.reading(metric)` is one of its readings.

    A function takes a float matrix (n, d) of the features, or a list of texts if `inputs` says so, and answers as
    `output` says: probabilities or logits with one column per class, one label of `classes` per input, or values.
    With `inputs="prompts"` and no classes it is one that writes: a list of prompts in, a list of texts out.
    A torch module of rows can be given as it is, with output="logit". Raises EvaluatorError.
    """
    tables = {"table": as_columns(table), "reference": as_columns(reference_table)}
    names = tuple(map(str, features))
    facts: dict[str, Any] = {"inputs": inputs, "output": output, "classes": words(classes), "features": names}
    models = {
        role: as_model(given, **facts)
        for role, given in {"model": predict, "baseline": baseline}.items()
        if given is not None
    }
    wanted = None if favourable is None else words([favourable])[0]
    subject = in_memory(
        tables={role: held for role, held in tables.items() if held},
        models=models,
        facts={"columns": columns, "favourable": wanted, "score_kind": score_kind, "features": names},
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
        read = "; a file is read first, as pandas.read_csv does" if isinstance(table, str | PathLike) else ""
        raise SubjectError(f"a table is a data frame or columns by name, not a {type(table).__name__}{read}")
    names = list(table) if isinstance(table, Mapping) else list(table.columns)
    twice = next((name for name, times in Counter(map(str, names)).items() if times > 1), None)
    if twice is not None:
        raise SubjectError(f"the table names column {twice!r} more than once")
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
    check_function(given)
    if inputs not in (ROWS, TEXTS, PROMPTS):
        raise SubjectError(f"inputs are {ROWS}, {TEXTS} or {PROMPTS}, not {inputs!r}")
    if inputs == PROMPTS and not classes:
        return _writer(given)
    if output not in ("probability", "logit", "label", VALUE):
        raise SubjectError(f"output is probability, logit, label or {VALUE}, not {output!r}")
    if (output == VALUE) == bool(classes):
        raise SubjectError(f"classes are named, in the order of the scores, for every output but {VALUE!r}")

    facts: dict[str, Any] = {"inputs": inputs, "output": output, "classes": classes, "features": features}
    if is_network(given):
        return from_network(given, **facts)
    return from_function(given, **facts)


def _writer(write: Callable[[Any], Any]) -> Model:
    """A function from prompts to texts."""

    def ask(_: Any) -> FloatArray:
        raise NotOffered("the function writes texts and names no classes, so it can't be asked for one")

    return Model(inputs=PROMPTS, score_kind="label", ask=ask, write=write, batch=64)
