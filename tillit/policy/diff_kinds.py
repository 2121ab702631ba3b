"""What can change between two policy documents: the kinds of changes, what each means for people, and one change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Document
from tillit.policy.keeping import Trigger
from tillit.policy.problems import Path, written
from tillit.policy.regions import Region
from tillit.policy.values import Period, Texts


class Severity(StrEnum):
    """What a change does to what may be done with people's information."""

    WIDENS = "widens"
    NARROWS = "narrows"
    NEUTRAL = "neutral"
    WORDING = "wording"


class Group(StrEnum):
    """Under which heading a change is told, in the order of the headings."""

    PERMITTED = "permitted"
    STOPS = "stops"
    RECIPIENTS = "recipients"
    TRACKERS = "trackers"
    RETENTION = "retention"
    RIGHTS = "rights"
    WORDS = "words"


class Ask(StrEnum):
    """Whether consent given before still covers what is done: if not, it is asked for anew."""

    NO = ""
    SUGGESTED = "suggested"
    FORCED = "forced"


class Tell(StrEnum):
    """Who hears of a material change by mail: whose decision it alters, whom the use concerns, or everybody.

    The others read it on the page of changes and in the banner.
    """

    NOBODY = ""
    ALTERED = "altered"
    PERMITTED = "permitted"
    EVERYBODY = "everybody"


class Kind(StrEnum):
    """One sort of change. ``FACTS`` says of each what it means and what its reverse is."""

    FIRST = "first"
    # what a purpose permits
    PURPOSE_ADDED = "purpose-added"
    PURPOSE_DROPPED = "purpose-dropped"
    PERMITTED = "permitted"
    STOPPED = "stopped"
    CONSENT_OFFERED = "consent-offered"
    CONSENT_ENDED = "consent-ended"
    NEEDS_CONSENT = "needs-consent"
    CONSENT_WAIVED = "consent-waived"
    GROUND = "ground"
    REFUSABLE = "refusable"
    UNREFUSABLE = "unrefusable"
    OBJECTION_HEARD = "objection-heard"
    OBJECTION_LOST = "objection-lost"
    RESTRICTED_USED = "restricted-used"
    RESTRICTED_SPARED = "restricted-spared"
    ROLES_WIDER = "roles-wider"
    ROLES_NARROWER = "roles-narrower"
    SENDS = "sends"
    SENDS_NOTHING = "sends-nothing"
    # what a purpose uses
    USES_MORE = "uses-more"
    USES_LESS = "uses-less"
    SHARES_MORE = "shares-more"
    SHARES_LESS = "shares-less"
    MARKETING = "marketing"
    NO_MARKETING = "no-marketing"
    CONSENT_LONGER = "consent-longer"
    CONSENT_SHORTER = "consent-shorter"
    WHO_DECIDES = "who-decides"
    # who receives
    RECIPIENT_ADDED = "recipient-added"
    RECIPIENT_DROPPED = "recipient-dropped"
    RECIPIENT_MORE = "recipient-more"
    RECIPIENT_LESS = "recipient-less"
    RECIPIENT_MARKETS = "recipient-markets"
    RECIPIENT_MARKETS_NOT = "recipient-markets-not"
    RECIPIENT_ROLE = "recipient-role"
    RECIPIENT_MOVED = "recipient-moved"
    RECIPIENT_NAMED = "recipient-named"
    RECIPIENT_SAFEGUARD = "recipient-safeguard"
    SAFEGUARD_ADDED = "safeguard-added"
    SAFEGUARD_DROPPED = "safeguard-dropped"
    SAFEGUARD_CHANGED = "safeguard-changed"
    # devices
    TRACKER_ADDED = "tracker-added"
    TRACKER_DROPPED = "tracker-dropped"
    TRACKER_ALWAYS = "tracker-always"
    TRACKER_ASKS = "tracker-asks"
    TRACKER_LONGER = "tracker-longer"
    TRACKER_SHORTER = "tracker-shorter"
    TRACKER_MORE = "tracker-more"
    TRACKER_LESS = "tracker-less"
    TRACKER_CHANGED = "tracker-changed"
    # keeping
    KEPT_LONGER = "kept-longer"
    KEPT_SHORTER = "kept-shorter"
    KEPT_FROM = "kept-from"
    ANONYMISED = "anonymised"
    DELETED = "deleted"
    RETENTION_SET = "retention-set"
    RETENTION_GONE = "retention-gone"
    DUTY_ADDED = "duty-added"
    DUTY_DROPPED = "duty-dropped"
    DUTY_CHANGED = "duty-changed"
    # rights, who answers, where it comes from
    RIGHT_GAINED = "right-gained"
    RIGHT_LOST = "right-lost"
    AUTHORITY = "authority"
    CONTROLLER = "controller"
    CONTACT = "contact"
    OFFICER = "officer"
    CATEGORY_ADDED = "category-added"
    CATEGORY_DROPPED = "category-dropped"
    CATEGORY_SPECIAL = "category-special"
    SOURCE_ADDED = "source-added"
    SOURCE_DROPPED = "source-dropped"
    SOURCE_MORE = "source-more"
    SOURCE_LESS = "source-less"
    SOURCE_CHANGED = "source-changed"
    MEASURE_ADDED = "measure-added"
    MEASURE_DROPPED = "measure-dropped"
    # words
    SECTION_ADDED = "section-added"
    SECTION_DROPPED = "section-dropped"
    REWORDED = "reworded"
    DETAIL = "detail"
    EDITORIAL = "editorial"


