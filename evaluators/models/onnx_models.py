"""Open an ONNX model: rows or images to scores, by onnxruntime, with every weight inside the one file."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import SubjectError
from evaluators.inputs.parquet import as_text
from evaluators.libraries import library
from evaluators.models.model import IMAGES, ROWS, VALUE, BadOutput, Model
from evaluators.models.signatures import RENAMING, SIGNATURE, Signature, both_columns
from evaluators.protobuf import Malformed, OnnxFile, read_onnx

MAX_BYTES = 2 << 30
NUMBERS = {"tensor(float)": np.float32, "tensor(double)": np.float64}
WORDS = ("tensor(string)", "tensor(int64)", "tensor(int32)")
NAMED_SCORES = "seq(map("


@dataclass(frozen=True)
class Session:
    """A loaded graph: how its inputs are fed, and which outputs are scores and labels."""

    name: str
    session: Any
    dtype: Any
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    scores: str | None
    labels: str | None
    columns: int | None
    # What the graph itself calls its classes, where it does: another name may stand for each.
    words: tuple[str, ...]

    def run(self, output: str, rows: FloatArray) -> Any:
        """One output for a batch of inputs (n, d). Raises BadOutput for what the graph can't do with them."""
        width = len(self.inputs) if len(self.inputs) > 1 else math.prod(self.shape)
        if width not in (rows.shape[1], -1):
            raise BadOutput(f"{self.name}: an input has {width} numbers, and {rows.shape[1]} were given")
        if len(self.inputs) == 1:
            fed = {self.inputs[0]: np.ascontiguousarray(rows, dtype=self.dtype).reshape(len(rows), *self.shape)}
        else:
            fed = {name: np.ascontiguousarray(rows[:, [i]], dtype=self.dtype) for i, name in enumerate(self.inputs)}
        try:
            return self.session.run([output], fed)[0]
        except errors() as error:
            if "allocate memory" in str(error).lower():
                raise MemoryError(str(error)) from error
            raise BadOutput(f"{self.name}: {' '.join(str(error).split())[:200]}") from error


def open_onnx(data: bytes, name: str, signature: Signature, *, device: str) -> Model:
    """The model in these bytes. Raises SubjectError saying what can't be used, or what a signature has to say."""
    found = _inspected(data, name)
    session = _session(data, name, found, signature, device)
    classes = _classes(found, signature, session)
    kind = _kind(found, signature, session, classes)
    return Model(
        inputs=IMAGES if len(session.shape) == 3 else ROWS,
        score_kind=kind,
        ask=_asking(session, classes, kind),
        decide=_deciding(session, classes) if session.labels and classes else None,
        classes=classes,
        features=signature.features or (session.inputs if len(session.inputs) > 1 else ()),
        shape=session.shape if len(session.shape) == 3 else (),
        batch=4_096,
        accepts_missing="TreeEnsembleClassifier" in found.operators or "TreeEnsembleRegressor" in found.operators,
        device=device,
        renaming="" if signature.classes else RENAMING,
    )


def errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: it has no class that all of them share."""
    state = library("onnxruntime.capi.onnxruntime_pybind11_state")
    known = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NoSuchFile", "NotImplemented")
    return (*(getattr(state, one) for one in known), state.RuntimeException)


def _inspected(data: bytes, name: str) -> OnnxFile:
    try:
        found = read_onnx(data)
    except Malformed as error:
        raise SubjectError(f"{name}: isn't a readable ONNX file ({error})") from error
    if found.external:
        raise SubjectError(f"{name}: keeps weights in another file, {found.external[0][:80]!r}; keep them inside")
    return found


def _session(data: bytes, name: str, found: OnnxFile, signature: Signature, device: str) -> Session:
    runtime = library("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    cuda = ["CUDAExecutionProvider"] if device == "cuda" else []
    providers = [one for one in cuda if one in runtime.get_available_providers()] + ["CPUExecutionProvider"]
    try:
        session = runtime.InferenceSession(data, options, providers=providers)
    except errors() as error:
        raise SubjectError(f"{name}: onnxruntime can't load it ({' '.join(str(error).split())[:160]})") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    strange = next((item for item in inputs if item.type not in NUMBERS or item.type != inputs[0].type), None)
    if strange is not None or not inputs:
        what = f"input {strange.name!r} takes {strange.type}" if strange else "there are no inputs"
        raise SubjectError(f"{name}: {what}; one kind of floating-point numbers is expected")
    scores = [item for item in outputs if item.type in NUMBERS or item.type.startswith(NAMED_SCORES)]
    labels = [item for item in outputs if item.type in WORDS]
    if len(scores) > 1 or len(labels) > 1 or not (scores or labels):
        shown = ", ".join(f"{item.name} {item.type}" for item in outputs)
        raise SubjectError(f"{name}: the outputs are {shown}; one of scores, one of labels or both are expected")
    width = scores[0].shape[-1] if scores and scores[0].shape else None
    return Session(
        name=name,
        session=session,
        dtype=NUMBERS[inputs[0].type],
        inputs=tuple(item.name for item in inputs),
        shape=_shape(inputs, name, signature),
        scores=scores[0].name if scores else None,
        labels=labels[0].name if labels else None,
        columns=width if isinstance(width, int) else None,
        words=next(iter(found.class_names)) if len(found.class_names) == 1 else (),
    )


def _shape(inputs: Any, name: str, signature: Signature) -> tuple[int, ...]:
    """Of one input: (-1,) for rows of any length, or channels, height and width."""
    if len(inputs) > 1:
        return (1,)
    sides = tuple(inputs[0].shape[1:])
    fixed = tuple(side for side in sides if isinstance(side, int))
    if signature.shape and (
        len(signature.shape) != len(sides)
        or any(a != b for a, b in zip(sides, signature.shape, strict=True) if isinstance(a, int))
    ):
        raise SubjectError(f"{SIGNATURE}: shape {list(signature.shape)} contradicts {name}, which takes {list(sides)}")
    if len(sides) == 1:
        return signature.shape or fixed or (-1,)
    if len(sides) != 3 or (len(fixed) != 3 and not signature.shape):
        raise SubjectError(f"{name}: takes inputs shaped {list(sides)}; {SIGNATURE} must say the shape of an image")
    return signature.shape or fixed


def _classes(found: OnnxFile, signature: Signature, session: Session) -> tuple[str, ...]:
    """As the signature or the file says. Raises SubjectError if two classifiers within name them differently."""
    if signature.classes:
        if sorted(signature.classes) == sorted(session.words) and signature.classes != session.words:
            order = ", ".join(session.words)[:80]
            raise SubjectError(f"{SIGNATURE}: names the classes of {session.name} in another order than it: {order}")
        return signature.classes
    if session.labels is None:
        return ()
    if len(found.class_names) != 1:
        what = "doesn't name its classes" if not found.class_names else "names its classes in more than one way"
        raise SubjectError(f"{session.name}: {what}; {SIGNATURE} must list them")
    return next(iter(found.class_names))


def _kind(found: OnnxFile, signature: Signature, session: Session, classes: tuple[str, ...]) -> str:
    if signature.output:
        if (signature.output == VALUE) == bool(classes):
            raise SubjectError(f"{SIGNATURE}: output is 'value' without classes, and something else with them")
        return signature.output
    if session.scores is None:
        return "label"
    # A classifier that gives labels and scores gives probabilities, or its first answer is refused as none.
    if classes and session.labels:
        return "probability"
    if not classes and any(one.endswith("Regressor") for one in found.operators):
        return VALUE
    raise SubjectError(f"{session.name}: doesn't say what its output means; {SIGNATURE} must name classes and output")


def _asking(session: Session, classes: tuple[str, ...], kind: str) -> Callable[[FloatArray], FloatArray]:
    def ask(rows: FloatArray) -> FloatArray:
        if kind == "label" or session.scores is None:
            return np.eye(len(classes))[_deciding(session, classes)(rows)]
        answer = session.run(session.scores, rows)
        if isinstance(answer, list):
            answer = _by_name(answer, classes, session)
        return both_columns(np.asarray(answer, dtype=np.float64), kind, len(classes))

    return ask


def _deciding(session: Session, classes: tuple[str, ...]) -> Callable[[FloatArray], IntArray]:
    # The graph's own word for a class may be a signature's word for another one.
    index = {word: i for i, word in enumerate(session.words if len(session.words) == len(classes) else classes)}

    def decide(rows: FloatArray) -> IntArray:
        if session.labels is None:
            raise BadOutput(f"{session.name}: gives no labels")
        words = [as_text(word) for word in np.asarray(session.run(session.labels, rows)).reshape(-1).tolist()]
        unknown = next((word for word in words if word not in index), None)
        if unknown is not None:
            remedy = f"give its words for them as classes in {SIGNATURE}, in the order of its output"
            raise BadOutput(
                f"{session.name}: answered with the label {unknown!r}, which is none of its classes; {remedy}"
            )
        return np.array([index[word] for word in words], dtype=np.int64)

    return decide


def _by_name(answer: list[Mapping[Any, float]], classes: tuple[str, ...], session: Session) -> FloatArray:
    """Scores that come as one map per row (ZipMap), in the order of the classes."""
    rows = [{as_text(key): value for key, value in row.items()} for row in answer]
    for words in (session.words, classes):
        if len(words) == len(classes) and all(set(row) == set(words) for row in rows):
            return np.array([[row[one] for one in words] for row in rows], dtype=np.float64)
    raise BadOutput(f"{session.name}: the scores name other classes than {', '.join(classes)[:80]}")
