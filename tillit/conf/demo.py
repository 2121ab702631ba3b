"""The sample that `tillit demo` loads once."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

EMAIL, PASSWORD = "demo@example.org", "tillit-demo-2025"
POLICY = Path(__file__).resolve().parents[2] / "policies" / "smart-media-solutions.yaml"


def ensure_sample() -> str:
    """Load the sample unless it is there; return the line that tells how to sign in."""
    from tillit.accounts.models import Membership, Role, User, Workspace
    from tillit.ledger.actions import publish
    from tillit.people.actions import make_default_fields

    if not User.objects.filter(email=EMAIL).exists():
        workspace = Workspace.objects.create(
            name="Smart Media Solutions",
            kind=Workspace.Kind.HOUSE,
            postal_address="Smart Media Solutions AB\nSveavägen 1\n111 57 Stockholm",
        )
        publish(workspace.pk, POLICY.read_text(), by=None, now=timezone.now())
        make_default_fields(workspace.pk)
        user = User.objects.create_user(EMAIL, PASSWORD, name="Demo", is_operator=True)
        Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    return f"Sign in as {EMAIL} with the password {PASSWORD}"
