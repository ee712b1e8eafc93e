"""Everything a harmful file could name, every way to hide it, and ordinary files that must raise no alarm."""

import importlib
import io
import json
import pickle
import pkgutil
import sys
import tarfile
import warnings
import zipfile
from collections import OrderedDict, defaultdict, deque
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
import torch
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evaluators.evaluate import evaluate
from evaluators.security.allowed import ALLOWED
from evaluators.security.archives import scan_tar, scan_torch
from evaluators.security.pickles import scan
from tests.evaluators.data import subject
from tests.evaluators.security.crafted import CRAFTED, ENCODINGS, every_protocol, torch_zip
from tests.evaluators.security.folders import gguf
from tests.evaluators.security.test_pickles import NOT_IMPORTED
from tests.evaluators.security.test_remote import network
from tests.evaluators.security.test_safetensors import GOOD, errors, packed

pytestmark = pytest.mark.verification
# Packages of the standard library whose inner modules act when imported, or need a display or another system.
CLOSED = NOT_IMPORTED | {"ensurepip", "venv", "pydoc_data", "curses", "msilib", "distutils"}


def inner_names() -> list[tuple[str, str]]:
    """Every callable of every module inside the standard library's packages that can be imported here."""
    found = []
    for package in sorted(set(sys.stdlib_module_names) - CLOSED):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                top = importlib.import_module(package)
                inner = [one.name for one in pkgutil.iter_modules(getattr(top, "__path__", []), package + ".")]
            except (ImportError, OSError):
                continue
            for name in inner:
                if not name.endswith(("__main__", ".tests", ".test")):
                    found += _callables(name)
    return found


def _callables(name: str) -> list[tuple[str, str]]:
    try:
        module = importlib.import_module(name)
    except (ImportError, OSError, AttributeError, KeyError, ValueError):
        return []
    return [(name, one) for one in dir(module) if callable(getattr(module, one, None))]


def test_every_callable_of_inner_modules_is_flagged_in_every_encoding() -> None:
    names = [pair for pair in inner_names() if pair not in ALLOWED]
    assert len(names) > 2500
    for encoding, payload in ENCODINGS.items():
        missed = [pair for pair in names if not scan(payload(*pair))]
        assert missed == [], encoding


def estimators() -> list[Any]:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    every = [
        LogisticRegression(),
        make_pipeline(StandardScaler(), SVC()),
        make_pipeline(MinMaxScaler(), GaussianNB()),
        DecisionTreeClassifier(max_depth=2),
        DecisionTreeRegressor(max_depth=2),
        RandomForestClassifier(3),
        ExtraTreesRegressor(3),
        LinearRegression(),
        Ridge(),
        Lasso(),
    ]
    return [one.fit(x, y) for one in every]


def kept(save: Any, value: Any, **options: Any) -> bytes:
    handle = io.BytesIO()
    save(value, handle, **options)
    return handle.getvalue()


def benign() -> list[tuple[str, bytes]]:
    """Ordinary files, as their libraries write them."""
    values = [
        {"a": [1, 2.5, None], "b": ("x", b"y")},
        OrderedDict(w=np.arange(6.0).reshape(2, 3)),
        [defaultdict(list, {"k": [1]}), deque([1, 2])],
        [date(2024, 1, 1), timedelta(days=2), {1, 2}, frozenset({3})],
    ]
    files = [
        (f"plain{i}-{j}.pkl", data) for i, value in enumerate(values) for j, data in enumerate(every_protocol(value))
    ]
    for i, estimator in enumerate(estimators()):
        files.append((f"estimator{i}.pkl", pickle.dumps(estimator)))
        files.append((f"estimator{i}.joblib", kept(joblib.dump, estimator)))
        files.append((f"estimator{i}.joblib.z", kept(joblib.dump, estimator, compress=3)))
    nets = [torch.nn.Linear(3, 2), torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))]
    files += [(f"net{i}.pt", kept(torch.save, net.state_dict())) for i, net in enumerate(nets)]
    files += [("tensors.pt", kept(torch.save, [torch.zeros(2, dtype=torch.float16), torch.arange(3)]))]
    files += [("model.safetensors", packed(GOOD)), ("net.onnx", network().SerializeToString())]
    files += [("small.gguf", gguf()), ("words.gguf", gguf(tensors=3))]
    files += [("model.skops", skops.io.dumps(estimators()[0]))]
    files += [("booster.json", json.dumps({"learner": {}, "version": [3, 0, 0]}).encode())]
    return files


def test_no_ordinary_file_raises_an_alarm(tmp_path: Path) -> None:
    files = benign()
    assert len(files) >= 50
    for name, content in files:
        path = tmp_path / name
        path.write_bytes(content)
        found = {item.metric: item for item in evaluate("security.model_file", subject(model=path)).readings}
        assert found["security.serialisation_class"].value != 4, name
        alarms = [item.value for item in found.values() if item.metric != "security.serialisation_class"]
        assert all(value in (None, 0) for value in alarms), (name, found)


