"""Making a user and the workspace they own, from the command line."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.conf.terminal import Failed
from tillit.ledger.actions import publish
from tillit.people.actions import make_default_fields
from tillit.policy import templates


@transaction.atomic
def make_workspace(
    name: str, *, kind: str = Workspace.Kind.HOUSE, postal_address: str = "", policy: bool = True
) -> Workspace:
    """Make a workspace with the usual fields, and the reference policy in force unless `policy` is false."""
    workspace = Workspace.objects.create(name=name, kind=kind, postal_address=postal_address)
    if policy:
        publish(workspace.pk, templates.text(templates.REFERENCE), by=None, now=timezone.now())
    make_default_fields(workspace.pk)
    return workspace


@transaction.atomic
def make_user(*, email: str, password: str, name: str, workspace: str) -> Workspace:
    """Make a user who owns a workspace, which is made when missing. Raises Failed with what is wrong."""
    try:
        validate_email(email)
        validate_password(password)
    except ValidationError as error:
        raise Failed(" ".join(error.messages)) from error
    if User.objects.filter(email__iexact=email).exists():
        raise Failed(f"{email} is a user already.")
    user = User.objects.create_user(email, password, name=name, is_operator=not User.objects.exists())
    owned = Workspace.objects.filter(name=workspace).first() or make_workspace(workspace)
    Membership.objects.create(workspace=owned, user=user, role=Role.OWNER)
    return owned
