"""Lists and pages of the catalog, in the shapes that the components take."""

from typing import Any

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse

from registry import policies
from registry.models import (
    Dataset,
    DatasetVersion,
    ModelVersion,
    PolicyActivation,
    Project,
    RegisteredModel,
    TrustNeed,
    Verdict,
)
from registry.models.choices import Aspect, NeedLevel, Role, Stage, Standing
from registry.web.access import teams_of
from registry.web.paging import keyset_page
from registry.web.present.waiting import newest_outcome

OUTCOME_WORDS = {"passed": "Yes, or as soon as it is moved", "failed": "No", "undecided": "Not enough evidence"}
MODEL_COLUMNS = [
    {"title": name} for name in ("Model", "Newest version", "Stage", "Standing", "May it be used?", "Registered")
]
VERSION_COLUMNS = [
    {"title": name} for name in ("Version", "Stage", "Standing", "May it be used?", "Files", "Registered")
]


def model_list(request: HttpRequest) -> dict[str, Any]:
    """What `registry/catalog/models.html` takes."""
    rows = with_newest(RegisteredModel.objects.visible_to(request.user))
    filters = {
        name: request.GET.get(name, "").replace("\x00", "").strip()
        for name in ("q", "team", "stage", "standing", "outcome")
    }
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
        "rows": [_model_row(each) for each in page.rows],
        "filters": filters,
        "choices": _choices(request, filters),
        "is_filtered": any(filters.values()),
        "actions": _new(request, "model-new", "Register a model")
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
    return rows.annotate(newest_said=Subquery(said.values("outcome")[:1]))


def _model_row(model: Any) -> list[dict[str, Any]]:
    name = {"text": str(model), "href": reverse("model", args=[model.pk]), "note": model.project.name}
    if model.newest_pk is None:
        return [name, {"text": "none yet"}, {}, {}, {}, {"when": model.created_at}]
    version = {"text": model.newest_label, "href": reverse("version", args=[model.newest_pk])}
    said = in_use(model.newest_stage, model.newest_standing, model.newest_said)
    return [
        name,
        version,
        {"text": Stage(model.newest_stage).label},
        {"status": model.newest_standing},
        said,
        {"when": model.newest_at},
    ]


def in_use(stage: str, standing: str, said: str | None) -> dict[str, Any]:
    """The short answer to "may it be used?" as a table's cell."""
    if stage == Stage.RETIRED:
        return {"status": "retired", "text": "retired"}
    if stage == Stage.INFERENCE:
        return {"status": "passed", "text": "in use"} if standing == Standing.GOOD else {"status": standing}
    if stage != Stage.TRAINING:
        return {"status": "queued", "text": "not yet: on the way"}
    words = {"passed": "ready to be moved", "failed": "blocked", "undecided": "undecided"}
    return {"status": said or "undecided", "text": words.get(said or "", "not asked yet")}


def model_page(request: HttpRequest, model: RegisteredModel) -> dict[str, Any]:
    """What `registry/catalog/model.html` takes."""
    versions = ModelVersion.objects.filter(model=model).annotate(said=newest_outcome())
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
            {"name": "Registered by", "value": str(model.created_by)},
            {"name": "Registered", "when": model.created_at},
        ],
        "actions": [new] if may else [],
        "page": page,
        "columns": VERSION_COLUMNS,
        "rows": [_version_row(each) for each in page.rows],
    }


def _version_row(version: Any) -> list[dict[str, Any]]:
    return [
        {"text": version.label, "href": reverse("version", args=[version.pk])},
        {"text": Stage(version.stage).label},
        {"status": version.standing},
        in_use(version.stage, version.standing, version.said),
        {"digest": version.root_digest, "text": "none yet"},
        {"when": version.registered_at},
    ]


def _new(request: HttpRequest, name: str, title: str) -> list[dict[str, str]]:
    may = teams_of(request.user, Role.CONTRIBUTOR).exists()
    return [{"title": title, "href": reverse(name)}] if may else []


def dataset_list(request: HttpRequest) -> dict[str, Any]:
    """What `registry/catalog/datasets.html` takes."""
    q = request.GET.get("q", "").replace("\x00", "").strip()
    rows = Dataset.objects.visible_to(request.user).annotate(
        number=Count("versions"), newest=Max("versions__registered_at")
    )
    for word in q.replace("/", " ").split()[:6]:
        rows = rows.filter(slug__icontains=word) | rows.filter(team__slug__icontains=word)
    page = keyset_page(request, rows.select_related("team"), by=("slug", "id"))
    table = [
        [
            {"text": str(each), "href": reverse("dataset", args=[each.pk]), "note": each.description[:120]},
            {"text": each.number},
            {"when": each.newest} if each.newest else {"text": "no version yet"},
        ]
        for each in page.rows
    ]
    columns = [{"title": "Dataset"}, {"title": "Versions", "numeric": True}, {"title": "Newest version"}]
    actions = _new(request, "dataset-new", "Register a dataset")
    return {"section": "datasets", "page": page, "rows": table, "columns": columns, "q": q, "actions": actions}


