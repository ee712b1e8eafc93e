import io
import json
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
import torch
from sklearn.linear_model import LogisticRegression

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.security.formats import identify
from tests.evaluators.data import subject
from tests.evaluators.security.crafted import CRAFTED, torch_zip
from tests.evaluators.security.test_safetensors import GOOD, packed


def fitted() -> LogisticRegression:
    rng = np.random.default_rng(0)
    return LogisticRegression().fit(rng.normal(size=(40, 2)), rng.integers(0, 2, 40))


def in_memory(save: Any, value: Any) -> bytes:
    handle = io.BytesIO()
    save(value, handle)
    return handle.getvalue()


def measured(tmp_path: Path, content: bytes, name: str = "model.bin") -> dict[str, Reading]:
    path = tmp_path / name
    path.write_bytes(content)
    found = evaluate("security.model_file", subject(model=path)).readings
    return {reading.metric: reading for reading in found}


FILES = {
    "safetensors": (packed(GOOD), "safetensors", "A"),
    "xgboost": (json.dumps({"learner": {}, "version": [3, 0, 0]}).encode(), "xgboost", "A"),
    "lightgbm": (b"tree\nversion=v4\n", "lightgbm", "A"),
    "skops": (skops.io.dumps(fitted()), "skops", "B"),
    "pickle": (pickle.dumps(fitted()), "pickle", "C"),
    "text pickle": (pickle.dumps([1, 2], protocol=0), "pickle", "C"),
    "joblib": (in_memory(joblib.dump, fitted()), "pickle", "C"),
    "compressed joblib": (in_memory(lambda v, h: joblib.dump(v, h, compress=3), fitted()), "compressed", "C"),
    "torch": (in_memory(torch.save, {"w": torch.zeros(2)}), "torch", "C"),
    "torchscript": (
        torch_zip(b"\x80\x04N.", archive__constants=b"").replace(b"constants", b"code/abcd"),
        "torchscript",
        "C",
    ),
    "hdf5": (b"\x89HDF\r\n\x1a\n", "hdf5", "C"),
    "gguf": (b"GGUF\x03\0\0\0", "gguf", "D"),
    "npy": (b"\x93NUMPY\x01\0", "npy", "D"),
    "program": (b"\x7fELF\x02", "program", "D"),
    "other json": (b'{"a": 1}', "json", "D"),
    "broken json": (b'{"a": ', "unknown", "D"),
    "text": (b"hello", "unknown", "D"),
    "empty": (b"", "unknown", "D"),
    "broken zip": (b"PK\x03\x04...", "zip", "D"),
}


@pytest.mark.parametrize("case", sorted(FILES))
def test_a_format_is_known_by_its_content(case: str, tmp_path: Path) -> None:
    content, name, serialisation = FILES[case]
    reading = measured(tmp_path, content)["security.serialisation_class"]
    assert (reading.detail["format"], reading.detail["class"]) == (name, serialisation)
    assert reading.value == reading.low == reading.high == "ABCD".index(serialisation) + 1


def test_a_name_that_promises_safetensors_must_keep_it(tmp_path: Path) -> None:
    found = measured(tmp_path, pickle.dumps({"w": [1.0]}), "weights.safetensors")
    assert found["security.serialisation_class"].detail["class"] == "D"
    assert found["security.safetensors.valid"].value == 1


def test_a_safetensors_file_with_nan_is_data_but_not_valid(tmp_path: Path) -> None:
    data = np.array([1.0, np.nan, 0, 0], dtype="<f4").tobytes() + b"\0" * 8
    found = measured(tmp_path, packed(GOOD, data))
    assert found["security.serialisation_class"].detail["class"] == "A"
    assert found["security.safetensors.valid"].detail["findings"] == ["a: NaN or infinity"]


def test_one_flipped_bit_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(packed(GOOD))
    described = subject(model=path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(SubjectError, match="SHA-256"):
        evaluate("security.model_file", described)


@pytest.mark.parametrize("case", ["GLOBAL in text", "STACK_GLOBAL", "trailing bytes"])
def test_a_poisoned_pickle_fails_and_its_clean_twin_passes(case: str, tmp_path: Path) -> None:
    poisoned = measured(tmp_path, CRAFTED[case])["security.pickle.disallowed_globals"]
    clean = measured(tmp_path, pickle.dumps(fitted()))["security.pickle.disallowed_globals"]
    assert poisoned.value is not None
    assert poisoned.value >= 1
    assert (clean.value, clean.status) == (0, Status.OK)


def test_scanning_never_runs_what_it_scans(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"

    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return Path(str(trap)).touch, ()  # type: ignore[return-value]

    reading = measured(tmp_path, pickle.dumps(Trap()))["security.pickle.disallowed_globals"]
    assert reading.value is not None
    assert reading.value > 0
    assert not trap.exists()


def test_what_does_not_concern_a_format_is_not_applicable(tmp_path: Path) -> None:
    found = measured(tmp_path, packed(GOOD))
    assert found["security.pickle.disallowed_globals"].status is Status.NOT_APPLICABLE
    assert found["security.skops.untrusted_types"].status is Status.NOT_APPLICABLE


def test_skops_types_are_listed_without_building_them(tmp_path: Path) -> None:
    assert measured(tmp_path, skops.io.dumps(fitted()))["security.skops.untrusted_types"].value == 0
    foreign = measured(tmp_path, skops.io.dumps(np.dtype("f4")))["security.skops.untrusted_types"]
    assert foreign.detail["findings"] == ["numpy.dtype"]


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    for metric, reading in measured(tmp_path, CRAFTED["INST"]).items():
        again = catalog.summarise("security.model_file", reading.statistics, params={}, level=0.95, seed=0)
        assert next(other.value for other in again if other.metric == metric) == reading.value


def test_identifying_leaves_the_handle_usable() -> None:
    handle = io.BytesIO(packed(GOOD))
    identify(handle, len(handle.getvalue()), "x")
    assert handle.tell() == 0
