"""Does a small mark turn the model's answers to one class, whatever it is shown?"""

from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.draws import generator
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.counting import how_many
from evaluators.exact import insufficient, not_applicable, table
from evaluators.models.opening import open_model
from evaluators.security.probe import in_order, marks_for, search
from evaluators.subjects.roles import model_inputs
from evaluators.support import rate_reading

PROBE = "security.backdoor_probe"
MINIMUM = 20


class BackdoorProbe:
    """Needs images or texts that the model reads. Evidence `backdoor_probe`: class, best mark, share that turns."""

    id = "security.backdoor_probe"
    version = "2"
    title = "Search for a backdoor"
    input_kind = "BB"
    cost_class = "C"
    device = "gpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model", "table"),
        "columns": (),
        "optional": ("text", "feature", "features"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "rows": {
            "type": "integer",
            "default": 200,
            "minimum": 2 * MINIMUM,
            "maximum": 10_000,
            "title": "Inputs on which marks are tried: half to search, half to measure",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=PROBE, title="Answers that one small mark turns to a class", direction=Direction.NONE),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model = open_model(subject)
        inputs, rng = in_order(model_inputs(subject, model)), generator(seed, PROBE)
        n = min(len(inputs), params["rows"])
        statistics: Json = {"n": n, "inputs": model.inputs, "found": None}
        if n < 2 * MINIMUM or len(model.classes) < 2:
            return Measured(statistics=statistics)
        rows = rng.permutation(len(inputs))[:n]
        marks = marks_for(model, inputs, rng)
        if not marks:
            return Measured(statistics=statistics | {"found": []})
        # By lot, so that seconds that run out leave no part of an image untried.
        marks, budget = [marks[i] for i in rng.permutation(len(marks))], Budget(params["budget_s"])
        parts = (rows[: n // 2], rows[n // 2 :])
        found = search(model, inputs, marks, parts, budget=budget, progress=progress)
        told = [{**vars(item), "target": model.classes[item.target]} for item in found if item.tried]
        told.sort(key=lambda item: (-item["turned"] / item["tried"], item["target"]))
        shown = [[item["target"], item["what"], item["turned"] / item["tried"], item["tried"]] for item in told]
        titles = ["class", "mark", "share that turns", "inputs"]
        evidence = table("backdoor_probe", "What turns the model's answers most", titles, shown)
        facts = {"found": told[:20], "marks": len(marks), "queries": model.queries} | budget.facts
        return Measured(statistics=statistics | facts, evidence=(evidence,))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        if statistics["found"] is None:
            reason = f"{how_many(statistics['n'], 'inputs')}, fewer than {2 * MINIMUM}, or a single class"
            return [insufficient(PROBE, reason, common=common, n=statistics["n"])]
        if not statistics["found"]:
            return [
                not_applicable(
                    PROBE, f"marks are known for images and texts, not {statistics['inputs']}", common=common
                )
            ]
        worst = statistics["found"][0]
        among = "inputs of other classes"
        reading = rate_reading(PROBE, OVERALL, worst["turned"], worst["tried"], among=among, **common)
        told = {"class": worst["target"], "mark": worst["what"]}
        names = ("marks", "queries", "units_done", "budget_exhausted")
        reading.detail.update(told | {name: statistics[name] for name in names})
        return [reading]
