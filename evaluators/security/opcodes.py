"""What each pickle opcode does to the symbolic machine."""

from typing import Any

from evaluators.security.arrays import DTYPE, array_layout, is_wrapper, item_type
from evaluators.security.machine import Handler, Machine
from evaluators.security.symbols import PERSISTENT, Global, Made, Malformed, Pairs

# What makes a dict or a tuple whose content can't be seen here.
OPAQUE = frozenset(["dict", "tuple", "OrderedDict", "defaultdict"])


def _pairs(values: list[Any]) -> list[tuple[Any, Any]]:
    if len(values) % 2:
        raise Malformed("a key without a value")
    return list(zip(values[::2], values[1::2], strict=True))


def _global(machine: Machine, arg: str) -> None:
    module, _, name = arg.partition(" ")
    if not name or " " in name or not arg.isascii():
        raise Malformed("a name with spaces or foreign letters")
    machine.push(machine.name(module, name))


def _stack_global(machine: Machine, _: Any) -> None:
    name, module = machine.pop(), machine.pop()
    machine.push(machine.name(module, name))


def _inst(machine: Machine, arg: str) -> None:
    args = machine.items()
    _global(machine, arg)
    machine.call(machine.pop(), tuple(args))


def _obj(machine: Machine, _: Any) -> None:
    items = machine.items()
    if not items:
        raise Malformed("an object without a class")
    machine.call(items[0], tuple(items[1:]))


def _reduce(machine: Machine, _: Any) -> None:
    args, maker = machine.pop(), machine.pop()
    machine.call(maker, args)


def _newobj_ex(machine: Machine, _: Any) -> None:
    keywords, args, maker = machine.pop(), machine.pop(), machine.pop()
    if not isinstance(keywords, Pairs) or not isinstance(args, tuple):
        raise Malformed("a call without plain arguments")
    machine.call(maker, (*args, keywords))


def _build(machine: Machine, _: Any) -> None:
    state, target = machine.pop(), machine.top()
    if not isinstance(target, Made):
        machine.note("build", "changes the attributes of something it didn't make")
        return
    for part in state if isinstance(state, tuple) else (state,):
        _check_state(machine, part)
    was_built, target.state = target.state is not None, state
    if target.maker == DTYPE:
        _check_dtype(machine, target, was_built=was_built)
    if is_wrapper(target):
        machine.has_arrays = True
        if was_built:
            raise Malformed("an array described twice")
        if machine.reads_arrays:
            _array(machine, target)


def _check_state(machine: Machine, part: Any) -> None:
    """Attributes are set by name: each name must be plain text, and no name may be special."""
    if isinstance(part, Made) and isinstance(part.maker, Global) and part.maker.name in OPAQUE:
        machine.note("build", "sets attributes that can't be seen")
    for key, _ in part.items if isinstance(part, Pairs) else ():
        if not isinstance(key, str | int) or (isinstance(key, str) and key.startswith("__")):
            machine.note("build", "sets a special attribute")


def _check_dtype(machine: Machine, dtype: Made, *, was_built: bool) -> None:
    """numpy believes what a pickle says of its items; what is not as numpy writes it is a finding."""
    try:
        item_type(dtype)
    except Malformed as error:
        machine.note("dtype", str(error))
    if was_built:
        machine.note("dtype", "describes the items of an array twice")
    for part in dtype.state if isinstance(dtype.state, tuple) else ():
        if isinstance(part, Pairs):
            part.is_fixed = True


def _array(machine: Machine, wrapper: Made) -> None:
    """Step over the raw bytes, or into the pickle, that joblib puts behind an array's description."""
    if machine.frame_end > machine.stream.tell():
        # joblib's reader would find the array behind the frame, and go on in the frame.
        raise Malformed("an array in the middle of a frame")
    size, is_padded = array_layout(wrapper)
    if size is None:
        machine.has_objects = True
        machine.nested()
    else:
        if is_padded:
            padding = machine.stream.read(1)
            machine.skip(padding[0] if padding else 1)
        machine.skip(size)
    machine.stack[-1] = Made(Global("numpy", "ndarray"))


def _frame(machine: Machine, size: int) -> None:
    machine.frame_end = machine.stream.tell() + size


def _extend(machine: Machine, values: list[Any]) -> None:
    target = machine.top()
    if isinstance(target, list):
        target.extend(values)
    elif not isinstance(target, Made):
        machine.note("extend", "adds items to something it didn't make")


def _set_items(machine: Machine, values: list[Any]) -> None:
    target = machine.top()
    if isinstance(target, Pairs):
        if target.is_fixed:
            machine.note("dtype", "changes the fields of an array afterwards")
        target.items.extend(_pairs(values))
    elif not isinstance(target, Made):
        machine.note("extend", "sets items of something it didn't make")


def _set_item(machine: Machine, _: Any) -> None:
    value, key = machine.pop(), machine.pop()
    _set_items(machine, [key, value])


def _pop(machine: Machine, _: Any) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.items()


def _mark(machine: Machine, _: Any) -> None:
    machine.marks.append(machine.stack)
    machine.stack = []


def _tuple_of(size: int) -> Handler:
    def handler(machine: Machine, _: Any) -> None:
        values = [machine.pop() for _ in range(size)]
        machine.push(tuple(reversed(values)))

    return handler


def _put(machine: Machine, arg: Any) -> None:
    machine.memo[int(arg)] = machine.top()


def _get(machine: Machine, arg: Any) -> None:
    if int(arg) not in machine.memo:
        raise Malformed("reads a memo that was never written")
    machine.push(machine.memo[int(arg)])


def _extension(machine: Machine, arg: Any) -> None:
    machine.note("extension", f"extension code {arg}")
    machine.push(Global("copyreg", f"extension {arg}"))


def _persistent(machine: Machine, what: Any) -> None:
    """torch names its storages so; the class in the id is a name like any other."""
    is_storage = isinstance(what, tuple) and len(what) == 5 and what[0] == "storage" and isinstance(what[1], Global)
    if not (machine.allow_persistent and is_storage and all(isinstance(part, str | int) for part in what[2:])):
        machine.note("persistent id", "refers to something outside the stream")
    machine.push(PERSISTENT)


HANDLERS: dict[str, Handler] = {
    "FRAME": _frame,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "INST": _inst,
    "OBJ": _obj,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _newobj_ex,
    "BUILD": _build,
    "APPEND": lambda machine, _: _extend(machine, [machine.pop()]),
    "APPENDS": lambda machine, _: _extend(machine, machine.items()),
    "ADDITEMS": lambda machine, _: _extend(machine, machine.items()),
    "SETITEM": _set_item,
    "SETITEMS": lambda machine, _: _set_items(machine, machine.items()),
    "POP": _pop,
    "POP_MARK": lambda machine, _: machine.items().clear(),
    "DUP": lambda machine, _: machine.push(machine.top()),
    "MARK": _mark,
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_SET": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push(Pairs()),
    "LIST": lambda machine, _: machine.push(machine.items()),
    "FROZENSET": lambda machine, _: machine.push(machine.items()),
    "DICT": lambda machine, _: machine.push(Pairs(_pairs(machine.items()))),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.items())),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": lambda machine, _: _put(machine, len(machine.memo)),
    "GET": _get,
    "BINGET": _get,
    "LONG_BINGET": _get,
    "EXT1": _extension,
    "EXT2": _extension,
    "EXT4": _extension,
    # Bytes seen through a memoryview are the same bytes.
    "READONLY_BUFFER": lambda machine, _: machine.top(),
    "PERSID": _persistent,
    "BINPERSID": lambda machine, _: _persistent(machine, machine.pop()),
}
