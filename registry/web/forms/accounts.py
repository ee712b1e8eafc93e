"""The accounts library's forms, which offer a message only where messages are sent."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm, ResetPasswordForm
from django import forms
from django.conf import settings

NO_EMAIL = "This server sends no e-mail. An operator can set a new password for you in the admin site."


class WithoutReset(forms.Form):
    """A password field whose help leads to a reset by e-mail only where there is e-mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.SENDS_EMAIL:
            for field in self.fields.values():
                if isinstance(field.widget, forms.PasswordInput):
                    field.help_text = ""


class SignInForm(WithoutReset, LoginForm):
    """Name and password."""


class ProofForm(WithoutReset, ReauthenticateForm):
    """The password once more."""


class NewPasswordForm(WithoutReset, ChangePasswordForm):
    """The old password and twice the new one."""


class ForgottenPasswordForm(ResetPasswordForm):
    """The address to which a link goes; where nothing is sent, nothing is promised either."""

    def clean_email(self) -> str:
        """The address."""
        if not settings.SENDS_EMAIL:
            raise forms.ValidationError(NO_EMAIL)
        return str(super().clean_email())
