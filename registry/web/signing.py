"""Signing the evidence, taking a signature back, and the queue of what waits for one."""

from typing import Any
from uuid import UUID

from allauth.core import ratelimit
from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from registry import policies
from registry.exceptions import NotPermitted
from registry.models import ModelVersion, Reauthentication, SignOff
from registry.services import lifecycle, people, verdicts
from registry.web.access import fetch
from registry.web.forms.lifecycle import ReasonForm, SignForm
from registry.web.present import changes, limits_asked, queue, signatures
from registry.web.present.pages import crumbs
from registry.web.present.versions import next_stage
from registry.web.submission import carry_out, done, form_page, sent

RELATED = ("model__team", "model__project", "team")


@require_safe
@login_required
def review_queue(request: HttpRequest) -> HttpResponse:
    """What waits for the visitor's expertise, and what they signed that lapsed."""
    return render(request, "registry/lifecycle/queue.html", queue.page(request.user))


def prove_presence(request: HttpRequest, form: forms.Form) -> Reauthentication | None:
    """A fresh proof that it is the visitor, by the form's password; if it is wrong None, and the form says so."""
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        form.add_error("password", "Too many tries. Wait a few minutes; nothing was signed.")
    elif not check_password(form.cleaned_data["password"], request.user.password):
        form.add_error("password", "That is not your password. Nothing was signed.")
    else:
        return people.prove_presence(request.user, method="password")
    return None


@login_required
def version_sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The evidence with its digest, what changed since the last signature, and the form that signs exactly this."""
    version = fetch(ModelVersion, request, pk, *RELATED)
    expertise = _expertise(request, version)
    reviewed = verdicts.review(version, to_stage=next_stage(version) or "inference")
    shown = {
        "to_stage": reviewed.to_stage,
        "evidence_rev": reviewed.version.evidence_rev,
        "evidence_digest": reviewed.evidence_digest,
    }
    lacking = [item.detail["expertise"] for item in reviewed.decision.unmet if item.kind == "sign_off"]
    shown["expertise"] = next((each for each in lacking if each in expertise), None)
    form = SignForm(**sent(request), expertise=expertise, initial=shown)
    if signature := carry_out(form, lambda data: _sign(request, version, form, data)):
        said = f"You signed {version} for {signature.expertise}. Your signature holds as long as the evidence does."
        return done(request, said, "version", pk=pk)
    since = changes.since_signed(changes.last_signature(version, of=request.user), reviewed, person=request.user)
    context = since | {
        "version": version,
        "reviewed": reviewed,
        "verdict": limits_asked.with_settings(reviewed.decision),
        "requests": signatures.open_requests(version),
    }
    where = crumbs("review-queue", (str(version), "version", pk))
    return form_page(request, form, "registry/lifecycle/sign.html", crumbs=where, section="reviews", **context)


def _expertise(request: HttpRequest, version: ModelVersion) -> frozenset[str]:
    """What the visitor may sign the version for; NotPermitted, with the reason, for nothing."""
    expertise = policies.expertise_of(request.user, version.team)
    if expertise and policies.may_review(request.user, version):
        return expertise
    if policies.is_author(request.user, version):
        raise NotPermitted(f"You had a hand in {version}, so you can't sign it off. Somebody else has to.")
    raise NotPermitted(f"Signing {version} takes a reviewer of {version.team} with an expertise.")


def _sign(request: HttpRequest, version: ModelVersion, form: SignForm, data: dict[str, Any]) -> SignOff | None:
    proof = prove_presence(request, form)
    if proof is None:
        return None
    signed = {
        name: data[name] for name in ("to_stage", "expertise", "meaning", "comment", "evidence_rev", "evidence_digest")
    }
    return lifecycle.sign_off(version, **signed, proof=proof, by=request.user)


@login_required
def sign_off_withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take one's own signature back."""
    signature = fetch(SignOff, request, pk, "version__model__team", "version__team", "signed_by", "withdrawal")
    if signature.signed_by_id != request.user.pk:
        raise NotPermitted("A person withdraws their own signature only.")
    form = ReasonForm(**sent(request))
    if carry_out(form, lambda data: lifecycle.withdraw_sign_off(signature, reason=data["reason"], by=request.user)):
        return done(
            request, "Your signature is withdrawn. It stays on record as such.", "version", pk=signature.version_id
        )
    context = {
        "title": "Withdraw your signature",
        "lead": f"On {signature.version}, for {signature.expertise}.",
        "kind": "grave",
    }
    back = reverse("version", args=[signature.version_id])
    where = crumbs("review-queue", (str(signature.version), "version", signature.version_id))
    return form_page(request, form, submit="Withdraw it", cancel=back, crumbs=where, section="reviews", **context)


urlpatterns = [
    path("reviews/", review_queue, name="review-queue"),
    path("versions/<uuid:pk>/sign/", version_sign, name="version-sign"),
    path("sign-offs/<uuid:pk>/withdraw/", sign_off_withdraw, name="sign-off-withdraw"),
]
