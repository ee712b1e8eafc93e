"""What a person reads who gave too little, or the wrong thing: what is missing, and what would do."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.__main__ import main
from evaluators.catalog import EVALUATORS
from evaluators.contract import Status, SubjectError, Undeclared
from evaluators.evaluate import evaluate
from tests.evaluators import every
from tests.evaluators.data import write_csv


def test_without_anything_every_evaluator_says_what_it_reads(capsys: pytest.CaptureFixture[str]) -> None:
    for name in sorted(set(EVALUATORS) - {"privacy.dp_accounting"}):
        assert main(["run", name]) == 2, name
        said = capsys.readouterr().err.splitlines()
        assert any(word in said[0] for word in ("table", "model")), said
        assert said[1:] == [f"What it reads, and how it is given: python -m evaluators describe {name}"]


MISSING: tuple[tuple[str, every.Asked, str], ...] = (
    (
        "fairness.paired",
        every.on_people(**every.SAID),
        "reads a column declared as baseline, what the other model predicted; none was, and there is no other model",
    ),
    (
        "gen.format",
        every.Asked(tables={"table": {"out": ["{}"]}}, facts={"columns": {"output": "out"}}),
        "prompts as text",
    ),
    ("gen.refusals", every.Asked(), "a model that writes is needed.*or a table with what it wrote declared as output"),
    ("robust.text_typos", every.on_rows({}, text="g"), "models that read texts: a Hugging Face folder, or an endpoint"),
    ("robust.text_synonyms", every.on_rows({}, text="g"), "models that read texts"),
    ("robust.text_checklist", every.on_rows({}, text="g"), "models that read texts"),
    ("anomaly.series", every.on_people(), "declared as score, nor as feature: one of them is the series"),
    ("privacy.membership", every.on_people(), "member and score are needed.*or a model to ask"),
    ("privacy.memorisation", every.on_people(), "which rows are canaries and their log-perplexity"),
    (
        "explain.shap_global",
        replace(every.on_rows({}), facts={"features": every.FEATURES}),
        "the model's classes are no, yes",
    ),
    ("data.representation", every.on_people(), "declared as group"),
    (
        "performance.accuracy",
        every.on_people(label="y"),
        "prediction, what the model said, and there is no model to ask",
    ),
)


@pytest.mark.parametrize(("name", "given", "said"), MISSING, ids=[name for name, _, _ in MISSING])
def test_what_is_missing_and_what_would_do_is_said(name: str, given: Any, said: str, tmp_path: Path) -> None:
    kind = SubjectError if name.startswith("robust") else Undeclared
    with pytest.raises(kind, match=said):
        evaluate(name, given.subject(tmp_path))


def test_a_file_that_is_no_model_is_told_what_models_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, model = write_csv(tmp_path / "t.csv", {"y": [0, 1], "a": [1, 2]}), tmp_path / "model.bin"
    model.write_bytes(b"no model")
    arguments = ["--table", str(table), "--model", str(model), "--column", "label=y", "--feature", "a"]
    assert main(["run", "robust.noise", *arguments]) == 2
    said = capsys.readouterr().err
    assert all(kind in said for kind in ("model.bin", "skops", "ONNX", "XGBoost", "LightGBM", "Hugging Face"))


def test_too_few_rows_to_copy_a_model_are_insufficient_and_no_failure(tmp_path: Path) -> None:
    few = {name: np.asarray(values)[:19] for name, values in every.people().items()}
    (reading,) = every.run("privacy.extraction", every.asked("privacy.extraction").with_table(few), tmp_path).readings
    assert (reading.status, reading.n) == (Status.INSUFFICIENT_DATA, 19)
    assert "19 rows, fewer than 20" in reading.reason
