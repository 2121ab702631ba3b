"""The purposes under which a file may be brought in: contacts of one's own, or what a seller reports of its sales."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tillit.ledger.models import PurposeRule
from tillit.ledger.processing import Refused
from tillit.people.models import Import

CONTACTS = "audience.import"
PURCHASES = "purchases.record"
PURPOSES = (CONTACTS, PURCHASES)
CHOOSING = "preferences"  # the category of lists, choices and standings


def categories(workspace_id: int, purpose: str) -> frozenset[str]:
    """What the policy in force lets a file bring under a purpose; empty where it has none of that name."""
    rule = PurposeRule.objects.filter(version__in_force__workspace_id=workspace_id, purpose=purpose).first()
    return frozenset(rule.categories) if rule and purpose in PURPOSES else frozenset()


def importable(workspace_id: int) -> frozenset[str]:
    """Every category that some file may bring."""
    return frozenset().union(*(categories(workspace_id, purpose) for purpose in PURPOSES))


def chooses(workspace_id: int, purpose: str) -> bool:
    """Whether a file under this purpose may put people on lists and say what they chose."""
    return CHOOSING in categories(workspace_id, purpose)


def check(workspace_id: int, purpose: str, *, joins: bool, consent: str) -> None:
    """Raise Refused unless the policy in force lets a file of this purpose in, with a list and a consent if given.

    Source: clauses B4, B8.
    """
    if not categories(workspace_id, purpose):
        said = _("The policy in force lets no file in under the purpose “%(purpose)s”.")
        raise Refused(said % {"purpose": purpose}, rule=purpose, clause="B4")
    if (joins or consent) and not chooses(workspace_id, purpose):
        said = _("A file under the purpose “%(purpose)s” puts nobody on a list and brings no consent.")
        raise Refused(said % {"purpose": purpose}, rule=purpose, clause="B8")


def purpose_of(item: Import) -> str:
    """The purpose that an import works under."""
    return str(item.options.get("purpose", CONTACTS))


def of_any(found: QuerySet[Import], purposes: Collection[str]) -> QuerySet[Import]:
    """The imports among some that work under one of these purposes."""
    named = Q(options__purpose__in=list(purposes))
    return found.filter(named | Q(options__purpose=None) if CONTACTS in purposes else named)
