"""Open gradient boosting in its libraries' own files: XGBoost as JSON or UBJSON, LightGBM as text."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import SubjectError
from evaluators.libraries import library
from evaluators.models.lightgbm_trees import check_trees
from evaluators.models.model import ROWS, VALUE, BadOutput, Model
from evaluators.models.signatures import RENAMING, SIGNATURE, Signature, both_columns
from evaluators.models.xgboost_trees import check_boosted

MAX_BYTES = 2 << 30
MAX_CLASSES = 10_000
XGBOOST_CLASSES = ("binary:logistic", "binary:logitraw", "multi:softprob", "multi:softmax")
XGBOOST_VALUES = ("reg:", "count:poisson")
LIGHTGBM_VALUES = ("regression", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie", "custom")


def looks_like_xgboost(head: bytes) -> bool:
    return head.startswith((b"{L", b"{i", b"{U", b"{l", b'{"learner"', b'{"version"'))


def looks_like_lightgbm(head: bytes) -> bool:
    return head.startswith((b"tree\n", b"tree\r\n"))


def open_xgboost(data: bytes, name: str, signature: Signature) -> Model:
    """Classes are the labels the objective demands, "0", "1", …, unless a signature names them. Raises SubjectError."""
    xgboost = library("xgboost")
    check_boosted(data, name)
    try:
        booster = xgboost.Booster(model_file=bytearray(data))
        about = json.loads(booster.save_config())["learner"]
    except (xgboost.core.XGBoostError, ValueError, KeyError) as error:
        raise SubjectError(f"{name}: XGBoost can't load it ({_short(error)})") from error
    booster.set_param({"verbosity": 0})
    objective = about["objective"]["name"]
    classes = _numbered(objective.startswith("multi:"), about["learner_model_param"].get("num_class", "0"), name)
    kind = "logit" if objective in XGBOOST_CLASSES else VALUE if objective.startswith(XGBOOST_VALUES) else None
    if kind is None:
        raise SubjectError(f"{name}: the objective {objective!r} isn't measured here")
    # As XGBoost's own predictors do, trees after the best round of early stopping aren't used.
    best = booster.attr("best_iteration") or ""
    rounds = (0, int(best) + 1) if re.fullmatch(r"[0-9]{1,9}", best) else (0, 0)

    def ask(rows: FloatArray) -> FloatArray:
        matrix = xgboost.DMatrix(rows, feature_names=booster.feature_names, feature_types=booster.feature_types)
        return np.asarray(booster.predict(matrix, output_margin=kind == "logit", iteration_range=rounds))

    return _model(name, kind, ask, classes, tuple(booster.feature_names or ()), signature, booster)


def open_lightgbm(data: bytes, name: str, signature: Signature) -> Model:
    """Classes are the labels the objective demands, "0", "1", …, unless a signature names them. Raises SubjectError."""
    lightgbm = library("lightgbm")
    # A copy through another system may have changed the ends of lines, which the file counts.
    data = data.replace(b"\r\n", b"\n")
    check_trees(data, name)
    try:
        text = data.decode("utf-8")
        booster = lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, UnicodeDecodeError, ValueError) as error:
        raise SubjectError(f"{name}: LightGBM can't load it ({_short(error)})") from error
    if _has_pandas_categories(text):
        raise SubjectError(f"{name}: was trained on pandas categories, whose codes a table doesn't have")
    declared = re.search(r"^objective=(\S+)(.*)$", text, flags=re.MULTILINE)
    objective = declared[1] if declared else ""
    classes = _numbered(objective == "multiclass", str(booster.num_model_per_iteration()), name)
    kind = "logit" if objective in ("binary", "multiclass") else VALUE if objective in LIGHTGBM_VALUES else None
    if kind is None:
        raise SubjectError(f"{name}: the objective {objective or 'nothing'!r} isn't measured here")
    slope = re.search(r"sigmoid:(\S+)", declared[2]) if declared and objective == "binary" else None
    factor = float(slope[1]) if slope else 1.0

    def ask(rows: FloatArray) -> FloatArray:
        return np.asarray(booster.predict(rows, raw_score=kind == "logit")) * (factor if kind == "logit" else 1.0)

    return _model(name, kind, ask, classes, _real_names(booster.feature_name()), signature, booster)


def _model(
    name: str,
    kind: str,
    ask: Callable[[FloatArray], FloatArray],
    classes: tuple[str, ...],
    features: tuple[str, ...],
    signature: Signature,
    booster: Any,
) -> Model:
    if signature.output not in (None, kind):
        says = "the file itself says what it answers with, so leave the key output out"
        raise SubjectError(f"{SIGNATURE}: output is {signature.output!r}, and {name} is read as {kind}; {says}")
    if kind == VALUE:
        classes = ()
    if signature.classes and len(signature.classes) != len(classes):
        raise SubjectError(f"{SIGNATURE}: names {len(signature.classes)} classes, and {name} has {len(classes)}")
    if signature.features and features and set(signature.features) != set(features):
        odd = sorted(set(signature.features) ^ set(features))[0]
        raise SubjectError(f"{SIGNATURE}: the features and those of {name} differ in {odd!r}")
    wrong = (library("xgboost").core.XGBoostError,) if "xgboost" in type(booster).__module__ else ()
    wrong = wrong or (library("lightgbm").basic.LightGBMError,)

    def asked(rows: FloatArray) -> FloatArray:
        try:
            return both_columns(ask(rows), kind, len(classes))
        except (*wrong, ValueError) as error:
            raise BadOutput(f"{name}: {_short(error)}") from error

    return Model(
        inputs=ROWS,
        score_kind=kind,
        ask=asked,
        classes=signature.classes or classes,
        features=features or signature.features,
        batch=65_536,
        accepts_missing=True,
        estimator=booster,
        renaming="" if signature.classes else RENAMING,
    )


def _numbered(is_multiple: bool, count: str, name: str) -> tuple[str, ...]:
    classes = float(count) if is_multiple else 2.0
    if not 0 <= classes <= MAX_CLASSES:
        raise SubjectError(f"{name}: says it has {count[:20]} classes; at most {MAX_CLASSES:,} are measured")
    return tuple(str(i) for i in range(int(classes)))


def _has_pandas_categories(text: str) -> bool:
    """Whether the last line that lists them, which is the one LightGBM reads, isn't empty."""
    _, found, after = f"\n{text}".rpartition("\npandas_categorical:")
    listed = after.partition("\n")[0].strip()
    return bool(found) and listed.startswith("[") and listed[1:].rstrip("]").strip() != ""


def _real_names(names: list[str]) -> tuple[str, ...]:
    """LightGBM calls columns it was given no names for Column_0, Column_1, …"""
    return () if all(re.fullmatch(r"Column_\d+", name) for name in names) else tuple(names)


def _short(error: Exception) -> str:
    """The first sentence of a library's error, which may end in a stack trace."""
    text = str(error).partition("Stack trace")[0]
    return " ".join(text.split())[:160]
