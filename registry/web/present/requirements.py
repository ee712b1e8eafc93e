"""What a requirement's code stands for, in the words of the gate's page."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from registry.models import RequiredDocument, RequiredEvaluation, Risk, Threshold
from registry.reports.wording import asked_words


def words_of(codes: Iterable[str]) -> dict[str, str]:
    """Each code, such as `threshold:7`, with what it asks; a code that stands for nothing any more is its own word.

    One query for each kind of code, however many there are.
    """
    asked = set(codes)
    words = {code: code for code in asked}
    for kind, (model, say) in KINDS.items():
        keys = {key for code in asked if (key := _key(code, kind)) is not None}
        if keys:
            words |= {f"{kind}:{row.pk}": say(row) for row in model.objects.filter(pk__in=keys)}
    return words


def _key(code: str, kind: str) -> int | None:
    named, _, key = code.partition(":")
    return int(key) if named == kind and key.isdecimal() else None


def _threshold(row: Threshold) -> str:
    detail = {name: getattr(row, name) for name in ("metric", "slice", "direction", "limit", "tolerance")}
    return asked_words({"kind": "threshold", "detail": detail})


def _evaluation(row: RequiredEvaluation) -> str:
    return f"{row.evaluator} has run, {row.assurance} or better"


def _document(row: RequiredDocument) -> str:
    return f"{row.get_kind_display()}: at least {row.min_percent}% of the required questions answered"


def _risk(row: Risk) -> str:
    return f"Open risk of {row.priority} priority: {row.issue}"


def _treatment(row: Risk) -> str:
    return f"A treatment and an owner for the risk: {row.issue}"


KINDS: Mapping[str, tuple[Any, Callable[[Any], str]]] = {
    "threshold": (Threshold, _threshold),
    "evaluation": (RequiredEvaluation, _evaluation),
    "document": (RequiredDocument, _document),
    "risk": (Risk, _risk),
    "treatment": (Risk, _treatment),
}
