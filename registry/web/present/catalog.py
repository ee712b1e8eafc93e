"""Lists and pages of the catalog, in the shapes that the components take."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from registry import policies
from registry.models import (
    ModelVersion,
    RegisteredModel,
    Transition,
    Verdict,
)
from registry.models.choices import Stage, Standing
from registry.web.access import teams_of
from registry.web.paging import asked, keyset_page
from registry.web.present.pages import offer_new
from registry.web.present.waiting import newest_outcome

OUTCOME_WORDS = {"passed": "Yes, or as soon as it is moved", "failed": "No: blocked", "undecided": "Not yet: undecided"}
MODEL_COLUMNS = [
    {"title": name} for name in ("Model", "Newest version", "Stage", "Standing", "May it be used?", "Registered")
]
VERSION_COLUMNS = [
    {"title": name} for name in ("Version", "Stage", "Standing", "May it be used?", "Files", "Registered")
]


def model_list(request: HttpRequest) -> dict[str, Any]:
    """What `registry/catalog/models.html` takes."""
    rows = with_newest(RegisteredModel.objects.visible_to(request.user))
    filters = {name: asked(request, name) for name in ("q", "team", "stage", "standing", "outcome")}
    for word in filters["q"].replace("/", " ").split()[:6]:
        rows = rows.filter(slug__icontains=word) | rows.filter(team__slug__icontains=word)
    columns = {"team": "team__slug", "stage": "newest_stage", "standing": "newest_standing", "outcome": "newest_said"}
    for name, column in columns.items():
        if filters[name]:
            rows = rows.filter(**{column: filters[name]})
    page = keyset_page(request, rows.select_related("team", "project"), by=("slug", "id"))
    return {
        "section": "models",
        "page": page,
        "columns": MODEL_COLUMNS,
        "rows": [model_row(each) for each in page.rows],
        "filters": filters,
        "choices": _choices(request, filters),
        "is_filtered": any(filters.values()),
        "actions": offer_new(request, "model-new", "Register a model")
        + [{"title": "Projects", "href": reverse("project-list"), "kind": "quiet"}],
    }


def _choices(request: HttpRequest, filters: dict[str, str]) -> list[dict[str, Any]]:
    options: dict[str, Any] = {
        "team": [(team.slug, team.name) for team in teams_of(request.user)],
        "stage": Stage.choices,
        "standing": Standing.choices,
        "outcome": OUTCOME_WORDS.items(),
    }
    titles = {"outcome": "May it be used?"}
    return [
        {"name": name, "title": titles.get(name, name.capitalize()), "chosen": filters[name], "options": pairs}
        for name, pairs in options.items()
    ]


def with_newest(rows: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """Each model with its newest version and what the gate last said of it, in one query."""
    newest = ModelVersion.objects.filter(model=OuterRef("pk")).order_by("-registered_at", "-pk")
    rows = rows.annotate(
        newest_pk=Subquery(newest.values("pk")[:1]),
        newest_label=Subquery(newest.values("label")[:1]),
        newest_stage=Subquery(newest.values("stage")[:1]),
        newest_standing=Subquery(newest.values("standing")[:1]),
        newest_at=Subquery(newest.values("registered_at")[:1]),
    )
    said = Verdict.objects.filter(version=OuterRef("newest_pk"), to_stage=Stage.INFERENCE).order_by("-decided_at")
    moves = Transition.objects.filter(version=OuterRef("newest_pk"), to_stage=Stage.INFERENCE).order_by("-at")
    words = {
        "newest_said": Subquery(said.values("outcome")[:1]),
        "only_waived": Subquery(said.values("body__waived")[:1]),
    }
    return rows.annotate(**words, **entrance(moves))


def entrance(moves: QuerySet[Transition]) -> dict[str, Subquery]:
    """How a version came into use, and until when, as columns of a list."""
    return {"moved_as": Subquery(moves.values("kind")[:1]), "approved_until": Subquery(moves.values("expires_at")[:1])}


def model_row(model: Any) -> list[dict[str, Any]]:
    """A model with its newest version; it comes from `with_newest`."""
    name = {"text": str(model), "href": reverse("model", args=[model.pk]), "note": model.project.name}
    if model.newest_pk is None:
        return [name, {"text": "none yet"}, {}, {}, {}, {"when": model.created_at}]
    version = {"text": model.newest_label, "href": reverse("version", args=[model.newest_pk])}
    said = in_use(model, stage=model.newest_stage, standing=model.newest_standing, said=model.newest_said)
    return [
        name,
        version,
        {"text": Stage(model.newest_stage).label},
        {"status": model.newest_standing},
        said,
        {"when": model.newest_at},
    ]


def in_use(row: Any, *, stage: str, standing: str, said: str | None) -> dict[str, Any]:
    """The short answer to "may it be used?" as a cell. `row` has the columns of `entrance`, and `only_waived`."""
    if stage == Stage.RETIRED:
        return {"status": "retired", "text": "retired"}
    if stage == Stage.INFERENCE:
        return _used(row) if standing == Standing.GOOD else {"status": standing}
    if stage != Stage.TRAINING:
        return {"status": "queued", "text": "not yet: on the way"}
    if said == "passed" and row.only_waived:
        return {"status": "waived", "text": "ready to be moved, with a waiver"}
    words = {"passed": "ready to be moved", "failed": "blocked", "undecided": "undecided"}
    return {"status": said or "undecided", "text": words.get(said or "", "not asked yet")}


def _used(row: Any) -> dict[str, Any]:
    if row.approved_until and row.approved_until <= timezone.now():
        return {"status": "lapsed", "text": "no: the approval ended"}
    if row.moved_as == "waived":
        return {"status": "waived", "text": "in use, with a waiver"}
    return {"status": "passed", "text": "in use"}


def model_page(request: HttpRequest, model: RegisteredModel) -> dict[str, Any]:
    """What `registry/catalog/model.html` takes."""
    versions = with_answers(ModelVersion.objects.filter(model=model))
    page = keyset_page(request, versions, by=("registered_at", "id"), descending=True)
    may = policies.may_contribute(request.user, model.team)
    new = {"title": "Register a version", "href": reverse("version-new", args=[model.pk])}
    return {
        "section": "models",
        "model": model,
        "crumbs": [{"title": "Models", "href": reverse("model-list")}],
        "facts": [
            {"name": "Project", "value": model.project.name, "href": reverse("project", args=[model.project_id])},
            {"name": "Team", "value": model.team.name},
            {"name": "Works on", "value": model.get_kind_display() or "not said"},
            {"name": "Registered by", "value": str(model.created_by)},
            {"name": "Registered", "when": model.created_at},
        ],
        "actions": [new] if may else [],
        "page": page,
        "columns": VERSION_COLUMNS,
        "rows": [_version_row(each) for each in page.rows],
    }


def with_answers(versions: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    """Each version with what `answer` needs, in one query."""
    moves = Transition.objects.filter(version=OuterRef("pk"), to_stage=Stage.INFERENCE).order_by("-at")
    said = Verdict.objects.filter(version=OuterRef("pk"), to_stage=Stage.INFERENCE).order_by("-decided_at")
    only_waived = Subquery(said.values("body__waived")[:1])
    return versions.annotate(said=newest_outcome(), only_waived=only_waived, **entrance(moves))


def answer(version: Any) -> dict[str, Any]:
    """The short answer to "may it be used?" as a table's cell. `version` comes from `with_answers`."""
    return in_use(version, stage=version.stage, standing=version.standing, said=version.said)


def _version_row(version: Any) -> list[dict[str, Any]]:
    return [
        {"text": version.label, "href": reverse("version", args=[version.pk])},
        {"text": Stage(version.stage).label},
        {"status": version.standing},
        answer(version),
        {"digest": version.root_digest, "text": "none yet"},
        {"when": version.registered_at},
    ]
