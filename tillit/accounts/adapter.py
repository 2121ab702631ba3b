"""How allauth behaves here."""

from __future__ import annotations

import logging
import smtplib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation

from tillit.accounts.models import User

logger = logging.getLogger(__name__)


class ClosedSignUp(DefaultAccountAdapter):
    """Accounts are made by an owner or by the operator, never by a stranger."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail: under our public address, whatever address the request came in by."""
        uid, _, token = key.partition("-")
        return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write to a user in the language they chose."""
        user = context.get("user")
        language = (user.language if isinstance(user, User) else "") or translation.get_language()
        with translation.override(language):
            super().send_mail(template_prefix, email, {**context, "base_url": settings.BASE_URL})

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a user that the way they sign in was changed. The change stands, even if the relay does not answer."""
        told = {"user": user, **(context or {})}
        try:
            super().send_notification_mail(template_prefix, user, told, email or user.email)
        except (smtplib.SMTPException, OSError):
            logger.exception("The user %s could not be told by mail: %s", user.pk, template_prefix)
