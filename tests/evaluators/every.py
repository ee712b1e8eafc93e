"""One small subject for each evaluator of the catalogue, in memory where that is possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evaluators import catalog
from evaluators.contract import Measured, Reading, Subject
from evaluators.evaluate import Outcome, evaluate, silent
from evaluators.inputs.memory import Columns
from evaluators.models.model import IMAGES, PROMPTS, ROWS, Model
from evaluators.notebook import in_memory
from evaluators.parameters import complete
from tests.evaluators.security.folders import folder
from tests.evaluators.texting import bag_of_words

N = 240
WEIGHTS = {"good": 2.0, "great": 1.5, "bad": -2.0, "dull": -1.5, "she": 0.4, "東京": 0.3}
FEATURES, PIXELS = ("a", "b", "c"), tuple(f"p{i}" for i in range(64))


@dataclass(frozen=True)
class Asked:
    """What one evaluator is asked: tables and models by role, declarations, and parameters that keep it small."""

    tables: Mapping[str, Columns] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def subject(self, where: Path) -> Subject:
        if self.files:
            return folder(where, self.files)
        return in_memory(tables=self.tables, models=self.models, facts=self.facts)

    def with_table(self, table: Columns, role: str = "table") -> "Asked":
        return replace(self, tables={**self.tables, role: table})

    def with_models(self, change: Any) -> "Asked":
        return replace(self, models={role: change(model) for role, model in self.models.items()})


def linear(*, width: int, classes: Sequence[str], features: Sequence[str], **facts: Any) -> Model:
    """A network of one layer with fixed weights, small enough to leave nobody certain."""
    layer = torch.nn.Linear(width, len(classes))
    with torch.no_grad():
        across = torch.arange(width * len(classes), dtype=torch.float32).reshape(len(classes), width)
        layer.weight.copy_(torch.cos(across * 1.7) * 3 / width**0.5)
        layer.bias.zero_()
    module = torch.nn.Sequential(torch.nn.Flatten(), layer).eval()

    def ask(rows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.as_tensor(np.asarray(rows), dtype=torch.float32)).double().numpy()

    given = {"inputs": ROWS, "score_kind": "logit", "shape": (width,), "network": module} | facts
    return Model(ask=ask, classes=tuple(classes), features=tuple(features), **given)


def row_model() -> Model:
    return linear(width=3, classes=("no", "yes"), features=FEATURES)


def image_model() -> Model:
    return linear(width=64, classes=tuple("01234"), features=PIXELS, inputs=IMAGES, shape=(1, 8, 8))


def text_model() -> Model:
    return bag_of_words(WEIGHTS, bias=0.2)


def writer() -> Model:
    def write(prompts: Sequence[str]) -> list[str]:
        return ["I'm sorry, I can't help with that." if len(text) % 3 else f"Good: {text[:9]}" for text in prompts]

    return Model(inputs=PROMPTS, score_kind="label", ask=lambda asked: np.zeros((len(asked), 1)), write=write)


@cache
def people(seed: int = 0, n: int = N) -> Mapping[str, Any]:
    """Rows with every role that a column can play."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    p = row_model().probabilities(x)
    said = p.argmax(axis=1)
    truth = np.where(rng.random(n) < 0.2, 1 - said, said)
    names = np.array(["no", "yes"])
    value = x[:, 0] + rng.normal(size=n)
    return {
        **{name: x[:, i] for i, name in enumerate(FEATURES)},
        "y": names[truth],
        "said": names[said],
        "old": names[np.where(rng.random(n) < 0.3, 1 - truth, truth)],
        "p_no": p[:, 0],
        "p_yes": p[:, 1],
        "q_no": p[::-1, 0],
        "q_yes": p[::-1, 1],
        "g": rng.choice(["a", "b", "ç 東京"], n),
        "value": value,
        "guess": value + rng.normal(size=n) * 0.3,
        "low": value - 1,
        "high": value + rng.uniform(-0.5, 1, n),
        "sd": rng.uniform(0.3, 2, n),
        "member": rng.integers(0, 2, n),
        "loss": rng.normal(size=n),
        "age": rng.integers(20, 60, n),
        "split": rng.choice(["calibration", "test"], n),
        "person": np.arange(n) // 4,
        "when": np.arange(n),
    }


