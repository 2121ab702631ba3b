"""The words a statement adds to the document's own: headings and terms of law, in English and Swedish."""

from collections.abc import Mapping

from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Audience, Right
from tillit.policy.keeping import Trigger
from tillit.policy.regions import Region
from tillit.policy.roles import Role
from tillit.policy.values import Period

Pair = tuple[str, str]

#: Headings and short phrases, by what they say: English, Swedish.
_PHRASES: Mapping[str, Pair] = {
    "version": ("Version", "Version"),
    "in_force_from": ("In force from", "Gäller från"),
    "draft": ("Draft, not in force", "Utkast, gäller inte"),
    "purposes": ("What we use information for", "Vad vi använder uppgifter till"),
    "purpose": ("Purpose", "Ändamål"),
    "ground": ("Ground", "Grund"),
    "your_say": ("Your say", "Ditt inflytande"),
    "about": ("About", "Gäller"),
    "information": ("Information", "Uppgifter"),
    "received_by": ("Received by", "Mottagare"),
    "weighed": ("How we weighed it", "Så har vi vägt det"),
    "compulsory": ("If you do not give it", "Om du inte lämnar det"),
    "lapses": ("Consent lapses after", "Samtycket upphör efter"),
    "as_processor": (
        "We do this on behalf of somebody else, who decides about it.",
        "Detta gör vi på uppdrag av någon annan, som bestämmer över det.",
    ),
    "everything": ("everything we hold", "allt vi har"),
    "everybody": ("everybody", "alla"),
    "everywhere": ("everywhere", "överallt"),
    "elsewhere": ("elsewhere", "annars"),
    "not_used": ("not done", "görs inte"),
    "categories": ("What we know", "Vad vi vet"),
    "special": ("Specially protected by law.", "Särskilt skyddat i lag."),
    "sources": ("Where it comes from", "Varifrån det kommer"),
    "recipients": ("Who receives it", "Vilka som får det"),
    "protected_by": ("Protected by", "Skyddas av"),
    "in_eea": ("in the EEA", "inom EES"),
    "until": ("until", "till"),
    "own_policy": ("Its own policy", "Dess egen policy"),
    "own_marketing": (
        "May use it for its own direct marketing.",
        "Får använda det för sin egen direktmarknadsföring.",
    ),
    "recourse": ("If you are not content", "Om du inte är nöjd"),
    "trackers": ("Cookies and the like", "Kakor och liknande"),
    "name": ("Name", "Namn"),
    "lasts": ("Lasts", "Varar"),
    "needs": ("When", "När"),
    "essential": ("always, since it is necessary", "alltid, eftersom det är nödvändigt"),
    "if_permitted": ("only if you permit it", "bara om du tillåter det"),
    "session": ("as long as you see it", "så länge du ser det"),
    "retention": ("How long we keep it", "Hur länge vi behåller det"),
    "kept": ("Kept", "Behålls"),
    "then": ("Then", "Sedan"),
    "why": ("Why", "Varför"),
    "delete": ("deleted", "raderas"),
    "anonymise": ("made anonymous", "görs anonymt"),
    "rights": ("Your rights", "Dina rättigheter"),
    "how": ("How", "Så gör du"),
    "verification": ("How we know that it is you", "Hur vi vet att det är du"),
    "authority": ("Where to complain", "Var du kan klaga"),
    "contact": ("Whom to write to", "Vem du skriver till"),
    "objections": ("Objections", "Invändningar"),
    "privacy": ("Questions about privacy", "Frågor om integritet"),
}

_BASES: Mapping[Basis, Pair] = {
    Basis.CONSENT: ("your consent", "ditt samtycke"),
    Basis.CONTRACT: ("a contract with you", "ett avtal med dig"),
    Basis.LEGAL_OBLIGATION: ("a legal obligation", "en rättslig förpliktelse"),
    Basis.VITAL_INTERESTS: ("vital interests", "grundläggande intressen"),
    Basis.PUBLIC_TASK: ("a task in the public interest", "en uppgift av allmänt intresse"),
    Basis.LEGITIMATE_INTEREST: ("a legitimate interest", "ett berättigat intresse"),
    Basis.OPT_OUT: ("permitted until you say no", "tillåtet tills du säger nej"),
    Basis.NONE: ("not done", "görs inte"),
}

_OBJECTIONS: Mapping[Objection, Pair] = {
    Objection.AT_ONCE: ("you can say no at any time, at once", "du kan säga nej när som helst, genast"),
    Objection.REVIEW: ("you can object, and we weigh your reasons", "du kan invända, och vi väger dina skäl"),
    Objection.NONE: ("cannot be refused", "kan inte nekas"),
}

_REGIONS: Mapping[Region, Pair] = {
    Region.UNKNOWN: ("unknown", "okänd"),
    Region.EEA: ("European Economic Area", "Europeiska ekonomiska samarbetsområdet"),
    Region.UK: ("United Kingdom", "Storbritannien"),
    Region.CH: ("Switzerland", "Schweiz"),
    Region.US_CA: ("California", "Kalifornien"),
    Region.US: ("United States", "USA"),
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
    Trigger.COLLECTED: ("after it was collected", "efter att det samlades in"),
    Trigger.LAST_CONTACT: ("after the last contact", "efter den sista kontakten"),
    Trigger.WITHDRAWN: ("after you withdrew", "efter att du återkallade"),
    Trigger.RELATION_ENDED: ("after the relation ended", "efter att relationen upphörde"),
    Trigger.ACCOUNT_CLOSED: ("after the account was closed", "efter att kontot stängdes"),
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
    Right.PORT: ("Taking it with you", "Att ta det med sig"),
    Right.OBJECT: ("Objection", "Invändning"),
    Right.WITHDRAW: ("Withdrawal of consent", "Återkallelse av samtycke"),
    Right.HUMAN_REVIEW: ("Human review", "Mänsklig prövning"),
    Right.OPT_OUT_OF_SALE: ("No sale or sharing", "Ingen försäljning eller delning"),
    Right.LIMIT_SENSITIVE: ("Limits on sensitive information", "Gräns för känsliga uppgifter"),
    Right.MARKETING_DISCLOSURE: ("Disclosure for direct marketing", "Besked om direktmarknadsföring"),
    Right.UNSUBSCRIBE: ("Leaving a list", "Att lämna en lista"),
    Right.COMPLAIN: ("Complaint", "Klagomål"),
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

    def phrase(self, name: str) -> str:
        """Give a heading or phrase. Raises KeyError on one that does not exist."""
        return _PHRASES[name][self._index]

    def basis(self, basis: Basis) -> str:
        """Give the name of a ground."""
        return _BASES[basis][self._index]

    def objection(self, objection: Objection) -> str:
        """Say whether a purpose can be refused."""
        return _OBJECTIONS[objection][self._index]

    def region(self, region: Region) -> str:
        """Give the name of a region."""
        return _REGIONS[region][self._index]

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