class Facts(NamedTuple):
    """What a kind of change means.

    ``material`` changes are told before they take effect. ``permits`` is what the change does to decisions
    about people: 1 if some become permitted, -1 if some are permitted no more, 0 if neither.

    Source: GDPR art 12(1), 13(3), 14(4); Guidelines on transparency WP260 rev.01, paragraphs 29-31.
    """

    severity: Severity
    group: Group
    material: bool = False
    tell: Tell = Tell.NOBODY
    permits: int = 0


_WIDER, _NARROWER, _EITHER, _WORDS = Severity.WIDENS, Severity.NARROWS, Severity.NEUTRAL, Severity.WORDING


def _both(group: Group, *, tell: Tell = Tell.NOBODY, permits: int = 0, material: bool = True) -> tuple[Facts, Facts]:
    """A change that widens and must be told, and its reverse, which narrows and need not be."""
    wider = Facts(_WIDER, group, material, tell, permits)
    return wider, Facts(_NARROWER, Group.STOPS if group is Group.PERMITTED else group, permits=-permits)


#: Each widening kind with its reverse.
REVERSES: dict[Kind, Kind] = {
    Kind.PURPOSE_ADDED: Kind.PURPOSE_DROPPED,
    Kind.PERMITTED: Kind.STOPPED,
    Kind.CONSENT_OFFERED: Kind.CONSENT_ENDED,
    Kind.CONSENT_WAIVED: Kind.NEEDS_CONSENT,
    Kind.UNREFUSABLE: Kind.REFUSABLE,
    Kind.OBJECTION_LOST: Kind.OBJECTION_HEARD,
    Kind.RESTRICTED_USED: Kind.RESTRICTED_SPARED,
    Kind.ROLES_WIDER: Kind.ROLES_NARROWER,
    Kind.SENDS: Kind.SENDS_NOTHING,
    Kind.USES_MORE: Kind.USES_LESS,
    Kind.SHARES_MORE: Kind.SHARES_LESS,
    Kind.MARKETING: Kind.NO_MARKETING,
    Kind.CONSENT_LONGER: Kind.CONSENT_SHORTER,
    Kind.RECIPIENT_ADDED: Kind.RECIPIENT_DROPPED,
    Kind.RECIPIENT_MORE: Kind.RECIPIENT_LESS,
    Kind.RECIPIENT_MARKETS: Kind.RECIPIENT_MARKETS_NOT,
    Kind.TRACKER_ADDED: Kind.TRACKER_DROPPED,
    Kind.TRACKER_ALWAYS: Kind.TRACKER_ASKS,
    Kind.TRACKER_LONGER: Kind.TRACKER_SHORTER,
    Kind.TRACKER_MORE: Kind.TRACKER_LESS,
    Kind.KEPT_LONGER: Kind.KEPT_SHORTER,
    Kind.ANONYMISED: Kind.DELETED,
    Kind.RIGHT_LOST: Kind.RIGHT_GAINED,
    Kind.CATEGORY_ADDED: Kind.CATEGORY_DROPPED,
    Kind.SOURCE_ADDED: Kind.SOURCE_DROPPED,
    Kind.SOURCE_MORE: Kind.SOURCE_LESS,
}

