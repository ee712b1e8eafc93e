"""Forms about members and tokens."""

from datetime import timedelta
from typing import Any

from django import forms

from registry.models import Team, Token, User
from registry.models.choices import Expertise, Role


class PersonField(forms.CharField):
    """A person by the name they sign in with."""

    def clean(self, value: Any) -> User:
        """The account; the message is the same whether it doesn't exist or can't be used."""
        name = super().clean(value)
        person = User.objects.filter(username=name, is_active=True).first()
        if person is None:
            raise forms.ValidationError("There is no such account. An operator makes accounts in the admin site.")
        return person


class MemberForm(forms.Form):
    """A role for a person."""

    person = PersonField(label="Account", max_length=150)
    role = forms.ChoiceField(choices=Role.choices)


class ExpertiseForm(forms.Form):
    """What a reviewer may sign for."""

    person = PersonField(label="Account", max_length=150)
    expertise = forms.ChoiceField(choices=Expertise.choices)


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
