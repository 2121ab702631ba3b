"""Recording what persons decide, folded into their rule integers in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import connection

from tillit.consent.models import Choice
from tillit.ledger.models import PurposeRule
from tillit.ledger.processing import OpenActivity, Refused

MANAGE = "preferences.manage"


class NotRefusable(Refused):
    """The purpose is one that cannot be refused while the relation exists, such as messages of the service."""


def rule_in_force(workspace_id: int, purpose: str) -> PurposeRule:
    """Return the rule of a purpose in the policy in force. Raises Refused when it has none."""
    rules = PurposeRule.objects.filter(version__in_force__workspace_id=workspace_id, purpose=purpose)
    if rule := rules.first():
        return rule
    raise Refused(f"The policy in force has no purpose “{purpose}”.", rule=purpose)


def record_choice(
    activity: OpenActivity,
    person_ids: Iterable[UUID],
    purpose: str,
    state: str,
    *,
    method: str,
    now: datetime,
    notice_digest: str = "",
    source_id: int | None = None,
    expires_at: datetime | None = None,
) -> list[UUID]:
    """Append one choice a person and fold it; return the choices' ids, which are the receipts' numbers.

    Runs in the caller's context (`preferences.manage`, or the import's). Persons that the context does not show are
    left out. Raises NotRefusable when a purpose that cannot be refused is refused, Refused for an unknown purpose.
    """
    rule = rule_in_force(activity.workspace_id, purpose)
    granting = state == Choice.State.GRANTED
    if not granting and not rule.refusable and not rule.consent_regions:
        raise NotRefusable("Messages that the service itself needs cannot be switched off.", rule=purpose, clause="E10")
    known = _lock(person_ids)
    choices = [
        Choice(
            id=uuid_utils.uuid7(),
            workspace_id=activity.workspace_id,
            person_id=person_id,
            purpose=purpose,
            state=state,
            method=method,
            policy_version_id=activity.policy_version_id,
            notice_digest=notice_digest,
            source_id=source_id,
            at=now,
            expires_at=expires_at,
        )
        for person_id in known
    ]
    Choice.objects.bulk_create(choices, batch_size=2000)
    _fold(known, bit=rule.bit, granting=granting)
    activity.count(**{f"choice_{state}": len(choices)})
    return [choice.id for choice in choices]


def _lock(person_ids: Iterable[UUID]) -> list[UUID]:
    """Lock the persons in one order, so that two choices of one person fold one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM people_person WHERE id = ANY (%s) ORDER BY id FOR UPDATE", [list(person_ids)])
        return [row[0] for row in cursor.fetchall()]


def _fold(person_ids: list[UUID], *, bit: int, granting: bool) -> None:
    gains, loses = ("granted", "refused") if granting else ("refused", "granted")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE people_person SET {gains} = {gains} | (1::bigint << %s), {loses} = {loses} & ~(1::bigint << %s)"
            " WHERE id = ANY (%s)",
            [bit, bit, person_ids],
        )
