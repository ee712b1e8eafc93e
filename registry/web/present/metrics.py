"""What a metric is called and in which unit it is, from the evaluators' own catalog."""

from registry.reports.metric_names import SHARES, evaluator_title, facts, title

__all__ = ["evaluator_title", "facts", "title", "unit", "unit_words"]

COUNTED = frozenset(
    {
        "alarms", "bytes", "changes", "class", "columns", "features", "findings", "flag", "operations", "points",
        "rows", "signals", "types", "values",
    }
)  # fmt: skip
BARE = frozenset({"", "ratio", "score", "index", "count", "none"})


def unit(metric: str) -> str:
    """How its numbers are written: in percent, as counts, or bare. Other units are words: see `unit_words`."""
    named = facts().get(metric, {}).get("unit")
    return "rate" if named in SHARES else "count" if named in COUNTED else ""


def unit_words(metric: str) -> str:
    """Its unit in words, where the numbers are bare."""
    named = str(facts().get(metric, {}).get("unit") or "")
    return "" if named in SHARES or named in BARE else named
