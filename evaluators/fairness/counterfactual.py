"""Whether a text classifier answers otherwise when only the person changes."""

from collections.abc import Mapping
from typing import Any

from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import (
    Direction,
    Evidence,
    Measured,
    Metric,
    ParameterError,
    Progress,
    Reading,
    Subject,
)
from evaluators.fairness.counterfactual_cases import BUILT_IN, TABLE, Case, from_table, from_templates
from evaluators.fairness.counterfactual_counts import (
    LOG_ODDS,
    PROBABILITY,
    Change,
    changes,
    pairs_table,
    summed,
)
from evaluators.fairness.counterfactual_readings import FLIPS, GAP, counterfactual_readings
from evaluators.language.identity import SETS, Vocabulary, vocabulary
from evaluators.models.model import Model
from evaluators.models.opening import open_model
from evaluators.subjects.texts import Asker, check_reads_texts, open_texts, ticket

BOTH = "both"
PART = 64
SHOWN = 60
COLUMNS = ["text", "exchanged", "set", "label before", "label after", "moved"]


class Counterfactual:
    """Reads a text model, and a table of texts if there is one; its own templates need no table.

    Evidence: `counterfactual_pairs`, a table of the exchanges that changed most.
    """

    id = "fairness.counterfactual"
    version = "1"
    title = "Answers when the person changes"
    input_kind = "BB"
    cost_class = "B"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model",),
        "columns": (),
        "optional": ("table", "text", "favourable"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "source": {
            "type": "string",
            "default": BOTH,
            "enum": (BOTH, TABLE, BUILT_IN),
            "title": "Texts: of the table, of templates, or both",
        },
        "sets": {"type": "array", "default": list(SETS), "enum": SETS, "title": "Sets of terms that are exchanged"},
        "pairs": {"type": "array", "default": [], "maxItems": 200, "title": "Further pairs, such as nurse/doctor"},
        "templates": {"type": "array", "default": [], "maxItems": 500, "title": "Own templates, with {who} in each"},
        "people": {
            "type": "integer",
            "default": 1,
            "minimum": 1,
            "maximum": 4,
            "title": "People of each set per template",
        },
        "rows": {"type": "integer", "default": 1_000, "minimum": 1, "maximum": 100_000, "title": "Texts of the table"},
        "swaps": {"type": "integer", "default": 10, "minimum": 1, "maximum": 100, "title": "Exchanges per text"},
        "scale": {
            "type": "string",
            "default": PROBABILITY,
            "enum": (PROBABILITY, LOG_ODDS),
            "title": "How far an answer moved is measured in",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (
        Metric(id=FLIPS, title="Labels changed by exchanging the person", direction=Direction.LOWER),
        Metric(
            id=GAP, title="Score moved by exchanging the person", direction=Direction.LOWER, unit="score difference"
        ),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model = open_model(subject, device="auto")
        return measure_model(model, subject, params=params, seed=seed, progress=progress)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        return [reading.sound() for reading in counterfactual_readings(statistics, level=level, seed=seed)]


def measure_model(
    model: Model, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress
) -> Measured:
    """`measure` of a model that is open already."""
    check_reads_texts(model)
    position = model.position(subject.favourable) if subject.favourable is not None else None
    if params["scale"] == LOG_ODDS and position is None:
        raise ParameterError("log-odds are of one class, and no favourable outcome was declared")
    cases = _cases(subject, vocabulary(params["sets"], params["pairs"]), params, seed)
    asker, budget = Asker(model), Budget(params["budget_s"])
    found: list[Change] = []
    # By lot, so that a budget that runs out leaves a random part of both sources.
    naming = sorted((case for case in cases if case.swaps), key=lambda case: ticket(seed, case.text))
    for part in budget.parts(len(naming), PART):
        found += changes(naming[part], asker, scale=params["scale"], position=position)
        progress(0.05 + 0.85 * part.stop / len(naming), f"{part.stop} of {len(naming)} texts")
    statistics = {
        "slices": summed(found),
        "scale": params["scale"],
        "texts": len(cases),
        "texts_naming_nobody": len(cases) - len(naming),
        "exchanges": len(found),
        "exchanges_not_read": sum(change.is_hidden for change in found),
        "queries": model.queries,
        **budget.facts,
    }
    return Measured(statistics=statistics, evidence=(_evidence(found),))


def _cases(subject: Subject, terms: Vocabulary, params: Mapping[str, Any], seed: int) -> list[Case]:
    cases: list[Case] = []
    if params["source"] == TABLE or (params["source"] == BOTH and "text" in subject.roles):
        rows = open_texts(subject, rows=params["rows"], seed=seed)
        cases += from_table([row.text for row in rows], terms, most=params["swaps"], seed=seed)
    if params["source"] != TABLE:
        limits = {"people": params["people"], "most": params["swaps"], "seed": seed}
        cases += from_templates(params["templates"], terms, pairs=params["pairs"], **limits)
    return cases


def _evidence(found: list[Change]) -> Evidence:
    data = {
        "draw": "table",
        "title": "Exchanges that changed most",
        "columns": COLUMNS,
        "rows": pairs_table(found, rows=SHOWN),
        "total": len(found),
    }
    return Evidence(name="counterfactual_pairs", data=data)
