"""What a test found. It may fail a limit and never meet one, so it is said in words and not drawn as an interval."""

from __future__ import annotations

from registry.reports import metric_names
from registry.reports.figures import as_number, format_number

# What is counted or raised is found where there is any; the p-value beside it says how often chance alone does that.
COUNTED = frozenset({"alarms", "changes", "flag", "points", "signals"})
# A lower bound above 0 says nothing of the epsilon that was promised, which is what the p-value is about.
PROMISED = frozenset({"epsilon"})
LEVEL = 0.95


def is_test(metric: object) -> bool:
    """Whether the metric is a test and no effect."""
    return metric_names.facts().get(str(metric), {}).get("kind") == "test"


def words(
    metric: object, *, value: object = None, low: object = None, p_value: object = None, level: object = None
) -> str:
    """'test: found, p = 0.003', 'test: nothing found', or '' where nothing can be told."""
    number, bound, p = as_number(value), as_number(low), as_number(p_value)
    unit = metric_names.facts().get(str(metric), {}).get("unit")
    if unit in COUNTED:
        return "" if number is None else _said(number > 0)
    if p is not None:
        return f"{_said(p <= 1 - (as_number(level) or LEVEL))}, {_p_words(p)}"
    return "" if bound is None or unit in PROMISED else _said(bound > 0)


def _said(is_found: bool) -> str:
    return "test: found" if is_found else "test: nothing found"


def _p_words(p: float) -> str:
    written = format_number(p)
    return f"p {written}" if written.startswith("less") else f"p = {written}"
