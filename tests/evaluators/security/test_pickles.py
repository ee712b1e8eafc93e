import _compat_pickle
import importlib
import io
import sys
import tarfile
import warnings
import zipfile
from collections import OrderedDict
from typing import Any

import joblib
import numpy as np
import pytest
import torch
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from evaluators.security.allowed import ALLOWED
from evaluators.security.archives import scan_compressed, scan_tar, scan_torch
from evaluators.security.pickles import scan
from tests.evaluators.security.crafted import CRAFTED, ENCODINGS, every_protocol, torch_zip
from tests.evaluators.security.placeholders import HIDDEN

# Modules that act when they are imported: they print, open browsers or start test suites.
NOT_IMPORTED = {"antigravity", "this", "idlelib", "lib2to3", "turtle", "turtledemo", "test", "tkinter", "__main__"}

pytestmark = pytest.mark.verification


@pytest.mark.parametrize("case", sorted(CRAFTED))
def test_a_crafted_pickle_is_found_out(case: str) -> None:
    assert scan(CRAFTED[case])


@pytest.mark.parametrize("case", sorted(HIDDEN))
def test_code_where_an_array_is_said_to_be_is_found_out(case: str) -> None:
    assert scan(HIDDEN[case])


def test_arrays_of_every_type_are_clean() -> None:
    types = ["?", "i1", "u8", "f2", "c16", "S3", "U2", "V4", "O", "M8[s]", [("a", "f8"), ("b", "U3")], [("a", "O")]]
    for items in types:
        handle = io.BytesIO()
        joblib.dump({"a": np.zeros((2, 3), dtype=items)}, handle)
        assert scan(handle.getvalue()) == [], items
        assert all(scan(content) == [] for content in every_protocol(np.zeros(2, dtype=items))), items


def library_names() -> list[tuple[str, str]]:
    """Every callable of every top-level module of the standard library that can be imported here."""
    names = []
    for module in sorted(set(sys.stdlib_module_names) - NOT_IMPORTED):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                loaded = importlib.import_module(module)
            except (ImportError, OSError):
                continue
            names += [(module, name) for name in dir(loaded) if callable(getattr(loaded, name, None))]
    return names


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_every_callable_of_the_standard_library_is_flagged_unless_allowed(encoding: str) -> None:
    names = [pair for pair in library_names() if pair not in ALLOWED]
    assert len(names) > 5000
    missed = [pair for pair in names if not scan(ENCODINGS[encoding](*pair))]
    assert missed == []


def test_the_allowlist_survives_the_renaming_of_old_protocols() -> None:
    for module, name in ALLOWED:
        renamed = _compat_pickle.NAME_MAPPING.get((module, name))
        if renamed is None:
            renamed = (_compat_pickle.IMPORT_MAPPING.get(module, module), name)
        assert renamed in ALLOWED


def test_nothing_allowed_can_reach_a_program() -> None:
    words = ("system", "popen", "exec", "eval", "import", "getattr", "load", "open", "compile", "partial", "attrgetter")
    assert [pair for pair in ALLOWED if any(word in pair[1].lower() for word in words)] == []


@pytest.mark.parametrize(
    "value",
    [None, [1, "a", b"b", 2.5, True], {"a": (1, 2, 3, 4)}, {1, 2}, frozenset({3, 4}), OrderedDict(a=1), 1j, 2**70],
    ids=str,
)
def test_plain_values_are_clean_in_every_protocol(value: Any) -> None:
    assert [scan(content) for content in every_protocol(value)] == [[]] * 6


def test_arrays_are_clean() -> None:
    for array in (np.arange(3.0), np.array(["a", None], dtype=object), np.zeros((2, 2), dtype="f4,i8"), np.float64(1)):
        assert [scan(content) for content in every_protocol(array)[2:]] == [[]] * 4


