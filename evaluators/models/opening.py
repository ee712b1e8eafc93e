"""Open the model of a subject, by what its files are."""

from collections.abc import Mapping

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import FileRef, Subject, SubjectError, Undeclared
from evaluators.devices import pick
from evaluators.inputs.files import has_model, of_role
from evaluators.inputs.memory import InMemory
from evaluators.inputs.parquet import as_text
from evaluators.models import opened
from evaluators.models.boosters import looks_like_lightgbm, looks_like_xgboost, open_lightgbm, open_xgboost
from evaluators.models.columns import check_declared, check_untold
from evaluators.models.endpoints import open_endpoint
from evaluators.models.estimators import MAX_BYTES, Estimator, load_estimator
from evaluators.models.huggingface import CONFIG, open_huggingface
from evaluators.models.layout import check_names, read_bytes
from evaluators.models.model import ROWS, VALUE, BadOutput, Model
from evaluators.models.networks import ARCHITECTURE, open_network
from evaluators.models.onnx_models import open_onnx
from evaluators.models.signatures import SIGNATURE, open_signature


def open_model(subject: Subject, *, role: str = "model", device: str = "cpu") -> Model:
    """The model in that role. Raises SubjectError saying why it can't be opened; nothing is unpickled or downloaded.

    Files are told apart by name: `architecture.json` is a torch module, `config.json` a Hugging Face model; a single
    file, with or without `signature.json`, by its content: skops, ONNX, XGBoost or LightGBM.
    """
    if not has_model(subject, role):
        raise Undeclared(f"a {role} is needed and none was given")
    is_endpoint = role == "model" and subject.kind == "endpoint"
    if isinstance(subject, InMemory) and role in subject.models:
        model: Model = subject.models[role]
    elif is_endpoint:
        model = open_endpoint(subject)
    else:
        files = of_role(subject, role)
        model = _from_files(files, subject, pick(device))
        check_declared(subject.features, model.features, next(name for name in files if name != SIGNATURE))
    check_untold(subject.label, _read(subject, model), role)
    opened.note(model, is_local=not is_endpoint)
    return model


def _read(subject: Subject, model: Model) -> tuple[str, ...]:
    """The columns of which the model is given anything, as its file names them, else as they were declared."""
    features = model.features or (*subject.features, *subject.roles.get("feature", ()))
    return (*features, *subject.roles.get("text", ()))


def _from_files(files: Mapping[str, FileRef], subject: Subject, device: str) -> Model:
    if ARCHITECTURE in files:
        return open_network(files, device=device)
    if CONFIG in files:
        return open_huggingface(files, device=device)
    single = [ref for name, ref in files.items() if name != SIGNATURE]
    if len(single) != 1:
        check_names(files)
        shown = ", ".join(sorted(files)[:8])
        raise SubjectError(
            f"the files {shown} aren't a model that can be opened: one of them is {ARCHITECTURE} or {CONFIG}, "
            f"or one is the model and the other {SIGNATURE}"
        )
    return _from_single(single[0], files, subject, device)


def _from_single(ref: FileRef, files: Mapping[str, FileRef], subject: Subject, device: str) -> Model:
    """A model in one file, told by its content."""
    data = read_bytes(ref, limit=MAX_BYTES)
    if looks_like_xgboost(data[:16]):
        return open_xgboost(data, ref.name, open_signature(files))
    if looks_like_lightgbm(data[:8]):
        return open_lightgbm(data, ref.name, open_signature(files))
    if ref.name.lower().endswith(".onnx"):
        return open_onnx(data, ref.name, open_signature(files), device=device)
    if ref.name.lower().endswith(".safetensors"):
        raise SubjectError(f"{ref.name}: holds weights only; {ARCHITECTURE} or {CONFIG} beside it says what they are")
    if SIGNATURE in files:
        raise SubjectError(f"{SIGNATURE}: lies beside {ref.name}, which is no ONNX, XGBoost or LightGBM model")
    otherwise = subject.roles.get("feature", ())
    return from_estimator(load_estimator(data, ref.name, subject.features, otherwise=otherwise))


def from_estimator(found: Estimator) -> Model:
    """A scikit-learn estimator as a model. Its own `predict` decides, for it may have a cut-off of its own."""
    common = {"inputs": ROWS, "features": found.features, "accepts_missing": found.accepts_missing, "batch": 65_536}
    if not found.is_classifier:
        return Model(
            score_kind=VALUE, ask=lambda rows: found.value()(rows)[:, None], estimator=found.estimator, **common
        )
    if isinstance(found.estimator.classes_, list):
        raise SubjectError("the model predicts several outputs at once; one is measured here")
    classes = tuple(as_text(value) for value in np.asarray(found.estimator.classes_).tolist())
    index = {word: i for i, word in enumerate(classes)}

    def decide(rows: FloatArray) -> IntArray:
        words = np.asarray(found.estimator.predict(found.frame(rows))).reshape(-1).tolist()
        unknown = next((word for word in words if as_text(word) not in index), None)
        if unknown is not None:
            raise BadOutput(f"the model predicted {as_text(unknown)!r}, which is none of its classes")
        return np.array([index[as_text(word)] for word in words], dtype=np.int64)

    def ask(rows: FloatArray) -> FloatArray:
        if has_probabilities:
            return np.asarray(found.estimator.predict_proba(found.frame(rows)), dtype=np.float64)
        return np.eye(len(classes))[decide(rows)]

    has_probabilities = hasattr(found.estimator, "predict_proba")
    kind = "probability" if has_probabilities else "label"
    return Model(score_kind=kind, ask=ask, decide=decide, classes=classes, estimator=found.estimator, **common)
