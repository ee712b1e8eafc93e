"""What the command line says, and that it says it to terminals and pipes of any kind."""

import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators import describing, rendering
from evaluators.__main__ import INTERRUPTED, UNREAD, main
from evaluators.catalog import BEYOND_LIMITS, EVALUATORS, describe
from evaluators.contract import Reading, Status
from evaluators.evaluate import Outcome
from evaluators.meanings import OWN

ROOT = Path(rendering.__file__).resolve().parent.parent


def outcome(*readings: Reading) -> Outcome:
    return Outcome(readings=readings, evidence=(), spec_hash="0" * 64, subject_hash="1" * 64, seed=1)


def reading(name: str, **detail: Any) -> Reading:
    return Reading(metric="m", slice=name, status=Status.OK, value=1.0, method="exact", detail=detail)


def described(name: str) -> str:
    """The description on a terminal so wide that no line is folded."""
    return describing.description(describe(name), width=1_000)


def test_wide_letters_and_accents_keep_the_columns_straight() -> None:
    said = str(outcome(reading("site=東京"), reading("site=Zu\u0308rich"), reading("site=abc")))
    starts = set()
    for line in said.splitlines()[2:5]:
        before = line[: line.index("exact")]
        wide = sum(unicodedata.east_asian_width(letter) == "W" for letter in before)
        starts.add(len(before) + wide - before.count("\u0308"))
    assert len(starts) == 1


def test_what_a_terminal_would_obey_is_spelt_out() -> None:
    """A group or a tensor may be called what clears the screen, ends a line or turns what follows around."""
    name = "group=\x1b[2Ja\r\nb\u202egood\x07"
    shown = str(outcome(reading(name, findings=[{"what": name}])))
    assert not [letter for letter in shown if unicodedata.category(letter) in ("Cc", "Cf") and letter != "\n"]
    assert shown.count(r"group=\x1b[2Ja\r\nb\u202egood\x07") == 2
    assert len(str(outcome(reading("b"))).splitlines()) == len(shown.splitlines())


def test_an_error_that_quotes_a_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    table = tmp_path / "t\x1b[2J\nb.csv"
    (tmp_path / "t.csv").rename(table)
    assert main(["run", "performance.accuracy", "--table", str(table), "--column", "label=y", "prediction=p"]) == 2
    assert capsys.readouterr().err.splitlines()[0].startswith(r"evaluators: t\x1b[2J\nb.csv: no column 'y'")


def test_what_was_found_is_named_beside_how_much() -> None:
    findings = [{"what": f"posix.system{i}", "offset": i} for i in range(5)]
    said = str(outcome(reading("overall", findings=findings)))
    assert "found posix.system0, posix.system1, posix.system2, …" in said


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (17, BEYOND_LIMITS, "[17, ∞)"),
        (-BEYOND_LIMITS, 2, "(-∞, 2]"),
        (0.25, 0.5, "[0.25, 0.5]"),
        (12_345_678, 12_345_678, "[12,345,678, 12,345,678]"),
    ],
)
def test_the_open_end_of_a_test_is_shown_open(low: float, high: float, shown: str) -> None:
    said = str(outcome(replace(reading("overall"), low=low, high=high)))
    assert shown in said


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (23_680.0, "23,680"),
        (1_234, "1,234"),
        (-0.0, "0"),
        (0.123456, "0.1235"),
        (23_680.4, "23,680"),
        (3.2e20, "3.2e+20"),
    ],
)
def test_what_was_counted_is_written_to_its_last_digit(number: float, shown: str) -> None:
    said = str(outcome(replace(reading("overall"), value=number, p_value=None)))
    assert f"  {shown}  " in said.splitlines()[2]


def test_findings_that_are_sentences_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "weights.bin").write_bytes(b"weights")
    assert main(["run", "security.provenance", "--model", str(tmp_path / "weights.bin")]) == 0
    assert "exact; nobody signed these files" in capsys.readouterr().out


def test_what_a_p_value_is_stands_beside_it_where_it_is_not_of_the_value() -> None:
    with_p = replace(reading("overall", p_value_is="the chance of a false alarm"), p_value=0.99)
    assert "exact; p is the chance of a false alarm" in str(outcome(with_p))
    assert "false alarm" not in str(outcome(replace(with_p, p_value=None)))


