"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignUp(DefaultAccountAdapter):
    """Accounts are made by an owner or by the operator, never by a stranger."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
