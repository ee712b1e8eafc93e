"""Moments on paper: exact, in UTC, and the same whenever the page is read."""

from datetime import UTC, datetime


def in_utc(moment: datetime | None) -> str:
    """'3 March 2026, 14:05:09 UTC'; 'never' for none."""
    if moment is None:
        return "never"
    there = moment.astimezone(UTC)
    return f"{there.day} {there:%B %Y, %H:%M:%S} UTC"
