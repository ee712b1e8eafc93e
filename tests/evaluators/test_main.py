"""The evaluators by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from evaluators.__main__ import main
from evaluators.contract import spec_digest, subject_digest
from tests.evaluators.data import random_table, subject_dict, write_csv

COLUMNS = ["label=label", "prediction=prediction", "group=group"]


@pytest.fixture
def table(tmp_path: Path) -> str:
    return str(write_csv(tmp_path / "p.csv", random_table(np.random.default_rng(0), rows=400)))


def run(*words: str) -> int:
    return main(list(words))


def test_every_evaluator_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "fairness.group" in capsys.readouterr().out


def test_a_description_is_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("describe", "explain.shap_global") == 0
    assert "parameter background (integer, default 100)" in capsys.readouterr().out
    assert run("describe", "fairness.group", "--json") == 0
    assert json.loads(capsys.readouterr().out)["id"] == "fairness.group"


def test_a_run_prints_a_line_per_reading(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "fairness.group", "--table", table, "--column", *COLUMNS, "--favourable", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("fairness.demographic_parity_ratio") and "[" in line for line in lines)


def test_a_run_as_json_has_the_digests_the_registry_would_have(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--column", *COLUMNS, "--favourable", "1", "--param", "family_minimum=40", "--level", ".9", "--json"]
    assert run("run", "fairness.group", "--table", table, *words) == 0
    found = json.loads(capsys.readouterr().out)
    columns = {"label": "label", "prediction": "prediction", "group": ["group"]}
    expected = subject_dict(Path(table), columns=columns, favourable="1")
    assert found["subject_hash"] == subject_digest(expected)
    assert found["spec_hash"] == spec_digest("fairness.group", "1", {"family_minimum": 40}, 0.9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "no.such", "--table", "x"], "no evaluator 'no.such'"),
        (["describe", "no.such"], "no evaluator 'no.such'"),
        (["run", "fairness.group"], "--table, a --model or both"),
        (["run", "fairness.group", "--table", "/no/such/file"], "can't be opened"),
        (["run", "fairness.group", "--table", "TABLE"], "no favourable outcome"),
        (["run", "fairness.group", "--table", "TABLE", "--column", "label"], "takes name=value"),
        (["run", "fairness.group", "--table", "TABLE", "--column", "labels=x"], "unknown column role"),
        (["run", "fairness.group", "--table", "TABLE", "--param", "family_minimum=many"], "takes a integer"),
        (["run", "fairness.group", "--table", "TABLE", "--param", "nonsense=1"], "unknown parameter"),
        (["run", "fairness.group", "--table", "TABLE", "--level", "2"], "the level"),
        (["run", "fairness.group", "--model", "TABLE"], "reads a table"),
        (["run", "fairness.group", "--table", "TABLE", "--score-kind", "guess"], "score kind"),
        (["run", "security.model_file", "--table", "TABLE"], "security.model_file reads a model; the subject has table"),
    ],
)
def test_what_cannot_be_run_is_told_on_stderr_with_status_two(
    words: list[str], message: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [table if word == "TABLE" else word for word in words]
    if "no favourable" in message:
        words += ["--column", *COLUMNS]
    assert run(*words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_a_misspelt_command_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as stopped:
        run("measure")
    assert stopped.value.code == 2


def test_nothing_measurable_is_status_three(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = str(write_csv(tmp_path / "p.csv", {"y": [1, 0], "s": [0.4, 0.6]}))
    words = ["--column", "label=y", "score=s", "--favourable", "1", "--score-kind", "margin"]
    assert run("run", "calibration.binary", "--table", table, *words) == 3
    assert "not_applicable" in capsys.readouterr().out


def test_left_out_groups_are_named_in_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = {"p": [1, 0] * 50, "g": ["a"] * 45 + ["b"] * 45 + ["tiny"] * 10}
    table = str(write_csv(tmp_path / "p.csv", data))
    assert (
        run("run", "fairness.group", "--table", table, "--column", "prediction=p", "group=g", "--favourable", "1") == 0
    )
    assert "1 left out: g=tiny" in capsys.readouterr().out
