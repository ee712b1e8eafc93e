"""A symbolic unpickler: stack, marks and memo exactly as the real machine keeps them, with symbols for objects."""

import pickletools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.security.allowed import is_allowed
from evaluators.security.arrays import DTYPE, mentions_wrapper
from evaluators.security.symbols import Global, Made, Malformed

MAX_FINDINGS = 200
MAX_DEPTH = 20
MAX_OPCODES = 30_000_000
LITERALS = frozenset(
    [
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    ]
)
FIXED = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
IGNORED = frozenset(["PROTO", "STOP"])
ENCODE = Global("_codecs", "encode")


@dataclass(frozen=True)
class Finding:
    """One reason not to trust a stream, and the byte where it begins."""

    offset: int
    kind: str
    what: str


class Machine:
    """The unpickler's stack, marks and memo, holding symbols.

    With `reads_arrays` it steps over the bytes behind joblib's placeholders as joblib does; without, like every other
    loader, it takes them for opcodes.
    """

    def __init__(
        self, stream: Any, handlers: "Handlers", *, allow_persistent: bool, reads_arrays: bool, depth: int = 0
    ) -> None:
        self.stream = stream
        self.handlers = handlers
        self.allow_persistent = allow_persistent
        self.reads_arrays = reads_arrays
        self.has_arrays = self.has_objects = False
        self.depth = depth
        self.frame_end = 0
        self.opcodes = 0
        self.names_reached = 0
        self.findings: list[Finding] = []
        self.offset = 0
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def note(self, kind: str, what: str) -> None:
        is_new = all((kind, what) != (found.kind, found.what) for found in self.findings)
        if is_new and len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(self.offset, kind, what))

    def run(self) -> None:
        """Follow one pickle, up to and including its STOP."""
        # What Python thinks of an escape within a name is no finding, and must not end the looking.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._follow()

    def _follow(self) -> None:
        self.stack, self.marks, self.memo = [], [], {}
        for opcode, arg, position in pickletools.genops(self.stream):
            self.offset, self.opcodes = position or 0, self.opcodes + 1
            if self.opcodes > MAX_OPCODES:
                raise Malformed(f"more than {MAX_OPCODES:,} steps")
            if opcode.name in LITERALS:
                self.stack.append(arg)
            elif opcode.name in FIXED:
                self.stack.append(FIXED[opcode.name])
            elif opcode.name not in IGNORED:
                handler = self.handlers.get(opcode.name)
                if handler is None:
                    raise Malformed(f"opcode {opcode.name}")
                handler(self, arg)
        if len(self.stack) != 1 or self.marks:
            self.note("malformed", "the stream doesn't end with one object")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if not self.stack:
            raise Malformed("stack underflow")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack:
            raise Malformed("stack underflow")
        return self.stack[-1]

    def items(self) -> list[Any]:
        """Everything above the last mark; the stack below it comes back."""
        if not self.marks:
            raise Malformed("no mark")
        found, self.stack = self.stack, self.marks.pop()
        return found

    def name(self, module: Any, name: Any) -> Global:
        """A global, noted unless it is allowed."""
        self.names_reached += 1
        if not isinstance(module, str) or not isinstance(name, str):
            raise Malformed("a name that isn't text")
        if not is_allowed(module, name):
            self.note("global", f"{module}.{name}"[:200])
        return Global(module, name)

    def call(self, maker: Any, args: Any) -> None:
        if not isinstance(maker, Global):
            self.note("call", "calls something that isn't a plain name")
        if not isinstance(args, tuple):
            raise Malformed("a call without plain arguments")
        if mentions_wrapper(args):
            raise Malformed("an array's placeholder that isn't made plainly")
        if maker == ENCODE and args[1:] not in (("latin1",), ("latin-1",)):
            self.note("call", "encodes text otherwise than pickles do")
        if maker == DTYPE and not (args and isinstance(args[0], str)):
            self.note("dtype", "describes the items of an array in an odd way")
        self.stack.append(Made(maker, args))

    def nested(self) -> None:
        """A pickle inside the stream, from here to its STOP."""
        if self.depth >= MAX_DEPTH:
            raise Malformed("pickles nested too deep")
        # joblib hands it to the plain loader, which knows no placeholders.
        options = {"allow_persistent": False, "reads_arrays": False}
        inner = Machine(self.stream, self.handlers, **options, depth=self.depth + 1)
        inner.findings = self.findings
        inner.run()

    def skip(self, size: int) -> None:
        if len(self.stream.read(size)) != size:
            raise Malformed("the bytes of an array are missing")


Handler = Callable[[Machine, Any], None]
Handlers = Mapping[str, Handler]
