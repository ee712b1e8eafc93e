"""Limits with the settings of the evaluation that they judge: the same limit asks more of a stronger attack."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from registry.gates.verdict import Requirement, Verdict
from registry.models import Threshold
from registry.reports.settings_words import settings_words

KIND = "threshold:"


def with_settings(verdict: Verdict | Mapping[str, Any]) -> Any:
    """The verdict, live or stored, whose limits say in `settings` with what they were measured. One query."""
    if isinstance(verdict, Verdict):
        return replace(verdict, requirements=said(verdict.requirements))
    rows = verdict.get("requirements", ())
    words = _words(str(row["id"]) for row in rows)
    shown = [row | {"detail": _detail(row["detail"], words.get(row["id"]))} for row in rows]
    return {**verdict, "requirements": shown}


def said(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """The same of requirements by themselves."""
    given = tuple(requirements)
    words = _words(item.id for item in given)
    return tuple(replace(item, detail=_detail(item.detail, words.get(item.id))) for item in given)


def _detail(detail: Mapping[str, Any], words: str | None) -> Mapping[str, Any]:
    return {**detail, "settings": words} if words else detail


def _words(codes: Iterable[str]) -> dict[str, str]:
    """What each limit's evaluation is set to, by the requirement's id."""
    keys = [int(code.removeprefix(KIND)) for code in codes if code.startswith(KIND)]
    if not keys:
        return {}
    rows = (
        Threshold.objects.filter(pk__in=keys)
        .select_related("evaluation")
        .only(*(f"evaluation__{name}" for name in ("evaluator", "evaluator_version", "parameters")))
    )
    asked = ((row.pk, row.evaluation) for row in rows)
    return {
        f"{KIND}{key}": settings_words(of.evaluator, of.parameters, version=of.evaluator_version) for key, of in asked
    }