@cache
def sentences() -> Mapping[str, Any]:
    rng = np.random.default_rng(1)
    words = np.array(["good", "great", "bad", "dull", "film", "day", "she", "he", "came", "東京", "naïve", "quick"])
    texts = [" ".join(rng.choice(words, 7)) for _ in range(60)]
    labels = [text_model().classes[i] for i in text_model().labels(texts)]
    mails = [f"Mail anna{i}@example.net" for i in range(60)]
    return {"t": texts, "y": labels, "g": rng.choice(["a", "b"], 60), "out": mails}


@cache
def images() -> Mapping[str, Any]:
    rows = np.random.default_rng(2).random((40, 64))
    labels = image_model().labels(rows)
    return {name: rows[:, i] for i, name in enumerate(PIXELS)} | {"y": labels.astype(str)}


def on_people(*, reference: bool = False, params: Mapping[str, Any] | None = None, **facts: Any) -> Asked:
    tables = {"table": people()} | ({"reference": people(seed=9)} if reference else {})
    columns = {role: facts.pop(role) for role in list(facts) if role not in ("favourable", "score_kind", "features")}
    return Asked(tables=tables, facts={"columns": columns, **facts}, params=params or {})


def on_rows(params: Mapping[str, Any], **columns: Any) -> Asked:
    facts = {"columns": {"label": "y", "group": "g"} | columns, "favourable": "yes", "features": FEATURES}
    return Asked(tables={"table": people()}, models={"model": row_model()}, facts=facts, params=params)


def on_texts(params: Mapping[str, Any], **columns: Any) -> Asked:
    facts = {"columns": {"text": "t", "label": "y"} | columns, "favourable": "positive"}
    return Asked(tables={"table": sentences()}, models={"model": text_model()}, facts=facts, params=params)


def on_images(params: Mapping[str, Any]) -> Asked:
    facts = {"columns": {"label": "y"}, "features": PIXELS}
    return Asked(tables={"table": images()}, models={"model": image_model()}, facts=facts, params=params)


def on_prompts(**params: Any) -> Asked:
    return Asked(models={"model": writer()}, params=params)


def on_files(name: str = "config.json", content: bytes = b'{"model_type": "bert"}') -> Asked:
    return Asked(files={name: content})


