"""Statistics of the parts of a table, measured apart, added to those of the whole."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.catalog import load
from evaluators.contract import EvaluatorError, Json


def merged(evaluator_id: str, parts: Sequence[Mapping[str, Any]]) -> Json:
    """What measuring all parts as one table would have yielded; the order of the parts doesn't matter.

    A cluster of rows must lie in one part. Raises EvaluatorError if there is no part, or for an evaluator whose
    statistics can't be added, such as ranks and neighbours, which need all rows at once.
    """
    if not parts:
        raise EvaluatorError("there are no parts to add")
    add = getattr(load(evaluator_id), "merge", None)
    if add is None:
        raise EvaluatorError(f"{evaluator_id} needs all rows at once: its statistics can't be added")
    total: Json = dict(parts[0])
    for part in parts[1:]:
        total = add(total, part)
    return total
