"""Whether a purpose was permitted for a person, why, and by which rule, choice and version: now or at any past moment.

What is read once (`past_of`) answers for every moment and purpose, since all of it is kept: the versions of the policy,
the person's choices, and what decided about them beside those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.consent.fold import History as Folding
from tillit.consent.fold import decided
from tillit.consent.lineage import counting
from tillit.consent.models import Choice, VoidedChoice
from tillit.ledger.processing import processing
from tillit.ledger.versions import Version, bits_at, places, version
from tillit.ledger.versions import history as versions_of
from tillit.people.actions import identity_key
from tillit.people.models import Identity, Merge
from tillit.people.standing import History, Standing, history
from tillit.policy.decide import decide
from tillit.policy.document import Purpose
from tillit.policy.fold import fold
from tillit.policy.outcomes import Decision
from tillit.policy.rules import PersonState, Place, Rule

FULFIL = "rights.fulfil"
ACT = "policy.explain"


class Answer(StrEnum):
    """What an explanation rests on: a rule, or the lack of one."""

    DECIDED = "decided"
    NOBODY = "nobody"  # the person was not recorded yet, so nothing was held
    NO_POLICY = "no-policy"
    NO_PURPOSE = "no-purpose"  # the policy of that moment did not know the purpose


END = datetime.max.replace(tzinfo=UTC)


class Event(StrEnum):
    """What can change an answer."""

    RECORDED = "recorded"
    POLICY = "policy"
    CHOICE = "choice"
    LAPSE = "lapse"
    VOIDED = "voided"
    STANDING = "standing"
    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Whether a purpose was permitted for a person at a moment, with the chain that leads there.

    `choice` is the latest one about the purpose by then; `lapsed` and `superseded` say that it was a yes which had run
    out, or which an earlier version had asked for and a later one asked anew. `standing.certain` is False for a moment
    before changes of standing were kept: then the answer is as far as is known.
    """

    workspace_id: int
    person_id: UUID
    purpose: str
    moment: datetime
    answer: Answer
    kept_since: datetime
    version: Version | None = None
    standing: Standing | None = None
    choice: Choice | None = None
    choice_version: int | None = None
    decision: Decision | None = None
    lapsed: bool = False
    superseded: bool = False

    @property
    def permitted(self) -> bool:
        return self.decision is not None and self.decision.permitted

    @property
    def certain(self) -> bool:
        return self.standing is None or self.standing.certain

    @property
    def rule(self) -> Rule | None:
        return self.version.rules.get(self.purpose) if self.version else None

    @property
    def declared(self) -> Purpose | None:
        """The purpose as the version of that moment declares it."""
        return self.version.document.purposes.get(self.purpose) if self.version else None


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time with one answer; `end` is None for the one that goes on, `events` what made it begin."""

    start: datetime
    end: datetime | None
    explanation: Explanation
    events: tuple[Event, ...]

    @property
    def permitted(self) -> bool:
        return self.explanation.permitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Everything that ever decided about one person."""

    workspace_id: int
    person_id: UUID
    history: History
    choices: Sequence[Choice]
    voided: Mapping[UUID, datetime]  # from when on a choice that nobody made counts no longer
    merges: Sequence[Merge]  # of records that went into the person's, those that were split off again too
    effective: Sequence[tuple[int, datetime]]  # of versions, newest first
    numbers: Mapping[int, int]
    places: Mapping[str, Place]
    bits: Mapping[tuple[int, str], int]

    def version_at(self, moment: datetime) -> Version | None:
        """The version of the policy that bound at a moment."""
        found = next((version_id for version_id, effective_at in self.effective if effective_at <= moment), None)
        return version(found) if found is not None else None

    def purposes_at(self, moment: datetime) -> list[str]:
        """The purposes of the policy of a moment, in its order."""
        found = self.version_at(moment)
        return list(found.rules) if found else []

    def at(self, purpose: str, moment: datetime) -> Explanation:
        """Explain one purpose at one moment."""
        standing, bound = self.history.at(moment), self.version_at(moment)
        made = self._deciding(moment)
        latest = next((choice for choice in reversed(made) if choice.purpose == purpose), None)
        rule = bound.rules.get(purpose) if bound else None
        answer, decision = Answer.DECIDED, None
        if standing is None:
            answer = Answer.NOBODY
        elif bound is None:
            answer = Answer.NO_POLICY
        elif rule is None:
            answer = Answer.NO_PURPOSE
        else:
            decision = decide(rule, self._state(standing, made, moment))
        granted = latest is not None and latest.state == Choice.State.GRANTED
        return Explanation(
            workspace_id=self.workspace_id,
            person_id=self.person_id,
            purpose=purpose,
            moment=moment,
            answer=answer,
            kept_since=self.history.kept_since,
            version=bound,
            standing=standing,
            choice=latest,
            choice_version=self.numbers.get(latest.policy_version_id) if latest else None,
            decision=decision,
            lapsed=bool(granted and latest and latest.expires_at and latest.expires_at <= moment),
            superseded=bool(granted and latest and rule and self._bit(latest) != rule.bit),
        )

    def _deciding(self, moment: datetime) -> list[Choice]:
        """The choices that counted for the person at a moment, oldest first."""
        joined = [merge for merge in self.merges if merge.at <= moment < (merge.split_at or END)]
        ids = {self.person_id} | {merge.gone_id for merge in joined}
        made = [each for each in self.choices if each.at <= moment < self.voided.get(each.pk, END)]
        return counting(self.person_id, [each for each in made if each.person_id in ids], joined)

    def _state(self, standing: Standing, made: Sequence[Choice], moment: datetime) -> PersonState:
        rows = [Folding(each.policy_version_id, each.purpose, each.state, each.expires_at) for each in made]
        granted, refused = fold(decided(rows, self.places, self.bits), now=moment)
        return PersonState(standing.region, standing.roles, standing.flags, granted, refused)

    def _bit(self, choice: Choice) -> int:
        return self.bits.get((choice.policy_version_id, choice.purpose), self.places[choice.purpose].bit)

    def periods(self, purpose: str, *, until: datetime) -> list[Period]:
        """The spans of time in which a purpose was permitted and was not, oldest first, up to a moment.

        Two neighbours differ in whether it was permitted, why, or on what ground; what changed nothing of that makes no
        new period.
        """
        found: list[Period] = []
        for moment, events in self._events(purpose, until=until):
            here = self.at(purpose, moment)
            if found and _alike(found[-1].explanation, here):
                continue
            if found:
                found[-1] = Period(found[-1].start, moment, found[-1].explanation, found[-1].events)
            found.append(Period(moment, None, here, events))
        return found

    def _events(self, purpose: str, *, until: datetime) -> Iterator[tuple[datetime, tuple[Event, ...]]]:
        """The moments from which an answer can differ, oldest first, each with what happened."""
        recorded, *changed = self.history.changes
        about = [choice for choice in self.choices if choice.purpose == purpose]
        happened: list[tuple[datetime, Event]] = [(recorded, Event.RECORDED)]
        happened += [(moment, Event.STANDING) for moment in changed]
        happened += [(moment, Event.POLICY) for _version_id, moment in self.effective]
        happened += [(choice.at, Event.CHOICE) for choice in about]
        happened += [(self.voided[choice.pk], Event.VOIDED) for choice in about if choice.pk in self.voided]
        happened += [(choice.expires_at, Event.LAPSE) for choice in about if choice.expires_at]
        happened += [(merge.at, Event.MERGED) for merge in self.merges]
        happened += [(merge.split_at, Event.SPLIT) for merge in self.merges if merge.split_at]
        by_moment: dict[datetime, list[Event]] = {}
        for moment, event in happened:
            if recorded <= moment <= until:
                by_moment.setdefault(moment, []).append(event)
        for moment in sorted(by_moment):
            yield moment, tuple(dict.fromkeys(by_moment[moment]))


