"""Tables of every kind of wrong, and what they are told."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluators.contract import Subject, SubjectError
from evaluators.evaluate import evaluate
from evaluators.inputs.tables import MAX_COLUMNS, is_parquet, read_csv
from evaluators.subjects.roles import open_table
from tests.evaluators.data import subject, subject_dict

HEADER = "y,p,s,g\n"
GOOD = HEADER + "1,1,0.9,a\n0,0,0.2,b\n1,0,0.4,a\n0,1,0.7,b\n"
FACTS = {
    "columns": {"label": "y", "prediction": "p", "score": "s", "group": ["g"]},
    "favourable": "1",
    "score_kind": "probability",
}

MALFORMED: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "the file is empty"),
    "header alone": (HEADER.encode(), "a header and no rows"),
    "blank lines alone": ((HEADER + "\n\n").encode(), "a header and no rows"),
    "missing column": (b"y,p,s\n1,1,0.5\n", "no column 'g'; the columns are 'y', 'p', 's'"),
    "column in other letters": (b"Y,p,s,g\n1,1,0.5,a\n", "no column 'y'"),
    "duplicate header": (b"y,p,s,g,y\n1,1,0.5,a,0\n", "names column 'y' more than once"),
    "semicolons": (b"y;p;s;g\n1;1;0.5;a\n", "separated by commas"),
    "semicolons, and a comma in a name": (b'y;p;"s, of 1";g\n1;1;0,5;a\n', "separated by commas"),
    "tabs": (b"y\tp\ts\tg\n1\t1\t0.5\ta\n", "separated by commas"),
    "short row": ((GOOD + "1,1,0.5\n").encode(), "row 5 has 3 values, the header has 4"),
    "long row": ((GOOD + "1,1,0.5,a,b\n").encode(), "row 5 has 5 values, the header has 4"),
    "score that is text": ((GOOD + "1,1,high,a\n").encode(), "row 5, column 's': 'high' is not a number"),
    "score with comma": ((GOOD + '1,1,"0,5",a\n').encode(), "row 5, column 's': '0,5' is not a number"),
    "score that is personal": ((GOOD + "1,1,jane@example.org,a\n").encode(), "'xxxx@xxxxxxx.xxx' is not a number"),
    "score with underscore": ((GOOD + "1,1,0_5,a\n").encode(), "'0_5' is not a number"),
    "score missing": ((GOOD + "1,1,,a\n").encode(), "row 5, column 's': the score is missing"),
    "score NaN": ((GOOD + "1,1,nan,a\n").encode(), "row 5, column 's': the score is missing"),
    "score infinite": ((GOOD + "1,1,inf,a\n").encode(), "row 5, column 's': the score is infinite"),
    "score above one": ((GOOD + "1,1,1.5,a\n").encode(), "row 5, column 's': 1.5 is not a probability"),
    "score below zero": ((GOOD + "1,1,-0.1,a\n").encode(), "row 5, column 's': -0.1 is not a probability"),
    "label missing": ((GOOD + ",1,0.5,a\n").encode(), "row 5, column 'y': the label is missing"),
    "label blank": ((GOOD + "  ,1,0.5,a\n").encode(), "row 5, column 'y': the label is missing"),
    "label NaN": ((GOOD + "nan,1,0.5,a\n").encode(), "row 5, column 'y': the label is missing"),
    "prediction missing": ((GOOD + "1,,0.5,a\n").encode(), "row 5, column 'p': the prediction is missing"),
    "other words": (b"y,p,s,g\n1,yes,0.5,a\n0,no,0.5,b\n", "use different words"),
    "favourable never occurs": (b"y,p,s,g\n2,2,0.5,a\n3,3,0.5,b\n", "'1' never occurs; the outcomes are '2', '3'"),
    "latin-1": ("y,p,s,g\n1,1,0.5,Zürich\n".encode("latin-1"), "line 2 is not UTF-8 (byte 0xfc)"),
    "UTF-16": (GOOD.encode("utf-16"), "UTF-16"),
    "zero byte": ((GOOD + "1,1,0.5,a\0b\n").encode(), "line 6 holds a zero byte"),
    "open quote": ((GOOD + '1,1,0.5,"a\n').encode(), "not well-formed CSV"),
    "old line ends": (b"y,p,s,g\r1,1,0.5,a\r", "not well-formed CSV"),
    "huge cell": ((GOOD + "1,1,0.5," + "a" * 200_000 + "\n").encode(), "not well-formed CSV"),
    "zip archive": (b"PK\x03\x04 and so on", "is a zip archive"),
    "gzip archive": (b"\x1f\x8b and so on", "is a gzip archive"),
    "pickle": (b"\x80\x04 and so on", "is a pickle"),
    "PDF": (b"%PDF-1.7", "is a PDF"),
    "broken Parquet": (b"PAR1 and so on PAR1", "not a readable Parquet file"),
    "too many columns": ((",".join(f"c{i}" for i in range(MAX_COLUMNS + 1)) + "\n").encode(), "columns, more than"),
}


def measure(path: Path) -> None:
    """Read the scores and the groups of a table."""
    evaluate("performance.accuracy", subject(path, **FACTS))
    evaluate("fairness.group", subject(path, **FACTS))


@pytest.fixture
def table(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "predictions.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_empty_line_between_the_values_of_a_single_column_is_a_missing_value(end: str) -> None:
    """Spreadsheets write a gap of a series like that; what stands empty after the last value is no gap."""

    def read(*lines: str) -> list[str]:
        found = read_csv(io.BytesIO(end.join(lines).encode()), "t.csv", categorical=["a"], numeric=[]).categorical["a"]
        return [found.values[code] for code in found.codes]

    assert read("a", "", "1", "", "", "2", "", "") == ["", "1", "", "", "2"]
    assert read("a,b", "", "1,2", "", "3,4") == ["1", "3"]


@pytest.mark.parametrize("case", sorted(MALFORMED))
def test_a_malformed_table_is_refused_in_words_that_help(case: str, table: Callable[[bytes], Path]) -> None:
    content, message = MALFORMED[case]
    with pytest.raises(SubjectError, match=re.escape(message)):
        measure(table(content))


def test_a_refusal_names_the_file(table: Callable[[bytes], Path]) -> None:
    with pytest.raises(SubjectError, match=r"^predictions\.csv: "):
        evaluate("fairness.group", subject(table(b""), **FACTS))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    facts = FACTS | {
        "kind": "table",
        "files": {"table": {"path": str(tmp_path / "x"), "sha256": "0" * 64, "name": "x"}},
    }
    with pytest.raises(SubjectError, match="can't be opened"):
        evaluate("fairness.group", Subject.from_dict(facts))


def test_a_file_with_other_bytes_than_expected_is_refused(table: Callable[[bytes], Path]) -> None:
    described = subject_dict(table(GOOD.encode()), **FACTS)
    described["files"]["table"]["sha256"] = "0" * 64
    with pytest.raises(SubjectError, match="SHA-256"):
        evaluate("fairness.group", Subject.from_dict(described))


def test_a_file_above_the_limit_is_refused_before_it_is_read(
    table: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluators.subjects.roles.MAX_BYTES", 10)
    with pytest.raises(SubjectError, match="bytes, more than the 10 allowed"):
        evaluate("fairness.group", subject(table(GOOD.encode()), **FACTS))


def test_a_table_above_the_row_limit_is_refused(
    table: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluators.inputs.tables.MAX_ROWS", 3)
    with pytest.raises(SubjectError, match="more than the 3 rows"):
        evaluate("fairness.group", subject(table(GOOD.encode()), **FACTS))


def test_labels_are_opaque_and_their_order_leaves_no_trace() -> None:
    content = "y,g\nyes,ß\n007,a\nyes,\U0001f600\n"
    found = read_csv(io.BytesIO(content.encode()), "x", categorical=["y", "g"], numeric=[])
    assert found.categorical["y"].values == ("007", "yes")
    assert found.categorical["y"].codes.tolist() == [1, 0, 1]
    assert set(found.categorical["g"].values) == {"ß", "a", "\U0001f600"}


def test_a_byte_order_mark_quotes_and_blank_lines_are_no_obstacle() -> None:
    content = b'\xef\xbb\xbfy,"a, b"\r\n1,"x\ny"\r\n\r\n0,z\r\n'
    found = read_csv(io.BytesIO(content), "x", categorical=["y", "a, b"], numeric=[])
    assert found.n == 2
    assert found.categorical["a, b"].values == ("x\ny", "z")


def test_csv_and_parquet_are_told_apart_by_content() -> None:
    assert is_parquet(io.BytesIO(b"PAR1...."), "x")
    assert not is_parquet(io.BytesIO(b"a,b\n"), "x")


def test_a_column_in_two_roles_is_read_once(table: Callable[[bytes], Path]) -> None:
    found = open_table(subject(table(GOOD.encode())), categorical=["y", "y"])
    assert list(found.categorical) == ["y"]
