"""Recording what persons decide, folded into their rule integers in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import connection
from django.utils.translation import gettext as _

from tillit.consent.fold import MANAGE, lock
from tillit.consent.lineage import choices_of
from tillit.consent.models import Choice, ChoiceEvidence
from tillit.consent.subscriptions import change_lists
from tillit.ledger.models import PurposeRule
from tillit.ledger.processing import OpenActivity, Refused, person_actor, processing
from tillit.ledger.versions import version
from tillit.people.importing.start import check_source
from tillit.people.models import Source
from tillit.policy.dates import add

State = Choice.State
LEAST_WORDS = 10  # characters: when and how somebody said yes takes more than a word


class NotRefusable(Refused):
    """The purpose is one that cannot be refused while the relation exists, such as messages of the service."""


class SaidNo(Refused):
    """Somebody else's word for a consent does not stand against what the person decided."""

    def __init__(self, purpose: str) -> None:
        said = _(
            "The person said no to this. Only they can say yes again: ask them by mail, or by the preference centre."
        )
        super().__init__(said, rule=purpose, clause="E9")


class NoProof(Refused):
    """A consent that somebody else writes down needs a source that warrants it, and how it was obtained."""

    def __init__(self, purpose: str) -> None:
        said = _(
            "A consent that the person did not give here needs its proof: the source that warrants it, and when and how"
            " the person gave it, in a few words."
        )
        super().__init__(said, rule=purpose, clause="D5")


class NobodyThere(Refused):
    """There is no such person in the workspace: they were erased, or never were."""

    def __init__(self) -> None:
        super().__init__(_("There is nobody: the person was erased, or never was in this workspace."), clause="E1")


def rule_of(version_id: int, purpose: str) -> PurposeRule:
    """Return the rule that a purpose has in a version of the policy. Raises Refused when it has none."""
    if rule := PurposeRule.objects.filter(version=version_id, purpose=purpose).first():
        return rule
    raise Refused(_("The policy in force has no purpose “%(name)s”.") % {"name": purpose}, rule=purpose)


def choose(
    workspace_id: int,
    person_id: UUID,
    decisions: Mapping[str, str],
    *,
    method: str,
    now: datetime,
    by: str | None = None,
    notices: Mapping[str, str] | None = None,
    source_id: int | None = None,
    about: str = "",
    obtained: str = "",
) -> dict[str, UUID]:
    """Record one person's choices (purpose → state) in a context of their own; return the receipts by purpose.

    All are recorded, or none. `notices` maps a purpose to the digest of the words that the person was shown. `by` is
    the person, unless somebody else records what they said; `source_id` is then what warrants it, `obtained` says how
    they came to know. On the word of a program, as of an import, no refusal is taken back. Raises NobodyThere, SaidNo,
    NotRefusable and Refused. Source: GDPR art 7(1), 7(3), 21(3).
    """
    actor = by or person_actor(person_id)
    with processing(workspace_id, MANAGE, by=actor, act="choice.record", subject=person_id, about=about) as activity:
        _found(person_id)
        if source_id is not None and method != Choice.Method.OPERATOR:
            _check_no_refusal(person_id, decisions)
        made = _record(activity, person_id, decisions, method=method, now=now, notices=notices, source_id=source_id)
        if obtained:
            told = {"person_id": person_id, "workspace_id": workspace_id, "obtained": obtained[:500], "by": actor}
            ChoiceEvidence.objects.bulk_create(ChoiceEvidence(choice_id=each, at=now, **told) for each in made.values())
        return made


def choose_for(
    workspace_id: int,
    person_id: UUID,
    purpose: str,
    state: str,
    *,
    by: str,
    now: datetime,
    source: Source | None = None,
    obtained: str = "",
    program: bool = False,
) -> UUID:
    """Record what a person told staff (or a `program`) that they decided; return the receipt.

    A no needs nothing. A yes needs a source whose warranty holds, and how it was obtained, which is kept: with that,
    staff may also write down that somebody changed their mind. Raises NoProof, and what `choose` raises.
    Source: GDPR art 7(1); CLAUSES D5.
    """
    words = " ".join(obtained.split())
    granted = state == State.GRANTED
    if granted:
        if source is None or source.workspace_id != workspace_id or len(words) < LEAST_WORDS:
            raise NoProof(purpose)
        check_source(source, now=now)
    made = choose(
        workspace_id,
        person_id,
        {purpose: state},
        method=Choice.Method.IMPORT if granted and program else Choice.Method.OPERATOR,
        now=now,
        by=by,
        source_id=source.pk if granted and source else None,
        obtained=words,
    )
    return made[purpose]


