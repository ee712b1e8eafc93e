"""What the original and the compressed model say about the same rows, wherever that comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.compression.shrinking import VARIANTS, facts, shrunk
from evaluators.contract import Json, Progress, Subject, SubjectError, Undeclared
from evaluators.devices import in_batches
from evaluators.inputs.files import has_model, required
from evaluators.inputs.tables import Categorical, Table
from evaluators.libraries import library
from evaluators.models.model import IMAGES, ROWS, Model, softmax
from evaluators.models.opening import open_model
from evaluators.subjects.pairs import NEW, OLD, TRUE, open_pair
from evaluators.subjects.roles import Groups, groups, model_rows, open_table
from evaluators.subjects.words import common_codes

SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Answers:
    """Labels as codes, one row per model: `old` and `new` are (models, rows); probabilities are (rows, classes)."""

    old: IntArray
    new: IntArray
    true: IntArray | None
    groups: Groups
    probabilities: tuple[FloatArray, FloatArray] | None = None
    variants: Mapping[str, Json] = field(default_factory=dict)


def open_answers(subject: Subject, *, variant: str, progress: Progress) -> Answers | None:
    """Answers of two models, or of a network and what becomes of it in the house; None if there is no network.

    Raises SubjectError.
    """
    if "baseline" in subject.roles and not has_model(subject):
        return _from_table(subject)
    if "baseline" in subject.roles or has_model(subject, "baseline"):
        pair = open_pair(subject)
        return Answers(pair.old[None], pair.new[None], pair.true, pair.groups)
    if not has_model(subject):
        raise Undeclared(
            "no column was declared as baseline, what the other model predicted, and there is no model to shrink"
        )
    model = open_model(subject)
    if model.network is None or model.inputs not in (ROWS, IMAGES) or not model.classes:
        return None
    return _from_network(subject, model, variant, progress)


def modal(codes: IntArray) -> IntArray:
    """The most frequent label of each row over models (models, rows); a tie goes to the first class."""
    if len(codes) == 1:
        return codes[0]
    votes = (codes[:, None] == codes[None]).sum(axis=0)
    ranked = votes * (codes.max() + 1) - codes
    return np.asarray(np.take_along_axis(codes, ranked.argmax(axis=0)[None], axis=0)[0])


def _from_table(subject: Subject) -> Answers:
    if not subject.prediction:
        raise Undeclared("no column was declared as prediction, what the compressed model said")
    old = subject.roles["baseline"]
    new = (subject.prediction, *subject.roles.get("compressed", ()))
    words = [name for name in (subject.label, *new, *old) if name]
    numbers = (*subject.roles.get("probability", ()), *subject.roles.get("baseline_probability", ()))
    table = open_table(subject, categorical=[*words, *subject.groups], numeric=numbers)
    codes, _ = common_codes({word: table.categorical[word] for word in words}, name=required(subject, "table").name)
    return Answers(
        np.stack([codes[name] for name in old]),
        np.stack([codes[name] for name in new]),
        codes[subject.label] if subject.label else None,
        groups(table, subject),
        _probabilities(table, subject),
    )


def _probabilities(table: Table, subject: Subject) -> tuple[FloatArray, FloatArray] | None:
    new, old = (subject.roles.get(role, ()) for role in ("probability", "baseline_probability"))
    if not new or not old:
        return None
    if len(new) != len(old):
        raise SubjectError(f"{len(new)} columns of probabilities against {len(old)} of the other model")
    found = []
    for names in (old, new):
        values = np.column_stack([table.numeric[name] for name in names])
        odd = ~(np.isfinite(values) & (values >= 0) & (values <= 1)).all(axis=1)
        if len(names) > 1:
            odd |= ~(np.abs(values.sum(axis=1) - 1) <= SUM_TOLERANCE)
        if odd.any():
            row = int(np.flatnonzero(odd)[0])
            name = required(subject, "table").name
            raise SubjectError(f"{name}: row {row + 1}: {', '.join(names[:4])} hold no probabilities")
        found.append(np.column_stack([values, 1 - values]) if len(names) == 1 else values)
    return found[0], found[1]


def _from_network(subject: Subject, model: Model, variant: str, progress: Progress) -> Answers:
    columns = [name for name in (subject.label, *subject.groups) if name]
    table = open_table(subject, categorical=columns, numeric=model.features or subject.features)
    rows = model_rows(table, subject, model, required(subject, "table").name)
    old = _logits(model, model.network, rows)
    said: dict[str, FloatArray] = {}
    variants: dict[str, Json] = {"original": facts(model.network)}
    for i, name in enumerate(VARIANTS):
        progress(0.2 + 0.15 * i, f"compressing: {name}")
        network = shrunk(model.network, name)
        said[name] = _logits(model, network, rows)
        changed = float((said[name].argmax(axis=1) != old.argmax(axis=1)).mean())
        variants[name] = facts(network, name) | {"changed": changed}
    true = _true(table, subject, model)
    return Answers(
        old.argmax(axis=1)[None],
        said[variant].argmax(axis=1)[None],
        true,
        groups(table, subject),
        (softmax(old), softmax(said[variant])),
        variants,
    )


def _logits(model: Model, network: object, rows: FloatArray) -> FloatArray:
    torch = library("torch")
    inputs = torch.as_tensor(rows, dtype=torch.float32).reshape(len(rows), *(model.shape or rows.shape[1:]))
    with torch.inference_mode():
        parts, _ = in_batches(lambda part: network(part.to(model.device)).double().cpu(), inputs, size=model.batch)
    return np.asarray(torch.cat(parts).numpy())


def _true(table: Table, subject: Subject, model: Model) -> IntArray | None:
    """The labels as positions in the model's classes; a label the model doesn't know can't be right."""
    if not subject.label:
        return None
    said = Categorical(np.arange(len(model.classes)), model.classes)
    codes, names = common_codes({TRUE: table.categorical[subject.label], NEW: said}, name=OLD)
    place = {name: i for i, name in enumerate(model.classes)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)[codes[TRUE]]
