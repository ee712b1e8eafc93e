"""The people of a team, what they may do, and the tokens of its pipelines."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from registry import policies
from registry.exceptions import NotPermitted
from registry.models import Membership, ReviewerExpertise, Team, Token, User
from registry.services import people as verbs
from registry.web import once
from registry.web.access import fetch, teams_of
from registry.web.forms.people import ExpertiseForm, MemberForm, TokenForm
from registry.web.present import people
from registry.web.present.pages import crumbs
from registry.web.submission import carry_out, done, form_page, sent


def _administered(request: HttpRequest, pk: int) -> Team:
    team: Team = fetch(Team, request, pk)
    if not policies.may_administer(request.user, team):
        raise NotPermitted(f"This takes an administrator of {team.name}.")
    return team


@require_safe
@login_required
def people_page(request: HttpRequest) -> HttpResponse:
    """Who is in the visitor's teams, as what; for administrators the tokens too."""
    return render(request, "registry/people/people.html", people.page(request.user))


@login_required
def member_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person a role."""
    team = _administered(request, pk)
    form = MemberForm(**sent(request), by=request.user)
    if made := carry_out(form, lambda data: verbs.add_member(team, **data, by=request.user)):
        return done(request, f"{made.person} is {made.get_role_display().lower()} in {team.name}.", "people")
    lead = "Nobody gives themselves a role. An administrator opens no gate."
    return form_page(
        request, form, title=f"Give a role in {team.name}", lead=lead, submit="Give it", crumbs=crumbs("people")
    )


@login_required
def expertise_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a reviewer may sign for."""
    team = _administered(request, pk)
    form = ExpertiseForm(**sent(request), by=request.user)
    if made := carry_out(form, lambda data: verbs.grant_expertise(team, **data, by=request.user)):
        return done(request, f"{made.person} may sign for {made.expertise} in {team.name}.", "people")
    lead = "It counts only while the person is a reviewer of the team and no author of what they sign."
    return form_page(
        request, form, title=f"Give an expertise in {team.name}", lead=lead, submit="Give it", crumbs=crumbs("people")
    )


@require_POST
@login_required
def membership_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role."""
    mine = Membership.objects.filter(team__in=teams_of(request.user), ended_at=None)
    ended = verbs.end_membership(get_object_or_404(mine, pk=pk), by=request.user)
    return done(
        request, f"{ended.person} is no longer {ended.get_role_display().lower()} in {ended.team.name}.", "people"
    )


@require_POST
@login_required
def expertise_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End what somebody may sign for."""
    mine = ReviewerExpertise.objects.filter(team__in=teams_of(request.user), ended_at=None)
    ended = verbs.end_expertise(get_object_or_404(mine, pk=pk), by=request.user)
    return done(request, f"{ended.person} no longer signs for {ended.expertise} in {ended.team.name}.", "people")


@login_required
def token_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a pipeline's token. Its text goes to the browser alone, which hands it back to be shown once."""
    team = _administered(request, pk)
    form = TokenForm(**sent(request), team=team)
    if made := carry_out(form, lambda data: _token(team, form, data, by=request.user)):
        token, secret = made
        return once.hand_over(redirect("token", pk=token.pk), secret)
    lead = "A token lets a pipeline ask and send. It acts as a service account and can never sign."
    return form_page(
        request, form, title=f"Make a token for {team.name}", lead=lead, submit="Make it", crumbs=crumbs("people")
    )


def _token(team: Team, form: TokenForm, data: dict[str, Any], *, by: User) -> tuple[Token, str]:
    wanted = {name: data[name] for name in ("name", "acts_as", "scopes")}
    return verbs.create_token(team, **wanted, lasts=form.lasts(), by=by)


def _own_token(request: HttpRequest, pk: UUID) -> tuple[Token, Team]:
    """A token of one of the visitor's teams, with that team."""
    mine = list(teams_of(request.user).values_list("pk", flat=True))
    token = get_object_or_404(Token.objects.select_related("acts_as"), team_ids__overlap=mine, pk=pk)
    return token, Team.objects.get(pk=next(each for each in token.team_ids if each in mine))


@require_safe
@never_cache
@login_required
def token_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A token: its text in the one answer that follows its making, and after that what is known of it."""
    token, team = _own_token(request, pk)
    _administered(request, team.pk)
    context = {"token": token, "team": team, "section": "people", "crumbs": crumbs("people")}
    secret = once.handed_back(request, proves=lambda text: verbs.token_digest(text) == bytes(token.digest))
    page = render(request, "registry/people/token.html", context | {"secret": secret})
    return once.forget(page, request)


@require_POST
@login_required
def token_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a token."""
    token, team = _own_token(request, pk)
    verbs.revoke_token(token, team=team, by=request.user)
    return done(request, f"{token} is revoked. The next request with it is refused.", "people")


urlpatterns = [
    path("people/", people_page, name="people"),
    path("people/<int:pk>/members/new/", member_new, name="member-new"),
    path("people/<int:pk>/expertise/new/", expertise_new, name="expertise-new"),
    path("memberships/<int:pk>/end/", membership_end, name="membership-end"),
    path("expertise/<int:pk>/end/", expertise_end, name="expertise-end"),
    path("people/<int:pk>/tokens/new/", token_new, name="token-new"),
    path("tokens/<uuid:pk>/", token_page, name="token"),
    path("tokens/<uuid:pk>/revoke/", token_revoke, name="token-revoke"),
]