def estimators() -> list[Any]:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)
    mixed = ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", OneHotEncoder(handle_unknown="ignore"), [2])])
    every = [
        LogisticRegression(),
        make_pipeline(StandardScaler(), SVC()),
        make_pipeline(mixed, LogisticRegression()),
        DecisionTreeClassifier(),
        RandomForestClassifier(5),
    ]
    return [one.fit(x, y) for one in every]


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3)])
def test_ordinary_estimators_saved_by_joblib_are_clean(compress: Any) -> None:
    for estimator in estimators():
        handle = io.BytesIO()
        joblib.dump(estimator, handle, compress=compress)
        content = handle.getvalue()
        found = scan_compressed(content[:8], io.BytesIO(content)) if compress else scan(content)
        assert found == []


def test_a_harmful_pickle_inside_an_array_of_objects_is_found() -> None:
    class Harmful:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return print, ("never printed",)

    handle = io.BytesIO()
    joblib.dump({"a": np.array([Harmful()], dtype=object)}, handle)
    assert [finding.what for finding in scan(handle.getvalue())] == ["builtins.print"]


def saved(value: Any) -> bytes:
    handle = io.BytesIO()
    torch.save(value, handle)
    return handle.getvalue()


def test_weights_saved_by_torch_are_clean() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    assert scan_torch(io.BytesIO(saved(net.state_dict()))) == []
    assert scan_torch(io.BytesIO(saved({"step": 3, "weights": [torch.zeros(2, dtype=torch.bfloat16)]}))) == []


def test_whole_networks_name_their_classes_and_are_flagged() -> None:
    assert "Linear" in scan_torch(io.BytesIO(saved(torch.nn.Linear(2, 2))))[0].what


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (torch_zip(CRAFTED["GLOBAL in text"]), "global"),
        (torch_zip(b"\x80\x04N.", archive__extra=b"x"), "archive"),
        (torch_zip(b"\x80\x04N.", other__version=b"x"), "archive"),
        (torch_zip(b"\x80\x04N.") + b"", None),
        (torch_zip(b"\x80\x04N.").replace(b"\x80\x04N.", b"\x80\x04O."), "archive"),
        (torch_zip(b"\x80\x04N.")[:-30], "archive"),
        (b"PK\x03\x04", "archive"),
    ],
)
def test_a_broken_or_odd_archive_is_found_out(content: bytes, kind: str | None) -> None:
    assert [finding.kind for finding in scan_torch(io.BytesIO(content))][:1] == ([kind] if kind else [])


def test_an_encrypted_member_is_a_finding() -> None:
    content = bytearray(torch_zip(b"\x80\x04N."))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    assert any("encrypted" in finding.what for finding in scan_torch(io.BytesIO(bytes(content))))


def test_a_bomb_is_not_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x04N.")
        archive.writestr("archive/data/0", b"\0" * (64 << 20))
    assert any("far more" in finding.what for finding in scan_torch(packed))


def test_compressed_rubbish_is_a_finding() -> None:
    assert scan_compressed(b"\x78\x9c", io.BytesIO(b"\x78\x9crubbish"))
    assert scan_compressed(b"\x1f\x8b", io.BytesIO(b"\x1f\x8brubbish"))
    assert scan_compressed(b"hello", io.BytesIO(b"hello")) is None


def test_tar_members_are_followed() -> None:
    handle = io.BytesIO()
    with tarfile.open(fileobj=handle, mode="w") as archive:
        for name, content in (("good", b"\x80\x04N."), ("bad", CRAFTED["GLOBAL in text"])):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    handle.seek(0)
    assert [finding.what for finding in scan_tar(handle)] == ["bad: os.system"]


def test_random_bytes_never_pass() -> None:
    rng = np.random.default_rng(0)
    clean = scan(b"\x80\x04N.")
    assert clean == []
    for _ in range(3000):
        content = b"\x80\x04" + rng.bytes(int(rng.integers(1, 40)))
        findings = scan(content)
        assert findings or content.endswith(b".")


@pytest.mark.parametrize("data", [b"cos\\ \nsystem\n.", b"S'a\\ b'\n.", b"cposix\nsys\\qtem\n("])
def test_what_python_thinks_of_an_escape_ends_no_scan(data: bytes) -> None:
    """Bytes of an archive that are read as a name hold any escape, and a warning may be an error to whoever scans."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scan(data)
