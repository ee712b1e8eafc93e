"""How many of something there are, in words. Standard library only."""

import math


def how_many(n: float, things: str) -> str:
    """Such as "1,200 rows to test", and "1 row to test": of one thing, the first word that ends in s loses it."""
    if round(n) != 1:
        return f"{n:,.0f} {things}"
    words = things.split(" ")
    plural = next((i for i, word in enumerate(words) if word.endswith("s")), None)
    return " ".join(["1", *(word[:-1] if i == plural else word for i, word in enumerate(words))])


def too_few(n: float, minimum: int, things: str = "rows") -> str:
    """Such as "1 row, fewer than 10", or "" if there are enough. Parts of a row, of effective ones, are not counted."""
    return f"{how_many(math.floor(n), things)}, fewer than {minimum:,}" if n < minimum else ""