def _alike(before: Explanation, after: Explanation) -> bool:
    return _gist(before) == _gist(after)


def _gist(explanation: Explanation) -> tuple[object, ...]:
    """What tells two periods apart: whether and why; and on what ground, where there is permission."""
    decision = explanation.decision
    if decision is None:
        return (explanation.answer,)
    return explanation.answer, decision.reason, decision.basis if decision.permitted else None


class NoMoment(ValueError):
    """The text is no moment, or one that has not come."""


def moment_of(text: str, *, now: datetime) -> datetime:
    """Read a moment such as ``2026-03-01T12:00`` in the active time zone; `now` for an empty text. Raises NoMoment."""
    if not text.strip():
        return now
    try:
        found = datetime.fromisoformat(text.strip())
        moment = found if found.tzinfo else timezone.make_aware(found)
        moment.astimezone(UTC)  # a year at either end of the calendar fails here, and not in the database
    except (ValueError, OverflowError) as error:
        raise NoMoment(_("“%(text)s” is no date and time, such as 2026-03-01T12:00.") % {"text": text}) from error
    if moment > now:
        raise NoMoment(_("That moment has not come: what will be permitted then, nobody knows."))
    return moment


def person_with(workspace_id: int, address: str, *, by: str) -> UUID | None:
    """Return the person who has a mail address; only its keyed hash is looked for. Raises InvalidIdentifier."""
    key, _normal = identity_key(workspace_id, Identity.Kind.EMAIL, address)
    with processing(workspace_id, FULFIL, by=by, act="policy.identify") as activity:
        found = Identity.objects.filter(key=key).values_list("person_id", flat=True).first()
        activity.subject_id = found
    return found


def past_of(workspace_id: int, person_id: UUID, *, by: str, purpose: str = "", recipient: str = "") -> Past | None:
    """Read everything that ever decided about a person, and record that somebody did; None when nobody is there.

    `purpose` is the one that was asked about. The ledger names it only where some version of the policy has it: what
    else somebody types may be an address, and the ledger is for ever. Source: GDPR art 5(2), 15(1); CLAUSES D2, E3.
    """
    known = places(workspace_id)
    about = f"purpose:{purpose}" if purpose in known else ""
    with processing(workspace_id, FULFIL, by=by, act=ACT, recipient=recipient, subject=person_id, about=about[:80]):
        stood = history(person_id)
        if stood is None:
            return None
        merges = list(Merge.objects.filter(person_id=person_id).order_by("id"))
        ids = [person_id, *(merge.gone_id for merge in merges)]
        choices = list(Choice.objects.under(ids, voided=True).order_by("id"))
        voided = dict(VoidedChoice.under(ids).values_list("choice_id", "at"))
    bound = list(versions_of(workspace_id).values_list("id", "effective_at", "number"))
    return Past(
        workspace_id=workspace_id,
        person_id=person_id,
        history=stood,
        choices=choices,
        voided=voided,
        merges=merges,
        effective=[(version_id, effective_at) for version_id, effective_at, _number in bound],
        numbers={version_id: number for version_id, _effective_at, number in bound},
        places=known,
        bits=bits_at(workspace_id),
    )
