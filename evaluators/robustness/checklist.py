"""Whether a text classifier behaves: what must hold, what must not matter, which way an answer may move."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.arithmetic.clusters import Clusters, cluster_reading
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import (
    OVERALL,
    Direction,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
)
from evaluators.models.model import Model
from evaluators.models.opening import open_model
from evaluators.robustness.checklist_counts import clustered, evidence, failed_among
from evaluators.robustness.checklist_suite import is_suite, open_suite
from evaluators.robustness.checklist_templates import (
    DIR,
    INV,
    MFT,
    Trial,
    built_in,
    direction,
    invariance,
    minimum_functionality,
)
from evaluators.subjects.texts import Asker, check_reads_texts, open_texts, ticket

METRIC = {MFT: "robust.text.checklist_mft", INV: "robust.text.checklist_inv", DIR: "robust.text.checklist_dir"}
NAMELESS = "the built-in templates praise and blame, and the parameters positive and negative name no class for it"
CLASSLESS = "answers move towards a class, and none was declared as favourable or named by the parameter positive"
PART = 256


class TextChecklist:
    """Reads a text model. A table may bring texts, whose writing is changed, or own templates (see checklist_suite).

    Evidence: `behaviour_failures`, a table of trials that failed.
    """

    id = "robust.text_checklist"
    version = "1"
    title = "Behaviour on templates"
    input_kind = "BB"
    cost_class = "B"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model",),
        "columns": (),
        "optional": ("table", "text", "label", "split", "cluster", "group", "favourable"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "positive": {"type": "string", "default": "", "title": "Class of texts that praise"},
        "negative": {"type": "string", "default": "", "title": "Class of texts that blame"},
        "fills": {"type": "integer", "default": 5, "minimum": 1, "maximum": 100, "title": "Texts per template"},
        "rows": {"type": "integer", "default": 200, "minimum": 1, "maximum": 100_000, "title": "Texts of the table"},
        "tolerance": {
            "type": "number",
            "default": 0.1,
            "minimum": 0,
            "maximum": 1,
            "title": "How far a probability may move the wrong way",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (
        Metric(id=METRIC[MFT], title="Failures of what must hold", direction=Direction.LOWER),
        Metric(id=METRIC[INV], title="Failures of what must not matter", direction=Direction.LOWER),
        Metric(id=METRIC[DIR], title="Answers that move the wrong way", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model = open_model(subject, device="auto")
        return measure_model(model, subject, params=params, seed=seed, progress=progress)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        facts = {name: value for name, value in statistics.items() if name != "kinds"}
        readings = []
        for kind, slices in statistics["kinds"].items():
            for name, cells in ({OVERALL: []} | dict(slices)).items():
                own = facts | {"kinds": {kind: {name: cells}}}
                common = {"level": level, "seed": seed, "statistics": own}
                readings.append(_reading(kind, name, cells, common, facts))
        return [reading.sound() for reading in readings]


def measure_model(
    model: Model, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress
) -> Measured:
    """`measure` of a model that is open already."""
    check_reads_texts(model)
    position = _position(model, subject, params)
    trials, unasked = _trials(model, subject, params, seed)
    if position is None:
        trials = [trial for trial in trials if trial.kind != DIR]
        unasked = {DIR: CLASSLESS} | unasked
    # By lot, so that a budget that runs out leaves a random part of each kind.
    trials = sorted(trials, key=lambda trial: ticket(seed, f"{trial.kind} {trial.text} {trial.base}"))
    asker, budget = Asker(model), Budget(params["budget_s"])
    failures: list[tuple[Trial, str]] = []
    for part in budget.parts(len(trials), PART):
        failures += failed_among(trials[part], asker, position, params["tolerance"])
        progress(0.05 + 0.85 * part.stop / len(trials), f"{part.stop} of {len(trials)} texts")
    statistics: Json = {
        "kinds": clustered(trials[: budget.done], {trial for trial, _ in failures}),
        "unasked": unasked,
        "queries": model.queries,
        **budget.facts,
    }
    return Measured(statistics=statistics, evidence=(evidence(failures),))


def _position(model: Model, subject: Subject, params: Mapping[str, Any]) -> int | None:
    wanted = params["positive"] or subject.favourable
    return model.position(wanted) if wanted else None


def _trials(model: Model, subject: Subject, params: Mapping[str, Any], seed: int) -> tuple[list[Trial], dict[str, str]]:
    """The trials, and the kinds that can't be asked with the reason."""
    if is_suite(subject):
        return open_suite(subject, model.classes), {}
    texts = list(built_in()["sentences"])
    if "text" in subject.roles:
        rows = open_texts(subject, rows=params["rows"], seed=seed)
        texts += [row.text for row in rows]
    fills = {"fills": params["fills"], "seed": seed}
    trials = invariance(list(dict.fromkeys(texts)), **fills)
    names = {name: params[name] for name in ("positive", "negative")}
    if not all(names.values()):
        return trials, {MFT: NAMELESS, DIR: NAMELESS}
    unknown = [name for name in names.values() if name not in model.classes]
    if unknown:
        raise SubjectError(f"{unknown[0]!r} is not a class of the model; it has {', '.join(model.classes[:10])}")
    return [*trials, *minimum_functionality(names, **fills), *direction(**fills)], {}


def _reading(kind: str, name: str, cells: Sequence[Sequence[int]], common: Json, facts: Json) -> Reading:
    reason = facts["unasked"].get(kind)
    if reason:
        return Reading(metric=METRIC[kind], slice=name, status=Status.NOT_APPLICABLE, reason=reason, **common)
    detail = {key: value for key, value in facts.items() if key != "unasked"}
    return cluster_reading(
        METRIC[kind], name, Clusters.from_cells(cells), among="templates", common=common, detail=detail
    )