def test_why_a_file_has_its_class_is_told() -> None:
    said = str(outcome(reading("overall", reason="a pickle runs code")))
    assert "exact; a pickle runs code" in said


def test_a_description_says_how_each_need_is_given_and_what_each_metric_asks() -> None:
    said = described("fairness.paired")
    assert "baseline: --baseline FILES (the other model, which it is compared with), or --column baseline=NAME" in said
    assert "favourable: --favourable VALUE" in said
    assert "Could the two models be equally often right" in said


def test_a_description_says_which_values_a_parameter_takes() -> None:
    said = described("fairness.group")
    assert "(integer, default 30, from 10 to 10000)" in said
    assert "(string, default worst, one of worst, mean)" in said


@pytest.mark.parametrize("name", sorted(EVALUATORS))
def test_every_metric_of_every_evaluator_has_a_question(name: str) -> None:
    about = describe(name)
    said = described(name).splitlines()
    for metric in about["metrics"]:
        line = next(line for line in said if line.startswith(f"{metric['id']} ") and metric["direction"] in line)
        assert line.endswith((".", "?")), line


@pytest.mark.parametrize("name", sorted(EVALUATORS))
def test_no_line_of_a_description_is_wider_than_the_terminal(name: str) -> None:
    about = describe(name)
    folded, wide = describing.description(about), described(name)
    assert max(map(len, folded.splitlines())) <= 100
    rules = re.compile(r"-{4,}")
    assert sorted(rules.sub("", folded).split()) == sorted(rules.sub("", wide).split())
    for metric in about["metrics"]:
        lines = describing.method(metric).splitlines()
        assert max(map(len, lines)) <= 100
        assert " ".join(lines).split() == str(metric["method"]).split()


def test_a_metric_can_be_described_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "security.serialisation_class"]) == 0
    assert "## Limitations" in capsys.readouterr().out
    assert main(["describe", "../README"]) == 2


def test_an_interruption_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("evaluators.__main__.evaluate", interrupted)
    assert main(["run", "privacy.dp_accounting"]) == INTERRUPTED
    assert capsys.readouterr().err == "evaluators: interrupted, nothing was measured\n"


def test_a_reader_who_has_seen_enough_gets_no_traceback() -> None:
    words = [sys.executable, "-m", "evaluators", "describe", "fairness.group", "--json"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == UNREAD


def test_a_terminal_without_the_letters_shows_their_numbers(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("y,p,g\n" + "1,1,Zürich\n0,0,Zürich\n" * 20, encoding="utf-8")
    words = ["run", "performance.accuracy", "--table", str(table), "--column", "label=y", "prediction=p", "group=g"]
    done = subprocess.run(
        [sys.executable, "-m", "evaluators", *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "g=Z\\xfcrich" in done.stdout


@pytest.mark.parametrize(
    ("name", "table", "second"),
    [
        ("privacy.membership", "rows that the model was trained on", "that the model was not trained on"),
        ("data.leakage", "rows held out", "the rows that the model was trained on"),
        ("drift.distribution", "the rows of now", "the rows of before"),
    ],
)
def test_a_description_says_which_rows_each_table_holds(name: str, table: str, second: str) -> None:
    said = described(name).splitlines()
    assert table in next(line for line in said if line.startswith("  table: --table FILE ("))
    assert second in next(line for line in said if line.startswith("  reference: --reference FILE ("))


def test_every_evaluator_that_reads_a_second_table_says_what_it_holds() -> None:
    for name in EVALUATORS:
        if "reference" in describe(name)["reads"]:
            assert "reference" in OWN[name], name


def test_only_columns_are_called_columns_and_only_scores_of_members_have_references_among_them() -> None:
    said = described("fairness.group")
    assert "columns: prediction, group\nto be said: favourable\n" in said
    assert "columns: none that is always read; see optional\n" in described("chart.control")
    assert "--column reference=NAME" in described("privacy.membership")
    assert "--column reference=NAME" not in described("drift.joint")
