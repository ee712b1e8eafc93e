"""Files that look like data and run code for whoever loads them as a pickle."""

import pickletools
import re
from typing import BinaryIO

from evaluators.security.machine import Machine
from evaluators.security.opcodes import HANDLERS
from evaluators.security.symbols import Malformed

MAX_STEPS = 1_000_000
PARSING = (ValueError, IndexError, OverflowError, MemoryError, UnicodeDecodeError)
# Numbers and texts on a line of their own, of which loaders read more spellings than the parser does.
SPELT = re.compile(rb"[IL]\s*[-+]?[0-9][0-9A-Za-z_]*\s*\Z|S(['\"]).*\1\s*\Z", re.DOTALL)


def begins_like_pickle(handle: BinaryIO) -> bool:
    """Whether the bytes parse as a pickle up to a STOP, or for so long that they are no accident."""
    steps = 0
    handle.seek(0)
    try:
        for opcode, _, _ in pickletools.genops(handle):
            steps += 1
            if opcode.name == "STOP" or steps > MAX_STEPS:
                return True
    except PARSING:
        return False
    finally:
        handle.seek(0)
    return False


def loads_as_pickle(handle: BinaryIO) -> bool:
    """Whether a loader that takes the bytes for a pickle gets an object, or comes to a name before it fails.

    What a name brings has run by then. Bytes that go on for very long are no accident either.
    """
    handle.seek(0)
    watched = _Watched(handle)
    machine = Machine(watched, HANDLERS, allow_persistent=False, reads_arrays=False)
    try:
        machine.run()
        may_go_on = not machine.findings
    except (Malformed, RecursionError):
        may_go_on = machine.opcodes > MAX_STEPS
    except PARSING:
        may_go_on = bool(SPELT.match(watched.line)) or machine.opcodes > MAX_STEPS
    finally:
        handle.seek(0)
    return machine.names_reached > 0 or may_go_on


class _Watched:
    """A stream that knows what it was asked for last, where that is a line: the opcode and its argument."""

    def __init__(self, handle: BinaryIO) -> None:
        self.handle = handle
        self.single = b""
        self.line = b""

    def read(self, size: int) -> bytes:
        found = self.handle.read(size)
        self.line = b""
        if size == 1:
            self.single = found
        return found

    def readline(self) -> bytes:
        found = self.handle.readline()
        self.line = self.single + found
        return found

    def tell(self) -> int:
        return self.handle.tell()
