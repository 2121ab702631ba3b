"""A page of people as the console lists them: read from the address, found, decided for marketing, and linked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from tillit.ledger.versions import Version
from tillit.people.models import MailingList, Subscription
from tillit.people.patience import ADVICE, TooSlow
from tillit.people.queries import decision_for
from tillit.people.search import Found, FoundPage, Wanted, find
from tillit.people.selection import RESTRICTED, SUPPRESSED, UNREACHABLE
from tillit.policy.decide import explain
from tillit.policy.outcomes import Reason
from tillit.policy.regions import Region

MARKETING = "marketing.email"
REGIONS: dict[int, str | Promise] = {
    Region.UNKNOWN: gettext_lazy("Not known"),
    Region.EEA: gettext_lazy("EEA"),
    Region.UK: gettext_lazy("United Kingdom"),
    Region.CH: gettext_lazy("Switzerland"),
    Region.US_CA: gettext_lazy("California"),
    Region.US: gettext_lazy("United States"),
    Region.CA: gettext_lazy("Canada"),
    Region.AU: gettext_lazy("Australia"),
    Region.NZ: gettext_lazy("New Zealand"),
    Region.JP: gettext_lazy("Japan"),
    Region.KR: gettext_lazy("South Korea"),
    Region.BR: gettext_lazy("Brazil"),
    Region.SG: gettext_lazy("Singapore"),
    Region.OTHER: gettext_lazy("Elsewhere"),
}
STATES: list[tuple[str, str | Promise]] = [
    *Subscription.State.choices,
    (RESTRICTED, gettext_lazy("Processing restricted")),
    (UNREACHABLE, gettext_lazy("Cannot be reached")),
    (SUPPRESSED, gettext_lazy("Suppressed")),
]
REASONS: dict[Reason, str | Promise] = {
    Reason.PERMITTED_BY_BASIS: gettext_lazy("until they say no"),
    Reason.PERMITTED_BY_CONSENT: gettext_lazy("consented"),
    Reason.NOT_FOR_THIS_ROLE: gettext_lazy("not for their role"),
    Reason.NO_BASIS_IN_REGION: gettext_lazy("no ground where they are"),
    Reason.CONSENT_MISSING: gettext_lazy("no consent"),
    Reason.REFUSED: gettext_lazy("said no"),
    Reason.RESTRICTED: gettext_lazy("restricted"),
    Reason.UNREACHABLE: gettext_lazy("cannot be reached"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row: what was found, and what the policy says of marketing mail to the person."""

    found: Found
    region: str | Promise
    permitted: bool
    reason: str | Promise
    because: str

    @property
    def title(self) -> str:
        return self.found.name or self.found.address or str(self.found.person.pk)[:8]


class PeopleListing:
    """Reads `q`, `list`, `segment`, `state`, `region` and the place from the address; finds in the caller's context."""

    keeps = ("list", "segment", "state", "region")
    advice: str | Promise = ADVICE

    def __init__(
        self, request: HttpRequest, workspace_id: int, version: Version, *, list_id: int | None = None
    ) -> None:
        self._get, self._workspace_id, self._version = request.GET, workspace_id, version
        self.query = self._get.get("q", "").strip()[:200]
        self.state = self._get.get("state", "") if self._get.get("state") in dict(STATES) else ""
        self.region = _number(self._get.get("region"))
        self.list_id = list_id if list_id is not None else _number(self._get.get("list"))
        self.segment_id = _number(self._get.get("segment"))
        self._fixed_list = list_id is not None

    @property
    def wanted(self) -> Wanted:
        """What is looked for, wherever in the list one is."""
        return Wanted(
            text=self.query,
            list_id=self.list_id,
            state=self.state,
            region=self.region,
            segment_id=self.segment_id,
            after=_place(self._get.get("after")),
            before=_place(self._get.get("before")),
        )

    @cached_property
    def _page(self) -> FoundPage | None:
        """The page; None when finding it took too long."""
        try:
            return find(self._workspace_id, self.wanted)
        except TooSlow:
            return None

    @property
    def too_slow(self) -> bool:
        """Whether looking was given up: nobody is shown, and `advice` says what to do."""
        return self._page is None

    @cached_property
    def rows(self) -> list[Line]:
        """The page's people, each decided for marketing mail."""
        return [self.line(found) for found in self._page.rows] if self._page else []

    def line(self, found: Found) -> Line:
        """One person, decided for marketing mail."""
        decision = decision_for(self._version, MARKETING, found.person)
        because = explain(decision, get_language() or "en", purpose=self._marketing)
        region = REGIONS.get(found.person.region, REGIONS[Region.UNKNOWN])
        return Line(found, region, decision.permitted, REASONS[decision.reason], because)

    @cached_property
    def _marketing(self) -> str:
        return self._version.document.purposes[MARKETING].title.said(get_language() or "en")

    def __iter__(self) -> Iterator[Line]:
        return iter(self.rows)

    @property
    def filtered(self) -> bool:
        """Whether the reader narrowed the list."""
        wanted_list = None if self._fixed_list else self.list_id
        return bool(self.query or self.state or wanted_list or self.segment_id) or self.region is not None

    @property
    def savable(self) -> bool:
        """Whether the filters alone, without what was typed, narrow the list."""
        return not replace(self.wanted, text="", ids=()).anything

    @property
    def next_href(self) -> str:
        older = self._page is not None and self._page.older
        return self.href(after=str(self.rows[-1].found.person.pk)) if older and self.rows else ""

    @property
    def previous_href(self) -> str:
        newer = self._page is not None and self._page.newer
        return self.href(before=str(self.rows[0].found.person.pk)) if newer and self.rows else ""

    @property
    def carried(self) -> list[tuple[str, str]]:
        """The filters as hidden fields of a form carry them on."""
        pairs = [*((name, self._get.get(name, "")) for name in self.keeps), ("q", self.query)]
        return [(name, value) for name, value in pairs if value]

    @property
    def export_query(self) -> str:
        """The filters as the export's address carries them."""
        return self.href()

    def href(self, **more: str) -> str:
        """An address of the same list, searched and filtered alike."""
        kept = {name: self._get.get(name, "") for name in self.keeps}
        query = {**kept, "q": self.query, **more}
        return "?" + urlencode({name: value for name, value in query.items() if value})


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _place(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadRequest("The address names a place in the list that does not exist.") from error


def list_choices(mailing_lists: list[MailingList]) -> list[tuple[int, str]]:
    """Lists as the choices of a select."""
    return [(each.pk, each.name) for each in mailing_lists]