def test_a_trained_network_of_scikit_learn_is_told_from_what_it_may_not_name() -> None:
    # Its optimiser keeps a generator of random numbers, all of whose parts are on the allowlist or flagged by name.
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MLPClassifier((3,), max_iter=2).fit(rng.normal(size=(20, 2)), rng.integers(0, 2, 20))
    assert {finding.kind for finding in scan(pickle.dumps(fitted))} <= {"global"}


def zipped(**members: bytes) -> bytes:
    handle = io.BytesIO()
    with zipfile.ZipFile(handle, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return handle.getvalue()


def tarred(**members: bytes) -> bytes:
    handle = io.BytesIO()
    with tarfile.open(fileobj=handle, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return handle.getvalue()


BAD = CRAFTED["STACK_GLOBAL"]
NESTED = {
    "a pickle in a zip": zipped(a=BAD),
    "a pickle in a tar in a zip": zipped(a=tarred(b=BAD)),
    "a pickle in a zip in a tar": tarred(a=zipped(b=BAD)),
    "a pickle in a tar in a tar": tarred(a=tarred(b=BAD)),
    "a torch archive in a tar": tarred(a=torch_zip(BAD)),
    "a pickle beside clean ones in a tar": tarred(a=b"\x80\x04N.", b=BAD),
    "a pickle behind a clean one": b"\x80\x04N." + BAD,
    "a torch archive behind a clean pickle": b"\x80\x04N." + torch_zip(BAD),
}


def is_refused(tmp_path: Path, content: bytes, name: str = "model.bin") -> bool:
    """Whether the class fails or the pickle has findings: one of both keeps the gate shut."""
    path = tmp_path / name
    path.write_bytes(content)
    found = {item.metric: item.value for item in evaluate("security.model_file", subject(model=path)).readings}
    pickles = found["security.pickle.disallowed_globals"]
    return found["security.serialisation_class"] == 4 or bool(pickles)


@pytest.mark.parametrize("case", sorted(NESTED))
def test_what_lies_in_nested_archives_does_not_pass(case: str, tmp_path: Path) -> None:
    assert is_refused(tmp_path, NESTED[case])


@pytest.mark.parametrize("name", ["model.bin", "model.pkl", "model.safetensors", "model.onnx", "model.gguf", "x.pt"])
def test_no_file_name_makes_a_harmful_pickle_pass(name: str, tmp_path: Path) -> None:
    for content in (BAD, CRAFTED["GLOBAL in text"], CRAFTED["INST"], torch_zip(BAD)):
        assert is_refused(tmp_path, content, name)


def test_picklescan_passes_an_archive_with_a_broken_checksum_and_ours_does_not() -> None:
    content = bytearray(torch_zip(b"\x80\x04N."))
    # The checksum in both headers of the pickle, which a reader that skips broken members never sees.
    for mark, offset in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        content[content.index(mark) + offset] ^= 0xFF
    assert [finding.kind for finding in scan_torch(io.BytesIO(bytes(content)))] == ["archive"]


def test_modelscan_skips_members_it_does_not_know_and_ours_does_not() -> None:
    findings = scan_torch(io.BytesIO(torch_zip(b"\x80\x04N.", archive__data__evil=BAD)))
    assert [finding.what for finding in findings] == ["archive/data/evil: is not part of the format"]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("pydoc", "locate"),
        ("timeit", "timeit"),
        ("cProfile", "run"),
        ("marshal", "loads"),
        ("types", "FunctionType"),
        ("runpy", "_run_code"),
        ("pty", "spawn"),
        ("ctypes", "CDLL"),
        ("imaplib", "IMAP4"),
        ("numpy.testing._private.utils", "runstring"),
        ("torch.serialization", "load"),
        ("sklearn.utils.fixes", "parse_version"),
    ],
)
def test_fickling_and_other_blocklists_miss_names_that_an_allowlist_cannot(module: str, name: str) -> None:
    for payload in ENCODINGS.values():
        assert scan(payload(module, name))


def test_tar_archives_that_break_off_are_findings() -> None:
    content = tarred(a=b"\x80\x04N.")
    assert scan_tar(io.BytesIO(content)) == []
    assert scan_tar(io.BytesIO(content[:300]))
    assert scan_tar(io.BytesIO(b"rubbish" * 100))


def test_every_fuzzed_number_in_a_header_is_rejected() -> None:
    rng = np.random.default_rng(0)
    for _ in range(500):
        header = json.loads(json.dumps(GOOD))
        tensor = header[str(rng.choice(["a", "b"]))]
        field = str(rng.choice(["shape", "data_offsets", "dtype"]))
        if field == "dtype":
            size = {"F32": 4, "I64": 8}[tensor["dtype"]]
            others = {"U8": 1, "F16": 2, "F32": 4, "F64": 8, "X": 0}
            tensor["dtype"] = str(rng.choice([name for name, other in others.items() if other != size]))
        else:
            place = int(rng.integers(len(tensor[field])))
            tensor[field][place] += int(rng.choice([-1, 1])) * int(rng.integers(1, 1 << int(rng.integers(1, 40))))
        assert errors(packed(header)), header
