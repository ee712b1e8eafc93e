"""How the method behind an interval is written: whoever it is named after is written large."""

from __future__ import annotations

import re

NAMES = {
    "bonferroni": "Bonferroni",
    "clopper-pearson": "Clopper\u2013Pearson",
    "cusum": "CUSUM",
    "delong": "DeLong",
    "welch": "Welch",
    "wilson": "Wilson",
}
KNOWN = re.compile(rf"\b({'|'.join(NAMES)})\b")


def method_words(method: str) -> str:
    """'clopper-pearson, simultaneous' is 'Clopper\u2013Pearson, simultaneous'."""
    return KNOWN.sub(lambda found: NAMES[found[1]], method)
