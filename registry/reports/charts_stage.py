"""Where a version stands on its way."""

from __future__ import annotations

from django.utils.safestring import SafeString

from registry.reports.svg import INKS, chart, element, percent, text

STAGES = ("scoping", "data", "preprocessing", "training", "inference")


def stage_track(current: str, target: str = "") -> SafeString:
    """The five stages as a track: those behind ticked, the present one filled, the one asked for as a ring.

    A retired version has all five behind it.
    """
    here = STAGES.index(current) if current in STAGES else len(STAGES) if current == "retired" else -1
    marks = [_stage(number, name, here=here, target=target) for number, name in enumerate(STAGES)]
    lines = [_track_line(number, is_done=number < here) for number in range(len(STAGES) - 1)]
    asked = f"; asked for: {target}" if target else ""
    return chart(
        *lines, *marks, title="Stage", description=f"at {current or 'no stage'}{asked}", height=44, class_="chart-track"
    )


def _stage_at(number: int) -> float:
    return 3.0 + 94.0 * number / (len(STAGES) - 1)


def _track_line(number: int, *, is_done: bool) -> SafeString:
    ink = "accent" if is_done else "line-strong"
    return element(
        "line",
        class_="track-line track-line--done" if is_done else "track-line",
        x1=percent(_stage_at(number)),
        x2=percent(_stage_at(number + 1)),
        y1=13,
        y2=13,
        stroke=INKS[ink],
        stroke_width=1.6,
        stroke_dasharray=None if is_done else "3 4",
    )


def _stage(number: int, name: str, *, here: int, target: str) -> SafeString:
    x = percent(_stage_at(number))
    is_key = number == here or name == target
    anchor = "start" if number == 0 else "end" if number == len(STAGES) - 1 else "middle"
    label_at = percent(0.6 if number == 0 else 99.4) if anchor != "middle" else x
    label = text(
        name,
        x=label_at,
        y=39.0,
        class_="chart-strong" if is_key else "track-label--quiet",
        anchor=anchor,
        font_weight=600 if is_key else None,
    )
    if number < here:
        dot = element(
            "circle",
            class_="track-done",
            cx=x,
            cy=13,
            r=5,
            fill=INKS["accent"],
            stroke=INKS["accent"],
            stroke_width=1.6,
        )
    elif number == here:
        dot = element(
            "g",
            element(
                "circle",
                class_="track-target",
                cx=x,
                cy=13,
                r=9,
                fill=INKS["surface"],
                stroke=INKS["accent"],
                stroke_width=1.6,
            ),
            element("circle", class_="track-done", cx=x, cy=13, r=5, fill=INKS["accent"], stroke=INKS["accent"]),
        )
    elif name == target:
        dot = element(
            "circle",
            class_="track-target",
            cx=x,
            cy=13,
            r=7,
            fill=INKS["surface"],
            stroke=INKS["accent"],
            stroke_width=2,
            stroke_dasharray="3 2.5",
        )
    else:
        dot = element(
            "circle",
            class_="track-ahead",
            cx=x,
            cy=13,
            r=5,
            fill=INKS["surface"],
            stroke=INKS["line-strong"],
            stroke_width=1.6,
        )
    return element("g", dot, label)
