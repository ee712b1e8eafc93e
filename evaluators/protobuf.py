"""Walk a protocol buffer without its schema's library, and an ONNX file far enough to see what it refers to."""

from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_DEPTH = 64
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
# The reader of the library keeps 32 bits of a tag; a longer one would be a field to it that isn't seen here.
MAX_TAG = (1 << 32) - 1
# Names of operators, places and classes that are kept: a hostile file may hold millions.
MAX_KEPT = 100_000
# Field numbers in onnx.proto.
GRAPH, TRAINING, FUNCTIONS = 7, 20, 25
TRAINING_GRAPHS = (1, 2)
NODE, INITIALIZER, SPARSE_INITIALIZER = 1, 5, 15
FUNCTION_NODE = 7
OPERATOR, ATTRIBUTE, DOMAIN = 4, 5, 7
NAME, INTEGERS, STRINGS = 1, 8, 9
TENSORS, SPARSE_TENSORS, GRAPHS = (5, 10), (22, 23), (6, 11)
EXTERNAL_DATA, DATA_LOCATION = 13, 14
KEY, VALUE = 1, 2


class Malformed(Exception):
    """The bytes aren't a message of this format."""


@dataclass
class OnnxFile:
    """What an ONNX file says of itself: where else its weights lie, its operators, and the names of its classes."""

    external: list[str] = field(default_factory=list)
    operators: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    class_names: set[tuple[str, ...]] = field(default_factory=set)


def read_onnx(data: bytes) -> OnnxFile:
    """Look at every node and tensor, also in subgraphs and functions. Raises Malformed."""
    found = OnnxFile()
    graphs = 0
    for number, _, value in fields(memoryview(data)):
        if number == GRAPH:
            graphs += 1
            _graph(_message(value), found, 0)
        elif number in (TRAINING, FUNCTIONS):
            _aside(number, _message(value), found)
    if graphs != 1:
        raise Malformed(f"holds {graphs} graphs")
    return found


def _aside(number: int, data: memoryview, found: OnnxFile) -> None:
    """Graphs of training, and nodes of functions."""
    for inner, _, value in fields(data):
        if number == TRAINING and inner in TRAINING_GRAPHS:
            _graph(_message(value), found, 0)
        elif number == FUNCTIONS and inner == FUNCTION_NODE:
            _node(_message(value), found, 0)


def fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Number, wire type and value of each field: a number, or the bytes of what has a length. Raises Malformed."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if not number or tag > MAX_TAG:
            raise Malformed("a field has a number that no field has")
        if wire == VARINT:
            value, position = _varint(data, position)
            yield number, wire, value
            continue
        if wire == LENGTH:
            length, position = _varint(data, position)
        elif wire in (FIXED64, FIXED32):
            length = 8 if wire == FIXED64 else 4
        else:
            raise Malformed(f"a field has wire type {wire}")
        if position + length > len(data):
            raise Malformed("a field is longer than what holds it")
        yield number, wire, data[position : position + length]
        position += length


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for i in range(10):
        if position + i >= len(data):
            raise Malformed("ends within a number")
        byte = data[position + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, position + i + 1
    raise Malformed("a number never ends")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise Malformed("a number stands where a message belongs")
    return value


def _graph(data: memoryview, found: OnnxFile, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Malformed(f"more than {MAX_DEPTH} graphs lie within one another")
    for number, _, value in fields(data):
        if number == NODE:
            _node(_message(value), found, depth)
        elif number == INITIALIZER:
            _tensor(_message(value), found)
        elif number == SPARSE_INITIALIZER:
            _sparse(_message(value), found)


def _node(data: memoryview, found: OnnxFile, depth: int) -> None:
    for number, _, value in fields(data):
        if len(found.operators) + len(found.domains) + len(found.external) > MAX_KEPT:
            raise Malformed(f"names more than {MAX_KEPT:,} operators and places")
        if number == OPERATOR:
            found.operators.add(_text(value))
        elif number == DOMAIN:
            found.domains.add(_text(value))
        elif number == ATTRIBUTE:
            _attribute(_message(value), found, depth)


def _attribute(data: memoryview, found: OnnxFile, depth: int) -> None:
    names = [_text(value) for number, _, value in fields(data) if number == NAME]
    # The library keeps the last of several names.
    is_labels = bool(names) and names[-1].startswith("classlabels_")
    labels: list[str] = []
    for number, wire, value in fields(data):
        if is_labels and number == STRINGS:
            labels.append(_text(value))
        elif is_labels and number == INTEGERS:
            labels += [str(one) for one in _integers(wire, value)]
        else:
            _held(number, value, found, depth)
        if len(labels) > MAX_KEPT:
            raise Malformed(f"names more than {MAX_KEPT:,} classes")
    if labels:
        found.class_names.add(tuple(labels))


def _held(number: int, value: int | memoryview, found: OnnxFile, depth: int) -> None:
    """A tensor or a graph that is the value of an attribute."""
    if number in TENSORS:
        _tensor(_message(value), found)
    elif number in SPARSE_TENSORS:
        _sparse(_message(value), found)
    elif number in GRAPHS:
        _graph(_message(value), found, depth + 1)


def _integers(wire: int, value: int | memoryview) -> list[int]:
    """One number, or several packed into one field; ONNX keeps signed ones in two's complement."""
    numbers = [value] if isinstance(value, int) else []
    if wire == LENGTH and not isinstance(value, int):
        if len(value) > 10 * MAX_KEPT:
            raise Malformed(f"names more than {MAX_KEPT:,} classes")
        position = 0
        while position < len(value):
            number, position = _varint(value, position)
            numbers.append(number)
    return [number - (1 << 64) if number >= 1 << 63 else number for number in numbers]


def _sparse(data: memoryview, found: OnnxFile) -> None:
    for number, _, value in fields(data):
        if number in (1, 2):
            _tensor(_message(value), found)


def _tensor(data: memoryview, found: OnnxFile) -> None:
    for number, _, value in fields(data):
        if number == EXTERNAL_DATA:
            pair = {inner: _text(part) for inner, _, part in fields(_message(value))}
            if pair.get(KEY) == "location":
                found.external.append(pair.get(VALUE, ""))
        elif number == DATA_LOCATION and value:
            found.external.append("(elsewhere)")


def _text(value: int | memoryview) -> str:
    return bytes(_message(value)).decode("utf-8", errors="backslashreplace")
