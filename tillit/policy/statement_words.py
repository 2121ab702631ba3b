"""The words a statement adds to the document's own: terms of law, places, dates, in English and Swedish."""

from collections.abc import Iterable, Mapping
from datetime import date

from babel import Locale
from babel.dates import format_date

from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Audience, RecipientRole, Right
from tillit.policy.keeping import Trigger
from tillit.policy.regions import Region
from tillit.policy.roles import Role
from tillit.policy.statement_phrases import PHRASES, Pair
from tillit.policy.values import Period

_BASES: Mapping[Basis, Pair] = {
    Basis.CONSENT: ("your consent", "ditt samtycke"),
    Basis.CONTRACT: ("an agreement with you", "ett avtal med dig"),
    Basis.LEGAL_OBLIGATION: ("a legal obligation", "en rättslig förpliktelse"),
    Basis.VITAL_INTERESTS: ("somebody's vital interests", "någons grundläggande intressen"),
    Basis.PUBLIC_TASK: ("a task in the public interest", "en uppgift av allmänt intresse"),
    Basis.LEGITIMATE_INTEREST: ("a legitimate interest", "ett berättigat intresse"),
    Basis.OPT_OUT: ("permitted by law until you say no", "tillåtet enligt lag tills du säger nej"),
    Basis.NONE: ("not done", "görs inte"),
}

_OBJECTIONS: Mapping[Objection, Pair] = {
    Objection.AT_ONCE: ("you can say no at any time, at once", "du kan säga nej när som helst, genast"),
    Objection.REVIEW: ("you can object, and we weigh your reasons", "du kan invända, och vi väger dina skäl"),
    Objection.NONE: ("cannot be refused", "kan inte nekas"),
}

#: Whether a "no" works, by what is done with it; a consent is off until it is given.
_SAYS: Mapping[Objection | None, Pair] = {
    None: (
        "Yes: it is off until you say yes, and you can take that back at any time",
        "Ja: det är avstängt tills du säger ja, och du kan ta tillbaka ditt ja när som helst",
    ),
    Objection.AT_ONCE: (
        "Yes, at any time and without giving a reason",
        "Ja, när som helst och utan att ange skäl",
    ),
    Objection.REVIEW: (
        "You can object, and we weigh your reasons against ours",
        "Du kan invända, och vi väger dina skäl mot våra",
    ),
    Objection.NONE: ("No", "Nej"),
}

_REGIONS: Mapping[Region, Pair] = {
    Region.UNKNOWN: ("unknown", "okänd"),
    Region.EEA: ("EEA", "EES"),
    Region.UK: ("United Kingdom", "Storbritannien"),
    Region.CH: ("Switzerland", "Schweiz"),
    Region.US_CA: ("California", "Kalifornien"),
    Region.US: ("United States outside California", "USA utom Kalifornien"),
    Region.CA: ("Canada", "Kanada"),
    Region.AU: ("Australia", "Australien"),
    Region.NZ: ("New Zealand", "Nya Zeeland"),
    Region.JP: ("Japan", "Japan"),
    Region.KR: ("South Korea", "Sydkorea"),
    Region.BR: ("Brazil", "Brasilien"),
    Region.SG: ("Singapore", "Singapore"),
    Region.OTHER: ("other countries", "andra länder"),
}

_AUDIENCES: Mapping[Audience, Pair] = {
    Audience.EVERYONE: ("For everyone", "För alla"),
    Audience.CONTACTS: ("For contacts", "För kontakter"),
    Audience.VISITORS: ("For visitors", "För besökare"),
    Audience.MEMBERS: ("For members", "För medlemmar"),
    Audience.PARTNERS: ("For partners", "För partner"),
    Audience.APPLICANTS: ("For applicants", "För sökande"),
    Audience.CUSTOMERS: ("For customers", "För kunder"),
}

_ROLES: Mapping[Role, Pair] = {
    Role.CONTACT: ("contacts", "kontakter"),
    Role.VISITOR: ("visitors", "besökare"),
    Role.MEMBER: ("members", "medlemmar"),
    Role.PARTNER: ("partners", "partner"),
    Role.APPLICANT: ("applicants", "sökande"),
    Role.CUSTOMER: ("customers", "kunder"),
}

_TRIGGERS: Mapping[Trigger, Pair] = {
    Trigger.COLLECTED: ("after it was collected", "efter insamlingen"),
    Trigger.LAST_CONTACT: ("after our last contact with you", "efter vår senaste kontakt med dig"),
    Trigger.WITHDRAWN: ("after you took back your consent", "efter att du tog tillbaka ditt samtycke"),
    Trigger.RELATION_ENDED: ("after our relation ended", "efter att vår relation upphörde"),
    Trigger.ACCOUNT_CLOSED: ("after the account was closed", "efter att kontot avslutades"),
    Trigger.DECIDED: ("after the decision", "efter beslutet"),
    Trigger.CLOSED: ("after the matter was closed", "efter att ärendet avslutades"),
    Trigger.YEAR_ENDED: ("after the end of the year", "efter årets slut"),
    Trigger.POLICY_REPLACED: ("after the policy was replaced", "efter att policyn ersattes"),
}

