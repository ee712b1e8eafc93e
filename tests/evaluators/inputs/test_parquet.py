import io
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from evaluators.contract import SubjectError
from evaluators.inputs.parquet import as_text, read_parquet


def parquet(**columns: Any) -> io.BytesIO:
    handle = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), handle)
    handle.seek(0)
    return handle


def test_values_of_any_type_become_the_text_a_csv_would_hold() -> None:
    handle = parquet(
        whole=[1, 0, None],
        floating=[1.0, 0.0, None],
        flag=[True, False, None],
        word=["b", "a", None],
        coded=pyarrow.array(["b", "a", None]).dictionary_encode(),
    )
    names = ["whole", "floating", "flag", "word", "coded"]
    found = read_parquet(handle, "x", categorical=names, numeric=[]).categorical
    assert found["whole"].values == found["floating"].values == ("", "0", "1")
    assert found["whole"].codes.tolist() == [2, 1, 0]
    assert found["flag"].values == ("", "False", "True")
    assert found["word"].values == found["coded"].values == ("", "a", "b")


def test_numbers_keep_their_value_and_nulls_become_missing() -> None:
    found = read_parquet(
        parquet(a=[1, None], b=[0.25, 0.5], c=[True, False]), "x", categorical=[], numeric=["a", "b", "c"]
    )
    assert found.numeric["a"][0] == 1.0
    assert found.numeric["a"][1] != found.numeric["a"][1]
    assert found.numeric["c"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("columns", "categorical", "numeric", "message"),
    [
        ({"a": []}, ["a"], [], "a header and no rows"),
        ({"a": [1]}, ["b"], [], "no column 'b'"),
        ({"a": [[1, 2]]}, ["a"], [], "plain values are expected"),
        ({"a": ["x"]}, [], ["a"], "numbers are expected"),
        ({"a": [2**60 + 1]}, [], ["a"], "column 'a'"),
    ],
)
def test_a_parquet_file_that_does_not_fit_is_refused(
    columns: dict, categorical: list, numeric: list, message: str
) -> None:
    with pytest.raises(SubjectError, match=message):
        read_parquet(parquet(**columns), "x", categorical=categorical, numeric=numeric)


def test_a_truncated_file_is_refused() -> None:
    content = parquet(a=list(range(1000))).getvalue()
    with pytest.raises(SubjectError, match="not a readable Parquet file"):
        read_parquet(io.BytesIO(content[:-20]), "x", categorical=["a"], numeric=[])


def test_text_of_odd_values() -> None:
    assert [as_text(value) for value in (None, float("nan"), 1.5, 2.0, b"\xff", "x")] == [
        "",
        "",
        "1.5",
        "2",
        "\\xff",
        "x",
    ]
