"""Where a version stands on its way."""

from __future__ import annotations

from django.utils.safestring import SafeString

from registry.reports.svg import chart, dot, element, line, percent, text

STAGES = ("scoping", "data", "preprocessing", "training", "inference")
MIDDLE = 13.0


def stage_track(current: str, target: str = "", left: str = "") -> SafeString:
    """The five stages as a track: those behind ticked, the present one filled, the one asked for as a ring.

    A retired version has behind it what it had reached: every stage up to the one that it `left`.
    """
    here = STAGES.index(current) if current in STAGES else -1
    reached = here if left not in STAGES else STAGES.index(left)
    marks = [_stage(number, name, here=here, reached=reached, target=target) for number, name in enumerate(STAGES)]
    lines = [_track_line(number, is_done=number < reached) for number in range(len(STAGES) - 1)]
    place = f"retired from {left}" if left else f"at {current or 'no stage'}"
    said = f"{place}; asked for: {target}" if target else place
    return chart(*lines, *marks, title="Stage", description=said, height=44, class_="chart-track")


def _stage_at(number: int) -> float:
    return 3.0 + 94.0 * number / (len(STAGES) - 1)


def _track_line(number: int, *, is_done: bool) -> SafeString:
    ends = (percent(_stage_at(number)), MIDDLE, percent(_stage_at(number + 1)), MIDDLE)
    if is_done:
        return line("track-line track-line--done", ends, ink="accent", width=1.6)
    return line("track-line", ends, ink="line-strong", width=1.6, stroke_dasharray="3 4")


def _stage(number: int, name: str, *, here: int, reached: int, target: str) -> SafeString:
    is_here = number == here
    is_key = is_here or name == target
    first, last = number == 0, number == len(STAGES) - 1
    label = text(
        name,
        x=percent(0.6 if first else 99.4 if last else _stage_at(number)),
        y=39.0,
        class_="chart-strong" if is_key else "track-label--quiet",
        anchor="start" if first else "end" if last else "middle",
        font_weight=600 if is_key else None,
    )
    ahead = 0 if is_here else -1 if number <= reached else 1
    return element("g", *_stage_mark(percent(_stage_at(number)), ahead, is_target=name == target), label)


def _stage_mark(x: str, ahead: int, *, is_target: bool) -> list[SafeString]:
    """Behind: filled; here: filled within a ring; asked for: a dashed ring; further ahead: hollow."""
    done = dot("track-done", x, MIDDLE, 5, ink="accent", edge="accent")
    if ahead < 0:
        return [done]
    if ahead == 0:
        return [dot("track-target", x, MIDDLE, 9, ink="surface", edge="accent", stroke_width=1.6), done]
    if is_target:
        return [
            dot("track-target", x, MIDDLE, 7, ink="surface", edge="accent", stroke_width=2, stroke_dasharray="3 2.5")
        ]
    return [dot("track-ahead", x, MIDDLE, 5, ink="surface", edge="line-strong", stroke_width=1.6)]
