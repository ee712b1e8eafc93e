"""Open a model with the rows it is tried on, or say why a model like it isn't tried at all."""

from collections.abc import Callable, Mapping

from evaluators.contract import Measured, Progress, Subject
from evaluators.devices import pick
from evaluators.models.model import IMAGES, ROWS, VALUE, Model
from evaluators.models.opening import open_model
from evaluators.robustness.cases import Case, open_case

NEEDS: Mapping[str, tuple[str, ...]] = {
    "files": ("model", "table"),
    "columns": ("label",),
    "optional": ("features",),
}


def unsuitable(model: Model) -> str:
    """Why a model is of a kind that rows can't be perturbed for, or ""; from what it declares, not from a failure."""
    if model.inputs not in (ROWS, IMAGES):
        return f"the model reads {model.inputs}; this measurement perturbs numbers"
    if model.score_kind == VALUE or not model.classes:
        return "the model predicts values and not classes"
    return ""


def open_suitable(
    subject: Subject,
    progress: Progress,
    *,
    why_not: Callable[[Model], str] = unsuitable,
    allow_missing: bool = False,
) -> Case | Measured:
    """Every row of the table beside the open model; or, where `why_not` objects, all there is to measure.

    Raises SubjectError for a cell, a label or a width that doesn't fit.
    """
    progress(0.0, "opening the model")
    model = open_model(subject, device=pick())
    reason = why_not(model)
    if reason:
        return refused(reason)
    return open_case(subject, model, allow_missing=allow_missing)


def refused(reason: str) -> Measured:
    """Statistics of a model that is not tried, from which `none_applicable` makes the readings."""
    return Measured(statistics={"not_applicable": reason})