def _check_no_refusal(person_id: UUID, decisions: Mapping[str, str]) -> None:
    last = {choice.purpose: choice.state for choice in choices_of([person_id]).counting()[person_id]}
    for purpose, state in decisions.items():
        if state == State.GRANTED and last.get(purpose, state) != State.GRANTED:
            raise SaidNo(purpose)


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving one's preferences changed: the receipts by purpose, and the state by list."""

    receipts: dict[str, UUID]
    lists: dict[int, str]


def save_preferences(
    workspace_id: int,
    person_id: UUID,
    *,
    decisions: Mapping[str, str],
    join: Collection[int],
    leave: Collection[int],
    notices: Mapping[str, str],
    now: datetime,
) -> Saved:
    """Record what a person changed in the preference centre, all of it or nothing; effective for the next query.

    Raises NobodyThere, NotRefusable, NotPublic and Refused. Source: CLAUSES C11, E13.
    """
    actor = person_actor(person_id)
    with processing(workspace_id, MANAGE, by=actor, act="preferences.save", subject=person_id) as activity:
        _found(person_id)
        method = Choice.Method.PREFERENCES
        receipts = _record(activity, person_id, decisions, method=method, now=now, notices=notices)
        return Saved(receipts, change_lists(activity, person_id, join=join, leave=leave, now=now))


def _found(person_id: UUID) -> None:
    if not lock([person_id]):
        raise NobodyThere


def _record(
    activity: OpenActivity,
    person_id: UUID,
    decisions: Mapping[str, str],
    *,
    method: str,
    now: datetime,
    notices: Mapping[str, str] | None,
    source_id: int | None = None,
) -> dict[str, UUID]:
    shown = notices or {}
    return {
        purpose: record_choice(
            activity,
            [person_id],
            purpose,
            state,
            method=method,
            now=now,
            notice_digest=shown.get(purpose, ""),
            source_id=source_id,
        )[0]
        for purpose, state in decisions.items()
    }


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
    left out. A grant lapses at `expires_at`, else after the policy's `consent_lasts`. Raises NotRefusable when a
    purpose that cannot be refused is refused, Refused for an unknown purpose.
    """
    rule = rule_of(activity.policy_version_id, purpose)
    granting = state == State.GRANTED
    if not granting and not rule.refusable and not rule.consent_regions:
        raise NotRefusable(_("What the service itself needs cannot be switched off."), rule=purpose, clause="E10")
    if granting and expires_at is None:
        expires_at = _lapses(activity.policy_version_id, purpose, now=now)
    known = lock(person_ids)
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
            expires_at=expires_at if granting else None,
        )
        for person_id in known
    ]
    Choice.objects.bulk_create(choices, batch_size=2000)
    lapsed = expires_at is not None and expires_at <= now
    _fold(known, rule, granted=granting and not lapsed, refused=not granting)
    activity.count(**{f"choice_{state}": len(choices)})
    return [choice.id for choice in choices]


def _lapses(version_id: int, purpose: str, *, now: datetime) -> datetime | None:
    lasts = version(version_id).document.purposes[purpose].consent_lasts
    return add(now, lasts) if lasts else None


def _fold(person_ids: list[UUID], rule: PurposeRule, *, granted: bool, refused: bool) -> None:
    """Set the bits of one purpose: what `policy.fold` gives when this choice comes last."""
    ever = rule.refused_bits | 1 << rule.bit
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_person SET granted = granted & ~%s::bigint | %s::bigint,"
            " refused = refused & ~%s::bigint | %s::bigint WHERE id = ANY (%s)",
            [ever, granted << rule.bit, ever, refused << rule.bit, person_ids],
        )
