"""How often a text classifier is turned by a few words that mean the same."""

from collections.abc import Mapping
from typing import Any

from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.language.wording import shortened
from evaluators.models.model import Model
from evaluators.models.opening import open_model
from evaluators.robustness.text_search import Hunt, Limits, Search
from evaluators.robustness.words_like import Neighbours, Substitutes
from evaluators.subjects.texts import Asker, check_reads_texts, open_texts
from evaluators.support import rate_reading

SUCCESS = "robust.text.synonym_asr"
PART = 16
SHOWN = 40


class TextSynonyms:
    """Reads a text model and a table of texts with their right classes.

    Evidence: `perturbation_examples`, the texts that were turned.
    """

    id = "robust.text_synonyms"
    version = "1"
    title = "Turned by words that mean the same"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {"files": ("model", "table"), "columns": ("text", "label"), "optional": ()}
    parameters: Mapping[str, Mapping[str, Any]] = {
        "rows": {"type": "integer", "default": 100, "minimum": 1, "maximum": 10_000, "title": "Texts of the table"},
        "share": {
            "type": "number",
            "default": 0.15,
            "minimum": 0.01,
            "maximum": 0.5,
            "title": "Share of a text's words that may change (one in any case)",
        },
        "words": {"type": "integer", "default": 12, "minimum": 1, "maximum": 200, "title": "Words tried per text"},
        "candidates": {"type": "integer", "default": 8, "minimum": 1, "maximum": 50, "title": "Substitutes per word"},
        "sentence_cosine": {
            "type": "number",
            "default": 0.8,
            "minimum": -1,
            "maximum": 1,
            "title": "How close the changed text stays, by the model's encoder",
        },
        "word_cosine": {
            "type": "number",
            "default": 0.5,
            "minimum": 0,
            "maximum": 1,
            "title": "How close a neighbouring word is",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=SUCCESS, title="Right texts turned by synonyms", direction=Direction.LOWER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model = open_model(subject, device="auto")
        return measure_model(model, subject, params=params, seed=seed, progress=progress)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        x, m, texts = (statistics[name] for name in ("turned", "right", "texts"))
        among = "texts that the model gets right"
        reading = rate_reading(SUCCESS, OVERALL, x, m, level=level, among=among, statistics=dict(statistics))
        proposed = statistics["proposed"]
        reading.detail.update(statistics)
        reading.detail["constraint_pass_rate"] = statistics["passed"] / proposed if proposed else None
        reading.detail["clean_accuracy"] = m / texts if texts else None
        reading.detail["accuracy_under_attack"] = (m - x) / texts if texts else None
        return [reading.sound()]


def measure_model(
    model: Model,
    subject: Subject,
    *,
    params: Mapping[str, Any],
    seed: int,
    progress: Progress,
    given: Mapping[str, tuple[str, ...]] | None = None,
) -> Measured:
    """`measure` of a model that is open already. `given` takes the place of all lists of substitutes."""
    check_reads_texts(model)
    rows = open_texts(subject, rows=params["rows"], seed=seed, classes=model.classes)
    budget = Budget(params["budget_s"])
    search = _search(model, params, given)
    hunts: list[Hunt] = []
    for part in budget.parts(len(rows), PART):
        texts = [row.text for row in rows[part]]
        labels = [model.classes.index(row.label) for row in rows[part]]
        said = search.asker.positions(texts)
        right = [(text, label) for text, label, found in zip(texts, labels, said, strict=True) if label == found]
        hunts += search.run([text for text, _ in right], [label for _, label in right])
        progress(0.05 + 0.85 * part.stop / len(rows), f"{part.stop} of {len(rows)} texts")
    turned = [hunt for hunt in hunts if hunt.turned]
    statistics: Json = {
        "texts": budget.done,
        "right": len(hunts),
        "turned": len(turned),
        "without_substitutes": sum(not hunt.places for hunt in hunts),
        "words_changed": sum(hunt.changed for hunt in turned),
        "proposed": search.proposed,
        "passed": search.passed,
        "is_similarity_checked": search.encode is not None,
        "has_neighbours": search.substitutes.neighbours is not None,
        "queries": model.queries,
        **budget.facts,
    }
    return Measured(statistics=statistics, evidence=(_examples(turned, search),))


def _search(model: Model, params: Mapping[str, Any], given: Mapping[str, tuple[str, ...]] | None) -> Search:
    """Neighbours are used only where an encoder can tell whether the sentence still says the same."""
    is_checked = model.encode is not None
    vectors = model.word_vectors if is_checked else None
    neighbours = Neighbours.of(vectors) if vectors else None
    return Search(
        Asker(model),
        Substitutes(params["candidates"], params["word_cosine"], neighbours, given),
        Limits(params["share"], params["words"], params["sentence_cosine"]),
        model.embeddings if is_checked else None,
    )


def _examples(turned: list[Hunt], search: Search) -> Evidence:
    after = search.asker.labels([hunt.turned for hunt in turned[:SHOWN]])
    classes = search.asker.model.classes
    rows = [
        [shortened(hunt.text), shortened(hunt.turned), hunt.changed, classes[hunt.label], label]
        for hunt, label in zip(turned, after, strict=False)
    ]
    data = {
        "draw": "table",
        "title": "Texts that were turned",
        "columns": ["text", "with synonyms", "words changed", "label before", "label after"],
        "rows": rows,
        "total": len(turned),
    }
    return Evidence(name="perturbation_examples", data=data)
