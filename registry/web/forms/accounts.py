"""The accounts library's forms, in our words, which offer a message only where messages are sent."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm, ResetPasswordKeyForm
from django import forms
from django.conf import settings


class WithoutReset(forms.Form):
    """A password field whose help leads to a reset by e-mail only where there is e-mail; a label says what it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field.widget, forms.PasswordInput) and not settings.SENDS_EMAIL:
                field.help_text = ""


class SignInForm(WithoutReset, LoginForm):
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Name or e-mail"
        self.fields["login"].widget.attrs = {"autocomplete": "username"}
        self.fields["remember"].label = "Stay signed in"


class ProofForm(WithoutReset, ReauthenticateForm):
    """The password once more."""


class NewPasswordForm(WithoutReset, ChangePasswordForm):
    """The old password and twice the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Present password"
        _name_both(self)


class ChosenPasswordForm(ResetPasswordKeyForm):
    """Twice a new password, in place of one that was forgotten."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_both(self)


def _name_both(form: forms.Form) -> None:
    form.fields["password1"].label, form.fields["password2"].label = "New password", "New password, again"
