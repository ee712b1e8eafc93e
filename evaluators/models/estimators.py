"""Open a model kept as skops: only types that are known to be harmless are built, and nothing is unpickled."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import SubjectError, Undeclared
from evaluators.inputs.parquet import as_text
from evaluators.libraries import library
from evaluators.models.columns import check_declared

MAX_BYTES = 2 << 30
# Types of scikit-learn and numpy that hold data and run nothing, which skops doesn't trust by itself.
TRUSTED = frozenset(
    [
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
    ]
)

Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Estimator:
    """A fitted estimator and the names its columns have."""

    estimator: Any
    features: tuple[str, ...]

    @property
    def is_classifier(self) -> bool:
        return hasattr(self.estimator, "classes_")

    @property
    def accepts_missing(self) -> bool:
        return bool(library("sklearn.utils").get_tags(self.estimator).input_tags.allow_nan)

    def frame(self, rows: FloatArray) -> Any:
        """The rows as the estimator was given them: with column names if it was fitted with names."""
        if hasattr(self.estimator, "feature_names_in_"):
            return library("pandas").DataFrame(rows, columns=list(self.features))
        return rows

    def probability(self, favourable: str | None) -> Function:
        """Rows to the probability of the favourable class. Raises SubjectError if the model has no such class."""
        position = self.position(favourable)
        return lambda rows: np.asarray(self.estimator.predict_proba(self.frame(rows))[:, position], dtype=np.float64)

    def margin(self, favourable: str | None) -> Function:
        """Rows to the log-odds or margin of the favourable one of two classes."""
        sign = 1.0 if self.position(favourable) == 1 else -1.0
        return lambda rows: sign * np.asarray(self.estimator.decision_function(self.frame(rows)), dtype=np.float64)

    def value(self) -> Function:
        """Rows to predicted numbers."""
        return lambda rows: np.asarray(self.estimator.predict(self.frame(rows)), dtype=np.float64).reshape(-1)

    def position(self, favourable: str | None) -> int:
        names = [as_text(value) for value in np.asarray(self.estimator.classes_).tolist()]
        if favourable is None:
            raise Undeclared(f"no favourable outcome was declared; the model's classes are {', '.join(names[:10])}")
        if favourable not in names:
            shown = ", ".join(repr(name) for name in names[:10])
            raise SubjectError(f"the favourable outcome {favourable!r} is not a class of the model; it has {shown}")
        return names.index(favourable)


def load_estimator(data: bytes, name: str, declared: tuple[str, ...], *, otherwise: tuple[str, ...] = ()) -> Estimator:
    """The model in bytes whose digest was checked. Raises SubjectError if it is not skops, or names unknown types.

    Its columns are those it was fitted with, which `declared` ones must equal, else these, else `otherwise`.
    """
    if not data.startswith(b"PK\x03\x04"):
        if data[:1] == b"\x80":
            raise SubjectError(f"{name}: is a pickle, which is never loaded; save the model with skops")
        raise SubjectError(
            f"{name}: is no model that can be opened: not a skops archive (how scikit-learn models are saved), ONNX, "
            "XGBoost or LightGBM file; networks and Hugging Face models are folders of several files"
        )
    estimator = _load(data, name)
    if not hasattr(estimator, "predict"):
        raise SubjectError(f"{name}: holds a {type(estimator).__name__}, which doesn't predict")
    return Estimator(estimator, _features(estimator, declared, otherwise, name))


def _load(data: bytes, name: str) -> Any:
    skops = library("skops.io")
    try:
        _check_size(data, name)
        unknown = sorted(set(map(str, skops.get_untrusted_types(data=data))) - TRUSTED)
        if unknown:
            raise SubjectError(f"{name}: would build types nobody has vouched for: {', '.join(unknown[:5])}")
        return skops.loads(data, trusted=sorted(TRUSTED))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError, ImportError, OSError) as error:
        raise SubjectError(f"{name}: can't be read as skops ({type(error).__name__}: {str(error)[:100]})") from error


def _check_size(data: bytes, name: str) -> None:
    """Raise SubjectError if the archive's members, which no reader takes beyond what they say, would not fit."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        total = sum(member.file_size for member in archive.infolist())
    if total > MAX_BYTES:
        raise SubjectError(f"{name}: {len(data):,} bytes that unpack to {total:,}, more than the {MAX_BYTES:,} allowed")


def _features(estimator: Any, declared: tuple[str, ...], otherwise: tuple[str, ...], name: str) -> tuple[str, ...]:
    fitted = tuple(str(column) for column in getattr(estimator, "feature_names_in_", ()))
    check_declared(declared, fitted, name)
    found = fitted or declared or otherwise
    if not found:
        raise Undeclared(
            f"{name}: the model reads rows and keeps no column names, so its features must be declared, in its order"
        )
    wanted = getattr(estimator, "n_features_in_", len(found))
    if wanted != len(found):
        raise SubjectError(f"{name}: {len(found)} features were declared, the model was fitted with {wanted}")
    return found
