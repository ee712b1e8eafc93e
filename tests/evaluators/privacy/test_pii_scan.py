"""The scan of a table for personal data: planted cells are found, named by place, and never shown."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from evaluators import catalog
from evaluators.contract import ParameterError, Status, SubjectError
from evaluators.evaluate import evaluate
from tests.evaluators.data import subject, write_csv
from tests.evaluators.privacy.subjects import read, run

RATE, ROWS = "privacy.pii.rate", "privacy.pii.rows"
PLANTED = ["jane.doe@example.org", "GB82 WEST 1234 5698 7654 32", "4111 1111 1111 1111", "123-45-6789", "+49 30 901820"]


def notes(n: int = 1_000, *, planted: int = 0) -> dict[str, list[Any]]:
    """Harmless notes and figures, with personal data in every so many of them."""
    rng = random.Random(0)
    texts = [
        f"Order {rng.randint(1, 10**6)} of 2024-05-{1 + i % 28:02d}, {rng.random() * 100:.2f} paid." for i in range(n)
    ]
    for i in range(planted):
        texts[i * (n // planted)] += f" Reach: {PLANTED[i % len(PLANTED)]}."
    return {"id": list(range(n)), "note": texts, "amount": [round(rng.random() * 1e6, 4) for _ in range(n)]}


@pytest.mark.verification
def test_planted_rows_are_counted_exactly_and_by_kind() -> None:
    found = read("privacy.pii_scan", notes(planted=20))
    assert found[ROWS, "overall"].value == 20
    assert found[ROWS, "column=note"].value == 20
    assert found[ROWS, "column=amount"].value == 0
    assert found[RATE, "overall"].value == 20.0
    assert found[ROWS, "overall"].detail["kinds"] == {"card": 4, "email": 4, "iban": 4, "phone": 4, "us_ssn": 4}
    low, high = found[RATE, "overall"].low or 0, found[RATE, "overall"].high or 0
    assert 10 < low < 20 < high < 35


def test_a_clean_table_is_held_to_zero_by_the_count_and_not_by_the_rate() -> None:
    found = read("privacy.pii_scan", notes())
    assert (found[ROWS, "overall"].low, found[ROWS, "overall"].high) == (0, 0)
    assert (found[RATE, "overall"].high or 0) > 0


def test_a_finding_has_row_column_kind_and_shape_and_never_the_value() -> None:
    outcome = run("privacy.pii_scan", notes(planted=5))
    rows = outcome.evidence[0].data["rows"]
    assert rows[0] == [1, "note", "e-mail address", "xxxx.xxx@xxxxxxx.xxx"]
    assert [row[0] for row in rows] == [1, 201, 401, 601, 801]
    everything = json.dumps([item.data for item in outcome.evidence] + [r.as_dict() for r in outcome.readings])
    assert not [value for value in PLANTED if value in everything]


def test_the_evidence_stays_small_however_much_is_found() -> None:
    table = {"mail": [f"a{i}@example.org" for i in range(5_000)]}
    outcome = run("privacy.pii_scan", table)
    assert outcome.readings[0].detail["rows"] == 5_000
    assert len(outcome.evidence[0].data["rows"]) == 200


def test_declared_columns_alone_are_read() -> None:
    table = {"text": ["none"] * 20, "mail": ["a@example.org"] * 20}
    found = read("privacy.pii_scan", table, roles={"text": ("text",)})
    assert found[ROWS, "overall"].value == 0
    assert ("privacy.pii.rows", "column=mail") not in found


def test_only_the_kinds_asked_for_count() -> None:
    table = {"text": ["a@example.org", "8.8.8.8"] * 10}
    found = read("privacy.pii_scan", table, params={"kinds": ["ip"]})
    assert found[ROWS, "overall"].detail == {"rows": 10, "kinds": {"ip": 10}}
    with pytest.raises(ParameterError, match="kinds"):
        run("privacy.pii_scan", table, params={"kinds": ["shoe_size"]})


def test_a_file_is_scanned_as_memory_is(tmp_path: Path) -> None:
    table = notes(100, planted=5)
    outcome = evaluate("privacy.pii_scan", subject(write_csv(tmp_path / "notes.csv", table)))
    assert [r.value for r in outcome.readings] == [r.value for r in run("privacy.pii_scan", table).readings]


def test_readings_come_back_from_their_statistics() -> None:
    outcome = run("privacy.pii_scan", notes(planted=5))
    stored = outcome.readings[0].statistics
    again = catalog.summarise("privacy.pii_scan", stored, params={}, level=0.95, seed=0)
    assert [(r.metric, r.slice, r.value, r.low) for r in again] == [
        (r.metric, r.slice, r.value, r.low) for r in outcome.readings
    ]


def test_one_row_and_any_script_are_read() -> None:
    found = read("privacy.pii_scan", {"名前": ["連絡先: jane@example.org"]})
    assert found[ROWS, "column=名前"].value == 1
    assert found[RATE, "overall"].status is Status.INSUFFICIENT_DATA


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(SubjectError, match="empty"):
        evaluate("privacy.pii_scan", subject(tmp_path / "empty.csv"))
