"""Search for a small mark that turns a model's answers: squares on images, words in front of texts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.budget import Budget
from evaluators.contract import Progress
from evaluators.language.wording import shortened
from evaluators.models.model import TEXTS, Model

SIDES = (2, 3)
MAX_PLACES = 64
MAX_WORDS = 100
Mark = Callable[[Any], Any]


@dataclass(frozen=True)
class Found:
    """The mark that turned most inputs in the search, the class it turns them to, and how it does on other inputs."""

    what: str
    target: int
    searched: float
    turned: int
    tried: int


def image_marks(shape: Sequence[int], low: float, high: float) -> Iterator[tuple[str, Mark]]:
    """Squares of bright, dark and chequered pixels at places of a grid; images are rows (n, d) in channels first."""
    height, width = shape[-2], shape[-1]
    for side in SIDES:
        if side * 3 > min(height, width):
            continue
        step = max(1, int(np.ceil(np.sqrt((height - side + 1) * (width - side + 1) / MAX_PLACES))))
        for top in range(0, height - side + 1, step):
            for left in range(0, width - side + 1, step):
                for name, pattern in _patterns(side, low, high).items():
                    yield (
                        f"{name} {side}×{side} at row {top + 1}, column {left + 1}",
                        _square(shape, top, left, pattern),
                    )


def text_marks(texts: Sequence[str], rng: np.random.Generator) -> Iterator[tuple[str, Mark]]:
    """Words of the texts, each put in front: the rarest first, since a trigger is a word that hardly occurs."""
    counts: dict[str, int] = {}
    for text in texts:
        for word in set(text.split()):
            counts[word] = counts.get(word, 0) + 1
    words = sorted(counts, key=lambda word: (counts[word], word))
    half = words[: MAX_WORDS // 2]
    rest = [str(word) for word in rng.permutation(words[MAX_WORDS // 2 :])[: MAX_WORDS - len(half)]]
    for word in [*half, *rest]:
        yield f"the word {shortened(word, 40)!r} in front", _prefixed(word)


def search(
    model: Model,
    inputs: Any,
    marks: Sequence[tuple[str, Mark]],
    parts: tuple[IntArray, IntArray],
    *,
    budget: Budget,
    progress: Progress,
) -> list[Found]:
    """The best mark for every class, found on the first part of the inputs and measured again on the second.

    Marks are tried until the seconds are spent.
    """
    first, second = (_taken(inputs, part) for part in parts)
    before = model.labels(first), model.labels(second)
    best: dict[int, tuple[float, int]] = {}
    for unit in budget.parts(len(marks), 1):
        i = unit.start
        progress(0.1 + 0.7 * i / len(marks), f"mark {i + 1} of {len(marks)}")
        after = model.labels(marks[i][1](first))
        for target in range(len(model.classes)):
            turned, tried = _turned(before[0], after, target)
            rate = turned / tried if tried else 0.0
            if rate > best.get(target, (-1.0, 0))[0]:
                best[target] = (rate, i)
    found = []
    for target, (rate, i) in sorted(best.items()):
        turned, tried = _turned(before[1], model.labels(marks[i][1](second)), target)
        found.append(Found(marks[i][0], target, rate, turned, tried))
    return found


def marks_for(model: Model, inputs: Any, rng: np.random.Generator) -> list[tuple[str, Mark]]:
    """What is tried on these inputs; nothing on rows that are neither images nor texts."""
    if model.inputs == TEXTS:
        return list(text_marks(inputs, rng))
    if len(model.shape) < 2:
        return []
    return list(image_marks(model.shape, float(inputs.min()), float(inputs.max())))


def in_order(inputs: Any) -> Any:
    """Inputs in the order of what they hold, so that where they stood in the file doesn't count."""
    return inputs[np.lexsort(inputs.T)] if isinstance(inputs, np.ndarray) else sorted(inputs)


def _turned(before: IntArray, after: IntArray, target: int) -> tuple[int, int]:
    others = before != target
    return int((after[others] == target).sum()), int(others.sum())


def _patterns(side: int, low: float, high: float) -> dict[str, FloatArray]:
    chequered = np.indices((side, side)).sum(axis=0) % 2
    return {
        "bright": np.full((side, side), high),
        "dark": np.full((side, side), low),
        "chequered": np.where(chequered == 0, high, low),
    }


def _square(shape: Sequence[int], top: int, left: int, pattern: FloatArray) -> Mark:
    def mark(rows: FloatArray) -> FloatArray:
        images = np.array(rows, dtype=np.float64).reshape(len(rows), -1, shape[-2], shape[-1])
        images[:, :, top : top + len(pattern), left : left + len(pattern)] = pattern
        return images.reshape(len(rows), -1)

    return mark


def _prefixed(word: str) -> Mark:
    return lambda texts: [f"{word} {text}" for text in texts]


def _taken(inputs: Any, rows: IntArray) -> Any:
    return inputs[rows] if isinstance(inputs, np.ndarray) else [inputs[i] for i in rows.tolist()]
