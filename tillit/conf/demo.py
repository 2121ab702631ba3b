"""The sample that `tillit demo` loads once."""

from __future__ import annotations

EMAIL, PASSWORD = "demo@example.org", "tillit-demo-2025"
ADDRESS = "Smart Media Solutions AB\nSveavägen 1\n111 57 Stockholm"


def ensure_sample() -> str:
    """Load the sample unless it is there; return the line that tells how to sign in."""
    from tillit.accounts.models import Membership, Role, User
    from tillit.conf.first_user import make_workspace

    if not User.objects.filter(email=EMAIL).exists():
        workspace = make_workspace("Smart Media Solutions", postal_address=ADDRESS)
        user = User.objects.create_user(EMAIL, PASSWORD, name="Demo", is_operator=True)
        Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    return f"Sign in as {EMAIL} with the password {PASSWORD}"
