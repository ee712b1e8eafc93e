"""Whole suites on one model, metric by metric: a table of 10^5 rows, and 1,000 sentences for a transformer."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from django.conf import settings
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evaluators.catalog import load
from evaluators.contract import EvaluatorError, Subject
from evaluators.evaluate import evaluate
from registry.management.bench.figures import Figure
from registry.management.bench.timing import median
from registry.management.demo import sentence_training
from registry.management.demo.data import as_csv
from registry.management.demo.made import NotHere
from registry.management.demo.reviews import read_sentences, split

ROWS, TEXTS, COLUMNS, ROUNDS = 100_000, 1_000, 10, 5
FEATURES = tuple(f"x{place}" for place in range(COLUMNS))


@dataclass(frozen=True, kw_only=True)
class Part:
    """One evaluator of a suite with its parameters, and whether it reads the model, the table or both."""

    evaluator: str
    roles: Sequence[str] = ("model", "table")
    params: Mapping[str, Any] = field(default_factory=dict)


TABULAR = (
    Part(evaluator="performance.accuracy"),
    Part(evaluator="fairness.group"),
    Part(evaluator="fairness.subgroup"),
    Part(evaluator="fairness.individual"),
    Part(evaluator="calibration.binary"),
    Part(evaluator="uncertainty.conformal"),
    Part(evaluator="uncertainty.selective"),
    Part(evaluator="explain.shap_global"),
    Part(evaluator="explain.faithfulness"),
    Part(evaluator="robust.tabular"),
    Part(evaluator="robust.noise"),
    Part(evaluator="data.quality", roles=("table",)),
    Part(evaluator="data.duplicates", roles=("table",)),
    Part(evaluator="data.proxy", roles=("table",)),
    Part(evaluator="data.representation", roles=("table",)),
    Part(evaluator="data.leakage", roles=("table", "reference")),
    Part(evaluator="data.label_noise", roles=("table",)),
    Part(evaluator="drift.distribution", roles=("table", "reference")),
    Part(evaluator="drift.joint", roles=("table", "reference")),
    Part(evaluator="privacy.anonymity", roles=("table",)),
    Part(evaluator="privacy.membership", roles=("model", "table", "reference")),
    Part(evaluator="security.model_file", roles=("model",)),
)
TEXT = (
    Part(evaluator="performance.accuracy"),
    Part(evaluator="calibration.binary"),
    Part(evaluator="fairness.counterfactual"),
    Part(evaluator="robust.text_typos"),
    Part(evaluator="robust.text_synonyms"),
    Part(evaluator="robust.text_checklist", params={"positive": "other", "negative": "complaint"}),
    Part(evaluator="explain.shap_text"),
    Part(evaluator="security.model_file", roles=("model",)),
)


def measure(*, say: Callable[[str], Any], **_: Any) -> Iterator[Figure]:
    """Seconds for each suite with the share of every evaluator, and what starting a child costs."""
    yield start_up()
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        folder = Path(name)
        yield suite("tabular suite, 10^5 rows", TABULAR, tabular(folder), aim="≤ 180 s", say=say)
        try:
            yield suite("text suite, 1,000 sentences, MiniLM", TEXT, textual(folder, say=say), aim="≤ 360 s", say=say)
        except NotHere as missing:
            say(f"suites: no text, since {missing}")


def suite(name: str, parts: Sequence[Part], facts: dict[str, Any], *, aim: str, say: Callable[[str], Any]) -> Figure:
    """Run every part after the other in this process."""
    times: dict[str, float] = {}
    for part in parts:
        began = time.perf_counter()
        files = {role: ref for role, ref in facts["files"].items() if role.partition("/")[0] in part.roles}
        kind = "table" if "model" not in part.roles else "model" if "table" in part.roles else "files"
        try:
            evaluate(part.evaluator, Subject.from_dict({**facts, "kind": kind, "files": files}), params=part.params)
        except EvaluatorError as error:
            say(f"suites: {part.evaluator} measured nothing: {error}")
        times[part.evaluator] = time.perf_counter() - began
        say(f"suites: {part.evaluator} {times[part.evaluator]:.1f} s")
    total = sum(times.values())
    shares = ", ".join(f"{key} {100 * each / total:.0f} %" for key, each in sorted(times.items(), key=lambda t: -t[1]))
    return Figure(name=name, value=total, unit="s", against="", aim=aim, note=shares)


def tabular(folder: Path) -> dict[str, Any]:
    """A logistic regression and a table with a group that it treats a little worse."""
    rng = np.random.default_rng(8)
    rows = np.round(rng.standard_normal((2 * ROWS, COLUMNS)), 3)
    group = rng.choice(["a", "b", "c"], size=2 * ROWS, p=[0.6, 0.3, 0.1])
    label = (rows @ np.linspace(1, 0.1, COLUMNS) + rng.logistic(size=2 * ROWS) > 0.2 * (group == "c")).astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[:ROWS], label[:ROWS])
    score = model.predict_proba(rows)[:, 1]
    halves = []
    for part in (slice(ROWS, None), slice(None, ROWS)):
        columns: dict[str, Any] = {name: rows[part, place].tolist() for place, name in enumerate(FEATURES)}
        columns |= {"label": label[part].tolist(), "group": group[part].tolist()}
        halves.append(as_csv({**columns, "score": np.round(score[part], 6).tolist()}))
    files = {"model": skops.io.dumps(model), "table": halves[1], "reference": halves[0]}
    return {
        "files": laid_out(folder / "tabular", files),
        "columns": {"label": "label", "group": ["group"], "quasi": ["group"], "feature": list(FEATURES)},
        "favourable": "1",
        "features": list(FEATURES),
    }


def textual(folder: Path, *, say: Callable[[str], Any]) -> dict[str, Any]:
    """The demo's text model, and as many of the sentences that were kept from it."""
    made = sentence_training.make(say=say)
    _, held_out = split(read_sentences())
    files = {f"model/{name}": data for name, data in made.files}
    files["table"] = held_out.only(range(TEXTS)).as_table()
    return {
        "files": laid_out(folder / "text", files),
        "columns": {"label": "label", "text": "text", "cluster": "review"},
        "favourable": "complaint",
    }


