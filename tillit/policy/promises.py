"""What a policy promises, clause by clause, in English and Swedish; the English is that of docs/clauses.md."""

from collections.abc import Mapping

#: Clause → its promise in English and in Swedish.
PROMISES: Mapping[str, tuple[str, str]] = {
    "A1": (
        "one company, the operator, stands behind the policy: name, seat, what it sells",
        "ett företag, operatören, står bakom policyn: namn, säte, vad det säljer",
    ),
    "A2": ("members register to use the services", "medlemmar registrerar sig för att använda tjänsterna"),
    "A3": (
        "a contact is anyone on a member's list, or about whom a member gave information",
        "en kontakt är vem som helst på en medlems lista, eller som en medlem lämnat uppgifter om",
    ),
    "A4": (
        "a distribution list is uploaded or managed by a member with all that is known of its people",
        "en sändlista laddas upp eller sköts av en medlem, med allt som är känt om dem som står på den",
    ),
    "A5": (
        "distributors and resellers register as partners",
        "distributörer och återförsäljare registrerar sig som partner",
    ),
    "A6": (
        (
            "personal information: names, birth date, email, gender, occupation, other demographics, anything "
            "that identifies indirectly"
        ),
        ("personuppgifter: namn, födelsedatum, e-post, kön, yrke, annan demografi, allt som indirekt pekar ut någon"),
    ),
    "A7": ("a visitor visits a web site", "en besökare besöker en webbplats"),
    "A8": (
        "several web sites, widgets, blogs, social tabs, mobile pages link to the one policy",
        "flera webbplatser, widgetar, bloggar, sociala flikar och mobilsidor länkar till samma policy",
    ),
    "A9": (
        "the policy speaks to contacts, to visitors, and to everyone separately",
        "policyn talar till kontakter, till besökare och till alla var för sig",
    ),
    "A10": (
        "the operator is controller for some uses and processor for its members' and partners'",
        ("operatören är personuppgiftsansvarig för viss användning och biträde för sina medlemmars och partners"),
    ),
    "B1": (
        "interaction with a campaign tells device and interaction",
        "det någon gör med ett utskick berättar om enhet och handling",
    ),
    "B2": (
        "browsing and pop-up forms collect automatically",
        "surfande och formulär som dyker upp samlar in automatiskt",
    ),
    "B3": ("cookies, pixels, beacons are used and explained", "kakor, pixlar och fyrar används och förklaras"),
    "B4": (
        "other sources (social platforms, data providers) only where they may lawfully disclose",
        "andra källor (sociala plattformar, dataleverantörer) bara där de lagligen får lämna ut",
    ),
    "B5": (
        (
            "forms: newsletter, inquiry, contact me, events, surveys, job applications, contests; copies of "
            "communications are kept"
        ),
        (
            "formulär: nyhetsbrev, förfrågan, kontakta mig, evenemang, enkäter, jobbansökningar, tävlingar; "
            "kopior av kontakterna sparas"
        ),
    ),
    "B6": (
        (
            "what is asked and why is clear when asked; compulsory or voluntary is said beforehand, with the "
            "consequence of not answering"
        ),
        (
            "vad som frågas och varför är klart när det frågas; om det är obligatoriskt eller frivilligt sägs i "
            "förväg, liksom följden av att inte svara"
        ),
    ),
    "B7": ("some automatic data is personal in the EEA", "vissa automatiska uppgifter är personuppgifter inom EES"),
    "B8": (
        "purchase history comes from distributors and resellers",
        "köphistorik kommer från distributörer och återförsäljare",
    ),
    "B9": ("recruitment", "rekrytering"),
    "B10": (
        "social widgets receive address and page and may set cookies",
        "sociala widgetar får adress och sida och kan sätta kakor",
    ),
    "B11": ("surveys, contests and sweepstakes (“promotions”)", "enkäter, tävlingar och utlottningar (”kampanjer”)"),
    "B12": ("blog comments are public", "bloggkommentarer är offentliga"),
    "B13": ("links lead to sites with other policies", "länkar leder till webbplatser med andra policyer"),
    "C1": (
        "terms of use are enforced; tools and algorithms prevent violations",
        "användningsvillkoren upprätthålls; verktyg och algoritmer hindrar överträdelser",
    ),
    "C2": (
        "rights and safety of partners and others are protected",
        "partners och andras rättigheter och säkerhet skyddas",
    ),
    "C3": ("court orders, discovery, subpoenas are complied with", "domstolsbeslut, edition och förelägganden följs"),
    "C4": ("legal claims are prosecuted and defended", "rättsliga anspråk drivs och försvaras"),
    "C5": ("lawful requests of public authorities are answered", "lagliga förfrågningar från myndigheter besvaras"),
    "C6": (
        "services are provided, supported and improved; features reach partners",
        "tjänster tillhandahålls, stöds och förbättras; funktioner når partner",
    ),
    "C7": (
        "data analytics projects make predictions from purchase history; anyone may opt out",
        "analysprojekt gör förutsägelser utifrån köphistorik; vem som helst kan välja bort det",
    ),
    "C8": ("no use without a purpose", "ingen användning utan ändamål"),
    "C9": (
        "campaigns are measured: delivered, opened, clicked, address, browser, client",
        "utskick mäts: levererat, öppnat, klickat, adress, webbläsare, program",
    ),
    "C10": ("sites are operated and maintained", "webbplatser drivs och underhålls"),
    "C11": (
        "marketing follows each person's marketing preferences",
        "marknadsföring följer varje persons val om marknadsföring",
    ),
    "C12": ("recruitment data serves recruitment", "uppgifter för rekrytering tjänar rekrytering"),
    "C13": ("inquiries are answered", "förfrågningar besvaras"),
    "C14": ("navigation and content are improved", "navigering och innehåll förbättras"),
    "C15": ("server and network faults are found", "fel i servrar och nät hittas"),
    "C16": ("transactions are processed, accounts set up", "transaktioner behandlas, konton läggs upp"),
    "C17": ("aggregated statistics", "sammanställd statistik"),
    "C18": ("research and development", "forskning och utveckling"),
    "C19": ("content and layout are customised", "innehåll och utformning anpassas"),
    "C20": (
        (
            "information is combined with third-party information, according to preferences or restrictions; the "
            "combination gets every safeguard"
        ),
        "uppgifter kombineras med andras uppgifter enligt val och begränsningar; kombinationen får alla skydd",
    ),
    "C21": ("system administration and security", "systemadministration och säkerhet"),
    "D1": (
        "legitimate interests: improving, maintaining, providing, enhancing, security, marketing",
        "berättigade intressen: förbättra, underhålla, tillhandahålla, utveckla, säkerhet, marknadsföring",
    ),
    "D2": (
        "in the EEA the basis depends on information and context",
        "inom EES beror grunden på uppgift och sammanhang",
    ),
    "D3": ("interests of the person may override", "personens intressen kan väga tyngre"),
    "D4": (
        "where law or contract requires data, that and the consequence are said",
        "där lag eller avtal kräver uppgifter sägs det, och vad följden är",
    ),
    "D5": ("consent where law requires it", "samtycke där lagen kräver det"),
    "E1": ("access, correct, update, delete", "tillgång, rättelse, uppdatering, radering"),
    "E2": ("EEA: object, restrict, port", "EES: invända, begränsa, flytta"),
    "E3": (
        "consent can be withdrawn any time; past processing stays lawful",
        "samtycke kan återkallas när som helst; tidigare behandling förblir laglig",
    ),
    "E4": (
        "complaint to a data protection authority; contact details available",
        "klagomål till en dataskyddsmyndighet; kontaktuppgifter finns",
    ),
    "E5": ("unsubscribe by link, or by writing", "avanmälan via länk, eller genom att skriva"),
    "E6": ("every request is answered", "varje begäran besvaras"),
    "E7": ("identity may be verified", "identiteten kan kontrolleras"),
    "E8": (
        "data is reliable, accurate, complete, up to date",
        "uppgifter är tillförlitliga, riktiga, fullständiga och aktuella",
    ),
    "E9": ("opt out of marketing mail at any time", "välja bort marknadsföring via e-post när som helst"),
    "E10": (
        "service, account and billing messages cannot be opted out of while the account exists",
        "meddelanden om tjänst, konto och betalning kan inte väljas bort så länge kontot finns",
    ),
    "E11": (
        "removal from blogs on request; if not possible, the reason is told",
        "borttagning från bloggar på begäran; om det inte går sägs varför",
    ),
    "E12": ("opt out of data analytics", "välja bort dataanalys"),
    "E13": ("marketing preferences can be altered", "val om marknadsföring kan ändras"),
    "E14": (
        "requests that belong to a processor or a member are passed on",
        "begäranden som hör till ett biträde eller en medlem skickas vidare",
    ),
    "F1": ("service providers", "tjänsteleverantörer"),
    "F2": ("advertising partners", "annonspartner"),
    "F3": ("authorities: law, claims, vital interests", "myndigheter: lag, anspråk, grundläggande intressen"),
    "F4": ("a buyer of the business", "en köpare av verksamheten"),
    "F5": ("anyone else with consent", "vem som helst annan, med samtycke"),
    "F6": (
        "distributors and resellers, to contact and sell",
        "distributörer och återförsäljare, för att kontakta och sälja",
    ),
    "F7": (
        (
            "California: what categories went to which third parties for their direct marketing last calendar "
            "year, with names and addresses"
        ),
        (
            "Kalifornien: vilka kategorier som gått till vilka tredje parter för deras direktmarknadsföring förra"
            " kalenderåret, med namn och adress"
        ),
    ),
    "G1": (
        "measures against loss, misuse, unauthorised access, disclosure, alteration, destruction",
        "åtgärder mot förlust, missbruk, obehörig åtkomst, utlämnande, ändring och förstöring",
    ),
    "H1": (
        "data moves between Sweden, the EU and the US under protection",
        "uppgifter förs mellan Sverige, EU och USA under skydd",
    ),
    "H2": (
        "Privacy Shield principles, Swiss and EU, onward transfer, arbitration",
        "principerna i Privacy Shield, för Schweiz och EU, vidare överföring, skiljedom",
    ),
    "H3": ("lawful requests by authorities", "lagliga förfrågningar från myndigheter"),
    "I1": (
        "kept only while there is a legal, contractual or service need",
        "sparas bara så länge det finns ett behov enligt lag, avtal eller tjänst",
    ),
    "I2": (
        "then deleted or anonymised; in backups isolated until deletion is possible",
        "därefter raderas eller anonymiseras det; i säkerhetskopior hålls det avskilt tills det kan raderas",
    ),
    "J1": (
        "the policy can change; the version date stands on top; effective on notice",
        "policyn kan ändras; versionens datum står överst; den gäller efter besked",
    ),
    "J2": (
        "every stored copy is the true policy of the day you visited",
        "varje sparad kopia är den sanna policyn för dagen då du besökte",
    ),
    "J3": (
        "contact by post and mail; a data protection officer for the EEA, an officer for others",
        "kontakt via post och e-post; ett dataskyddsombud för EES, en ansvarig för andra",
    ),
    "J4": (
        "the site says that cookies analyse traffic, and asks",
        "webbplatsen säger att kakor analyserar trafiken, och frågar",
    ),
}


def promise(clause: str, language: str) -> str:
    """What a clause promises, in English or Swedish (else English); empty for a clause of the document's own."""
    words = PROMISES.get(clause)
    return words[language.lower().startswith("sv")] if words else ""
