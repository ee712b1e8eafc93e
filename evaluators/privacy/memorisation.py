"""What a language model remembers of its training: planted secrets, and texts it repeats to the letter."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.intervals import clopper_pearson
from evaluators.contract import (
    OVERALL,
    Direction,
    Evidence,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
    Undeclared,
)
from evaluators.counting import too_few
from evaluators.inputs.files import required
from evaluators.privacy.brought import members
from evaluators.privacy.canaries import Rank, rank, repeats
from evaluators.subjects.roles import column_for, open_table, texts
from evaluators.support import MINIMUM

EXPOSURE = "privacy.memorisation.exposure"
EXTRACTABLE = "privacy.memorisation.extractable_k"
MAX_CANARIES = 200
CANDIDATES = 100


class Memorisation:
    """Reads log-perplexities of canaries (member 1) and of candidates never trained on (member 0).

    Or what a model wrote after the beginnings of its training texts (output) beside how they really go on (text).

    Evidence `exposure`: the bits by which each canary stands out.
    """

    id = "privacy.memorisation"
    version = "2"
    title = "Memorisation of training text"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": ("member", "score", "output", "text"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "space": {
            "type": "number",
            "default": 0,
            "minimum": 0,
            "maximum": 1e300,
            "title": "How many secrets there could have been; 0 if the candidates are all of them",
        }
    }
    metrics = (
        Metric(id=EXPOSURE, title="Exposure of canaries", direction=Direction.LOWER, unit="bits"),
        Metric(id=EXTRACTABLE, title="Training texts repeated to the letter", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        has_ranks = "member" in subject.roles
        has_outputs = "output" in subject.roles
        if not (has_ranks or has_outputs):
            raise Undeclared(
                "declare member and score, or output and text: which rows are canaries and their log-perplexity, or "
                "what the model wrote and how the text goes on"
            )
        progress(0.0, "reading the table")
        statistics: Json = _ranks(subject, float(params["space"])) if has_ranks else {}
        statistics |= _outputs(subject) if has_outputs else {}
        evidence = (_drawn(statistics["ranks"]),) if statistics.get("ranks") else ()
        return Measured(statistics=statistics, evidence=evidence)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        return [reading.sound() for reading in (*_exposures(statistics, common), _extractable(statistics, common))]


def _ranks(subject: Subject, space: float) -> Json:
    column, score = subject.column("member"), column_for(subject, "score")
    table, name = open_table(subject, categorical=[column], numeric=[score]), required(subject, "table").name
    member, values = members(table.categorical[column], column, name), table.numeric[score]
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise SubjectError(f"{name}: row {int(bad[0]) + 1}, column {score!r}: the log-perplexity is not a number")
    if member.sum() > MAX_CANARIES:
        raise SubjectError(f"{name}: {int(member.sum()):,} canaries, more than the {MAX_CANARIES} that are ranked")
    others: FloatArray = values[~member]
    rows = np.flatnonzero(member)
    found = [[int(row) + 1, rank(float(values[row]), others).ahead] for row in rows]
    found.sort(key=lambda item: (item[1], item[0]))
    return {"ranks": found, "candidates": len(others), "space": space}


def _outputs(subject: Subject) -> Json:
    said, truth = subject.column("output"), subject.column("text")
    table = open_table(subject, categorical=[said, truth])
    pairs = [(out, true) for out, true in zip(texts(table, said), texts(table, truth), strict=True) if true.strip()]
    return {"prefixes": len(pairs), "repeated": sum(repeats(out, true) for out, true in pairs)}


def _exposures(statistics: Mapping[str, Any], common: Json) -> list[Reading]:
    """The most exposed canary, and each. With several, intervals hold for all of them at once.

    What a reading keeps is its own rank and how many there are; of what is judged, all ranks.
    """
    told: Json = {"metric": EXPOSURE, "n": statistics.get("candidates", 0), **common}
    if "ranks" not in statistics:
        return [Reading(slice=OVERALL, status=Status.NOT_APPLICABLE, reason="no canaries (member, score)", **told)]
    reason = "" if statistics["ranks"] else "there is no canary: no row has member 1"
    if statistics["candidates"] < CANDIDATES:
        reason = too_few(statistics["candidates"], CANDIDATES, "candidates")
    if reason:
        return [Reading(slice=OVERALL, status=Status.INSUFFICIENT_DATA, reason=reason, **told)]
    count = statistics.get("canaries", len(statistics["ranks"]))
    each = 1 - (1 - common["level"]) / count
    parts = [(row, Rank(ahead, statistics["candidates"], statistics["space"])) for row, ahead in statistics["ranks"]]
    readings = [_exposure(OVERALL, parts[0][1], each, told, {"row": parts[0][0], "canaries": count})]
    for row, item in sorted(parts, key=lambda part: part[0]):
        own = {"ranks": [[row, item.ahead]], "canaries": count}
        own |= {key: statistics[key] for key in ("candidates", "space")}
        readings.append(_exposure(f"row={row}", item, each, told | {"statistics": own}, {"row": row}))
    return readings


def _exposure(name: str, item: Rank, level: float, told: Json, detail: Json) -> Reading:
    low, high = item.interval(level)
    return Reading(
        slice=name,
        status=Status.OK,
        value=item.exposure,
        low=low,
        high=max(high, item.exposure),
        method="exact rank" if item.is_exact else "clopper-pearson on the rank",
        detail=detail | {"ahead": item.ahead, "space": item.space or item.candidates + 1},
        **told,
    )


def _extractable(statistics: Mapping[str, Any], common: Json) -> Reading:
    told: Json = {"metric": EXTRACTABLE, "slice": OVERALL, **common}
    if "prefixes" not in statistics:
        return Reading(status=Status.NOT_APPLICABLE, reason="no continuations (output, text)", **told)
    n, x = statistics["prefixes"], statistics["repeated"]
    if n < MINIMUM:
        return Reading(status=Status.INSUFFICIENT_DATA, reason=too_few(n, MINIMUM, "texts"), n=n, **told)
    low, high = clopper_pearson(x, n, level=common["level"])
    detail = {"x": x, "m": n}
    method = "clopper-pearson"
    return Reading(status=Status.OK, value=x / n, low=low, high=high, method=method, n=n, detail=detail, **told)


def _drawn(ranks: list[list[int]]) -> Evidence:
    data: Json = {
        "draw": "table",
        "title": "Canaries, the most exposed first",
        "columns": ["Row", "Candidates the model finds as likely"],
        "rows": ranks,
    }
    return Evidence(name="exposure", data=data)
