"""Regions of law as small codes, and which country belongs to which.

A region is a set of places with one privacy regime. Its code is the position of a bit in a rule's
region sets, so a code is never given another meaning and never exceeds 30.
"""

from enum import IntEnum


class Region(IntEnum):
    """A regime of privacy law. The numbers are stored with every person and never change."""

    UNKNOWN = 0
    EEA = 1
    UK = 2
    CH = 3
    US_CA = 4
    US = 5
    CA = 6
    AU = 7
    NZ = 8
    JP = 9
    KR = 10
    BR = 11
    SG = 12
    OTHER = 30

    @property
    def code(self) -> str:
        """The name a policy document uses, such as ``EEA`` or ``US-CA``."""
        return self.name.replace("_", "-")


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: One more than the highest region code; the length of every table indexed by region.
REGION_COUNT = 31

#: The regions a policy document may name: every one but ``UNKNOWN``, which is always derived.
NAMED_REGIONS: dict[str, Region] = {r.code: r for r in Region if r is not Region.UNKNOWN}

#: Regions whose law knows only the six grounds of GDPR art 6 (and its UK twin).
GDPR_REGIONS = frozenset({Region.EEA, Region.UK})

#: The European Economic Area: 27 member states of the European Union, and the three EFTA states that apply
#: the GDPR. Source: EEA Agreement, annex XI as amended by Joint Committee Decision 154/2018; EU
#: membership as of 2020-02-01 (no change until 2025-07-01).
EEA_COUNTRIES = _codes("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO")

#: Territories with their own country code where the GDPR applies as in the mother country: Åland and the French
#: outermost regions (TFEU art 349, 355(1)), Svalbard and Jan Mayen (the Norwegian act reaches them).
EEA_TERRITORIES = _codes("AX GF GP MF MQ RE YT SJ")

#: The United Kingdom, and the Crown dependencies and Gibraltar, whose acts copy the UK GDPR.
UK_COUNTRIES = _codes("GB GG GI IM JE")

#: Territories of the United States that share its federal law. Source: ISO 3166-1.
US_COUNTRIES = _codes("US AS GU MP PR UM VI")

#: Codes in use beside ISO 3166-1: Greece and the United Kingdom as the European Union writes them.
_ALIASES = {"EL": "GR", "UK": "GB"}

_SINGLE = {
    "CH": Region.CH,
    "CA": Region.CA,
    "AU": Region.AU,
    "NZ": Region.NZ,
    "JP": Region.JP,
    "KR": Region.KR,
    "BR": Region.BR,
    "SG": Region.SG,
}

#: Every other country code in use. Source: ISO 3166-1 alpha-2 (249 codes, 2024), plus XK for Kosovo.
_OTHER = _codes(
    "AD AE AF AG AI AL AM AO AQ AR AW AZ BA BB BD BF BH BI BJ BL BM BN BO BQ BS BT BV BW BY BZ "
    "CC CD CF CG CI CK CL CM CN CO CR CU CV CW CX DJ DM DO DZ EC EG EH ER ET FJ FK FM FO GA GD "
    "GE GH GL GM GN GQ GS GT GW GY HK HM HN HT ID IL IN IO IQ IR JM JO KE KG KH KI KM KN KP KW "
    "KY KZ LA LB LC LK LR LS LY MA MC MD ME MG MH MK ML MM MN MO MR MS MU MV MW MX MY MZ NA NC "
    "NE NF NG NI NP NR NU OM PA PE PF PG PH PK PM PN PS PW PY QA RS RU RW SA SB SC SD SH SL SM "
    "SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UY UZ VA "
    "VC VE VG VN VU WF WS XK YE ZA ZM ZW"
)


def _region_by_country() -> dict[str, Region]:
    table = dict.fromkeys(_OTHER, Region.OTHER)
    table |= dict.fromkeys(EEA_COUNTRIES | EEA_TERRITORIES, Region.EEA)
    table |= dict.fromkeys(UK_COUNTRIES, Region.UK)
    table |= dict.fromkeys(US_COUNTRIES, Region.US)
    table |= _SINGLE
    return table


_COUNTRIES = _region_by_country()

#: Every country code that is known here.
COUNTRIES = frozenset(_COUNTRIES)


def region_of(country: str | None, subdivision: str | None = None) -> Region:
    """Give the region of law of a place.

    ``country`` is an ISO 3166-1 alpha-2 code in any case, ``subdivision`` an ISO 3166-2 code with
    or without its country (``US-CA`` or ``CA``); only the states of the US make a difference.
    What is missing or not a country is ``UNKNOWN``, which every rule decides as the strictest. For
    the same reason a person in the US whose state is not known is taken to be in California.
    """
    code = (country or "").strip().upper()
    code = _ALIASES.get(code, code)
    region = _COUNTRIES.get(code, Region.UNKNOWN)
    if code == "US":
        state = (subdivision or "").strip().upper().removeprefix("US-")
        return Region.US_CA if state in ("", "CA") else Region.US
    return region


def region_bits(*regions: Region) -> int:
    """Give the bit set of some regions, as a rule holds it."""
    bits = 0
    for region in regions:
        bits |= 1 << region
    return bits
