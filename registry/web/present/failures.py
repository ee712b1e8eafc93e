"""What is said of a run that failed: whole on its own page, in a line elsewhere."""

import re

from registry.reports.svg import clip

# Faults of what a run was given: their sentences say what and where, so that the place in the code adds nothing.
GIVEN = (
    "SubjectError", "Undeclared", "ParameterError", "BadOutput", "NoProbabilities", "NotOffered", "Randomised",
)  # fmt: skip
MOST_LETTERS = 160


def failure_words(failure: str) -> str:
    """What was wrong with what the run was given, without where the code noticed; anything else stays as it is."""
    told = re.fullmatch(rf"(?:{'|'.join(GIVEN)}): (.+) \([\w/]+\.py:\d+ in \w+\)", failure.strip(), re.DOTALL)
    return told[1] if told else failure


def failure_line(failure: str) -> str:
    """The last line of it, for a row or an entry; empty where nothing failed."""
    lines = failure_words(failure).strip().splitlines()
    return clip(lines[-1], MOST_LETTERS) if lines else ""
