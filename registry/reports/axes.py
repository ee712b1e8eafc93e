"""The frame of a plot with two axes: scales, linear or logarithmic, and the ticks that people can read them by."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from registry.reports.figures import format_number
from registry.reports.scales import Scale, scale_over, step_for
from registry.reports.svg import box, clip, line, text

WIDTH, LEFT, RIGHT, HEAD, SIDE, FOOT = 440.0, 58.0, 14.0, 12.0, 210.0, 46.0
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Axis:
    """Where a value lies, and which values are marked."""

    place: Callable[[float], float]
    ticks: tuple[tuple[float, str], ...]
    is_log: bool = False

    def has(self, value: float) -> bool:
        """Whether the axis can show it: a logarithmic one has no place for zero."""
        return value > 0 or not self.is_log


def axis(values: Sequence[float], *, start: float, end: float, is_log: bool = False) -> Axis:
    """An axis over these values; one that can't be logarithmic, for want of two powers of ten, is linear."""
    positive = [value for value in values if value > 0]
    if is_log and positive and max(positive) / min(positive) >= 10:
        return _log_axis(positive, start=start, end=end)
    scale = scale_over(values, lower=None, upper=None, start=start, end=end)
    step = step_for((scale.upper - scale.lower) or 1.0)
    first = math.ceil(round(scale.lower / step, 9))
    marks = [round(number * step, 12) for number in range(first, first + MOST_TICKS)]
    shown = [mark for mark in marks if mark <= scale.upper + step * 1e-9]
    return Axis(scale, tuple(zip(shown, _alike([_words(mark) for mark in shown]), strict=True)))


def _words(mark: float) -> str:
    """A round number without the zeros that a measured one would have."""
    words = format_number(mark)
    return words.rstrip("0").rstrip(".") if "." in words else words


def _alike(words: list[str]) -> list[str]:
    """The ticks of one axis with as many decimals each, but for a bare zero."""
    decimals = [len(each.partition(".")[2]) for each in words]
    longest = max(decimals, default=0)
    missing = [
        0 if each == "0" or not each[-1:].isdigit() else longest - had
        for each, had in zip(words, decimals, strict=True)
    ]
    return [
        f"{each}{'' if '.' in each or not more else '.'}{'0' * more}" for each, more in zip(words, missing, strict=True)
    ]


def _log_axis(positive: Sequence[float], *, start: float, end: float) -> Axis:
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    scale = Scale(low, high, start, end)
    every = max(1, math.ceil((high - low) / MOST_TICKS))
    marks = [10.0**power for power in range(low, high + 1, every)]

    def place(value: float) -> float:
        return scale(math.log10(value)) if value > 0 else start

    return Axis(place, tuple((mark, _words(mark)) for mark in marks), is_log=True)


def named_axis(names: Sequence[str], *, start: float, end: float) -> Axis:
    """An axis of names at even distances; only the first and the last are written where there are many."""
    scale = Scale(0, max(len(names) - 1, 1), start, end)
    shown = range(len(names)) if len(names) <= MOST_TICKS else (0, len(names) - 1)
    return Axis(scale, tuple((float(number), clip(names[number], 12)) for number in shown))


def frame(across: Axis, down: Axis, *, x_label: str = "", y_label: str = "") -> list[SafeString]:
    """The field with its grid, its ticks and the names of its axes."""
    right, foot = WIDTH - RIGHT, HEAD + SIDE
    parts = [box("chart-band", (LEFT, HEAD), (right - LEFT, SIDE), ink="sunk")]
    for value, words in down.ticks:
        y = down.place(value)
        parts.append(line("chart-grid", (LEFT, y, right, y), ink="line", width=1))
        parts.append(text(words, x=LEFT - 7, y=y + 4, class_="chart-faint", anchor="end", font_size=11))
    for number, (value, words) in enumerate(across.ticks):
        x, is_last = across.place(value), number == len(across.ticks) - 1
        anchor = "end" if is_last and x > right - 12 else "middle"
        parts.append(line("chart-grid", (x, HEAD, x, foot), ink="line", width=1))
        parts.append(text(words, x=x, y=foot + 16, class_="chart-faint", anchor=anchor, font_size=11))
    middle = HEAD + SIDE / 2
    turned = f"rotate(-90 12 {middle:g})"
    names = [text(clip(x_label, 60), x=(LEFT + right) / 2, y=foot + 36, anchor="middle")] if x_label else []
    names += [text(clip(y_label, 34), x=12.0, y=middle, anchor="middle", transform=turned)] if y_label else []
    return [*parts, *names]
