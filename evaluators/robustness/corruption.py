"""How much accuracy an image classifier loses when its images go bad."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import IntArray
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import Direction, Evidence, Json, Measured, Metric, ParameterError, Progress, Reading, Subject
from evaluators.models.model import Model
from evaluators.robustness.cases import BOX_PARAMETER, Case, box_of, check_box, row_generators, row_keys
from evaluators.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupted
from evaluators.robustness.drawn import curve_evidence, points_of
from evaluators.robustness.drops import DROP, drop_readings, tallied
from evaluators.robustness.opening import NEEDS, open_suitable, unsuitable
from evaluators.support import none_applicable

PART = 256
SHAPELESS = "the model reads rows and not images, and no shape was given"


class CorruptionDrop:
    """Reads a classifier of images, a pixel a column, and a table of outcomes.

    Evidence `robustness_curve`: accuracy against severity, the mean over the corruptions and the worst of them.
    """

    id = "robust.corruption"
    version = "1"
    title = "Accuracy on corrupted images"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        "box": dict(BOX_PARAMETER) | {"default": (0.0, 1.0), "title": "The values of black and of white"},
        "shape": {
            "type": "array",
            "items": "number",
            "default": (),
            "minimum": 1,
            "maximum": 4_096,
            "maxItems": 3,
            "title": "Channels, height and width, if the model doesn't say",
        },
        "rows": {"type": "integer", "default": 500, "minimum": 1, "maximum": 20_000, "title": "Images corrupted"},
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=DROP, title="Accuracy lost to corruption, relative to clean", direction=Direction.LOWER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        box = box_of(params["box"]) or (0.0, 1.0)

        def why_not(model: Model) -> str:
            return unsuitable(model) or ("" if _shape(model, params["shape"]) else SHAPELESS)

        case = open_suitable(subject, progress, why_not=why_not)
        if isinstance(case, Measured):
            return case
        case, shape = case.sample(params["rows"], seed), _shape(case.model, params["shape"])
        check_box(case, box)
        if int(np.prod(shape)) != case.rows.shape[1]:
            raise ParameterError(f"parameter 'shape' {shape} doesn't make {case.rows.shape[1]} features")
        found = corrupt_case(case, shape, box=box, params=params, seed=seed, progress=progress)
        return Measured(statistics=found, evidence=(_drawn(found),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "not_applicable" in statistics:
            return none_applicable(self.metrics, statistics["not_applicable"], level)
        return [reading.sound() for reading in drop_readings(statistics, level=level, seed=seed)]


def corrupt_case(
    case: Case, shape: tuple[int, ...], *, box: tuple[float, float], params: Mapping[str, Any], seed: int, progress: Any
) -> Json:
    """Right answers by corruption and severity, reduced to counts of images that are alike in them."""
    budget = Budget(params["budget_s"])
    is_right, keys = case.predicted() == case.labels, row_keys(case.rows, case.labels, seed)
    hits = np.zeros((len(CORRUPTIONS), len(SEVERITIES), case.n), dtype=np.int64)
    for part in budget.parts(case.n, PART):
        for k, name in enumerate(CORRUPTIONS):
            done = (part.start + (part.stop - part.start) * k / len(CORRUPTIONS)) / case.n
            progress(0.1 + 0.75 * done, f"{name.replace('_', ' ')} on {part.stop - part.start} of {case.n} images")
            hits[k, :, part] = _hits(case.take(part), keys[part], name, shape, box, seed)
    done = slice(0, budget.done)
    found = tallied(list(CORRUPTIONS), is_right[done].astype(np.int64), hits[:, :, done])
    return found | {"queries": case.model.queries} | budget.facts


def _hits(
    case: Case, keys: IntArray, name: str, shape: tuple[int, ...], box: tuple[float, float], seed: int
) -> IntArray:
    """(severities, images): whether the answer is right. An image's draws are its own and alike in all severities."""
    images = ((case.rows - box[0]) / (box[1] - box[0])).reshape(case.n, *shape)
    found = []
    for severity in SEVERITIES:
        worse = corrupted(name, images, severity, row_generators(keys, seed, name))
        rows = box[0] + (box[1] - box[0]) * worse.reshape(case.n, -1)
        found.append(case.model.labels(rows) == case.labels)
    return np.stack(found).astype(np.int64)


def _shape(model: Model, given: tuple[float, ...]) -> tuple[int, ...]:
    """Channels, height and width: as the model says, else as given; () if neither does.

    Raises ParameterError for sides that make no image.
    """
    if len(model.shape) < 2 and (len(given) == 1 or any(side % 1 for side in given)):
        raise ParameterError(f"parameter 'shape' is channels, height and width, or the last two, not {list(given)}")
    shape = model.shape if len(model.shape) > 1 else tuple(int(side) for side in given)
    return shape if len(shape) in (0, 3) else (1, *shape)[-3:]


def _drawn(found: Json) -> Evidence:
    images, by_severity = found["images"], np.asarray(found["by_severity"])
    mean = [(0.0, found["right"] / images)] + list(enumerate(by_severity.mean(axis=0) / images, start=1))
    worst = int(by_severity.sum(axis=1).argmin())
    series = {
        "mean of the corruptions": [{"x": float(x), "y": float(y)} for x, y in mean],
        found["names"][worst].replace("_", " "): points_of(
            [(0.0, found["right"]), *enumerate(by_severity[worst].tolist(), start=1)], images
        ),
    }
    return curve_evidence("Accuracy on corrupted images", "severity", "accuracy", series)
