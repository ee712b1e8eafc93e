"""Cards and datasheets: reading them, their revisions, writing the next one."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_safe

from registry import policies
from registry.cards.answers import parse_answers
from registry.exceptions import NotPermitted
from registry.models import Document
from registry.services.documents import schema_of, team_of, write_revision
from registry.web.access import fetch
from registry.web.forms.documents import DocumentForm
from registry.web.present import documents, rewritten
from registry.web.submission import carry_out, done, form_page, sent

RELATED = ("model_version__model__team", "model_version__team", "dataset_version__dataset__team")


@require_safe
@login_required
def document(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A document whole, with its revisions; `?revision=` shows an earlier one and what changed since."""
    found = fetch(Document, request, pk, *RELATED)
    context = documents.page(found, person=request.user) | {"revisions": documents.revisions(found)}
    context["crumbs"] = documents.crumbs_of(found)
    if "revision" in request.GET:
        number = request.GET["revision"]
        earlier = get_object_or_404(found.revisions, number=int(number) if number.isdecimal() else 0)
        newest = found.revisions.order_by("-number")[0]
        context["earlier"] = earlier
        context["changes"] = rewritten.answers(earlier.answers, newest.answers, schema_id=found.kind)
    return render(request, "registry/documents/document.html", context)


@login_required
def document_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All questions of a document, section by section."""
    found = fetch(Document, request, pk, *RELATED)
    if not policies.may_contribute(request.user, team_of(found)):
        raise NotPermitted("Writing this document takes a contributor of its team.")
    newest, schema = documents.newest_revision(found), schema_of(found)
    stored = newest.answers if newest else {}
    form = DocumentForm(
        **sent(request), schema=schema, answers=stored, initial={"expected": newest.number if newest else 0}
    )
    written = carry_out(
        form, lambda data: write_revision(found, answers=form.answers(), expected=data["expected"], by=request.user)
    )
    if written:
        said = f"Revision {written.number}: {written.answered} of {written.applicable} required questions answered."
        return done(request, said, documents.home_of(found))
    context = {"document": found, "progress": documents.progress(schema, parse_answers(schema, stored))}
    return form_page(request, form, "registry/documents/edit.html", crumbs=documents.crumbs_of(found), **context)


urlpatterns = [
    path("documents/<uuid:pk>/", document, name="document"),
    path("documents/<uuid:pk>/edit/", document_edit, name="document-edit"),
]