def laid_out(folder: Path, files: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """Files on disk by role, as a job names them."""
    found = {}
    for role, data in files.items():
        name = role.partition("/")[2] or {"model": "model.skops"}.get(role, f"{role}.csv")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        found[role] = {"path": str(path), "sha256": hashlib.sha256(data).hexdigest(), "name": name}
    return found


def start_up() -> Figure:
    """From nothing to the first measurement of three rows in a child, beside an interpreter that only loads numpy."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        table = as_csv({"label": [1, 0, 1], "prediction": [1, 0, 0]})
        files = laid_out(Path(name), {"table": table})
        columns = {"label": "label", "prediction": "prediction"}
        subject = {"kind": "table", "files": files, "columns": columns, "favourable": "1"}
        evaluator = load("performance.accuracy")
        job = json.dumps({"evaluator": evaluator.id, "version": evaluator.version, "subject": subject}).encode()
        ours = middle([sys.executable, "-s", "-P", "-m", "evaluators.child"], job)
    rival = middle([sys.executable, "-s", "-P", "-c", "import numpy"], b"")
    return Figure(
        name="child process, start to result on three rows",
        value=ours * 1000,
        unit="ms",
        against="an interpreter that loads numpy",
        rival=rival * 1000,
        ratio=ours / rival,
    )


def middle(command: list[str], given: bytes) -> float:
    """Seconds of a command, the middle of several runs."""
    environ = {**os.environ, "PYTHONPATH": str(settings.BASE_DIR)}
    return median(
        lambda: subprocess.run(command, input=given, capture_output=True, check=True, env=environ), rounds=ROUNDS
    )
