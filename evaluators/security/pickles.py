"""Follow pickles without ever loading one: every name must be on the allowlist, what can't be followed is a finding."""

import io
import sys

from evaluators.security.allowed import ALLOWED
from evaluators.security.machine import Finding, Machine
from evaluators.security.opcodes import HANDLERS
from evaluators.security.symbols import Malformed

MAX_BYTES = 512 << 20
PACKAGES = frozenset(module.partition(".")[0] for module, _ in ALLOWED)


def scan(data: bytes, *, allow_persistent: bool = False) -> list[Finding]:
    """Findings of all pickles that lie one after the other in the data, to its last byte."""
    if len(data) > MAX_BYTES:
        return [Finding(0, "too large", f"{len(data):,} bytes, more than the {MAX_BYTES:,} that are inspected")]
    machine = _followed(data, allow_persistent=allow_persistent, reads_arrays=True)
    if not machine.has_arrays:
        return machine.findings
    # The bytes of joblib's arrays are opcodes to any other loader: a name that it would reach counts as well.
    plain = _followed(data, allow_persistent=allow_persistent, reads_arrays=False)
    known = {found.what for found in machine.findings}
    reached = [found for found in plain.findings if found.kind == "global" and found.what not in known]
    return machine.findings + [found for found in reached if not machine.has_objects or _is_known(found.what)]


def _is_known(name: str) -> bool:
    """Whether a name is of a module at hand. Arrays of objects number their memo afresh, and to a loader that goes on
    numbering, words of their descriptions turn into names of nothing."""
    return name.partition(".")[0] in sys.stdlib_module_names | PACKAGES


def _followed(data: bytes, *, allow_persistent: bool, reads_arrays: bool) -> Machine:
    stream = io.BytesIO(data)
    machine = Machine(stream, HANDLERS, allow_persistent=allow_persistent, reads_arrays=reads_arrays)
    try:
        machine.run()
        # Where arrays were passed over, what follows the first pickle can't be told from what lies within.
        while stream.tell() < len(data) and (reads_arrays or not machine.has_arrays):
            machine.run()
    # Whatever the parser says about crafted bytes, the answer is the same: not understood, not trusted.
    except (Malformed, ValueError, IndexError, OverflowError, MemoryError, RecursionError) as error:
        machine.note("malformed", str(error)[:120] or type(error).__name__)
    return machine
