"""Stopping all marketing with one act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tillit.consent.actions import record_choice
from tillit.consent.fold import MANAGE, lock
from tillit.consent.lineage import choices_of
from tillit.consent.models import Choice
from tillit.consent.queries import state_of
from tillit.consent.subscriptions import leave
from tillit.ledger.processing import person_actor, processing
from tillit.ledger.versions import Version, in_force
from tillit.people.models import Person
from tillit.policy.bases import Basis
from tillit.policy.decide import decide
from tillit.policy.fold import ChoiceState


@dataclass(frozen=True, slots=True)
class Stopped:
    """What stopping marketing changed: the receipts by purpose, and the lists that were left."""

    receipts: dict[str, UUID]
    lists: list[int]


def stop_marketing(
    workspace_id: int, person_id: UUID, *, method: str, now: datetime, by: str | None = None, about: str = ""
) -> Stopped:
    """Refuse every marketing purpose of the policy in force and leave every list; repeating it changes nothing.

    A consent is withdrawn, a consent never given refused, anything else objected to; also what only a file says that
    they refused, since an import can be undone. An erased person has nothing left to refuse.
    Source: GDPR art 7(3), 21(2)-(3); CLAUSES E9.
    """
    version = in_force(workspace_id)
    actor = by or person_actor(person_id)
    with processing(workspace_id, MANAGE, by=actor, act="marketing.stop", subject=person_id, about=about) as activity:
        if not lock([person_id]):
            return Stopped({}, [])
        refusals = _refusals(version, Person.objects.get(pk=person_id))
        receipts = {
            purpose: record_choice(activity, [person_id], purpose, state, method=method, now=now)[0]
            for purpose, state in refusals.items()
        }
        return Stopped(receipts, leave(activity, person_id, None, now=now))


def _refusals(version: Version, person: Person) -> dict[str, ChoiceState]:
    """What a refusal of each marketing purpose that the person has not refused yet is in law."""
    state = state_of(person)._replace(flags=0)
    told = _told_by_files(person)
    found = {}
    for name, rule in version.rules.items():
        if not version.document.purposes[name].marketing or (state.refused & rule.refused_bits and name not in told):
            continue
        if rule.bases[person.region] is not Basis.CONSENT:
            found[name] = ChoiceState.OBJECTED
        else:
            found[name] = ChoiceState.WITHDRAWN if decide(rule, state).permitted else ChoiceState.REFUSED
    return found


def _told_by_files(person: Person) -> set[str]:
    """The purposes of which a file, and not the person, said last what was decided."""
    last = {choice.purpose: choice.method for choice in choices_of([person.pk]).counting()[person.pk]}
    return {purpose for purpose, method in last.items() if method == Choice.Method.IMPORT}
