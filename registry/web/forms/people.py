"""Forms about members and tokens."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q

from registry.models import Membership, Team, Token, User
from registry.models.choices import Expertise, Role
from registry.web.access import teams_of
from registry.web.forms.fields import SuggestingInput

UNKNOWN = "There is no active account “{}”. Choose one of the list, or ask an operator to make it in the admin site."


def known_people(administrator: User) -> list[tuple[str, str]]:
    """Account and name of whom an administrator may be offered: people of their own teams, and who is in none yet."""
    running = Membership.objects.filter(ended_at=None)
    among = running.filter(team__in=teams_of(administrator)).values("person")
    rows = User.objects.filter(Q(pk__in=among) | ~Q(pk__in=running.values("person")), is_active=True)
    rows = rows.exclude(pk=administrator.pk).order_by("username")[:500]
    return [(row.username, _words(row)) for row in rows]


def _words(row: User) -> str:
    return f"{row.get_full_name()}, service account" if row.is_service else row.get_full_name()


class PersonField(forms.CharField):
    """A person by the name they sign in with."""

    widget = SuggestingInput

    def clean(self, value: Any) -> User:
        """The account; the message is the same whether it doesn't exist or can't be used."""
        name = super().clean(value)
        person = User.objects.filter(username=name, is_active=True).first() if "\x00" not in name else None
        if person is None:
            raise forms.ValidationError(UNKNOWN.format(name))
        return person


class GrantForm(forms.Form):
    """Something that an administrator gives to somebody else."""

    person = PersonField(
        label="Account",
        max_length=150,
        help_text="Begin to type: people of your teams are offered, and accounts that are in no team yet.",
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["person"].widget.suggestions = known_people(by)

    def clean_person(self) -> User:
        """Somebody else."""
        person: User = self.cleaned_data["person"]
        if person == self.by:
            raise forms.ValidationError("That is you, and nobody gives themselves anything here.")
        return person


class MemberForm(GrantForm):
    """A role for a person."""

    role = forms.ChoiceField(choices=Role.choices)


class ExpertiseForm(GrantForm):
    """What a reviewer may sign for."""

    expertise = forms.ChoiceField(choices=Expertise.choices)

    def clean_person(self) -> User:
        """Somebody who can sign."""
        person = super().clean_person()
        if person.is_service:
            raise forms.ValidationError(f"{person.username} is a service account, which never signs.")
        return person


class TokenForm(forms.Form):
    """A pipeline's token."""

    name = forms.CharField(max_length=100, help_text="What it is for, such as: deploy pipeline.")
    acts_as = forms.ModelChoiceField(
        User.objects.none(),
        label="Acts as",
        empty_label=None,
        help_text="A service account of this team. It can never sign.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in Token.SCOPES], widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(min_value=1, max_value=365, initial=90, label="Lasts how many days")

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = User.objects.filter(
            is_service=True, is_active=True, memberships__team=team, memberships__ended_at=None
        )
        self.fields["acts_as"].queryset = accounts.distinct()

    def lasts(self) -> timedelta:
        """For how long."""
        return timedelta(days=self.cleaned_data["days"])
