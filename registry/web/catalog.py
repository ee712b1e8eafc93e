"""Lists and pages of projects, datasets and models."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from registry.models import Dataset, DatasetVersion, Project, RegisteredModel
from registry.web.access import fetch
from registry.web.present import catalog, datasets, documents, lineage, projects


@require_safe
@login_required
def model_list(request: HttpRequest) -> HttpResponse:
    """Models by name, with filters."""
    return render(request, "registry/catalog/models.html", catalog.model_list(request))


@require_safe
@login_required
def model(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A model and its versions."""
    found = fetch(RegisteredModel, request, pk, "team", "project", "created_by")
    return render(request, "registry/catalog/model.html", catalog.model_page(request, found))


@require_safe
@login_required
def dataset_list(request: HttpRequest) -> HttpResponse:
    """Datasets by name."""
    return render(request, "registry/catalog/datasets.html", datasets.dataset_list(request))


@require_safe
@login_required
def dataset(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A dataset and its versions."""
    found = fetch(Dataset, request, pk, "team", "created_by")
    return render(request, "registry/catalog/dataset.html", datasets.dataset_page(request, found))


@require_safe
@login_required
def dataset_version(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One state of a dataset: its files, its datasheet, and what was made from it."""
    found = fetch(DatasetVersion, request, pk, "dataset__team", "artifact", "registered_by")
    sheet = documents.page(found.documents.get(kind="datasheet"), person=request.user)
    context = datasets.dataset_version_page(found) | sheet | lineage.section(found, person=request.user)
    return render(request, "registry/catalog/dataset_version.html", context)


@require_safe
@login_required
def project_list(request: HttpRequest) -> HttpResponse:
    """Projects of the visitor's teams."""
    return render(request, "registry/catalog/projects.html", projects.project_list(request))


@require_safe
@login_required
def project(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A use case: what it needs, which policy applies, its models."""
    found = fetch(Project, request, pk, "team", "created_by")
    return render(request, "registry/catalog/project.html", projects.project_page(request, found))


urlpatterns = [
    path("models/", model_list, name="model-list"),
    path("models/<uuid:pk>/", model, name="model"),
    path("datasets/", dataset_list, name="dataset-list"),
    path("datasets/<uuid:pk>/", dataset, name="dataset"),
    path("dataset-versions/<uuid:pk>/", dataset_version, name="dataset-version"),
    path("projects/", project_list, name="project-list"),
    path("projects/<uuid:pk>/", project, name="project"),
]
