"""The evaluators by hand."""

import json
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pytest
import torch

import evaluators
from evaluators.__main__ import Reporter, main
from evaluators.catalog import EVALUATORS, load
from evaluators.contract import spec_digest, subject_digest
from evaluators.models.networks import network_files
from tests.evaluators.data import random_table, subject_dict, write_csv
from tests.evaluators.models.servers import serving

ROOT = Path(evaluators.__file__).resolve().parent.parent
COLUMNS = ["label=label", "prediction=prediction", "group=group"]


@pytest.fixture
def table(tmp_path: Path) -> str:
    return str(write_csv(tmp_path / "p.csv", random_table(np.random.default_rng(0), rows=400)))


def run(*words: str) -> int:
    return main(list(words))


def test_every_evaluator_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "fairness.group" in capsys.readouterr().out
    assert run("list", "--json") == 0
    assert {item["id"] for item in json.loads(capsys.readouterr().out)} == set(EVALUATORS)


def test_a_description_is_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("describe", "explain.shap_global") == 0
    assert "parameter background (integer, default 100, from" in capsys.readouterr().out
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
    assert found["spec_hash"] == spec_digest("fairness.group", "3", {"family_minimum": 40}, 0.9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "no.such", "--table", "x"], "no evaluator 'no.such'"),
        (["describe", "no.such"], "no evaluator 'no.such'"),
        (["run", "fairness.group"], "reads a table; the subject has no files"),
        (["run", "fairness.group", "--table", "/no/such/file"], "can't be opened"),
        (["run", "fairness.group", "--table", "TABLE"], "no favourable outcome"),
        (["run", "fairness.group", "--table", "TABLE", "--column", "label"], "takes name=value"),
        (["run", "fairness.group", "--table", "TABLE", "--column", "labels=x"], "unknown column role"),
        (["run", "fairness.group", "--table", "TABLE", "--param", "family_minimum=many"], "takes an integer"),
        (["run", "fairness.group", "--table", "TABLE", "--param", "nonsense=1"], "unknown parameter"),
        (["run", "fairness.group", "--table", "TABLE", "--level", "2"], "the level"),
        (["run", "fairness.group", "--model", "TABLE"], "reads a table"),
        (["run", "fairness.group", "--model", "/no/such/file"], "can't be opened"),
        (
            ["run", "fairness.group", "--table", "TABLE", "--column", "label=a", "label=b"],
            "two columns were given as label",
        ),
        (["run", "fairness.group", "--endpoint", "timeout_s=long"], "takes a number"),
        (["run", "fairness.group", "--endpoint", "url=http://x"], "reads a table"),
        (["run", "fairness.group", "--endpoint", "url=http://x", "--table", "TABLE"], "protocol is one of"),
        (["run", "fairness.group", "--model", "TABLE", "TABLE"], "two of the files are called"),
        (["run", "fairness.group", "--table", "TABLE", "--score-kind", "guess"], "score kind"),
        (
            ["run", "security.model_file", "--table", "TABLE"],
            "security.model_file reads a model; the subject has table",
        ),
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


