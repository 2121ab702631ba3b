"""Comparing roles."""

from __future__ import annotations

from tillit.accounts.models import Membership, Role


def allows(membership: Membership, role: Role) -> bool:
    """Whether a membership carries at least a role."""
    return Role(membership.role).rank >= role.rank