_WIDENING: dict[Kind, tuple[Facts, Facts]] = {
    **dict.fromkeys(
        (
            *(Kind.PURPOSE_ADDED, Kind.PERMITTED, Kind.CONSENT_OFFERED, Kind.CONSENT_WAIVED, Kind.UNREFUSABLE),
            *(Kind.RESTRICTED_USED, Kind.ROLES_WIDER),
        ),
        _both(Group.PERMITTED, tell=Tell.ALTERED, permits=1),
    ),
    Kind.OBJECTION_LOST: _both(Group.PERMITTED, tell=Tell.PERMITTED),
    # Who cannot be reached is left out of a purpose that sends.
    Kind.SENDS: _both(Group.PERMITTED, tell=Tell.PERMITTED, permits=-1),
    **dict.fromkeys((Kind.USES_MORE, Kind.MARKETING), _both(Group.PERMITTED, tell=Tell.PERMITTED)),
    Kind.CONSENT_LONGER: _both(Group.PERMITTED),
    **dict.fromkeys(
        (Kind.SHARES_MORE, Kind.RECIPIENT_MORE, Kind.RECIPIENT_MARKETS), _both(Group.RECIPIENTS, tell=Tell.PERMITTED)
    ),
    Kind.RECIPIENT_ADDED: _both(Group.RECIPIENTS),
    **dict.fromkeys(
        (Kind.TRACKER_ADDED, Kind.TRACKER_ALWAYS, Kind.TRACKER_LONGER, Kind.TRACKER_MORE), _both(Group.TRACKERS)
    ),
    **dict.fromkeys((Kind.KEPT_LONGER, Kind.ANONYMISED), _both(Group.RETENTION)),
    **dict.fromkeys((Kind.RIGHT_LOST, Kind.SOURCE_ADDED, Kind.SOURCE_MORE), _both(Group.RIGHTS)),
    Kind.CATEGORY_ADDED: _both(Group.RIGHTS, material=False),
}


