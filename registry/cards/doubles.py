"""Names that stand twice where each may stand once."""

from collections.abc import Iterable


def first_double(names: Iterable[str]) -> str | None:
    """The first name that was there before; None where each stands once. Each name is looked at once."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
