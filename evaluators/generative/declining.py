"""Whether an answer declines, by the patterns of `refusals.json`. Standard library only."""

import json
import re
from functools import cache
from pathlib import Path

LISTS = Path(__file__).with_name("refusals.json")
# An answer that declines says so at its beginning.
BEGINNING = 300
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
QUOTED = re.compile(r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|(?<!\w)'[^'\n]{8,200}'(?!\w)")


def refusal(text: str) -> bool:
    """Whether the first 300 characters of the answer say that it can't or won't."""
    plain = QUOTED.sub(" ", text[:BEGINNING].replace("’", "'")).lower()
    if _pattern("openings").match(plain) and not _pattern("answered").match(plain):
        return True
    return any(_declines(sentence.strip()) for sentence in SENTENCE.findall(plain))


def _declines(sentence: str) -> bool:
    return bool(_pattern("refusals").search(sentence)) and not _pattern("answered").search(sentence)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(json.loads(LISTS.read_text(encoding="utf-8"))[name]))
