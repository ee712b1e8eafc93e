"""How much a document may hold, and which characters its text may be made of."""

import unicodedata

MAX_TEXT = 50_000
MAX_PLAIN = 2_000
MAX_ROWS = 500
MAX_COLUMNS = 30
MAX_POINTERS = 50
MAX_DOCUMENT_BYTES = 1024 * 1024

ALLOWED_CONTROLS = frozenset("\n\t")


class Problem(ValueError):
    """One answer can't be used; the message says why, without the question's name."""


def clean_text(value: object, *, most: int, what: str) -> str:
    """Return the text with plain line ends; refuse what is empty, too long, or holds control characters."""
    if not isinstance(value, str):
        raise Problem(f"{what} must be text")
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Problem(f"{what} is empty; leave the question out instead")
    if len(text) > most:
        raise Problem(f"{what} has {len(text):,} characters; the limit is {most:,}")
    refuse_controls(text, what=what)
    return text


def refuse_controls(text: str, *, what: str) -> None:
    """Refuse control characters other than line end and tab, and what UTF-8 can't hold."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in ALLOWED_CONTROLS:
            raise Problem(f"{what} holds the character U+{ord(character):04X}, which can't be stored")
