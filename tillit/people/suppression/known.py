"""Which addresses are suppressed: asked of sets, by their keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from tillit.people.models import Suppression
from tillit.people.suppression.keys import Keyring

# Two advisory locks: whoever writes addresses shares one, whoever suppresses has it alone. So no address is written
# between the look whether it is suppressed and the marking of those that are there.
LOCK = 0x5355_5050


@lru_cache(maxsize=1)
def keyring() -> Keyring:
    """The installation's keys."""
    return Keyring(settings.SUPPRESSION_KEY)


def in_workspace(workspace_id: int) -> QuerySet[Suppression]:
    """What is suppressed in a workspace: by itself, and in the whole installation."""
    return Suppression.objects.filter(Q(workspace_id=workspace_id) | Q(workspace_id=None))


def of(workspace_id: int | None) -> QuerySet[Suppression]:
    """What a workspace suppresses itself, or (None) the installation."""
    return Suppression.objects.filter(Q(workspace_id=workspace_id) if workspace_id else Q(workspace_id__isnull=True))


def anything(workspace_id: int) -> bool:
    """Whether anything is suppressed in a workspace; see `suppressed` for the lock that comes with the answer."""
    share_lock(workspace_id)
    return in_workspace(workspace_id).exists()


def suppressed(workspace_id: int, addresses: Iterable[str]) -> set[str]:
    """Return those of some addresses (in normal form) that nothing may be sent to; three queries, however many.

    Inside a transaction it also keeps others from suppressing anything in the workspace until it ends, so that what is
    written by the answer is true. Where nothing is suppressed, it costs no hash.
    """
    if not anything(workspace_id):
        return set()
    ring = keyring()
    keys = {address: ring.keys(address) for address in addresses}
    hits = _hits(workspace_id, list({key for each in keys.values() for key in each}))
    return {address for address, each in keys.items() if not hits.isdisjoint(each)}


def covering(workspace_id: int, address: str) -> list[Suppression]:
    """Return what suppresses an address in normal form, the address itself before its domains."""
    found = in_workspace(workspace_id).filter(key__in=keyring().keys(address))
    return sorted(found, key=lambda each: (each.kind != Suppression.Kind.EMAIL, -len(each.domain), each.pk))


def share_lock(workspace_id: int) -> None:
    """Let nobody suppress anything in the workspace while this transaction lasts."""
    if connection.in_atomic_block:
        _lock("pg_advisory_xact_lock_shared", workspace_id)


def take_lock(workspace_id: int) -> None:
    """Wait until nobody writes addresses in the workspace, and keep others waiting while this transaction lasts."""
    _lock("pg_advisory_xact_lock", workspace_id)


def _lock(function: str, workspace_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [LOCK, workspace_id])


def _hits(workspace_id: int, keys: list[bytes]) -> set[bytes]:
    """Those of some keys that suppress. Where there are fewer suppressions than keys, it is they that are sent over."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key FROM {_OURS} LIMIT %s", [workspace_id, len(keys) + 1])
        known = {bytes(key) for (key,) in cursor.fetchall()}
        if len(known) <= len(keys):
            return known.intersection(keys)
        cursor.execute(f"SELECT DISTINCT key FROM {_OURS} AND key = ANY (%s)", [workspace_id, keys])
        return {bytes(key) for (key,) in cursor.fetchall()}


_OURS = "people_suppression WHERE (workspace_id = %s OR workspace_id IS NULL)"
