"""Whether a model says the same when it is asked the same again."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.clusters import Clusters, cluster_reading
from evaluators.budget import BUDGET_PARAMETERS
from evaluators.contract import OVERALL, Direction, Evidence, Measured, Metric, Progress, Reading, Subject
from evaluators.generative.asking import Asked, ask, asked_evidence
from evaluators.generative.prompts import repeated_questions
from evaluators.language.wording import shortened

CONSISTENCY = "gen.self_consistency"
AMONG = "questions with two answers or more"
SHOWN = 40


class SelfConsistency:
    """Asks a model that writes the same questions several times, or reads a table in which prompts come repeatedly.

    Evidence: `answers`, a table of the questions with most different answers, and `asked`, one of queries.
    """

    id = "gen.consistency"
    version = "1"
    title = "The same answer when asked again"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": (),
        "columns": (),
        "optional": ("model", "table", "text", "output"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "samples": {"type": "integer", "default": 5, "minimum": 2, "maximum": 50, "title": "Answers per question"},
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=CONSISTENCY, title="Pairs of answers that agree", direction=Direction.HIGHER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        prompts = repeated_questions(params["samples"])
        return reduce(ask(subject, prompts, seconds=params["budget_s"], progress=progress))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        clusters = Clusters.from_cells(statistics["agreeing"])
        common = {"level": level, "seed": seed, "statistics": dict(statistics)}
        detail = dict(statistics["facts"])
        return [cluster_reading(CONSISTENCY, OVERALL, clusters, among=AMONG, common=common, detail=detail).sound()]


def reduce(asked: Asked) -> Measured:
    """Outputs to the number of agreeing pairs per question."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for exchange in asked.exchanges:
        answers[exchange.prompt.text][plain(exchange.output)] += 1
    pairs = [(sum(_pairs(n) for n in found.values()), _pairs(found.total())) for found in answers.values()]
    statistics = {"agreeing": Clusters.of(pairs).cells, "facts": asked.facts}
    return Measured(statistics=statistics, evidence=(_evidence(answers), asked_evidence(asked)))


def plain(output: str) -> str:
    """An answer without case, punctuation and spaces around words: what two answers are compared by."""
    letters = "".join(letter if letter.isalnum() else " " for letter in output.casefold())
    return " ".join(letters.split()) or output.strip()


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


def _evidence(answers: Mapping[str, Counter[str]]) -> Evidence:
    ordered = sorted(answers.items(), key=lambda item: (-len(item[1]), item[0]))
    rows = [
        [shortened(question), found.total(), len(found), shortened(min(found, key=lambda text: (-found[text], text)))]
        for question, found in ordered[:SHOWN]
    ]
    columns = ["question", "answers", "different ones", "most frequent"]
    data = {"draw": "table", "title": "Answers to the same question", "columns": columns, "rows": rows}
    return Evidence(name="answers", data=data)
