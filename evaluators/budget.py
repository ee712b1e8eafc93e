"""How much a costly measurement may take: units decide, seconds are a safety net."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

BUDGET_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "budget_s": {
        "type": "number",
        "default": 600,
        "minimum": 1,
        "maximum": 86_400,
        "title": "Seconds after which no further part is begun",
    }
}


@dataclass
class Budget:
    """Hands out parts of the work until the seconds are spent. It never sees a result, so it can't stop at a good one.

    At least one part is always handed out: spent time with one usable part is a reading with a wide interval.
    """

    seconds: float
    done: int = 0
    is_exhausted: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def facts(self) -> dict[str, int | bool]:
        """How far it came, for the detail of a reading."""
        return {"units_done": self.done, "budget_exhausted": self.is_exhausted}

    def parts(self, total: int, size: int) -> Iterator[slice]:
        """Slices over `total` units, each of at most `size`."""
        for start in range(0, total, size):
            if start and time.monotonic() - self.started > self.seconds:
                self.is_exhausted = True
                return
            stop = min(start + size, total)
            yield slice(start, stop)
            self.done = stop
