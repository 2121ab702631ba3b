"""The policy in force as values, now or on an earlier day: its document and its rules, read once a version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tillit.ledger.models import PolicyInForce, PolicyVersion, PurposeRule
from tillit.ledger.refused import Refused
from tillit.policy.document import Document
from tillit.policy.load import load, parse
from tillit.policy.rules import Place, Rule, compile_rules


class NoPolicy(Refused):
    """The workspace has published no policy."""

    def __init__(self) -> None:
        said = _("The workspace has published no policy, so nothing may be done with anybody's information.")
        super().__init__(said, clause="C8")


@dataclass(frozen=True, slots=True)
class Version:
    """One published version with what it says and what it compiles to.

    `effective_at` is the moment from which it binds, `asks_again` the purposes whose consent it asks for anew.
    """

    id: int
    workspace_id: int
    number: int
    digest: str
    published_at: datetime
    effective_at: datetime
    text: str
    note: str
    asks_again: tuple[str, ...]
    document: Document
    rules: dict[str, Rule]


@lru_cache(maxsize=16)
def parsed(text: str) -> Document:
    """Load a document; the same text again costs nothing, which an agency with one policy for many workspaces needs.

    Raises PolicyErrors when it does not hold together.
    """
    return load(text)


@lru_cache(maxsize=16)
def published(text: str) -> Document:
    """Read a document that was published: it passed the checks of its day, and stays readable when there are more."""
    return parse(text)[0]


def in_force(workspace_id: int) -> Version:
    """Return the version that binds a workspace now. Raises NoPolicy when it has none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version_id FROM ledger_binding WHERE workspace_id = %s", [workspace_id])
        row = cursor.fetchone()
    if row is None or row[0] is None:
        raise NoPolicy
    return version(row[0])


def in_force_at(workspace_id: int, moment: datetime) -> Version | None:
    """Return the version that bound a workspace at a moment, past or to come; None before the first."""
    found = history(workspace_id).filter(effective_at__lte=moment).values_list("id", flat=True).first()
    return None if found is None else version(found)


def scheduled(workspace_id: int, *, now: datetime) -> Version | None:
    """Return the version that waits to take effect, or None."""
    rows = PolicyInForce.objects.filter(workspace_id=workspace_id, next_at__gt=now)
    waiting = rows.values_list("next_version_id", flat=True).first()
    return None if waiting is None else version(waiting)


def history(workspace_id: int) -> QuerySet[PolicyVersion]:
    """The versions of a workspace that bind, bound or will bind, newest first; without those that were withdrawn."""
    found = PolicyVersion.objects.filter(workspace_id=workspace_id, withdrawal__isnull=True)
    return found.order_by("-effective_at", "-number")


@lru_cache(maxsize=64)
def version(version_id: int) -> Version:
    """Return one version. Raises PolicyVersion.DoesNotExist.

    A version never changes, so it is read and compiled once a process: 140 ms for the reference policy.
    """
    row = PolicyVersion.objects.get(pk=version_id)
    rules = PurposeRule.objects.filter(version=row).values_list("purpose", "bit", "refused_bits")
    document = published(row.document)
    return Version(
        id=row.pk,
        workspace_id=row.workspace_id,
        number=row.number,
        digest=row.digest,
        published_at=row.published_at,
        effective_at=row.effective_at,
        text=row.document,
        note=row.note,
        asks_again=tuple(row.asks_again),
        document=document,
        rules=compile_rules(document, {purpose: Place(bit, refused) for purpose, bit, refused in rules}),
    )


def places(workspace_id: int) -> dict[str, Place]:
    """The place of every purpose that any version of a workspace's policy ever had, as the latest has it.

    A version that was taken back keeps its bits from being given again, and decides no place of an earlier purpose: no
    consent was ever asked for at them.
    """
    rows = PurposeRule.objects.filter(version__workspace_id=workspace_id).order_by("version_id")
    bound = Q(version__withdrawal__isnull=True)
    found: dict[str, Place] = {}
    for purpose, bit, refused, binds in rows.annotate(binds=bound).values_list(
        "purpose", "bit", "refused_bits", "binds"
    ):
        earlier = found.get(purpose)
        every = (earlier.refused_bits if earlier else 0) | refused | 1 << bit
        found[purpose] = Place(bit if binds or earlier is None else earlier.bit, every)
    return found


def bits_at(workspace_id: int) -> dict[tuple[int, str], int]:
    """The bit at which a grant counted, by version and purpose."""
    rows = PurposeRule.objects.filter(version__workspace_id=workspace_id)
    return {(version_id, purpose): bit for version_id, purpose, bit in rows.values_list("version_id", "purpose", "bit")}
