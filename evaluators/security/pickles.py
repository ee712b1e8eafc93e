"""Follow pickles without ever loading one: every name must be on the allowlist, what can't be followed is a finding."""

import io

from evaluators.security.machine import Finding, Machine
from evaluators.security.opcodes import HANDLERS
from evaluators.security.symbols import Malformed

MAX_BYTES = 512 << 20


def scan(data: bytes, *, allow_persistent: bool = False) -> list[Finding]:
    """Findings of all pickles that lie one after the other in the data, to its last byte."""
    if len(data) > MAX_BYTES:
        return [Finding(0, "too large", f"{len(data):,} bytes, more than the {MAX_BYTES:,} that are inspected")]
    stream = io.BytesIO(data)
    machine = Machine(stream, HANDLERS, allow_persistent=allow_persistent)
    try:
        while stream.tell() < len(data) or not data:
            machine.run()
    # Whatever the parser says about crafted bytes, the answer is the same: not understood, not trusted.
    except (Malformed, ValueError, IndexError, OverflowError, MemoryError, RecursionError) as error:
        machine.note("malformed", str(error)[:120] or type(error).__name__)
    return machine.findings
