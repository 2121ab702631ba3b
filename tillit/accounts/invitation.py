"""The mail that lets somebody in."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from tillit.accounts.models import Membership, User


def send_invitation(membership: Membership, *, by: User) -> None:
    """Mail a new member of a workspace, in the language they chose, else the workspace's.

    Raises smtplib.SMTPException or OSError when the relay does not take the mail.
    """
    user, workspace = membership.user, membership.workspace
    with translation.override(user.language or workspace.language):
        told = {
            "workspace": workspace,
            "role": membership.get_role_display(),
            "by": by,
            "link": settings.BASE_URL + ("/" if user.has_usable_password() else password_path(user)),
            "base_url": settings.BASE_URL,
            "new": not user.has_usable_password(),
        }
        subject = render_to_string("accounts/invitation_subject.txt", told).strip()
        send_mail(subject, render_to_string("accounts/invitation.txt", told), None, [user.email])


def password_path(user: User) -> str:
    """The path of the page on which a user chooses a password; good once, for three days."""
    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )
