"""Where a gate changed its mind about a version, as its history tells it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Case, F, QuerySet, Value, When, Window
from django.db.models.functions import Lag, Lead
from django.urls import reverse

from registry.models import ModelVersion, Verdict

# The requirement of a verdict on a step that isn't there.
FAR = "edge:0"
# What a shut gate is called wherever its answer stands; a single requirement fails.
BLOCKED = {"failed": "blocked"}


def turns(version: ModelVersion) -> QuerySet[Verdict]:
    """The verdicts that say something else than the one before: a gate is asked again after every change of evidence.

    Far from a gate nothing is judged, so that the first judgement is a turn even where its outcome is the same.
    The newest of each gate is among them, and `is_turn` false where it said the same: how many are unmet has changed.
    """
    rows = Verdict.objects.filter(version=version, transition=None)
    said = Case(When(body__requirements__0__id=FAR, then=Value("far")), default=F("outcome"))
    earlier = Window(Lag("said"), partition_by="to_stage", order_by="decided_at")
    later = Window(Lead("pk"), partition_by="to_stage", order_by="decided_at")
    compared = rows.annotate(said=said).annotate(earlier=earlier, later=later)
    told = compared.values_list("pk", "said", "earlier", "later")
    turning = {pk: now != was for pk, now, was, after in told if now != was or (after is None and now != "far")}
    is_turn = Case(When(pk__in=[pk for pk, turns in turning.items() if turns], then=True), default=False)
    return rows.filter(pk__in=turning).annotate(is_turn=is_turn).select_related("snapshot")


def entries(rows: Iterable[Verdict]) -> Iterator[dict[str, Any]]:
    """See components/_timeline_entry.html."""
    for row in rows:
        yield _far(row) if is_far(row.body) else _said(row)


def is_far(body: Mapping[str, Any]) -> bool:
    """Whether a stored verdict is on a gate that no single step leads to."""
    return any(item["id"] == FAR for item in body["requirements"][:1])


def _said(row: Verdict) -> dict[str, Any]:
    said = said_of(row)
    words = "passed, with a waiver" if said == "waived" else BLOCKED.get(said, said)
    return {
        "title": f"The gate to {row.to_stage} {'said' if row.is_turn else 'still says'}: {words}",
        "icon": said,
        "at": row.decided_at,
        "digest": row.snapshot.digest,
        "href": reverse("verdict", args=[row.pk]),
        "note": met_words(row.body),
    }


def said_of(row: Verdict) -> str:
    """Its outcome, and of one that passed whether it rests on a waiver."""
    return "waived" if row.outcome == "passed" and row.body["waived"] else row.outcome


def met_words(body: Mapping[str, Any]) -> str:
    """How much of what was asked is met, and how much only a waiver lets through."""
    asked = body["requirements"]
    unmet = sum(1 for item in asked if item["outcome"] != "passed" and not item["waived_until"])
    if unmet:
        return f"{unmet} of {len(asked)} requirements not met"
    return (
        f"{len(body['waived'])} of {len(asked)} requirements only waived" if body["waived"] else "every requirement met"
    )


def _far(row: Verdict) -> dict[str, Any]:
    """A gate that no single step leads to judges nothing."""
    return {
        "title": f"Not yet before the gate to {row.to_stage}",
        "icon": "queued",
        "at": row.decided_at,
        "href": reverse("verdict", args=[row.pk]),
        "note": "Nothing is measured or judged yet: the stages come in their order.",
    }
