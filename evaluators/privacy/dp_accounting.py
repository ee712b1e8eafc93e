"""How much privacy a training run spent, from what its log says of noise, batches and steps."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evaluators.contract import (
    OVERALL,
    Direction,
    Json,
    Measured,
    Metric,
    ParameterError,
    Progress,
    Reading,
    Status,
    Subject,
)
from evaluators.privacy.accounting import CONVERSIONS, accounted

EPSILON = "privacy.dp.epsilon_accounted"
COUNT: Mapping[str, Any] = {"type": "integer", "default": 0, "minimum": 0, "maximum": 10**12}


class DpAccounting:
    """Reads parameters alone. Without noise there is no such guarantee, and nothing is read."""

    id = "privacy.dp_accounting"
    version = "2"
    title = "Differential privacy, accounted"
    input_kind = "F"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {"files": (), "columns": (), "optional": ()}
    parameters: Mapping[str, Mapping[str, Any]] = {
        "noise_multiplier": {
            "type": "number",
            "default": 0,
            "minimum": 0,
            "maximum": 1_000,
            "title": "Noise, in clipping norms (sigma); 0 if none was added",
        },
        "batch_size": {**COUNT, "title": "Rows per batch, on average"},
        "dataset_size": {**COUNT, "title": "Rows trained on"},
        "epochs": {"type": "number", "default": 0, "minimum": 0, "maximum": 1e6, "title": "Passes over the rows"},
        "sampling_rate": {
            "type": "number",
            "default": 0,
            "minimum": 0,
            "maximum": 1,
            "title": "Chance of a row to be in a batch (q), in place of batch and rows",
        },
        "steps": {**COUNT, "title": "Steps (T), in place of passes"},
        "delta": {
            "type": "number",
            "default": 1e-5,
            "minimum": 1e-30,
            "maximum": 0.5,
            "title": "Delta of the promise (epsilon, delta)",
        },
        "conversion": {
            "type": "string",
            "default": "tighter",
            "enum": CONVERSIONS,
            "title": "How Rényi divergence becomes epsilon",
        },
    }
    metrics = (Metric(id=EPSILON, title="Epsilon spent by training", direction=Direction.LOWER, unit="epsilon"),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        if not params["noise_multiplier"]:
            return Measured(statistics={"noise": 0})
        rate, steps = _schedule(params)
        facts: Json = {"rate": rate, "steps": steps, "noise": params["noise_multiplier"], "delta": params["delta"]}
        progress(0.2, "adding up what every step spends")
        spent = {conversion: asdict(accounted(**facts, conversion=conversion)) for conversion in CONVERSIONS}
        return Measured(statistics=facts | {"spent": spent})

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"metric": EPSILON, "slice": OVERALL, "level": level, "statistics": dict(statistics)}
        if not statistics["noise"]:
            reason = "no noise multiplier was given, so training promises no differential privacy"
            return [Reading(status=Status.NOT_APPLICABLE, reason=reason, **common)]
        epsilon = statistics["spent"][params["conversion"]]["epsilon"]
        reading = Reading(
            status=Status.OK,
            value=epsilon,
            low=epsilon,
            high=epsilon,
            method=f"rényi accountant, {params['conversion']} conversion",
            n=int(statistics["steps"]),
            detail={key: statistics[key] for key in ("rate", "steps", "noise", "delta", "spent")},
            **common,
        )
        return [reading.sound()]


def _schedule(params: Mapping[str, Any]) -> tuple[float, int]:
    """Sampling rate and number of steps. Raises ParameterError where the log leaves them open or says them twice."""
    batch, rows = params["batch_size"], params["dataset_size"]
    if bool(params["sampling_rate"]) == bool(batch and rows):
        raise ParameterError("give either sampling_rate, or batch_size and dataset_size")
    rate = params["sampling_rate"] or batch / rows
    if not 0 < rate <= 1:
        raise ParameterError(f"a batch of {batch:,} out of {rows:,} rows is no share of them")
    if bool(params["steps"]) == bool(params["epochs"]):
        raise ParameterError("give either steps or epochs")
    steps = params["steps"] or round(params["epochs"] / rate)
    if steps < 1:
        raise ParameterError(f"{params['epochs']} epochs at a rate of {rate:g} make no whole step")
    return float(rate), int(steps)