_RIGHTS: Mapping[Right, Pair] = {
    Right.ACCESS: ("Access", "Tillgång"),
    Right.RECTIFY: ("Correction", "Rättelse"),
    Right.ERASE: ("Erasure", "Radering"),
    Right.RESTRICT: ("Restriction", "Begränsning"),
    Right.PORT: ("Taking it with you", "Dataportabilitet"),
    Right.OBJECT: ("Objection", "Invändning"),
    Right.WITHDRAW: ("Withdrawal of consent", "Återkallelse av samtycke"),
    Right.HUMAN_REVIEW: ("Review by a person", "Prövning av en människa"),
    Right.OPT_OUT_OF_SALE: ("No sale or sharing", "Ingen försäljning eller delning"),
    Right.LIMIT_SENSITIVE: ("Limits on sensitive information", "Begränsning för känsliga uppgifter"),
    Right.MARKETING_DISCLOSURE: ("Disclosure for direct marketing", "Besked om direktmarknadsföring"),
    Right.UNSUBSCRIBE: ("Leaving a list", "Att lämna en lista"),
    Right.COMPLAIN: ("Complaint", "Klagomål"),
}

_RECIPIENT_ROLES: Mapping[RecipientRole, Pair] = {
    RecipientRole.PROCESSOR: ("works for us, as we instruct it", "arbetar åt oss, enligt våra instruktioner"),
    RecipientRole.CONTROLLER: ("decides itself what it does", "bestämmer själv vad den gör"),
    RecipientRole.JOINT_CONTROLLER: ("decides together with us", "bestämmer tillsammans med oss"),
    RecipientRole.PARTNER: ("partner, decides itself what it does", "partner, bestämmer själv vad den gör"),
    RecipientRole.ADVERTISING: ("advertising partner", "annonspartner"),
    RecipientRole.AUTHORITY: ("public authority", "myndighet"),
    RecipientRole.BUYER: ("buyer of the business", "köpare av verksamheten"),
}

_UNITS: Mapping[str, tuple[Pair, Pair]] = {
    "year": (("year", "years"), ("år", "år")),
    "month": (("month", "months"), ("månad", "månader")),
    "day": (("day", "days"), ("dag", "dagar")),
}


class Words:
    """The words of one language; any language but Swedish gets the English ones."""

    def __init__(self, language: str) -> None:
        """Choose the language."""
        self.language = language
        self._index = 1 if language.startswith("sv") else 0
        self._locale = Locale.parse("sv" if self._index else "en_GB")

    def phrase(self, name: str) -> str:
        """Give a heading or phrase. Raises KeyError on one that does not exist."""
        return PHRASES[name][self._index]

    def basis(self, basis: Basis) -> str:
        """Give the name of a ground."""
        return _BASES[basis][self._index]

    def objection(self, objection: Objection) -> str:
        """Say whether a purpose can be refused."""
        return _OBJECTIONS[objection][self._index]

    def say(self, basis: Basis | None, objection: Objection) -> str:
        """Tell a person whether their "no" works where a purpose has this ground."""
        return _SAYS[None if basis is Basis.CONSENT else objection][self._index]

    def region(self, region: Region) -> str:
        """Give the name of a region."""
        return _REGIONS[region][self._index]

    def regions(self, regions: Iterable[Region]) -> str:
        """Give the names of regions as one phrase; California and the other states together are one country."""
        named = list(regions)
        names = [self.region(each) for each in named]
        if Region.US in named and Region.US_CA in named:
            names[named.index(Region.US)] = self.country("US")
            names.remove(self.region(Region.US_CA))
        return self.series(names)

    def country(self, code: str) -> str:
        """Give the name of a country, else its code. Source: Unicode CLDR."""
        return str(self._locale.territories.get(code, code))

    def series(self, names: Iterable[str]) -> str:
        """Join names as one says them: ``a, b and c``."""
        *first, last = [*names] or [""]
        return f"{', '.join(first)} {self.phrase('and')} {last}" if first else last

    def day(self, day: date) -> str:
        """Give a date in words: ``1 maj 2026``."""
        return format_date(day, "d MMMM y", locale=self._locale)

    def recipient(self, role: RecipientRole) -> str:
        """Say what a recipient is in law."""
        return _RECIPIENT_ROLES[role][self._index]

    def audience(self, audience: Audience) -> str:
        """Give the heading of an audience's layer."""
        return _AUDIENCES[audience][self._index]

    def role(self, role: Role) -> str:
        """Give the name of the people of a role."""
        return _ROLES[role][self._index]

    def trigger(self, trigger: Trigger) -> str:
        """Say from what a retention period counts."""
        return _TRIGGERS[trigger][self._index]

    def right(self, right: Right) -> str:
        """Give the name of a right."""
        return _RIGHTS[right][self._index]

    def period(self, period: Period) -> str:
        """Give a period in words: ``24 månader``."""
        count, unit = str(period).split(" ")
        one, many = _UNITS[unit.removesuffix("s")][self._index]
        return f"{count} {one if count == '1' else many}"
