"""Datasets and their versions, in the shapes that the components take."""

from typing import Any

from django.db.models import Count, Max
from django.http import HttpRequest
from django.urls import reverse

from registry import policies
from registry.models import Dataset, DatasetVersion
from registry.web.paging import asked, keyset_page
from registry.web.present.pages import offer_new


def dataset_list(request: HttpRequest) -> dict[str, Any]:
    """What `registry/catalog/datasets.html` takes."""
    q = asked(request, "q")
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
    actions = offer_new(request, "dataset-new", "Register a dataset")
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