def dataset_page(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    """What `registry/catalog/dataset.html` takes."""
    page = keyset_page(
        request, dataset.versions.select_related("artifact"), by=("registered_at", "id"), descending=True
    )
    rows = [
        [
            {"text": each.label, "href": reverse("dataset-version", args=[each.pk]), "note": each.notes[:120]},
            {"digest": each.artifact.root_digest if each.artifact else "", "text": "none"},
            {"when": each.registered_at},
        ]
        for each in page.rows
    ]
    may = policies.may_contribute(request.user, dataset.team)
    new = {"title": "Register a version", "href": reverse("dataset-version-new", args=[dataset.pk])}
    return {
        "section": "datasets",
        "dataset": dataset,
        "crumbs": [{"title": "Datasets", "href": reverse("dataset-list")}],
        "facts": [
            {"name": "Team", "value": dataset.team.name},
            {"name": "Registered by", "value": str(dataset.created_by)},
            {"name": "Registered", "when": dataset.created_at},
        ],
        "actions": [new] if may else [],
        "page": page,
        "columns": [{"title": "Version"}, {"title": "Files"}, {"title": "Registered"}],
        "rows": rows,
    }


def dataset_version_page(version: DatasetVersion) -> dict[str, Any]:
    """The head and the files of a dataset version."""
    artifact = version.artifact
    return {
        "section": "datasets",
        "version": version,
        "crumbs": [
            {"title": "Datasets", "href": reverse("dataset-list")},
            {"title": str(version.dataset), "href": reverse("dataset", args=[version.dataset_id])},
        ],
        "facts": [
            {"name": "Registered by", "value": str(version.registered_by)},
            {"name": "Registered", "when": version.registered_at},
            {"name": "Root digest", "digest": artifact.root_digest if artifact else "", "value": "no files"},
            {"name": "Bytes", "value": ("held here" if artifact.is_held else "digests only") if artifact else "none"},
        ],
        "file_columns": [{"title": "File"}, {"title": "Bytes", "numeric": True}, {"title": "SHA-256"}],
        "files": file_rows(artifact),
    }


def file_rows(artifact: Any) -> list[list[dict[str, Any]]]:
    """The files of an artifact as rows; the first hundred of them."""
    files = artifact.files.all()[:100] if artifact else ()
    return [[{"text": file.name}, {"text": f"{file.size:,}"}, {"digest": file.sha256}] for file in files]


def project_list(request: HttpRequest) -> dict[str, Any]:
    """What `registry/catalog/projects.html` takes."""
    rows = Project.objects.visible_to(request.user).annotate(number=Count("models")).select_related("team")
    page = keyset_page(request, rows, by=("slug", "id"))
    table = [
        [
            {"text": each.name, "href": reverse("project", args=[each.pk]), "note": str(each)},
            {"text": each.purpose[:160] or "not described"},
            {"text": each.number},
        ]
        for each in page.rows
    ]
    columns = [{"title": "Project"}, {"title": "Purpose"}, {"title": "Models", "numeric": True}]
    actions = _new(request, "project-new", "Describe a project")
    return {"section": "models", "page": page, "rows": table, "columns": columns, "actions": actions}


def project_page(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What `registry/catalog/project.html` takes."""
    models = with_newest(project.models.select_related("team", "project").order_by("slug"))
    applied = PolicyActivation.objects.filter(project=project).select_related("revision__policy__team", "activated_by")
    may = policies.may_contribute(request.user, project.team)
    roles = policies.roles_in(request.user, project.team)
    return {
        "section": "models",
        "project": project,
        "crumbs": [{"title": "Projects", "href": reverse("project-list")}],
        "actions": [{"title": "Register a model", "href": f"{reverse('model-new')}?project={project.pk}"}]
        if may
        else [],
        "needs": needs_of(project),
        "needs_href": reverse("trust-needs", args=[project.pk]) if roles & {Role.CONTRIBUTOR, Role.REVIEWER} else "",
        "activations": list(applied.order_by("-id")[:10]),
        "columns": MODEL_COLUMNS,
        "rows": [_model_row(each) for each in models[:100]],
    }


def needs_of(project: Project) -> list[dict[str, Any]]:
    """For each aspect the level that counts now; where none was set it is high."""
    rows = (
        TrustNeed.objects.filter(project=project).select_related("set_by").order_by("aspect", "-id").distinct("aspect")
    )
    newest = {row.aspect: row for row in rows}
    return [
        {
            "aspect": aspect.label,
            "key": aspect.value,
            "level": NeedLevel(newest[aspect].level).label if aspect in newest else "High",
            "value": newest[aspect].level if aspect in newest else NeedLevel.HIGH.value,
            "is_set": aspect in newest,
            "reason": newest[aspect].reason
            if aspect in newest
            else "Nobody has said otherwise, so the strictest limits apply.",
            "by": str(newest[aspect].set_by) if aspect in newest else "",
            "at": newest[aspect].set_at if aspect in newest else None,
        }
        for aspect in Aspect
    ]
