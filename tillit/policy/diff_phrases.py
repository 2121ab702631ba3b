"""The phrases of ``diff_words``, each in English and Swedish."""

from collections.abc import Mapping

from tillit.policy.bases import Basis
from tillit.policy.diff_kinds import Group, Kind
from tillit.policy.document import RecipientRole
from tillit.policy.regions import Region

Pair = tuple[str, str]
Phrase = tuple[tuple[str, str], tuple[str, str]]

#: What a purpose does on a ground: verb and rest, in English and in Swedish.
IS: Mapping[Basis | None, Phrase] = {
    Basis.CONSENT: (("needs", "consent"), ("kräver", "samtycke")),
    Basis.CONTRACT: (("is", "needed for a contract"), ("behövs", "för ett avtal")),
    Basis.LEGAL_OBLIGATION: (("is", "required by law"), ("krävs", "enligt lag")),
    Basis.VITAL_INTERESTS: (("protects", "somebody's vital interests"), ("skyddar", "någons grundläggande intressen")),
    Basis.PUBLIC_TASK: (("is", "a task in the public interest"), ("är", "en uppgift av allmänt intresse")),
    Basis.LEGITIMATE_INTEREST: (("rests", "on a legitimate interest"), ("vilar", "på ett berättigat intresse")),
    Basis.OPT_OUT: (("is", "permitted until somebody says no"), ("är", "tillåtet tills någon säger nej")),
    None: (("is no longer done", ""), ("görs inte längre", "")),
}
WAS: Mapping[Basis | None, Phrase] = {
    Basis.CONSENT: (("needed", "consent"), ("krävde", "samtycke")),
    Basis.CONTRACT: (("was", "needed for a contract"), ("behövdes", "för ett avtal")),
    Basis.LEGAL_OBLIGATION: (("was", "required by law"), ("krävdes", "enligt lag")),
    Basis.VITAL_INTERESTS: (
        ("protected", "somebody's vital interests"),
        ("skyddade", "någons grundläggande intressen"),
    ),
    Basis.PUBLIC_TASK: (("was", "a task in the public interest"), ("var", "en uppgift av allmänt intresse")),
    Basis.LEGITIMATE_INTEREST: (("rested", "on a legitimate interest"), ("vilade", "på ett berättigat intresse")),
    Basis.OPT_OUT: (("was", "permitted until somebody said no"), ("var", "tillåtet tills någon sade nej")),
    None: (("was", "not done there"), ("gjordes", "inte där")),
}

#: Where: each region with its preposition.
PLACES: Mapping[Region, Pair] = {
    Region.UNKNOWN: ("where we do not know the region", "där vi inte känner regionen"),
    Region.EEA: ("in the EEA", "i EES"),
    Region.UK: ("in the United Kingdom", "i Storbritannien"),
    Region.CH: ("in Switzerland", "i Schweiz"),
    Region.US_CA: ("in California", "i Kalifornien"),
    Region.US: ("in the United States", "i USA"),
    Region.CA: ("in Canada", "i Kanada"),
    Region.AU: ("in Australia", "i Australien"),
    Region.NZ: ("in New Zealand", "på Nya Zeeland"),
    Region.JP: ("in Japan", "i Japan"),
    Region.KR: ("in South Korea", "i Sydkorea"),
    Region.BR: ("in Brazil", "i Brasilien"),
    Region.SG: ("in Singapore", "i Singapore"),
    Region.OTHER: ("in other countries", "i andra länder"),
}

GROUPS: Mapping[Group, Pair] = {
    Group.PERMITTED: ("What becomes permitted", "Vad som blir tillåtet"),
    Group.STOPS: ("What stops", "Vad som upphör"),
    Group.RECIPIENTS: ("Who receives data", "Vilka som får uppgifter"),
    Group.TRACKERS: ("Cookies and the like", "Kakor och liknande"),
    Group.RETENTION: ("How long it is kept", "Hur länge det behålls"),
    Group.RIGHTS: ("Rights, and who answers for them", "Rättigheter, och vem som svarar för dem"),
    Group.WORDS: ("Words", "Ordalydelsen"),
}

