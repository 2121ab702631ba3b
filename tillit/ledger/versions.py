"""The policy in force as values: its document and its rules, read once a version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext as _

from tillit.ledger.models import PolicyInForce, PolicyVersion, PurposeRule
from tillit.ledger.processing import Refused
from tillit.policy.document import Document
from tillit.policy.load import load
from tillit.policy.rules import Rule, compile_rules


class NoPolicy(Refused):
    """The workspace has published no policy."""

    def __init__(self) -> None:
        said = _("The workspace has published no policy, so nothing may be done with anybody's information.")
        super().__init__(said, clause="C8")


@dataclass(frozen=True, slots=True)
class Version:
    """One published version with what it says and what it compiles to."""

    id: int
    workspace_id: int
    number: int
    digest: str
    published_at: datetime
    document: Document
    rules: dict[str, Rule]


@lru_cache(maxsize=16)
def parsed(text: str) -> Document:
    """Load a document; the same text again costs nothing, which an agency with one policy for many workspaces needs.

    Raises PolicyErrors when it does not hold together.
    """
    return load(text)


def in_force(workspace_id: int) -> Version:
    """Return the version that binds a workspace now. Raises NoPolicy when it has none."""
    version_id = PolicyInForce.objects.filter(workspace_id=workspace_id).values_list("version_id", flat=True).first()
    if version_id is None:
        raise NoPolicy
    return version(version_id)


@lru_cache(maxsize=64)
def version(version_id: int) -> Version:
    """Return one version. Raises PolicyVersion.DoesNotExist.

    A version never changes, so it is read and compiled once a process: 140 ms for the reference policy.
    """
    row = PolicyVersion.objects.get(pk=version_id)
    bits = dict(PurposeRule.objects.filter(version=row).values_list("purpose", "bit"))
    document = parsed(row.document)
    return Version(
        row.pk, row.workspace_id, row.number, row.digest, row.published_at, document, compile_rules(document, bits)
    )
