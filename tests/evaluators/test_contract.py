import math
import subprocess
import sys

import pytest

from evaluators.contract import (
    FileRef,
    Reading,
    Status,
    Subject,
    SubjectError,
    canonical,
    derive_seed,
    spec_digest,
    subject_digest,
)

TABLE = {"path": "/somewhere/x.csv", "sha256": "ab" * 32, "name": "x.csv"}


def a_subject(**changes: object) -> dict[str, object]:
    return {
        "kind": "table",
        "files": {"table": TABLE},
        "columns": {"label": "y", "prediction": "p", "group": ["race"]},
        "favourable": "1",
    } | changes


def test_the_same_specification_has_one_digest_whatever_the_order_of_its_parameters() -> None:
    first = spec_digest("fairness.group", "1", {"a": 1, "b": 2}, 0.95)
    assert first == spec_digest("fairness.group", "1", {"b": 2, "a": 1}, 0.95)
    assert len(first) == 64


@pytest.mark.parametrize(
    "other",
    [("x", "1", {}, 0.95), ("fairness.group", "2", {}, 0.95), ("fairness.group", "1", {"a": 1}, 0.95)],
)
def test_another_specification_has_another_digest(other: tuple) -> None:
    assert spec_digest(*other) != spec_digest("fairness.group", "1", {}, 0.95)


def test_a_level_written_as_whole_number_is_the_same_level() -> None:
    assert spec_digest("x", "1", {}, 1) == spec_digest("x", "1", {}, 1.0)


def test_canonical_json_has_no_place_for_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": math.nan})


def test_the_subject_digest_follows_bytes_and_roles_but_not_paths() -> None:
    moved = a_subject(files={"table": TABLE | {"path": "/elsewhere", "name": "y.csv"}})
    assert subject_digest(a_subject()) == subject_digest(moved)
    assert subject_digest(a_subject()) != subject_digest(a_subject(favourable="0"))
    assert subject_digest(a_subject()) != subject_digest(a_subject(files={"table": TABLE | {"sha256": "cd" * 32}}))


def test_one_group_column_may_be_given_as_text_or_as_list() -> None:
    as_text = a_subject(columns={"label": "y", "prediction": "p", "group": "race"})
    assert subject_digest(as_text) == subject_digest(a_subject())


def test_the_seed_follows_from_specification_and_subject() -> None:
    assert derive_seed("00" * 32, "11" * 32) == derive_seed("00" * 32, "11" * 32)
    assert derive_seed("00" * 32, "11" * 32) != derive_seed("11" * 32, "00" * 32)
    assert 0 <= derive_seed("00" * 32, "11" * 32) < 2**64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "stream"}, "stream"),
        ({"columns": {"labels": "y"}}, "labels"),
        ({"score_kind": "guess"}, "guess"),
        ({"files": {"table": {"path": "/x"}}}, "sha256"),
    ],
)
def test_a_subject_that_makes_no_sense_is_refused_in_words(change: dict, message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        Subject.from_dict(a_subject(**change))


def test_digests_in_capitals_are_the_same_digests() -> None:
    upper = a_subject(files={"table": TABLE | {"sha256": "AB" * 32}})
    assert Subject.from_dict(upper).files["table"] == FileRef(path="/somewhere/x.csv", sha256="ab" * 32, name="x.csv")


def test_a_number_that_is_not_finite_becomes_an_error_and_never_a_default() -> None:
    reading = Reading(metric="m", slice="overall", status=Status.OK, value=math.inf, low=0.0, high=1.0).sound()
    assert reading.status is Status.ERROR
    assert reading.value is reading.low is reading.high is None
    assert "value" in reading.reason


def test_zero_is_a_value_like_any_other() -> None:
    reading = Reading(metric="m", slice="overall", status=Status.OK, value=0.0, low=0.0, high=0.1)
    assert reading.sound() is reading
    assert reading.as_dict()["status"] == "ok"
    assert reading.as_dict()["value"] == 0.0


def test_the_contract_needs_nothing_but_the_standard_library() -> None:
    code = (
        "import sys, evaluators.contract, evaluators.catalog, evaluators.evaluate\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('numpy', 'scipy', 'pandas', 'django')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
