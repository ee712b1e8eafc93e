"""Filters and tags of the templates: how numbers, times, digests, people's texts and outcomes are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil

from registry.reports import (
    charts,
    charts_calibration,
    charts_forest,
    charts_history,
    charts_lineage,
    charts_model,
    charts_stage,
    differences,
    figures,
    prose,
    wording,
)
from registry.templatetags import marks

register = template.Library()

NAVIGATION = (
    ("overview", "Overview", "/"),
    ("models", "Models", "/models/"),
    ("datasets", "Datasets", "/datasets/"),
    ("reviews", "Reviews", "/reviews/"),
    ("policies", "Policies", "/policies/"),
    ("audit", "Audit", "/audit/"),
)

for _filter in (
    wording.judged,
    wording.grouped,
    wording.asked_words,
    wording.bound_words,
    wording.evaluator_of,
    wording.found_words,
    wording.is_drawn,
    wording.metric_words,
    wording.question_words,
    wording.unblock_words,
    wording.unit_of,
    wording.waits_for_people,
):
    register.filter(_filter.__name__, _filter)

register.simple_tag(figures.format_against, name="against")
register.simple_tag(charts.interval_chart, name="interval_chart")
register.simple_tag(charts_forest.forest_chart, name="forest_chart")
register.simple_tag(charts_history.history_chart, name="history_chart")
register.simple_tag(charts_calibration.reliability_chart, name="reliability_chart")
register.simple_tag(charts_model.bar_interval_chart, name="bar_interval_chart")
register.simple_tag(charts_model.sparkline, name="sparkline")
register.simple_tag(charts_lineage.lineage_chart, name="lineage_chart")
register.simple_tag(charts_stage.stage_track, name="stage_track")


@register.filter
def number(value: object, unit: str = "") -> str:
    """`{{ reading.value|number:"rate" }}`: three significant digits, or 'not measured'."""
    return figures.format_number(value, unit)


@register.simple_tag
def interval(low: object, high: object, level: object = None, unit: str = "", limit: object = None) -> str:
    """`{% interval 0.57 0.75 0.95 %}`: '0.57 \u2013 0.75, 95%', with digits that tell both ends from a limit."""
    return figures.format_interval(low, high, level=level, unit=unit, limit=limit)


@register.filter
def level(value: object) -> str:
    """A confidence level in percent."""
    return figures.format_level(value)


@register.filter
def digest_short(value: object) -> str:
    """The first twelve characters of a digest, without the name of its algorithm."""
    return str(value or "").rsplit(":", 1)[-1][:12]


@register.filter
def when(value: datetime | None) -> SafeString | str:
    """A moment: how long ago to read, the exact ISO time in the element and on hover."""
    if not isinstance(value, datetime):
        return "never"
    moment = value if timezone.is_aware(value) else timezone.make_aware(value)
    local = timezone.localtime(moment)
    exact = local.isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, exact, _relative(moment, local))


def _relative(moment: datetime, local: datetime) -> str:
    """Close by in words; further off than a month by its date."""
    now = timezone.now()
    away = abs((moment - now).total_seconds())
    if away < 60:
        return "just now"
    if away > 32 * 86_400:
        return f"{local.day} {local:%B %Y}"
    words = timeuntil(moment, now, depth=1) if moment > now else timesince(moment, now, depth=1)
    return f"in {words}" if moment > now else f"{words} ago"


@register.filter
def day(value: datetime | None) -> SafeString | str:
    """A moment by its date and time, for tables and paper."""
    if not isinstance(value, datetime):
        return "never"
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), f"{local.day} {local:%B %Y, %H:%M %Z}"
    )


@register.filter
def markdown(value: object) -> SafeString:
    """A text in Markdown as HTML that can do nothing."""
    return prose.render_markdown(value)


@register.filter
def marked_words(change: Mapping[str, Any]) -> tuple[SafeString, SafeString]:
    """Both sides of a change, with the words marked that only one of them has."""
    return differences.mark_words(change["before"], change["after"])


@register.simple_tag
def outcome_icon(outcome: object) -> SafeString:
    """The icon of an outcome, a state or a standing; its word has to stand beside it."""
    return marks.icon(str(outcome))


@register.filter
def outcome_word(outcome: object) -> str:
    """The word of an outcome, a state or a standing: 'passed', 'needs data' \u2026"""
    return marks.word(str(outcome))


@register.filter
def outcome_class(outcome: object) -> str:
    """Which of the six colours an outcome, a state or a standing has."""
    return marks.family(str(outcome))


@register.simple_tag
def glyph(name: str) -> SafeString:
    """A drawing of the interface: copy, sun, menu, person, mark."""
    return marks.glyph(name)


@register.filter
def paired(cells: Iterable[Any], columns: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Cells beside their columns, so that a row can name each cell where the head isn't shown."""
    return list(zip(columns, cells, strict=False))


@register.filter
def initials(name: object) -> str:
    """One or two letters for a person."""
    words = str(name or "?").split()
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


@register.simple_tag
def nav_items(path: str, section: str = "", crumbs: Sequence[Mapping[str, str]] = ()) -> list[dict[str, object]]:
    """The rooms of the site; current is the one that `section` names, that the path lies in, or the first crumb."""
    here = section or _room(path) or _room(crumbs[0]["href"] if crumbs else "")
    return [{"key": key, "title": title, "href": root, "is_current": key == here} for key, title, root in NAVIGATION]


def _room(path: str) -> str:
    inside = (key for key, _, root in NAVIGATION if root != "/" and path.startswith(root))
    return next(inside, "overview" if path == "/" else "")


@register.simple_tag
def assay_version() -> str:
    """The version of this installation, for the footer."""
    return str(getattr(settings, "ASSAY_VERSION", ""))
