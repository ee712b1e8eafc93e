"""What a requirement's code stands for, in the words of the gate's page."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import JSONObject

from registry.models import RequiredDocument, RequiredEvaluation, Risk, Threshold
from registry.models.choices import DocumentKind
from registry.reports.settings_words import settings_words
from registry.reports.wording import asked_words

Row = Mapping[str, Any]
# Of the evaluation that a limit judges: its settings are part of what is asked.
EVALUATOR, VERSION, PARAMETERS = (f"evaluation__{name}" for name in ("evaluator", "evaluator_version", "parameters"))


def words_of(codes: Iterable[str]) -> dict[str, str]:
    """Each code, such as `threshold:7`, with what it asks; a code that stands for nothing any more is its own word.

    One query, whatever kinds there are.
    """
    asked = set(codes)
    words = {code: code for code in asked}
    keys = {kind: {key for code in asked if (key := _key(code, kind)) is not None} for kind in KINDS}
    first, *rest = [_rows(kind, keys[kind]) for kind in KINDS if keys[kind]] or [Risk.objects.none()]
    for kind, key, row in first.union(*rest, all=True):
        words[f"{kind}:{key}"] = KINDS[kind][-1](row)
    return words


def _key(code: str, kind: str) -> int | None:
    named, _, key = code.partition(":")
    return int(key) if named == kind and key.isdecimal() else None


def _rows(kind: str, keys: set[int]) -> QuerySet[Any]:
    model, columns, _ = KINDS[kind]
    row = JSONObject(**{name: name for name in columns})
    rows: QuerySet[Any] = model.objects.filter(pk__in=keys).order_by().values_list(Value(kind), "pk", row)
    return rows


def _threshold(row: Row) -> str:
    # A whole number comes out of JSON as an int, which prints differently.
    numbers = {name: float(row[name]) for name in ("limit", "tolerance")}
    settings = {"settings": settings_words(row[EVALUATOR], row[PARAMETERS], version=row[VERSION])}
    return asked_words({"kind": "threshold", "detail": {**row, **numbers, **settings}})


def _evaluation(row: Row) -> str:
    said = f"{row['evaluator']} has run, {row['assurance']} or better"
    return asked_words({"kind": "evaluation", "asked": said, "detail": {"evaluator": row["evaluator"]}})


def _document(row: Row) -> str:
    return f"{DocumentKind(row['kind']).label}: at least {row['min_percent']}% of the required questions answered"


def _risk(row: Row) -> str:
    return f"Open risk of {row['priority']} priority: {row['issue']}"


def _treatment(row: Row) -> str:
    return f"A treatment and an owner for the risk: {row['issue']}"


# Where a code leads, which columns its words are made of, and the words.
KINDS: Mapping[str, tuple[Any, tuple[str, ...], Callable[[Row], str]]] = {
    "threshold": (
        Threshold,
        ("metric", "slice", "direction", "limit", "tolerance", EVALUATOR, VERSION, PARAMETERS),
        _threshold,
    ),
    "evaluation": (RequiredEvaluation, ("evaluator", "assurance"), _evaluation),
    "document": (RequiredDocument, ("kind", "min_percent"), _document),
    "risk": (Risk, ("priority", "issue"), _risk),
    "treatment": (Risk, ("issue",), _treatment),
}
