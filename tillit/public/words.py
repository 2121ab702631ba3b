"""Small wordings of the pages for people."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tillit.policy.bases import Basis
from tillit.policy.regions import Region

GROUNDS: Mapping[Basis, Promise] = {
    Basis.CONSENT: _("your consent"),
    Basis.CONTRACT: _("an agreement with you"),
    Basis.LEGAL_OBLIGATION: _("a legal obligation"),
    Basis.VITAL_INTERESTS: _("somebody's vital interests"),
    Basis.PUBLIC_TASK: _("a task in the public interest"),
    Basis.LEGITIMATE_INTEREST: _("a legitimate interest"),
    Basis.OPT_OUT: _("the law where you are, which permits it until you say no"),
    Basis.NONE: _("nothing"),
}
STATES: Mapping[str, Promise] = {
    "granted": _("You said yes"),
    "refused": _("You said no"),
    "withdrawn": _("You took back your consent"),
    "objected": _("You objected"),
}
METHODS: Mapping[str, Promise] = {
    "import": _("brought in with evidence"),
    "confirmed": _("confirmed by mail"),
    "one-click": _("by one click in a mail"),
    "gpc": _("by a signal of your browser"),
    "preferences": _("in the preference centre"),
    "operator": _("recorded by staff at your request"),
}
REGIONS: Mapping[Region, Promise] = {
    Region.EEA: _("the European Economic Area"),
    Region.UK: _("the United Kingdom"),
    Region.CH: _("Switzerland"),
    Region.US_CA: _("California"),
    Region.US: _("the United States"),
    Region.CA: _("Canada"),
    Region.AU: _("Australia"),
    Region.NZ: _("New Zealand"),
    Region.JP: _("Japan"),
    Region.KR: _("South Korea"),
    Region.BR: _("Brazil"),
    Region.SG: _("Singapore"),
    Region.OTHER: _("other countries"),
}
#: The fields that every workspace begins with, so that their labels are translated.
FIELD_LABELS = (_("First name"), _("Last name"), _("Title"), _("Company"), _("City"), _("Country"))


def ground(basis: Basis | None) -> str:
    """Say a legal ground to the person whom it is about."""
    return str(GROUNDS[basis or Basis.NONE])


def masked(address: str) -> str:
    """Return an address that its owner recognises and a stranger cannot use: ``a•••@example.org``."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}•••{at}{domain}" if at else ""
