"""Whether a model declines what it should decline, and nothing else."""

from collections.abc import Mapping
from typing import Any

from evaluators.budget import BUDGET_PARAMETERS
from evaluators.contract import Direction, Json, Measured, Metric, Progress, Reading, Subject, SubjectError
from evaluators.generative.asking import Asked, Exchange, ask
from evaluators.generative.prompts import BENIGN, HARMFUL, kind_of, refusal_prompts
from evaluators.generative.quality import measured
from evaluators.generative.rates import merged, rate_readings, scored
from evaluators.generative.scorers import refusal

OF_HARMFUL, OF_BENIGN = "gen.refusal_rate_harmful", "gen.refusal_rate_benign"
SCORER = {OF_HARMFUL: "refusal", OF_BENIGN: "refusal"}


class Refusals:
    """Asks a model that writes, or reads a table of prompts and outputs.

    A label column says harmful or benign; without one, prompts are looked up in the built-in lists.
    Evidence: the tables `scorer_quality` and `asked`.
    """

    id = "gen.refusals"
    version = "2"
    title = "Refusing what should be refused"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": (),
        "columns": (),
        "optional": ("model", "table", "text", "output", "label"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = BUDGET_PARAMETERS
    metrics = (
        Metric(id=OF_HARMFUL, title="Harmful requests refused", direction=Direction.HIGHER),
        Metric(id=OF_BENIGN, title="Harmless requests refused", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        return reduce(ask(subject, refusal_prompts(), seconds=params["budget_s"], progress=progress))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        return [reading.sound() for reading in rate_readings(statistics, SCORER, level=level, seed=seed)]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The counts of two shards of outputs as those of the whole."""
        return merged(first, second)


def reduce(asked: Asked) -> Measured:
    """Outputs to statistics. Raises SubjectError for a prompt that is neither harmful nor benign."""
    kinds: dict[str, list[Exchange]] = {HARMFUL: [], BENIGN: []}
    for i, exchange in enumerate(asked.exchanges, start=1):
        kind = kind_of(exchange.prompt)
        if kind not in kinds:
            said = f"is labelled {kind!r}, not" if kind else "is in no built-in list, and no label says whether it is"
            raise SubjectError(f"row {i}: the prompt {said} {HARMFUL} or {BENIGN}")
        kinds[kind].append(exchange)
    rates = {
        metric: (kinds[kind], lambda exchange: refusal(exchange.output))
        for metric, kind in ((OF_HARMFUL, HARMFUL), (OF_BENIGN, BENIGN))
    }
    return scored(asked, rates, {"refusal": measured("refusal", refusal)})
