"""Pickles put together opcode by opcode, harmless to have and harmful to load."""

import io
import pickle
import pickletools
import zipfile
from collections.abc import Callable

CRAFTED: dict[str, bytes] = {
    "GLOBAL in text": b"cos\nsystem\n(S'echo'\ntR.",
    "INST": b"(S'echo'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'echo'\no.",
    "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04echo\x85R.",
    "STACK_GLOBAL through the memo": (
        b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x8c\x05numpy\x8c\x05dtype00h\x00h\x01\x93\x8c\x04echo\x85R."
    ),
    "memo overwritten after a harmless name": (
        b"\x80\x04\x8c\x05numpyq\x000\x8c\x02osq\x000h\x00\x8c\x06system\x93\x8c\x04echo\x85R."
    ),
    "memo index by MEMOIZE after PUT": (b"\x80\x04\x8c\x02osq\x010\x8c\x06system\x940h\x01h\x01\x93."),
    "name put together by a call": (b"\x80\x04c_codecs\nencode\n\x8c\x02os\x8c\x05ascii\x86R\x8c\x06system\x93."),
    "duplicate": b"\x80\x04\x8c\x02os\x8c\x06system\x932\x8c\x04echo\x85R.",
    "indirection: importlib": b"\x80\x04cimportlib\nimport_module\n\x8c\x02os\x85R.",
    "indirection: resolve_name": b"\x80\x04cpkgutil\nresolve_name\n\x8c\x09os.system\x85R.",
    "indirection: attrgetter": b"\x80\x04coperator\nattrgetter\n\x8c\x06system\x85R.",
    "indirection: partial": b"\x80\x04cfunctools\npartial\n)R.",
    "indirection: getattr": b"\x80\x04cbuiltins\ngetattr\n)R.",
    "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93.",
    "allowed module, other name": b"\x80\x04\x8c\x05numpy\x8c\x08loadtxt0\x8c\x04load\x93.",
    "BUILD on a name": b"\x80\x04cnumpy\ndtype\n}\x8c\x01x\x8c\x01ysb.",
    "BUILD of a special attribute": b"\x80\x04ccollections\nOrderedDict\n)R}\x8c\x09__class__\x8c\x01ysb.",
    "items into a name": b"\x80\x04cnumpy\ndtype\n\x8c\x01x\x8c\x01ys.",
    "append to a name": b"\x80\x04cnumpy\ndtype\n\x8c\x01xa.",
    "call of a result": b"\x80\x04ccollections\ndefaultdict\n)R)R.",
    "NEWOBJ": b"\x80\x04csubprocess\nPopen\n)\x81.",
    "NEWOBJ_EX": b"\x80\x04csubprocess\nPopen\n)}\x92.",
    "extension code": b"\x80\x02\x82\x01.",
    "wide extension code": b"\x80\x02\x84\x01\x00\x00\x00.",
    "persistent id": b"Psomewhere\n.",
    "binary persistent id": b"\x80\x04\x8c\x01xQ.",
    "second stream": b"\x80\x04N.cos\nsystem\n.",
    "trailing bytes": b"\x80\x04N.\x00\x00\x00",
    "no STOP": b"\x80\x04N",
    "empty": b"",
    "stack underflow": b"\x80\x04R.",
    "no mark": b"\x80\x04t.",
    "mark left over": b"\x80\x04(N.",
    "two objects left": b"\x80\x04NN.",
    "memo never written": b"\x80\x04h\x05.",
    "odd dict": b"\x80\x04(Nd.",
    "unknown opcode": b"\x80\x04\xff.",
    "module with a space": b"cos path\nsystem\n.",
    "module with foreign letters": "cös\nsystem\n.".encode(),
    "name that is a number": b"\x80\x04\x8c\x02osK\x01\x93.",
    "huge integer": b"L" + b"9" * 5000 + b"L\n.",
    "string without quotes": b"Shello\n.",
    "out-of-band buffer": b"\x80\x05\x97.",
    "joblib array without bytes": b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b.",
}

ENCODINGS: dict[str, Callable[[str, str], bytes]] = {
    "GLOBAL": lambda module, name: f"c{module}\n{name}\n.".encode(),
    "INST": lambda module, name: f"(i{module}\n{name}\n.".encode(),
    "STACK_GLOBAL": lambda module, name: b"\x80\x04" + _short(module) + _short(name) + b"\x93.",
}


def _short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text.encode())]) + text.encode()


def torch_zip(content: bytes, **members: bytes) -> bytes:
    """An archive as torch.save lays it out, around any pickle."""
    handle = io.BytesIO()
    with zipfile.ZipFile(handle, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/version", b"3\n")
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return handle.getvalue()


def opcodes(content: bytes) -> set[str]:
    """Which opcodes a benign pickle uses."""
    return {opcode.name for opcode, _, _ in pickletools.genops(content)}


def every_protocol(value: object) -> list[bytes]:
    return [pickle.dumps(value, protocol=protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
