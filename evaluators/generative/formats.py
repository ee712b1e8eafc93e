"""Whether a model keeps to the format that was asked for."""

import json
from collections.abc import Mapping
from typing import Any

from evaluators.budget import BUDGET_PARAMETERS
from evaluators.contract import Direction, Json, Measured, Metric, ParameterError, Progress, Reading, Subject
from evaluators.generative.asking import Asked, ask, is_brought
from evaluators.generative.prompts import built_in, format_prompts
from evaluators.generative.quality import measured
from evaluators.generative.rates import merged, rate_readings, scored
from evaluators.generative.shapes import adheres, open_schema

ADHERENCE = "gen.format_adherence"


class Formats:
    """Asks a model that writes for JSON, or reads a table of prompts and outputs.

    Evidence: the tables `scorer_quality` and `asked`.
    """

    id = "gen.format"
    version = "1"
    title = "Keeping to a format"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": (),
        "columns": (),
        "optional": ("model", "table", "text", "output"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "schema": {
            "type": "string",
            "default": "",
            "title": "JSON schema of the outputs in the table, {} where any JSON will do; empty for built-in prompts",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=ADHERENCE, title="Outputs of the wanted format", direction=Direction.HIGHER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        schema = open_schema(params["schema"]) if params["schema"] else built_in()["schema"]
        asked = ask(subject, format_prompts(), seconds=params["budget_s"], progress=progress)
        if is_brought(subject) and not params["schema"]:
            raise ParameterError(
                "outputs are judged by the schema they were asked to keep, and none was given: set the parameter "
                'schema, such as {"type": "object", "required": ["name"]}, or {} where any JSON will do'
            )
        return reduce(asked, schema)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        readings = rate_readings(statistics, {ADHERENCE: "format"}, level=level, seed=seed)
        return [reading.sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The counts of two shards of outputs as those of the whole."""
        return merged(first, second)


def reduce(asked: Asked, schema: Mapping[str, Any]) -> Measured:
    """Outputs to statistics. The scorer's quality is that on the labelled items and their own schema."""
    rates = {ADHERENCE: (asked.exchanges, lambda exchange: adheres(exchange.output, schema))}
    quality = measured("format", lambda text: adheres(text, built_in()["schema"]))
    found = scored(asked, rates, {"format": quality})
    found.statistics["facts"]["schema"] = json.dumps(schema, sort_keys=True)[:2_000]
    return found
