"""joblib files that run code when they are loaded, though the code lies where an array is said to be."""

import struct

RUNS = b"cposix\nsystem\n(S'echo'\ntR0"
PLAIN = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81"
DISGUISED = b"ccopyreg\n_reconstructor\n(cjoblib.numpy_pickle\nNumpyArrayWrapper\ncbuiltins\nobject\nNtR"


def placeholder(items: bytes, count: int, *, more: bytes = b"", made: bytes = PLAIN) -> bytes:
    """The opcodes of a placeholder for an array of so many items."""
    shape = b"X\x05\0\0\0shapeJ" + struct.pack("<i", count) + b"\x85"
    order = b"X\x05\0\0\0orderX\x01\0\0\0CX\x05\0\0\0dtype" + items + b"X\x0a\0\0\0allow_mmap\x89"
    return made + b"}(X\x08\0\0\0subclasscnumpy\nndarray\n" + shape + order + more + b"ub"


def items(code: bytes, *, size: int = -1, marks: int = 0) -> bytes:
    """The opcodes of a dtype that says of itself what it is told to."""
    called = b"cnumpy\ndtype\n(X" + struct.pack("<I", len(code)) + code + b"\x89\x88tR"
    return called + b"(K\x03X\x01\0\0\0|NNNJ" + struct.pack("<i", size) + b"J\xff\xff\xff\xffK" + bytes([marks]) + b"tb"


def in_a_frame() -> bytes:
    """joblib reads the array behind the frame, and goes on in it."""
    body = placeholder(items(b"u1"), len(RUNS) + 1) + RUNS + b"."
    return b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body + b".N" * (len(RUNS) // 2 + 1) + b"."


def swallowed(made: bytes) -> bytes:
    """The array's bytes are the head of a long text, in which the code lies for whoever sees no array."""
    head = b"B" + struct.pack("<I", len(RUNS))
    return b"\x80\x02" + placeholder(items(b"u1"), len(head), made=made) + head + RUNS + b"0."


ALIGNED = b"X\x24\0\0\0safe_get_numpy_array_alignment_bytescbuiltins\nlist\n"
HIDDEN: dict[str, bytes] = {
    "in a frame": in_a_frame(),
    "items smaller than said": b"\x80\x02" + placeholder(items(b"S27", size=1), 1) + b"\0" + RUNS + b".",
    "a placeholder in disguise": swallowed(DISGUISED),
    "a method overridden": b"\x80\x02" + placeholder(items(b"u1"), len(RUNS) + 2, more=ALIGNED) + b"\0\0" + RUNS + b".",
    "loaded without joblib": b"\x80\x02" + placeholder(items(b"u1"), len(RUNS)) + RUNS + b".",
    "described twice": b"\x80\x02" + placeholder(items(b"u1"), 1, made=PLAIN + b"q\0") + b"\x000h\0}b.",
    "objects said to be bytes": b"\x80\x02" + items(b"O8", marks=0) + b".",
    "objects among fields said to be bytes": (
        b"\x80\x02cnumpy\ndtype\n(X\x02\0\0\0V8\x89\x88tR(K\x03X\x01\0\0\0|NX\x01\0\0\0a\x85}X\x01\0\0\0a"
        + items(b"O8", marks=63)
        + b"K\0\x86sK\x08K\x01K\0tb."
    ),
    "a codec looked up": b"\x80\x04c_codecs\nencode\n\x8c\x02os\x8c\x05ascii\x86R.",
    "attributes from a made dict": b"\x80\x04ccollections\ndeque\n)R(cbuiltins\ndict\n)Rtb.",
}
