"""What a version came from and what came from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.safestring import SafeString

from registry.reports.svg import INKS, absent, box, chart, clip, element, text

NODE_WIDTH, NODE_HEIGHT, GAP_ACROSS, GAP_DOWN, MARGIN = 220.0, 50.0, 56.0, 16.0, 3.0
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
    places = _places(layers)
    across, down = len(layers), max(len(layer) for layer in layers)
    made = "; ".join(f"{known[start].get('label')} \u2192 {known[end].get('label')}" for start, end in arrows)
    return chart(
        *(_edge(places[start], places[end]) for start, end in arrows),
        *(_node(known[key], places[key]) for key in known),
        title=label,
        description=made or "; ".join(str(node.get("label")) for node in known.values()),
        width=across * NODE_WIDTH + (across - 1) * GAP_ACROSS + 2 * MARGIN,
        height=down * NODE_HEIGHT + (down - 1) * GAP_DOWN + 2 * MARGIN,
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


def _places(layers: list[list[str]]) -> dict[str, tuple[float, float]]:
    """The upper left corner of every node, each layer centred."""
    tallest = max(len(layer) for layer in layers)
    places = {}
    for column, layer in enumerate(layers):
        head = (tallest - len(layer)) * (NODE_HEIGHT + GAP_DOWN) / 2 + MARGIN
        for row, key in enumerate(layer):
            places[key] = (MARGIN + column * (NODE_WIDTH + GAP_ACROSS), head + row * (NODE_HEIGHT + GAP_DOWN))
    return places


def _edge(start: tuple[float, float], end: tuple[float, float]) -> SafeString:
    x1, y1 = start[0] + NODE_WIDTH, start[1] + NODE_HEIGHT / 2
    x2, y2 = end[0] - 2, end[1] + NODE_HEIGHT / 2
    bend = (x2 - x1) / 2
    line = element(
        "path",
        class_="chart-edge",
        d=f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2 - 5:g} {y2:g}",
        fill="none",
        stroke=INKS["line-strong"],
        stroke_width=1.4,
    )
    head = element(
        "path",
        class_="chart-edge-head",
        d=f"M{x2 - 7:g} {y2 - 4:g}L{x2:g} {y2:g}L{x2 - 7:g} {y2 + 4:g}Z",
        fill=INKS["line-strong"],
    )
    return element("g", line, head)


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
        text(clip(name, 29), x=x + 12, y=y + 37, class_="chart-strong" if node.get("current") else "chart-label"),
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