@pytest.mark.parametrize("evaluator", sorted(EVALUATORS))
def test_every_evaluator_can_be_described_and_says_what_it_reads(
    evaluator: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("describe", evaluator) == 0
    assert evaluator in capsys.readouterr().out
    status = run("run", evaluator)
    said = capsys.readouterr().err
    if load(evaluator).needs["files"]:
        assert (status, said.partition(" reads ")[0]) == (2, f"evaluators: {evaluator}")
    else:
        assert (status, said) == (3, "") or (status == 2 and said.startswith("evaluators: "))


def test_a_folder_stands_for_the_files_of_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model"
    model.mkdir()
    network = {"inputs": "rows", "shape": [2], "classes": ["0", "1"], "layers": [{"type": "linear", "in": 2, "out": 2}]}
    files = network_files(network, {"0.weight": torch.eye(2), "0.bias": torch.zeros(2)})
    for name, content in files.items():
        (model / name).write_bytes(content)
    (model / ".hidden").write_bytes(b"")
    table = write_csv(tmp_path / "t.csv", {"a": [1, 0] * 20, "b": [0, 1] * 20, "y": [0, 1] * 20})
    words = ["--model", str(model), "--feature", "a", "b", "--column", "label=y", "--json"]
    assert run("run", "performance.accuracy", "--table", str(table), *words) == 0
    readings = json.loads(capsys.readouterr().out)["readings"]
    assert {(item["metric"], item["value"]) for item in readings} >= {("performance.accuracy", 1.0)}


def test_a_model_behind_an_address_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_csv(tmp_path / "t.csv", {"t": ["good", "bad"] * 20, "y": ["up", "down"] * 20})
    with serving(
        lambda _, __, body: {"outputs": [[0, 1] if "good" in text else [1, 0] for text in body["inputs"]]}
    ) as seen:
        words = ["--endpoint", f"url={seen.url}", "protocol=assay", "output=probability", "classes=down,up", "batch=16"]
        assert run("run", "performance.accuracy", "--table", str(table), "--column", "label=y", "text=t", *words) == 0
    assert "performance.accuracy" in capsys.readouterr().out
    assert max(len(body["inputs"]) for body in seen.bodies) == 16


def test_only_a_long_run_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    quick, slow = Reporter(), Reporter(patience_s=0)
    for report in (quick, slow):
        for step in range(5):
            report(step / 10, "measuring")
    assert capsys.readouterr().err == "  0%  measuring\n"


def test_what_a_library_prints_stays_out_of_the_result(tmp_path: Path) -> None:
    """LightGBM warns on stdout, from C, of what it doesn't know in a model's file."""
    rng = np.random.default_rng(0)
    columns = {"a": rng.normal(size=200), "b": rng.normal(size=200), "y": rng.integers(0, 2, 200)}
    rows = np.column_stack([columns["a"], columns["b"]])
    data = lightgbm.Dataset(rows, label=columns["y"], feature_name=["a", "b"])
    known = lightgbm.train({"objective": "binary", "verbosity": -1}, data, 3).model_to_string()
    text = known.replace("[verbosity: -1]", "[verbosity: 2]").replace(
        "end of parameters", "[new: 3]\nend of parameters"
    )
    model = tmp_path / "model.txt"
    model.write_text(text, encoding="utf-8")
    given = ["--table", str(write_csv(tmp_path / "t.csv", columns)), "--model", str(model), "--column", "label=y"]
    words = ["-m", "evaluators", "run", "performance.accuracy", *given, "--favourable", "1", "--json"]
    found = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout)["readings"]
    assert "unrecognized parameter 'new'" in found.stderr


@pytest.mark.parametrize("moment", ["in Python", "called back from C"])
def test_ctrl_c_ends_the_run_at_every_moment(moment: str) -> None:
    """An exception raised in what C called back is printed and forgotten; compilers call back for minutes."""
    script = f"""
import ctypes, os, signal, sys
from evaluators import __main__ as program

def stop():
    os.kill(os.getpid(), signal.SIGINT)
    return sum(range(1000))

def evaluate(*_, **__):
    ctypes.CFUNCTYPE(ctypes.c_long)(stop)() if {moment != "in Python"} else stop()
    print("it went on")

program.evaluate = evaluate
# Whoever started the tests in the background lets them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
program.end_when_interrupted()
sys.exit(program.main(["run", "privacy.dp_accounting"]))
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (found.returncode, found.stdout) == (130, "")
    assert found.stderr == "evaluators: interrupted, nothing was measured\n"


def test_a_run_in_the_background_goes_on_ignoring_ctrl_c() -> None:
    script = """
import signal
from evaluators import __main__ as program
signal.signal(signal.SIGINT, signal.SIG_IGN)
program.end_when_interrupted()
print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout == "True\n"


def test_a_family_is_listed_alone_with_what_it_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "generative") == 0
    assert run("list", "gen") == 0
    first, second = capsys.readouterr().out.split("id  ", maxsplit=2)[1:]
    assert first.strip() == second.strip()
    assert "gen.format" in first
    assert "fairness" not in first
    assert run("list", "privacy", "--json") == 0
    assert {item["family"] for item in json.loads(capsys.readouterr().out)} == {"privacy"}
    assert run("list", "nosuch") == 2
    assert "no family 'nosuch'; there are compression, data" in capsys.readouterr().err


def test_a_level_in_percent_is_answered_with_how_to_write_it(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--column", *COLUMNS, "--favourable", "1", "--level", "95"]
    assert run("run", "fairness.group", "--table", table, *words) == 2
    assert "not at 95: write 0.95 for 95 %" in capsys.readouterr().err


def test_a_number_that_is_no_share_has_its_unit_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = str(write_csv(tmp_path / "t.csv", {"a": ["anna@example.net"] * 20}))
    assert run("run", "privacy.pii_scan", "--table", table) == 0
    rate = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("privacy.pii.rate"))
    assert "per 1,000 rows" in rate


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_divided_by_other_marks_is_refused_also_where_every_column_is_read(
    mark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("\n".join(mark.join(row) for row in ["ab", *["12"] * 20]), encoding="utf-8")
    assert run("run", "data.quality", "--table", str(table)) == 2
    assert "values must be separated by commas" in capsys.readouterr().err
