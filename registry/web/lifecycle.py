"""Moving a version, the signed answer about it, and its dossier."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from registry import policies
from registry.exceptions import NotNow, TransitionRefused
from registry.models import Attestation, ModelVersion, Verdict
from registry.models.choices import Stage
from registry.services import lifecycle, verdicts
from registry.services.answers import newest, why_over, why_unsigned
from registry.web.access import fetch
from registry.web.forms.lifecycle import MoveForm
from registry.web.present import limits_asked
from registry.web.present.pages import crumbs
from registry.web.present.versions import next_stage
from registry.web.submission import done

RELATED = ("model__team", "model__project", "team")


@login_required
def version_move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the gate says about the next step, and the step itself; `?to=retired` asks for the end of the way."""
    version = fetch(ModelVersion, request, pk, *RELATED)
    to_stage = request.GET.get("to") or next_stage(version) or version.stage
    form = MoveForm(request.POST or None, initial={"to_stage": to_stage})
    if request.method == "POST" and form.is_valid():
        return _move(request, version, form)
    return _move_page(request, version, form, to_stage=form["to_stage"].value())


def _move(request: HttpRequest, version: ModelVersion, form: MoveForm) -> HttpResponse:
    to_stage = form.cleaned_data["to_stage"]
    try:
        moved = lifecycle.transition(version, to_stage=to_stage, comment=form.cleaned_data["comment"], by=request.user)
    except TransitionRefused as refusal:
        return _move_page(request, version, form, to_stage=to_stage, refusal=refusal)
    with_waiver = ", with a waiver" if moved.kind == "waived" else ""
    what = f"moved from {moved.from_stage} to {moved.to_stage}"
    if moved.from_stage == moved.to_stage:
        what = f"is approved until {moved.expires_at:%Y-%m-%d}"
    return done(request, f"{version} {what}{with_waiver}.", "version", pk=version.pk)


def _move_page(
    request: HttpRequest,
    version: ModelVersion,
    form: MoveForm,
    *,
    to_stage: str,
    refusal: TransitionRefused | None = None,
) -> HttpResponse:
    if to_stage not in Stage.values or version.stage == Stage.RETIRED:
        raise Http404
    reviewed = verdicts.review(version, to_stage=to_stage)
    context = {
        "version": version,
        "form": form,
        "to_stage": to_stage,
        "verdict": limits_asked.with_settings(reviewed.decision),
        "refusal": refusal,
        "may_move": policies.may_contribute(request.user, version.team),
        "may_retire": to_stage != Stage.RETIRED,
        "crumbs": crumbs("model-list", (str(version), "version", version.pk)),
        "section": "models",
        "back": reverse("version", args=[version.pk]),
    }
    return render(request, "registry/lifecycle/move.html", context, status=409 if refusal else 200)


@require_safe
@login_required
def version_attestation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The newest signed answer about a version's use, as the very bytes that pipelines get. One that is over is not
    served."""
    version = fetch(ModelVersion, request, pk, *RELATED)
    answer = newest(Attestation.objects.filter(version=version, stage=Stage.INFERENCE))
    if answer is None or answer.root_digest is None:
        raise Http404
    if over := why_over(answer):
        raise NotNow(over[1])
    if waiting := why_unsigned(answer):
        kind, said = waiting
        if kind == "unsignable":
            raise NotNow(said)
        return JsonResponse({"status": kind, "detail": said}, status=503, headers={"Retry-After": "5"})
    name = f"{version}.attestation.json".replace("/", "_")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(bytes(answer.body or b""), content_type="application/json", headers=headers)


@require_safe
@login_required
def verdict(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A stored verdict, whole, with the evidence it was said of."""
    found = fetch(Verdict, request, pk, "version__model__team", "policy_revision__policy__team", "snapshot")
    where = crumbs("model-list", (str(found.version), "version-history", found.version_id))
    said = limits_asked.with_settings(found.body)
    context = {"stored": found, "verdict": said, "crumbs": where, "section": "models"}
    return render(request, "registry/lifecycle/verdict.html", context)


urlpatterns = [
    path("versions/<uuid:pk>/move/", version_move, name="version-move"),
    path("versions/<uuid:pk>/attestation.json", version_attestation, name="version-attestation"),
    path("verdicts/<uuid:pk>/", verdict, name="verdict"),
]
