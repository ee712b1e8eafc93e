"""What training an exhibit leaves behind."""

from dataclasses import dataclass

File = tuple[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Made:
    """The model's files, everything it learnt from or was kept from it, and the latter alone."""

    files: list[File]
    source: File
    held_out: File


class NotHere(Exception):
    """Something that this part of the demo is made of isn't installed; the message says what."""
