"""Heavy libraries are loaded here, when a measurement needs them, and nowhere at import time."""

import importlib
import sys
from typing import Any

from evaluators.contract import EvaluatorError

TRACKED = (
    "numpy",
    "scipy",
    "sklearn",
    "pandas",
    "pyarrow",
    "torch",
    "transformers",
    "tokenizers",
    "shap",
    "skops",
    "safetensors",
    "onnxruntime",
    "xgboost",
    "lightgbm",
    "statsmodels",
)


class MissingLibrary(EvaluatorError):
    """An optional library isn't installed."""


def library(name: str) -> Any:
    """The module of that dotted name. Raises MissingLibrary, naming the package, if it isn't installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        package = name.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise
        raise MissingLibrary(f"this measurement needs {package}, which is not installed") from error


def loaded_versions() -> dict[str, str]:
    """Versions of Python and of the tracked libraries this process has loaded."""
    versions = {"python": sys.version.split()[0]}
    for name in TRACKED:
        version = getattr(sys.modules.get(name), "__version__", None)
        if version:
            versions[name] = str(version)
    return versions
