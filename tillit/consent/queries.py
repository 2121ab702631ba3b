"""What a person has chosen and may choose, read under `preferences.manage`."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tillit.consent.fold import MANAGE
from tillit.consent.lineage import choices_of
from tillit.consent.models import Choice
from tillit.ledger.processing import processing
from tillit.ledger.versions import Version, in_force
from tillit.people.models import Identity, MailingList, Person, Subscription, Traits
from tillit.policy.bases import Basis
from tillit.policy.decide import decide
from tillit.policy.document import Purpose
from tillit.policy.fold import ChoiceState
from tillit.policy.outcomes import Decision
from tillit.policy.rules import PersonState, Rule

NAME_CATEGORY = "identity"


@dataclass(frozen=True, slots=True)
class PurposeLine:
    """One purpose as it stands for one person. `basis` is the ground where the person is, None where there is none."""

    id: str
    purpose: Purpose
    rule: Rule
    basis: Basis | None
    decision: Decision
    choosable: bool
    choice: Choice | None

    @property
    def on(self) -> bool:
        return self.decision.permitted

    @property
    def refusal(self) -> ChoiceState:
        """What switching it off is in law: a consent is withdrawn, else refused; anything else is objected to."""
        if self.basis is not Basis.CONSENT:
            return ChoiceState.OBJECTED
        return ChoiceState.WITHDRAWN if self.on else ChoiceState.REFUSED


@dataclass(frozen=True, slots=True)
class ListLine:
    """One list as a person stands to it; `state` is empty for a public list that they have not been on."""

    list: MailingList
    state: str
    subscription: Subscription | None

    @property
    def on(self) -> bool:
        return self.state == Subscription.State.SUBSCRIBED


@dataclass(frozen=True, slots=True)
class Preferences:
    """Everything that a preference centre shows of one person."""

    person: Person
    address: str
    names: dict[str, str]
    version: Version
    purposes: list[PurposeLine]
    lists: list[ListLine]
    choices: list[Choice]

    @property
    def choosable(self) -> list[PurposeLine]:
        return [line for line in self.purposes if line.choosable]

    @property
    def standing(self) -> list[PurposeLine]:
        """What the person cannot switch off, each with its ground. Source: CLAUSES E10."""
        return [line for line in self.purposes if not line.choosable]


def preferences(workspace_id: int, person_id: UUID, *, by: str, act: str = "preferences.show") -> Preferences | None:
    """Return what a person has chosen and may choose, or None when nobody is there (any more)."""
    version = in_force(workspace_id)
    with processing(workspace_id, MANAGE, by=by, act=act, subject=person_id):
        person = Person.objects.filter(pk=person_id).first()
        if person is None:
            return None
        address = Identity.objects.filter(person_id=person_id, kind=Identity.Kind.EMAIL).order_by("created_at").first()
        traits = Traits.objects.filter(person_id=person_id, category=NAME_CATEGORY).first()
        made = choices_of([person_id])
        return Preferences(
            person=person,
            address=(address.value if address else None) or "",
            names={name: str(value) for name, value in (traits.values if traits else {}).items() if value is not None},
            version=version,
            purposes=_purposes(version, person, made.counting()[person_id]),
            lists=_lists(workspace_id, person_id),
            choices=list(reversed(made.choices)),
        )


def state_of(person: Person) -> PersonState:
    """Return the integers that a rule reads in a person."""
    return PersonState(person.region, person.roles, person.flags, person.granted, person.refused)


def _purposes(version: Version, person: Person, choices: list[Choice]) -> list[PurposeLine]:
    """The purposes that concern a person, decided on what they chose: a restriction does not change a choice."""
    latest = {choice.purpose: choice for choice in choices}
    state = state_of(person)._replace(flags=0)
    lines = []
    for name, rule in version.rules.items():
        purpose, basis = version.document.purposes[name], rule.bases[person.region]
        if not rule.roles & person.roles or basis is None:
            continue
        choosable = rule.refusable or basis is Basis.CONSENT
        lines.append(PurposeLine(name, purpose, rule, basis, decide(rule, state), choosable, latest.get(name)))
    return lines


def _lists(workspace_id: int, person_id: UUID) -> list[ListLine]:
    """The lists that a person has been on, and those that anybody may join."""
    rows = {row.list_id: row for row in Subscription.objects.filter(person_id=person_id)}
    lines = []
    for each in MailingList.objects.filter(workspace=workspace_id).order_by("name"):
        row = rows.get(each.pk)
        on = row is not None and row.state == Subscription.State.SUBSCRIBED
        if on or (each.archived_at is None and (each.public or row)):
            lines.append(ListLine(each, row.state if row else "", row))
    return lines
