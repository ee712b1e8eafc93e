"""Intervals that meet a limit, and intervals that fall short of it."""

import random

from tests.models.rows import Row


def passing(threshold: Row, rng: random.Random) -> tuple[float, float]:
    """An interval that meets a limit, now and then with a bound exactly on it."""
    limit, width = threshold["limit"], rng.uniform(0, 0.2)
    room = rng.choice([0.0, rng.uniform(0, 0.3)])
    if threshold["direction"] == "at_least":
        return limit + room, limit + room + width
    if threshold["direction"] == "at_most":
        return limit - room - width, limit - room
    return limit - threshold["tolerance"] * rng.choice([1, rng.random()]), limit + threshold["tolerance"] * rng.random()


def short(threshold: Row, rng: random.Random) -> Row:
    """An interval that includes the limit or misses it altogether."""
    limit, by, width = threshold["limit"], rng.choice([1e-9, rng.uniform(0.001, 0.4)]), rng.uniform(0, 0.4)
    if threshold["direction"] == "at_least":
        return {"low": limit - by - width, "high": limit - by + rng.choice([0.0, width + by])}
    if threshold["direction"] == "at_most":
        return {"low": limit + by - rng.choice([0.0, width + by]), "high": limit + by + width}
    edge = limit + threshold["tolerance"]
    return {"low": edge + by - rng.choice([0.0, 2 * by]), "high": edge + by + width}
