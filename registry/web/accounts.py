"""Accounts are made by administrators: nobody signs up on their own."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):
    """Closes the sign-up form of the accounts library, and keeps service accounts out."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def pre_login(self, request: HttpRequest, user: object, **kwargs: object) -> object:
        """A pipeline's account has no password and no session."""
        if getattr(user, "is_service", False):
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)