SMALL: Mapping[str, Pair] = {
    "and": ("and", "och"),
    "everywhere": ("everywhere", "överallt"),
    "others": ("everybody else", "alla andra"),
    "visit": ("as long as the page is open", "så länge sidan är öppen"),
    "forever": ("until it is withdrawn", "tills det återkallas"),
    "nothing": ("nothing", "ingenting"),
    "always": ("always, since it is necessary", "alltid, eftersom det är nödvändigt"),
    "permitted": ("only with permission", "bara med tillåtelse"),
}

DECIDES: Mapping[str, Pair] = {
    "controller": ("decide by ourselves", "bestämmer vi själva"),
    "joint-controller": ("decide together with others", "bestämmer vi tillsammans med andra"),
    "processor": ("act on somebody else's behalf", "handlar vi på någon annans uppdrag"),
}

RECIPIENT_ROLES: Mapping[RecipientRole, Pair] = {
    RecipientRole.PROCESSOR: ("works on our behalf", "arbetar på vårt uppdrag"),
    RecipientRole.CONTROLLER: ("decides by itself", "bestämmer själv"),
    RecipientRole.JOINT_CONTROLLER: ("decides together with us", "bestämmer tillsammans med oss"),
    RecipientRole.PARTNER: ("is our partner", "är vår partner"),
    RecipientRole.ADVERTISING: ("shows advertising", "visar annonser"),
    RecipientRole.AUTHORITY: ("is an authority", "är en myndighet"),
    RecipientRole.BUYER: ("buys the business", "köper verksamheten"),
}

#: What an entry of a section is.
SECTIONS: Mapping[str, Pair] = {
    "operator": ("the company", "företaget"),
    "officers": ("the officers", "de ansvariga"),
    "languages": ("the languages", "språken"),
    "categories": ("the kind of data", "uppgiftsslaget"),
    "purposes": ("the purpose", "ändamålet"),
    "recipients": ("the recipient", "mottagaren"),
    "safeguards": ("the protection", "skyddet"),
    "sources": ("the source", "källan"),
    "trackers": ("the cookie or the like", "kakan eller liknande"),
    "retention": ("the keeping of", "förvaringen av"),
    "duties": ("the legal duty", "den rättsliga skyldigheten"),
    "measures": ("the protection", "skyddet"),
    "rights": ("the rights", "rättigheterna"),
    "statement": ("the statement", "policytexten"),
    "sections": ("the section", "avsnittet"),
}

FIELDS: Mapping[str, Pair] = {
    "title": ("title", "rubrik"),
    "description": ("description", "beskrivning"),
    "balancing": ("balancing test", "intresseavvägning"),
    "compulsory": ("what follows if data is not given", "vad som följer om uppgifter inte lämnas"),
    "business": ("trade", "verksamhet"),
    "address": ("address", "adress"),
    "country": ("country", "land"),
    "email": ("email address", "e-postadress"),
    "phone": ("telephone", "telefon"),
    "website": ("website", "webbplats"),
    "registration": ("registration number", "organisationsnummer"),
    "seat": ("seat", "säte"),
    "contract": ("agreement", "avtal"),
    "policy": ("its own policy", "dess egen policy"),
    "reason": ("reason", "skäl"),
    "law": ("the law behind it", "lagen bakom det"),
    "warranty": ("warranty", "garanti"),
    "evidence": ("evidence", "bevis"),
    "expires": ("end", "slut"),
    "valid_from": ("beginning", "början"),
    "review": ("date of review", "översynsdatum"),
    "recourse": ("what to do if one is not content", "vad man kan göra om man inte är nöjd"),
    "reference": ("reference", "hänvisning"),
    "countries": ("countries", "länder"),
    "fallback": ("what takes its place", "vad som tar dess plats"),
    "kind": ("kind", "slag"),
    "name": ("technical name", "tekniskt namn"),
    "purpose": ("purpose", "ändamål"),
    "host": ("server it talks to", "server som den talar med"),
    "recipient": ("who gets what it reads", "vem som får det den läser"),
    "how": ("how to use them", "hur man använder dem"),
    "verification": ("how identity is made sure of", "hur identiteten säkerställs"),
    "introduction": ("introduction", "inledning"),
    "text": ("text", "text"),
    "keep": ("period", "tid"),
    "after": ("from when it counts", "varifrån tiden räknas"),
    "categories": ("kinds of data", "uppgiftsslag"),
}

