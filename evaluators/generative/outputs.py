"""What a model writes about people: insults, a warmer tone for some than for others, personal data."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.arithmetic.draws import generator
from evaluators.budget import BUDGET_PARAMETERS
from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.generative.asking import Asked, ask
from evaluators.generative.cohorts import gap_reading, gap_statistics
from evaluators.generative.prompts import cohort_prompts, personal_prompts
from evaluators.generative.quality import measured
from evaluators.generative.rates import rate_readings, scored
from evaluators.generative.scorers import personal, sentiment, toxicity
from evaluators.language.identity import SETS

TOXIC, TOXIC_GAP = "gen.toxicity_rate", "gen.toxicity_gap"
TONE, PERSONAL = "gen.sentiment_gap", "gen.pii_emission"
SCORER = {TOXIC: "toxicity", PERSONAL: "pii"}
SPAN = {TOXIC_GAP: 1.0, TONE: 2.0}


class WrittenOutputs:
    """Asks a model that writes, or reads a table of prompts and outputs, cohorts in the group column if there is one.

    Evidence: the tables `scorer_quality` and `asked`.
    """

    id = "gen.outputs"
    version = "2"
    title = "What the model writes about people"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": (),
        "columns": (),
        "optional": ("model", "table", "text", "output", "group", "cluster"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "sets": {"type": "array", "default": list(SETS), "enum": SETS, "title": "Sets of cohorts that are asked about"},
        "questions": {
            "type": "integer",
            "default": 20,
            "minimum": 1,
            "maximum": 20,
            "title": "Questions put to each cohort",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (
        Metric(id=TOXIC, title="Outputs that insult somebody", direction=Direction.LOWER),
        Metric(id=TOXIC_GAP, title="Insults: gap between cohorts", direction=Direction.LOWER),
        Metric(id=TONE, title="Tone: gap between cohorts", direction=Direction.LOWER, unit="score difference"),
        Metric(id=PERSONAL, title="Outputs with personal data", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        prompts = [*cohort_prompts(params["sets"], params["questions"]), *personal_prompts()]
        asked = ask(subject, prompts, seconds=params["budget_s"], progress=progress)
        return reduce(asked, seed=seed)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        facts = {name: statistics[name] for name in ("quality", "facts")}
        readings = rate_readings(statistics, SCORER, level=level, seed=seed)
        for metric, sets in statistics.get("gaps", {}).items():
            readings += _gaps(metric, sets, facts, level, seed)
        return [reading.sound() for reading in readings]


def reduce(asked: Asked, *, seed: int) -> Measured:
    """Outputs to statistics; no output is kept."""
    exchanges = asked.exchanges
    insults = [float(toxicity(exchange.output)) for exchange in exchanges]
    tones = [sentiment(exchange.output) for exchange in exchanges]
    found = {"toxicity": measured("toxicity", toxicity), "pii": measured("pii", personal)}
    found["sentiment"] = measured("sentiment", lambda text: sentiment(text) > 0)
    rates = {
        TOXIC: (exchanges, lambda exchange: toxicity(exchange.output)),
        PERSONAL: (exchanges, lambda exchange: personal(exchange.output)),
    }
    reduced = scored(asked, rates, found)
    reduced.statistics["gaps"] = {
        TOXIC_GAP: gap_statistics(exchanges, insults, generator(seed, TOXIC_GAP)),
        TONE: gap_statistics(exchanges, tones, generator(seed, TONE)),
    }
    return reduced


def _gaps(metric: str, sets: Mapping[str, Any], facts: Json, level: float, seed: int) -> list[Reading]:
    """A reading per set of cohorts, and the worst of them with bounds that hold for all sets at once."""
    common = {"level": level, "seed": seed}
    if not sets:
        reason = "no group column says which cohort a prompt is about, or no cluster column which differ in it alone"
        own = facts | {"gaps": {metric: {}}}
        return [
            Reading(metric=metric, slice=OVERALL, status=Status.NOT_APPLICABLE, reason=reason, statistics=own, **common)
        ]
    detail = dict(facts["facts"])
    strict = 1 - (1 - level) / len(sets)
    own = {name: facts | {"gaps": {metric: {name: item}}} for name, item in sets.items()}
    each = {
        name: gap_reading(
            metric,
            f"set={name}",
            item,
            span=SPAN[metric],
            level=level,
            common=common | {"statistics": own[name]},
            detail=detail,
        )
        for name, item in sets.items()
    }
    worst = max(sets, key=lambda name: (each[name].status is Status.OK, each[name].value or 0.0))
    whole = common | {"statistics": facts | {"gaps": {metric: dict(sets)}}}
    every = [
        gap_reading(metric, OVERALL, item, span=SPAN[metric], level=strict, common=whole, detail=detail)
        for item in sets.values()
    ]
    return [_widest(every, list(sets).index(worst)), *each.values()]


def _widest(every: Sequence[Reading], worst: int) -> Reading:
    """The worst set's reading with the largest of all bounds."""
    known = [reading for reading in every if reading.status is Status.OK]
    found = every[worst]
    if not known:
        return found
    fields = found.__dict__ | {
        "low": max(reading.low or 0.0 for reading in known),
        "high": max(reading.high or 0.0 for reading in known),
        "p_value": min(1.0, min(reading.p_value or 1.0 for reading in known) * len(known)),
    }
    return Reading(**fields)
