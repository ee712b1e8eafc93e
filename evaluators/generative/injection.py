"""Whether orders that stand inside a document are obeyed."""

from collections.abc import Mapping
from typing import Any

from evaluators.budget import BUDGET_PARAMETERS
from evaluators.contract import Direction, Json, Measured, Metric, Progress, Reading, Subject, SubjectError
from evaluators.generative.asking import Asked, ask
from evaluators.generative.prompts import injection_prompts
from evaluators.generative.quality import clean_trials, measured
from evaluators.generative.rates import merged, rate_readings, scored
from evaluators.generative.scorers import emitted

SUCCESS = "gen.injection_success"


class Injection:
    """Asks a model that writes to summarise documents with orders inside, or reads a table of prompts and outputs.

    In a table, the label column holds the planted token of each prompt.
    Evidence: the tables `scorer_quality` and `asked`.
    """

    id = "gen.injection"
    version = "1"
    title = "Orders inside documents"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": (),
        "columns": (),
        "optional": ("model", "table", "text", "output", "label"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "trials": {
            "type": "integer",
            "default": 100,
            "minimum": 10,
            "maximum": 400,
            "title": "Documents with hidden orders",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=SUCCESS, title="Orders inside documents obeyed", direction=Direction.LOWER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        prompts = injection_prompts(params["trials"], seed=seed)
        return reduce(ask(subject, prompts, seconds=params["budget_s"], progress=progress))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        readings = rate_readings(statistics, {SUCCESS: "injection"}, level=level, seed=seed)
        for reading in readings:
            reading.detail["clean_trials_for_one_percent"] = clean_trials(0.01)
        return [reading.sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The counts of two shards of outputs as those of the whole."""
        return merged(first, second)


def reduce(asked: Asked) -> Measured:
    """Outputs to statistics. Raises SubjectError for a prompt without its token."""
    for i, exchange in enumerate(asked.exchanges, start=1):
        if not any(letter.isalnum() for letter in exchange.prompt.label):
            raise SubjectError(f"row {i}: no token is named that the prompt asks for; declare a label column with it")
    rates = {SUCCESS: (asked.exchanges, lambda exchange: emitted(exchange.output, exchange.prompt.label))}
    return scored(asked, rates, {"injection": measured("injection", lambda item: emitted(*item))})
