"""Projects and what they need, in the shapes that the components take."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse

from registry import policies
from registry.models import PolicyActivation, Project, TrustNeed
from registry.models.choices import Aspect, NeedLevel, Role
from registry.web.paging import keyset_page
from registry.web.present.catalog import MODEL_COLUMNS, model_row, with_newest
from registry.web.present.pages import offer_new


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
    actions = offer_new(request, "project-new", "Describe a project")
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
        "rows": [model_row(each) for each in models[:100]],
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
