"""What a version was made from and what was made from it, a level at a time."""

from typing import Any

from django.db.models import Q
from django.urls import reverse

from registry.models import DatasetVersion, LineageEdge, ModelVersion, User
from registry.models.choices import Relation

MOST = 60
# In the direction of the arrows: what it was made from stands first.
COLUMNS = [{"title": name} for name in ("Source", "What rests on it", "How")]
RELATED = (
    "child_model__model__team",
    "child_dataset__dataset__team",
    "parent_model__model__team",
    "parent_dataset__dataset__team",
)


def section(subject: ModelVersion | DatasetVersion, *, person: User) -> dict[str, Any]:
    """What `version_lineage.html` takes: the graph and the same as a list."""
    edges = [*walk(subject, upward=True), *walk(subject, upward=False)]
    seen = {each.pk: each for edge in edges for each in (_parent(edge), _child(edge))} | {subject.pk: subject}
    mine = set(person.memberships.filter(ended_at=None).values_list("team_id", flat=True))
    return {
        "nodes": [_node(each, mine, current=each.pk == subject.pk) for each in seen.values()],
        "edges": [(str(_parent(edge).pk), str(_child(edge).pk)) for edge in edges],
        "columns": COLUMNS,
        "rows": [_row(edge, mine) for edge in edges],
    }


def walk(subject: ModelVersion | DatasetVersion, *, upward: bool) -> list[LineageEdge]:
    """The edges towards the sources, or away from them, nearest first."""
    here, there = ("child", "parent") if upward else ("parent", "child")
    level: set[Any] = {subject.pk}
    found: dict[int, LineageEdge] = {}
    while level and len(found) < MOST:
        rows = LineageEdge.objects.filter(Q(**{f"{here}_model__in": level}) | Q(**{f"{here}_dataset__in": level}))
        fresh = [edge for edge in rows.select_related(*RELATED).order_by("id")[:MOST] if edge.pk not in found]
        found |= {edge.pk: edge for edge in fresh}
        level = {getattr(edge, f"{there}_model_id") or getattr(edge, f"{there}_dataset_id") for edge in fresh}
    return list(found.values())


def _parent(edge: LineageEdge) -> Any:
    return edge.parent_model or edge.parent_dataset


def _child(edge: LineageEdge) -> Any:
    return edge.child_model or edge.child_dataset


def _is_model(thing: Any) -> bool:
    return isinstance(thing, ModelVersion)


def _told(thing: Any, mine: set[int]) -> dict[str, str]:
    """Its name and address; of another team's thing nothing but that it is there."""
    team = thing.model.team_id if _is_model(thing) else thing.dataset.team_id
    if team not in mine:
        return {"text": "a version of another team"}
    return {"text": str(thing), "href": reverse("version" if _is_model(thing) else "dataset-version", args=[thing.pk])}


def _node(thing: Any, mine: set[int], *, current: bool) -> dict[str, Any]:
    told = _told(thing, mine)
    return {
        "id": str(thing.pk),
        "label": told["text"],
        "href": told.get("href", ""),
        "kind": "model" if _is_model(thing) else "dataset",
        "standing": thing.standing if _is_model(thing) and thing.team_id in mine else "good",
        "current": current,
    }


def _row(edge: LineageEdge, mine: set[int]) -> list[dict[str, Any]]:
    return [_told(_parent(edge), mine), _told(_child(edge), mine), {"text": Relation(edge.relation).label}]