_AFTER: Pair = ("{name} {after}; before, it {before}.", "{name} {after}; tidigare {before}.")

#: The sentence of each kind; a second word chooses one for a field, or for where nothing comes after (``none``).
SENTENCES: Mapping[tuple[Kind, str], Pair] = {
    (Kind.FIRST, ""): ("This is the first version of the policy.", "Detta är policyns första version."),
    (Kind.PURPOSE_DROPPED, ""): ("{purpose} is no longer done.", "{purpose} görs inte längre."),
    (Kind.REFUSABLE, ""): (
        "{purpose} can be refused {where}, at once; before, it could not.",
        "{purpose} kan nekas {where}, genast; tidigare gick det inte.",
    ),
    (Kind.UNREFUSABLE, ""): (
        "{purpose} can no longer be refused at once {where}.",
        "{purpose} kan inte längre nekas genast {where}.",
    ),
    (Kind.OBJECTION_HEARD, ""): (
        "It is easier to say no to {purpose}: {after}.",
        "Det är lättare att säga nej till {purpose}: {after}.",
    ),
    (Kind.OBJECTION_LOST, ""): (
        "It is harder to say no to {purpose}: {after}.",
        "Det är svårare att säga nej till {purpose}: {after}.",
    ),
    (Kind.RESTRICTED_USED, ""): (
        "{purpose} goes on for people who have had the use of their data restricted; before, it paused for them.",
        "{purpose} fortsätter för den som har fått användningen av sina uppgifter begränsad; tidigare vilade det.",
    ),
    (Kind.RESTRICTED_SPARED, ""): (
        "{purpose} pauses for people who have had the use of their data restricted.",
        "{purpose} vilar för den som har fått användningen av sina uppgifter begränsad.",
    ),
    (Kind.ROLES_WIDER, ""): ("{purpose} also concerns {items}.", "{purpose} gäller även {items}."),
    (Kind.ROLES_NARROWER, ""): ("{purpose} no longer concerns {items}.", "{purpose} gäller inte längre {items}."),
    (Kind.SENDS, ""): (
        "{purpose} sends messages; nobody whose address does not work is written to.",
        "{purpose} skickar meddelanden; ingen vars adress inte fungerar får något.",
    ),
    (Kind.SENDS_NOTHING, ""): ("{purpose} no longer sends messages.", "{purpose} skickar inte längre meddelanden."),
    (Kind.USES_MORE, ""): ("{purpose} also uses {items}.", "{purpose} använder även {items}."),
    (Kind.USES_LESS, ""): ("{purpose} no longer uses {items}.", "{purpose} använder inte längre {items}."),
    (Kind.SHARES_MORE, ""): (
        "{purpose} also shares information with {items}.",
        "{purpose} lämnar uppgifter även till {items}.",
    ),
    (Kind.SHARES_LESS, ""): (
        "{purpose} no longer shares information with {items}.",
        "{purpose} lämnar inte längre uppgifter till {items}.",
    ),
    (Kind.MARKETING, ""): ("{purpose} is direct marketing.", "{purpose} är direktmarknadsföring."),
    (Kind.NO_MARKETING, ""): (
        "{purpose} is no longer direct marketing.",
        "{purpose} är inte längre direktmarknadsföring.",
    ),
    **dict.fromkeys(
        ((Kind.CONSENT_LONGER, ""), (Kind.CONSENT_SHORTER, "")),
        (
            "Consent to {purpose} lasts {after}; before, {before}.",
            "Samtycke till {purpose} varar {after}; tidigare {before}.",
        ),
    ),
    (Kind.WHO_DECIDES, ""): (
        "In {purpose} we {after}; before, we {before}.",
        "I {purpose} {after}; tidigare {before}.",
    ),
    (Kind.RECIPIENT_ADDED, ""): ("{name} ({country}) is a new recipient.", "{name} ({country}) är en ny mottagare."),
    (Kind.RECIPIENT_DROPPED, ""): ("{name} is no longer a recipient.", "{name} är inte längre en mottagare."),
    (Kind.RECIPIENT_MORE, ""): ("{name} may also receive {items}.", "{name} får även ta emot {items}."),
    (Kind.RECIPIENT_LESS, ""): ("{name} no longer receives {items}.", "{name} tar inte längre emot {items}."),
    (Kind.RECIPIENT_MARKETS, ""): (
        "{name} may use what it receives for its own direct marketing.",
        "{name} får använda det den tar emot för sin egen direktmarknadsföring.",
    ),
    (Kind.RECIPIENT_MARKETS_NOT, ""): (
        "{name} may no longer use what it receives for its own direct marketing.",
        "{name} får inte längre använda det den tar emot för sin egen direktmarknadsföring.",
    ),
    (Kind.RECIPIENT_ROLE, ""): _AFTER,
    (Kind.RECIPIENT_MOVED, ""): (
        "{name} is in another country: {after}; before, {before}.",
        "{name} finns i ett annat land: {after}; tidigare {before}.",
    ),
    (Kind.RECIPIENT_NAMED, ""): (
        "What {before} received goes to {after}.",
        "Det som {before} tog emot går till {after}.",
    ),
    (Kind.RECIPIENT_SAFEGUARD, ""): (
        "What {name} receives is protected by {after}; before, by {before}.",
        "Det {name} tar emot skyddas av {after}; tidigare av {before}.",
    ),
    (Kind.RECIPIENT_SAFEGUARD, "none"): (
        "What {name} receives is no longer protected by {before}.",
        "Det {name} tar emot skyddas inte längre av {before}.",
    ),
    (Kind.SAFEGUARD_ADDED, ""): ("Transfers can be protected by {name}.", "Överföringar kan skyddas av {name}."),
    (Kind.SAFEGUARD_DROPPED, ""): (
        "Transfers are no longer protected by {name}.",
        "Överföringar skyddas inte längre av {name}.",
    ),
    (Kind.SAFEGUARD_CHANGED, ""): (
        "The terms of the protection {name} change: {field}.",
        "Villkoren för skyddet {name} ändras: {field}.",
    ),
    (Kind.TRACKER_ADDED, ""): ("{name} is new on devices: {when}.", "{name} är nytt på enheter: {when}."),
    (Kind.TRACKER_DROPPED, ""): ("{name} is no longer used.", "{name} används inte längre."),
    (Kind.TRACKER_ALWAYS, ""): (
        "{name} is used without asking; before, only with permission.",
        "{name} används utan att fråga; tidigare bara med tillåtelse.",
    ),
    (Kind.TRACKER_ASKS, ""): (
        "{name} is used only with permission; before, always.",
        "{name} används bara med tillåtelse; tidigare alltid.",
    ),
    **dict.fromkeys(
        ((Kind.TRACKER_LONGER, ""), (Kind.TRACKER_SHORTER, "")),
        ("{name} stays {after}; before, {before}.", "{name} finns kvar {after}; tidigare {before}."),
    ),
    (Kind.TRACKER_MORE, ""): ("{name} also collects {items}.", "{name} samlar även in {items}."),
    (Kind.TRACKER_LESS, ""): ("{name} no longer collects {items}.", "{name} samlar inte längre in {items}."),
    (Kind.TRACKER_CHANGED, ""): ("{name} changes: {field}.", "{name} ändras: {field}."),
    **dict.fromkeys(
        ((Kind.KEPT_LONGER, ""), (Kind.KEPT_SHORTER, "")),
        ("We keep {name} for {after}; before, for {before}.", "Vi behåller {name} i {after}; tidigare i {before}."),
    ),
    (Kind.KEPT_FROM, ""): (
        "The time for {name} counts {after}; before, {before}.",
        "Tiden för {name} räknas {after}; tidigare {before}.",
    ),
    (Kind.ANONYMISED, ""): (
        "When its time is over, {name} is made anonymous; before, it was deleted.",
        "När tiden är ute görs {name} anonymt; tidigare raderades det.",
    ),
    (Kind.DELETED, ""): (
        "When its time is over, {name} is deleted; before, it was made anonymous.",
        "När tiden är ute raderas {name}; tidigare gjordes det anonymt.",
    ),
    (Kind.RETENTION_SET, ""): ("We keep {name} for {kept}.", "Vi behåller {name} i {kept}."),
    (Kind.RETENTION_GONE, ""): ("{name} is no longer kept.", "{name} behålls inte längre."),
    (Kind.DUTY_ADDED, ""): (
        "A law that demands keeping is named: {name}.",
        "En lag som kräver förvaring anges: {name}.",
    ),
    (Kind.DUTY_DROPPED, ""): (
        "A law that demanded keeping is no longer named: {name}.",
        "En lag som krävde förvaring anges inte längre: {name}.",
    ),
    (Kind.DUTY_CHANGED, ""): (
        "The legal duty {name} changes: {field}.",
        "Den rättsliga skyldigheten {name} ändras: {field}.",
    ),
    (Kind.RIGHT_GAINED, ""): ("A new right is named {where}: {items}.", "En ny rättighet anges {where}: {items}."),
    (Kind.RIGHT_LOST, ""): (
        "A right is no longer named {where}: {items}.",
        "En rättighet anges inte längre {where}: {items}.",
    ),
    (Kind.AUTHORITY, ""): ("Where to complain changes: {thing}.", "Vart man klagar ändras: {thing}."),
    (Kind.CONTROLLER, ""): (
        "Another company answers for the data: {after}; before, {before}.",
        "Ett annat företag svarar för uppgifterna: {after}; tidigare {before}.",
    ),
    (Kind.CONTROLLER, "registration"): (
        "The company that answers for the data has the registration number {after}; before, {before}.",
        "Företaget som svarar för uppgifterna har organisationsnummer {after}; tidigare {before}.",
    ),
    (Kind.CONTACT, "name"): (
        "The company is called {after}; before, {before}.",
        "Företaget heter {after}; tidigare {before}.",
    ),
    (Kind.CONTACT, "privacy"): (
        "Questions go to {after}; before, to {before}.",
        "Frågor går till {after}; tidigare till {before}.",
    ),
    (Kind.CONTACT, "objections"): (
        "Objections go to {after}; before, to {before}.",
        "Invändningar går till {after}; tidigare till {before}.",
    ),
    (Kind.OFFICER, ""): (
        "Who answers for data protection {where} changes, or how to reach them.",
        "Vem som svarar för dataskyddet {where} ändras, eller hur man når dem.",
    ),
    (Kind.CATEGORY_ADDED, ""): ("{name} is a new kind of data.", "{name} är ett nytt slag av uppgifter."),
    (Kind.CATEGORY_DROPPED, ""): ("{name} is no longer held.", "{name} finns inte längre."),
    (Kind.CATEGORY_SPECIAL, ""): (
        "Whether {name} is specially protected by law changes.",
        "Om {name} är särskilt skyddat i lag ändras.",
    ),
    (Kind.SOURCE_ADDED, ""): ("Information also comes from {name}.", "Uppgifter kommer även från {name}."),
    (Kind.SOURCE_DROPPED, ""): (
        "Information no longer comes from {name}.",
        "Uppgifter kommer inte längre från {name}.",
    ),
    (Kind.SOURCE_MORE, ""): ("{name} also gives us {items}.", "{name} ger oss även {items}."),
    (Kind.SOURCE_LESS, ""): ("{name} no longer gives us {items}.", "{name} ger oss inte längre {items}."),
    (Kind.SOURCE_CHANGED, ""): ("The source {name} changes: {field}.", "Källan {name} ändras: {field}."),
    (Kind.MEASURE_ADDED, ""): ("Data is also protected by {name}.", "Uppgifter skyddas även av {name}."),
    (Kind.MEASURE_DROPPED, ""): (
        "{name} is no longer named among what protects data.",
        "{name} anges inte längre bland det som skyddar uppgifter.",
    ),
    (Kind.SECTION_ADDED, ""): (
        "The statement has a new section: {name}.",
        "Policytexten har ett nytt avsnitt: {name}.",
    ),
    (Kind.SECTION_DROPPED, ""): (
        "The statement loses a section: {name}.",
        "Ett avsnitt utgår ur policytexten: {name}.",
    ),
    (Kind.REWORDED, ""): ("The words of {thing} change ({field}).", "Orden i {thing} ändras ({field})."),
    (Kind.DETAIL, ""): ("A detail of {thing} changes: {field}.", "En uppgift om {thing} ändras: {field}."),
    (Kind.DETAIL, "languages"): ("The policy is in other languages.", "Policyn finns på andra språk."),
    (Kind.EDITORIAL, ""): (
        "References or order change in {thing}; nothing else is said.",
        "Hänvisningar eller ordning ändras i {thing}; inget annat sägs.",
    ),
}