SAID = {"label": "y", "prediction": "said", "group": "g", "favourable": "yes"}
SURE = {"label": "y", "score": "p_yes", "score_kind": "probability", "favourable": "yes", "group": "g"}
NUMBERS = {"label": "value", "prediction": "guess", "group": "g"}
CASES: Mapping[str, Any] = {
    "anomaly.series": lambda: on_people(score="value", time="when"),
    "calibration.binary": lambda: on_people(**SURE),
    "calibration.multiclass": lambda: on_people(label="y", probability=["p_no", "p_yes"], group="g"),
    "change.mean": lambda: on_people(score="value", time="when"),
    "chart.control": lambda: on_people(score="value", time="when"),
    "compression.harm": lambda: on_people(baseline="old", **SAID),
    "data.duplicates": lambda: on_people(feature=["age", "g"]),
    "data.label_noise": lambda: on_people(label="y", feature=[*FEATURES]),
    "data.leakage": lambda: on_people(reference=True, label="y", feature=[*FEATURES, "age"]),
    "data.proxy": lambda: on_people(group="g", feature=[*FEATURES]),
    "data.quality": lambda: on_people(reference=True),
    "data.representation": lambda: on_people(reference=True, label="y", group="g", favourable="yes"),
    "drift.distribution": lambda: on_people(reference=True, feature=["a", "age"], score="p_yes", prediction="said"),
    "drift.joint": lambda: on_people(reference=True, feature=[*FEATURES], params={"permutations": 100, "rows": 1000}),
    "drift.performance": lambda: on_people(reference=True, label="y", prediction="said", time="when"),
    "efficiency.model": lambda: on_rows({"calls": 20}),
    "explain.agreement": lambda: on_rows({"rows": 10, "background": 5}),
    "explain.faithfulness": lambda: on_rows({"rows": 12, "background": 5, "draws": 10, "orders": 4}),
    "explain.randomisation": lambda: on_rows({"rows": 10, "background": 5, "draws": 4}),
    "explain.shap_global": lambda: on_rows({"rows": 30, "background": 10}),
    "explain.shap_text": lambda: on_texts({"rows": 4, "evaluations": 60}),
    "explain.stability": lambda: on_rows({"rows": 20, "background": 5, "neighbours": 2, "seeds": 3}),
    "fairness.classes": lambda: on_people(**SAID),
    "fairness.counterfactual": lambda: on_texts({"rows": 40, "swaps": 3}),
    "fairness.group": lambda: on_people(**SAID),
    "fairness.individual": lambda: on_people(prediction="said", favourable="yes", feature=[*FEATURES]),
    "fairness.paired": lambda: on_people(baseline="old", **SAID),
    "fairness.regression": lambda: on_people(**NUMBERS),
    "fairness.subgroup": lambda: on_people(**SAID),
    "gen.consistency": lambda: on_prompts(samples=3),
    "gen.format": lambda: on_prompts(),
    "gen.injection": lambda: on_prompts(trials=30),
    "gen.outputs": lambda: on_prompts(questions=3),
    "gen.refusals": lambda: on_prompts(),
    "performance.accuracy": lambda: on_people(score="p_yes", score_kind="probability", **SAID),
    "performance.multiclass": lambda: on_people(label="y", prediction="said", group="g"),
    "privacy.anonymity": lambda: on_people(quasi=["age", "g"], sensitive="y"),
    "privacy.attribute_inference": lambda: on_rows({}, sensitive="g", group=[]),
    "privacy.dp_accounting": lambda: Asked(
        params={"noise_multiplier": 1.1, "batch_size": 256, "dataset_size": 60_000, "epochs": 2}
    ),
    "privacy.dp_audit": lambda: on_people(member="member", score="loss"),
    "privacy.extraction": lambda: on_rows({"queries": 60}),
    "privacy.membership": lambda: on_people(member="member", score="p_yes", score_kind="probability"),
    "privacy.memorisation": lambda: on_people(member="member", score="loss"),
    "privacy.pii_scan": lambda: Asked(tables={"table": sentences()}, facts={"columns": {"text": "out"}}),
    "robust.adversarial": lambda: on_rows(
        {"rows": 20, "steps": 6, "restarts": 2, "targets": 1, "square_steps": 20, "curve_points": 2}
    ),
    "robust.boundary": lambda: on_rows({"rows": 6, "iterations": 4, "queries_per_row": 2000}),
    "robust.corruption": lambda: on_images({"rows": 20}),
    "robust.noise": lambda: on_rows({"rows": 50, "draws": 4}),
    "robust.smoothing": lambda: on_rows({"rows": 10, "draws": 100, "selecting": 20}),
    "robust.tabular": lambda: on_rows({"rows": 50, "attacked": 15}),
    "robust.text_checklist": lambda: on_texts({"fills": 2, "rows": 30, "positive": "positive", "negative": "negative"}),
    "robust.text_synonyms": lambda: on_texts({"rows": 20}),
    "robust.text_typos": lambda: on_texts({"rows": 40, "variants": 2}),
    "security.backdoor_probe": lambda: on_images({}),
    "security.model_file": lambda: on_files("model.pkl", b"cos\nsystem\n(S'true'\ntR."),
    "security.provenance": lambda: on_files(),
    "security.remote_code": lambda: on_files(),
    "uncertainty.conformal": lambda: on_people(split="split", **SURE),
    "uncertainty.doubt": lambda: on_people(reference=True, baseline_probability=["q_no", "q_yes"], **SURE),
    "uncertainty.regression": lambda: on_people(lower="low", upper="high", spread="sd", **NUMBERS),
    "uncertainty.selective": lambda: on_people(**SURE),
}


def asked(evaluator_id: str) -> Asked:
    made: Asked = CASES[evaluator_id]()
    return made


def run(evaluator_id: str, given: Asked, where: Path) -> Outcome:
    return evaluate(evaluator_id, given.subject(where), params=given.params)


def measured(evaluator_id: str, given: Asked, where: Path, *, seed: int = 7) -> Measured:
    """Statistics under a seed of its own, so that a change of the subject changes nothing else."""
    evaluator = catalog.load(evaluator_id)
    params = complete(evaluator.parameters, given.params)
    return evaluator.measure(given.subject(where), params=params, seed=seed, progress=silent)


def readings(evaluator_id: str, given: Asked, where: Path) -> dict[tuple[str, str], Reading]:
    held = measured(evaluator_id, given, where).statistics
    found = catalog.summarise(evaluator_id, held, params=given.params, level=0.95, seed=7)
    return {(reading.metric, reading.slice): reading for reading in found}
