"""The drawings: one icon per outcome, and the few glyphs of the interface."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString, mark_safe

from registry.reports.svg import INKS

RING: Final = '<circle cx="10" cy="10" r="8.2" fill="none" stroke="currentColor" stroke-width="1.7"/>'
DISC: Final = '<circle cx="10" cy="10" r="9" fill="currentColor"/>'
HOLE: Final = "#fffefb"
PATH: Final = '<path d="{}" fill="none" stroke="{}" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round"/>'

ICONS: Final = {
    "passed": RING + PATH.format("M6.2 10.3l2.6 2.6 5-5.6", "currentColor"),
    "failed": '<path d="M6.6 1.5h6.8l5.1 5.1v6.8l-5.1 5.1H6.6l-5.1-5.1V6.6z" fill="currentColor"/>'
    + PATH.format("M6.9 6.9l6.2 6.2M13.1 6.9l-6.2 6.2", HOLE),
    "undecided": RING + '<path d="M10 1.8a8.2 8.2 0 0 1 0 16.4z" fill="currentColor"/>',
    "waived": RING.replace("/>", ' stroke-dasharray="3.1 2.05"/>') + PATH.format("M10 5.8v4.4l2.9 1.9", "currentColor"),
    "suspended": RING + PATH.format("M7.7 6.9v6.2M12.3 6.9v6.2", "currentColor"),
    "running": RING + '<path d="M8 6.4l5.6 3.6L8 13.6z" fill="currentColor"/>',
    "queued": RING
    + '<path d="M5.6 10h.1M10 10h.1M14.3 10h.1" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"/>',
    "lapsed": RING + PATH.format("M6.6 8.2a4 4 0 1 1-.4 3.2M6.3 5.6v2.9h2.9", "currentColor"),
    "moved": RING + PATH.format("M5.8 10h8M10.6 6.8l3.3 3.2-3.3 3.2", "currentColor"),
    "written": RING + PATH.format("M6.6 7.3h6.8M6.6 10h6.8M6.6 12.7h3.6", "currentColor"),
    "files": RING + PATH.format("M7.2 5.7h3.4l2.2 2.2v6.2H7.2z", "currentColor"),
    "measured": RING + PATH.format("M6.7 13.2v-2.8M10 13.2V6.6M13.3 13.2V8.8", "currentColor"),
    "person": RING
    + PATH.format("M10 9.2a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8zM6.4 13.8a3.7 3.7 0 0 1 7.2 0", "currentColor"),
    "key": RING
    + PATH.format("M9.2 10a1.8 1.8 0 1 1-3.6 0 1.8 1.8 0 0 1 3.6 0zM9.4 10h5v2M12.2 10v1.6", "currentColor"),
    "priority_high": '<path d="M3 12.5h3.4V17H3zM8.3 8h3.4v9H8.3zM13.6 3H17v14h-3.4z" fill="currentColor"/>',
    "priority_medium": '<path d="M3 12.5h3.4V17H3zM8.3 8h3.4v9H8.3z" fill="currentColor"/>'
    '<path d="M14.2 3.6h2.2v12.8h-2.2z" fill="none" stroke="currentColor" stroke-width="1.2"/>',
    "priority_low": '<path d="M3 12.5h3.4V17H3z" fill="currentColor"/>'
    '<path d="M8.9 8.6h2.2v7.8H8.9zM14.2 3.6h2.2v12.8h-2.2z" fill="none" stroke="currentColor" stroke-width="1.2"/>',
    "neutral": RING + PATH.format("M6.5 10h7", "currentColor"),
}
FAMILIES: Final = {
    "passed": "passed approved active good done ok resolved complete success signed current accepted published",
    "failed": "failed blocked rejected refused withdrawn error failed_infra overdue critical retracted priority_high",
    "undecided": "undecided insufficient_data warning pending lapsed stale incomplete expiring open priority_medium",
    "waived": "waived waiver",
    "suspended": "suspended recalled",
}
FAMILY: Final = {name: family for family, names in FAMILIES.items() for name in names.split()}
WORDS: Final = {
    "failed_infra": "failed to run",
    "insufficient_data": "not enough data",
    "not_applicable": "does not apply",
    "passed_with_waiver": "passed with waiver",
}
GLYPHS: Final = {
    "copy": '<rect x="7" y="7" width="10" height="10" rx="1.5" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    + PATH.format("M13 4.2V4a1 1 0 0 0-1-1H4a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h.2", "currentColor"),
    "theme": RING + '<path d="M10 1.8a8.2 8.2 0 0 1 0 16.4z" fill="currentColor"/>',
    "menu": PATH.format("M3 6h14M3 10h14M3 14h14", "currentColor"),
    # A hallmark: the punch of an assay office, corners cut, a balance within.
    "mark": '<path d="M5.2 1.2h9.6l4 4v9.6l-4 4H5.2l-4-4V5.2z" fill="currentColor"/>'
    + PATH.format(
        "M10 4.4v10.8M7 15.4h6M4.6 6.4h10.8M4.9 6.6l-1.7 4.2a2.1 2.1 0 0 0 3.5 0z"
        "M15.1 6.6l-1.7 4.2a2.1 2.1 0 0 0 3.5 0z",
        HOLE,
    ).replace('stroke-width="1.9"', 'stroke-width="1.15"'),
}


def family(name: str) -> str:
    """Which of the six outcomes a state is shown as; `neutral` for one that is neither good nor bad."""
    return FAMILY.get("waived" if name == "passed_with_waiver" else name, "neutral")


def word(name: str) -> str:
    """The state in words."""
    return WORDS.get(name, name.removeprefix("priority_").replace("_", " ") or "unknown")


def icon(name: str) -> SafeString:
    """The drawing of a state; decorative, since its word stands beside it."""
    shown = family(name)
    return _drawn(ICONS.get(name, ICONS[shown]), f"outcome-icon outcome--{shown}", color=INKS[shown])


def glyph(name: str) -> SafeString:
    """A drawing of the interface."""
    return _drawn(GLYPHS[name], "glyph", color=INKS["ink"])


def _drawn(paths: str, class_: str, *, color: str) -> SafeString:
    """The SVG; `color` is what paper gets, the style sheet decides on a screen."""
    holed = paths.replace(f'stroke="{HOLE}"', f'stroke="{HOLE}" class="hole"')
    attributes = f'class="{class_}" viewBox="0 0 20 20" width="16" height="16" color="{color}" aria-hidden="true"'
    return mark_safe(f'<svg {attributes} xmlns="http://www.w3.org/2000/svg">{holed}</svg>')  # noqa: S308 (constants only)