def _facts() -> dict[Kind, Facts]:
    known = {kind: facts[0] for kind, facts in _WIDENING.items()}
    known |= {REVERSES[kind]: facts[1] for kind, facts in _WIDENING.items()}
    told = Facts(_EITHER, Group.RECIPIENTS, True, Tell.PERMITTED)
    known |= dict.fromkeys((Kind.RECIPIENT_ROLE, Kind.RECIPIENT_MOVED, Kind.RECIPIENT_NAMED), told)
    known |= dict.fromkeys((Kind.GROUND, Kind.WHO_DECIDES), Facts(_EITHER, Group.PERMITTED, True, Tell.PERMITTED))
    known |= dict.fromkeys((Kind.SAFEGUARD_ADDED, Kind.SAFEGUARD_CHANGED), Facts(_EITHER, Group.RECIPIENTS))
    known |= dict.fromkeys((Kind.RECIPIENT_SAFEGUARD, Kind.SAFEGUARD_DROPPED), Facts(_EITHER, Group.RECIPIENTS, True))
    known |= {Kind.TRACKER_CHANGED: Facts(_EITHER, Group.TRACKERS, True)}
    known |= {Kind.KEPT_FROM: Facts(_EITHER, Group.RETENTION, True)}
    kept = (Kind.RETENTION_SET, Kind.RETENTION_GONE, Kind.DUTY_ADDED, Kind.DUTY_DROPPED, Kind.DUTY_CHANGED)
    known |= dict.fromkeys(kept, Facts(_EITHER, Group.RETENTION))
    known |= {Kind.CONTROLLER: Facts(_EITHER, Group.RIGHTS, True, Tell.EVERYBODY)}
    known |= dict.fromkeys((Kind.CONTACT, Kind.CATEGORY_SPECIAL), Facts(_EITHER, Group.RIGHTS, True))
    quiet = (Kind.AUTHORITY, Kind.OFFICER, Kind.SOURCE_CHANGED, Kind.MEASURE_ADDED, Kind.MEASURE_DROPPED)
    known |= dict.fromkeys(quiet, Facts(_EITHER, Group.RIGHTS))
    known |= dict.fromkeys((Kind.FIRST, Kind.DETAIL), Facts(_EITHER, Group.WORDS))
    words = (Kind.SECTION_ADDED, Kind.SECTION_DROPPED, Kind.REWORDED, Kind.EDITORIAL)
    return known | dict.fromkeys(words, Facts(_WORDS, Group.WORDS))


#: What each kind means.
FACTS: dict[Kind, Facts] = _facts()

Value = Basis | Objection | Trigger | Period | Texts | str | None


class Piece(NamedTuple):
    """Some words of a text that is compared: ``same``, ``gone`` or ``new``."""

    state: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. ``path`` is where it stands in the document (in the old one if it is gone from the new).

    ``purposes`` are those whose use it changes, ``regions`` where, ``items`` the ids that came or went. ``texts`` are
    the old and the new words by language, where a text was reworded.
    """

    kind: Kind
    path: Path
    purposes: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    items: tuple[str, ...] = ()
    before: Value = None
    after: Value = None
    ask: Ask = Ask.NO
    texts: dict[str, tuple[Piece, ...]] = field(default_factory=dict, compare=False)
    weighty: bool = False  # a rewording that must be told: how people use their rights

    @property
    def facts(self) -> Facts:
        """What its kind means."""
        return FACTS[self.kind]

    @property
    def severity(self) -> Severity:
        """Whether it widens or narrows what may be done."""
        return self.facts.severity

    @property
    def group(self) -> Group:
        """The heading it is told under."""
        return Group.RIGHTS if self.weighty else self.facts.group

    @property
    def material(self) -> bool:
        """Whether people must be told before it takes effect."""
        return self.facts.material or self.weighty

    @property
    def asks_again(self) -> bool:
        """Whether consent given before no longer covers what is done."""
        return self.ask is Ask.FORCED

    @property
    def place(self) -> str:
        """The path as people read it."""
        return written(self.path)


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs between two documents, in the order in which it is told."""

    old: Document | None
    new: Document
    all: tuple[Change, ...]

    def __iter__(self) -> Iterator[Change]:
        """Walk the changes."""
        return iter(self.all)

    def __len__(self) -> int:
        """Count the changes."""
        return len(self.all)

    def of(self, purpose: str) -> tuple[Change, ...]:
        """Give the changes that concern a purpose."""
        return tuple(change for change in self.all if purpose in change.purposes)

    def where(self, wanted: Callable[[Change], bool]) -> "Changes":
        """Keep some of the changes."""
        return Changes(self.old, self.new, tuple(change for change in self.all if wanted(change)))

    @property
    def material(self) -> "Changes":
        """The changes that people must be told of before they take effect; none of a first version."""
        return self.where(lambda change: change.material and self.old is not None)
