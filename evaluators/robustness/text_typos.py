"""Whether a text classifier stays right when its readers' authors mistype."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import slice_name
from evaluators.arithmetic.draws import generator
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.language.wording import shortened
from evaluators.models.model import Model
from evaluators.models.opening import open_model
from evaluators.robustness.text_edits import mistyped
from evaluators.subjects.texts import Asker, TextRow, check_reads_texts, open_texts
from evaluators.support import rate_reading

ACCURACY = "robust.text.typo_acc"
DROP = "robust.text.typo_drop"
PART = 128
SHOWN = 40
GROUPS_SHOWN = 50


class TextTypos:
    """Reads a text model and a table of texts with their right classes.

    Evidence: `robustness_curve`, accuracy in the worst of 0 to R variants; `perturbation_examples`, texts that turned.
    """

    id = "robust.text_typos"
    version = "1"
    title = "Right in spite of typing errors"
    input_kind = "BB"
    cost_class = "B"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model", "table"),
        "columns": ("text", "label"),
        "optional": ("group",),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "rows": {"type": "integer", "default": 1_000, "minimum": 1, "maximum": 100_000, "title": "Texts of the table"},
        "variants": {"type": "integer", "default": 5, "minimum": 1, "maximum": 100, "title": "Variants of each text"},
        "share": {"type": "number", "default": 0.2, "minimum": 0.01, "maximum": 1, "title": "Share of words mistyped"},
        **BUDGET_PARAMETERS,
    }
    metrics = (
        Metric(id=ACCURACY, title="Accuracy in the worst of several mistyped variants", direction=Direction.HIGHER),
        Metric(id=DROP, title="Accuracy lost to typing errors", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model = open_model(subject, device="auto")
        return measure_model(model, subject, params=params, seed=seed, progress=progress)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        readings = []
        for name, (n, right, robust) in ({OVERALL: [0, 0, 0]} | dict(statistics["slices"])).items():
            own = {**statistics, "slices": {name: [n, right, robust]}}
            found = [
                rate_reading(ACCURACY, name, robust, n, level=level, among="texts", statistics=own),
                rate_reading(DROP, name, right - robust, n, level=level, among="texts", statistics=own),
            ]
            for reading in found:
                reading.detail.update({"clean_accuracy": right / n if n else None, "initially_right": right})
                reading.detail.update({key: value for key, value in statistics.items() if key != "slices"})
            readings += found
        return [reading.sound() for reading in readings]


def measure_model(
    model: Model, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress
) -> Measured:
    """`measure` of a model that is open already."""
    check_reads_texts(model)
    rows = open_texts(subject, rows=params["rows"], seed=seed, classes=model.classes)
    asker, budget = Asker(model), Budget(params["budget_s"])
    # Per text, in which variant it first went wrong: 0 is the text itself, `variants` + 1 means never.
    first_wrong: list[int] = []
    examples: list[list[str]] = []
    for part in budget.parts(len(rows), PART):
        first_wrong += _first_wrong(rows[part], asker, params, seed, examples)
        progress(0.05 + 0.85 * part.stop / len(rows), f"{part.stop} of {len(rows)} texts")
    statistics: Json = {
        "slices": _sliced(rows[: budget.done], first_wrong, params["variants"], subject.groups),
        "variants": params["variants"],
        "queries": model.queries,
        **budget.facts,
    }
    return Measured(statistics=statistics, evidence=(_curve(first_wrong, params["variants"]), _examples(examples)))


def variants_of(text: str, *, variants: int, share: float, seed: int) -> list[str]:
    """The mistyped variants of a text; the same for the same seed wherever the text stands."""
    rng = generator(seed, f"{ACCURACY} {text}")
    return [mistyped(text, share=share, rng=rng) for _ in range(variants)]


def _first_wrong(
    rows: Sequence[TextRow], asker: Asker, params: Mapping[str, Any], seed: int, examples: list[list[str]]
) -> list[int]:
    """Only texts that are right are mistyped."""
    said = asker.labels([row.text for row in rows])
    right = [row for row, label in zip(rows, said, strict=True) if label == row.label]
    tried = {
        row.text: variants_of(row.text, variants=params["variants"], share=params["share"], seed=seed) for row in right
    }
    asker.positions([variant for variants in tried.values() for variant in variants])
    found = []
    for row, label in zip(rows, said, strict=True):
        labels = asker.labels(tried[row.text]) if label == row.label else []
        wrong = next((i for i, other in enumerate([label, *labels]) if other != row.label), params["variants"] + 1)
        if 0 < wrong <= params["variants"]:
            examples.append([shortened(row.text), shortened(tried[row.text][wrong - 1]), label, labels[wrong - 1]])
        found.append(wrong)
    return found


def _sliced(
    rows: Sequence[TextRow], first_wrong: Sequence[int], variants: int, columns: tuple[str, ...]
) -> dict[str, list[int]]:
    """Texts, initially right ones and robust ones: of all, and of each group if there are not too many."""
    counts: dict[str, Counter[int]] = {OVERALL: Counter(first_wrong)}
    if columns and len({row.group for row in rows}) <= GROUPS_SHOWN:
        for row, wrong in zip(rows, first_wrong, strict=True):
            counts.setdefault(slice_name(columns, row.group), Counter())[wrong] += 1
    return {
        name: [count.total(), count.total() - count[0], count[variants + 1]] for name, count in sorted(counts.items())
    }


def _curve(first_wrong: Sequence[int], variants: int) -> Evidence:
    wrong = np.asarray(first_wrong)
    points = [{"x": r, "y": float((wrong > r).mean())} for r in range(variants + 1)] if len(wrong) else []
    data = {
        "draw": "curve",
        "title": "Accuracy in the worst of several mistyped variants",
        "x_label": "variants",
        "y_label": "accuracy",
        "x_scale": "linear",
        "series": [{"name": "accuracy", "points": points}],
    }
    return Evidence(name="robustness_curve", data=data)


def _examples(rows: Sequence[list[str]]) -> Evidence:
    data = {
        "draw": "table",
        "title": "Texts that turned",
        "columns": ["text", "mistyped", "label before", "label after"],
        "rows": list(rows[:SHOWN]),
        "total": len(rows),
    }
    return Evidence(name="perturbation_examples", data=data)
