"""What a version came from and what came from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.safestring import SafeString

from registry.reports.svg import INKS, absent, box, chart, clip, element, text

NODE_WIDTH, NODE_HEIGHT, GAP_ACROSS, GAP_DOWN, MARGIN = 244.0, 50.0, 56.0, 16.0, 3.0
# What a lane takes of a layer: an arrow that goes past the layer's boxes runs in it, below them.
LANE = 8.0
LETTERS = 36
Point = tuple[float, float]
Arrow = tuple[str, str]
STATES = {"suspended": "suspended", "withdrawn": "failed"}


def lineage_chart(
    nodes: Sequence[Mapping[str, object]], edges: Iterable[tuple[str, str]], *, label: str = "Lineage"
) -> SafeString:
    """A small layered graph, sources at the left.

    A node has `id`, `label`, `kind`, and optionally `standing`, `href` (a path of this site) and `current`. Edges are
    pairs of ids, from what something was made of to what was made; those naming unknown nodes are left out.
    """
    known = {str(node.get("id")): node for node in nodes}
    if not known:
        return absent(title=label, words="no recorded lineage")
    arrows = [
        (str(start), str(end)) for start, end in edges if str(start) in known and str(end) in known and start != end
    ]
    layers = _layers(list(known), arrows)
    lanes = _lanes(layers, arrows)
    heights = [_height(layer, lane) for layer, lane in zip(layers, lanes, strict=True)]
    places = _places(layers, heights)
    made = "; ".join(f"{known[start].get('label')} \u2192 {known[end].get('label')}" for start, end in arrows)
    return chart(
        *(_edge(places[arrow[0]], places[arrow[1]], _way(lanes, heights, arrow)) for arrow in arrows),
        *(_node(known[key], places[key]) for key in known),
        title=label,
        description=made or "; ".join(str(node.get("label")) for node in known.values()),
        width=_left(len(layers)) - GAP_ACROSS + MARGIN,
        height=max(heights) + 2 * MARGIN,
        class_="chart-lineage",
    )


def _layers(keys: list[str], arrows: list[tuple[str, str]]) -> list[list[str]]:
    """Every node right of all its sources, and as near to what it was used for as that allows.

    A cycle, which the tables refuse, merely stops growing.
    """
    depth = dict.fromkeys(keys, 0)
    for _ in keys:
        moved = False
        for start, end in arrows:
            if depth[end] < depth[start] + 1 < len(keys):
                depth[end] = depth[start] + 1
                moved = True
        if not moved:
            break
    for key in sorted(keys, key=lambda each: -depth[each]):
        makes = [depth[end] for start, end in arrows if start == key and depth[end] > depth[key]]
        depth[key] = min(makes) - 1 if makes else depth[key]
    layers = [[key for key in keys if depth[key] == level] for level in range(max(depth.values()) + 1)]
    return [layer for layer in layers if layer]


def _lanes(layers: list[list[str]], arrows: list[Arrow]) -> list[list[Arrow]]:
    """For every layer the arrows that go past it, from a layer before it to one behind it."""
    level = {key: column for column, layer in enumerate(layers) for key in layer}
    return [[each for each in arrows if level[each[0]] < column < level[each[1]]] for column in range(len(layers))]


def _height(layer: list[str], lane: list[Arrow]) -> float:
    return len(layer) * (NODE_HEIGHT + GAP_DOWN) - GAP_DOWN + len(lane) * (GAP_DOWN + LANE)


def _left(column: int) -> float:
    return MARGIN + column * (NODE_WIDTH + GAP_ACROSS)


def _places(layers: list[list[str]], heights: list[float]) -> dict[str, Point]:
    """The upper left corner of every node, each layer centred with its lanes."""
    places = {}
    for column, layer in enumerate(layers):
        head = (max(heights) - heights[column]) / 2 + MARGIN
        for row, key in enumerate(layer):
            places[key] = (_left(column), head + row * (NODE_HEIGHT + GAP_DOWN))
    return places


def _way(lanes: list[list[Arrow]], heights: list[float], arrow: Arrow) -> list[Point]:
    """Where the arrow enters each lane that it takes, from left to right."""
    found = []
    for column, lane in enumerate(lanes):
        if arrow in lane:
            foot = (max(heights) + heights[column]) / 2 + MARGIN
            below = len(lane) - lane.index(arrow) - 1
            found.append((_left(column), foot - LANE / 2 - below * (GAP_DOWN + LANE)))
    return found


def _edge(start: Point, end: Point, way: list[Point]) -> SafeString:
    """A curve from box to box, level where it runs past others, with its head at the end."""
    at, tip = (start[0] + NODE_WIDTH, start[1] + NODE_HEIGHT / 2), (end[0] - 2, end[1] + NODE_HEIGHT / 2)
    drawn = f"M{at[0]:g} {at[1]:g}"
    for x, y in way:
        drawn += f"{_curve(at, (x, y))}H{x + NODE_WIDTH:g}"
        at = (x + NODE_WIDTH, y)
    drawn += _curve(at, tip, short=5)
    line = element("path", class_="chart-edge", d=drawn, fill="none", stroke=INKS["line-strong"], stroke_width=1.4)
    x, y = tip
    head = element(
        "path",
        class_="chart-edge-head",
        d=f"M{x - 7:g} {y - 4:g}L{x:g} {y:g}L{x - 7:g} {y + 4:g}Z",
        fill=INKS["line-strong"],
    )
    return element("g", line, head)


def _curve(start: Point, end: Point, *, short: float = 0) -> str:
    """Level at both ends; it may stop short of the end, where a head is."""
    bend = (end[0] - start[0]) / 2
    return f"C{start[0] + bend:g} {start[1]:g} {end[0] - bend:g} {end[1]:g} {end[0] - short:g} {end[1]:g}"


def _node(node: Mapping[str, object], place: tuple[float, float]) -> SafeString:
    """A box with what it is above its name; one that is not in good standing says so and is outlined."""
    x, y = place
    name, kind, standing = (
        str(node.get("label") or "unnamed"),
        str(node.get("kind") or ""),
        str(node.get("standing") or "good"),
    )
    is_well = standing not in STATES
    said = kind or standing if is_well else f"{kind}, {standing}".removeprefix(", ")
    body = element(
        "g",
        element("title", f"{name} ({said})"),
        _frame(place, STATES.get(standing), is_current=bool(node.get("current"))),
        text(said, x=x + 12, y=y + 19, class_="chart-faint", font_size=11),
        text(clip(name, LETTERS), x=x + 12, y=y + 37, class_="chart-strong" if node.get("current") else "chart-label"),
    )
    href = str(node.get("href") or "")
    is_ours = href.startswith("/") and not href.startswith(("//", "/\\"))
    return element("a", body, href=href) if is_ours else body


def _frame(place: tuple[float, float], state: str | None, *, is_current: bool) -> SafeString:
    look = f"is-{state}" if state else "is-current" if is_current else "is-plain"
    ink = state or ("accent" if is_current else "line-strong")
    width = 2.2 if state or is_current else 1.2
    ground = f"{state}-wash" if state else "surface"
    size = (NODE_WIDTH, NODE_HEIGHT)
    return box(f"chart-node {look}", place, size, ink=ground, rx=3, stroke=INKS[ink], stroke_width=width)
