"""Headings, column titles and connecting sentences of the statement, in English and Swedish."""

from collections.abc import Mapping

Pair = tuple[str, str]

HEAD: Mapping[str, Pair] = {
    "version": ("Version", "Version"),
    "applies_from": ("Applies from", "Gäller från"),
    "draft": ("Draft, not in force", "Utkast, gäller inte"),
    "digest": ("Digest", "Kontrollsumma"),
    "contents": ("Contents", "Innehåll"),
    "page_of": ("of", "av"),
    "and": ("and", "och"),
    "and_more": ("and {count} more", "och {count} till"),
}

SHORT: Mapping[str, Pair] = {
    "short": ("In short", "I korthet"),
    "short_who": ("Who we are", "Vilka vi är"),
    "short_use": ("What we use information for", "Vad vi använder uppgifter till"),
    "short_choices": ("Your choices", "Dina val"),
    "short_no": (
        "Say no, or take back a yes, with the link in each mail or by writing to",
        "Säg nej, eller ta tillbaka ett ja, med länken i varje utskick eller genom att skriva till",
    ),
    "short_rights": (
        "See, correct or erase what we hold about you:",
        "Se, rätta eller radera det vi har om dig:",
    ),
    "short_cookies": ("What is stored on your device:", "Vad som lagras på din enhet:"),
    "short_share": ("Who receives it", "Vilka som tar emot uppgifterna"),
    "short_nobody": ("Nobody but us.", "Ingen utom vi."),
    "short_keep": ("How long we keep it", "Hur länge vi sparar uppgifterna"),
    "short_keep_one": ("{period} for every kind of information", "{period} för alla slags uppgifter"),
    "short_keep_range": (
        "From {shortest} to {longest}, depending on the kind of information",
        "Från {shortest} till {longest}, beroende på uppgifternas slag",
    ),
    "short_ask": ("Whom to ask", "Vem du kan fråga"),
    "see_rights": ("your rights", "dina rättigheter"),
    "see_trackers": ("cookies and similar techniques", "kakor och liknande teknik"),
    "see_recipients": ("the list of recipients", "listan över mottagare"),
    "see_retention": ("the table of periods", "tabellen över tider"),
    "see_contact": ("all addresses", "alla adresser"),
    "recipients_count": ("{count} recipients", "{count} mottagare"),
    "recipients_abroad": (", {count} of them outside the EEA", ", varav {count} utanför EES"),
}

#: Why something is used, as a person meets it. Source: GDPR art 6(1), 7(3), 21.
GROUPS: Mapping[str, Pair] = {
    "group_consent": ("Only if you say yes", "Bara om du säger ja"),
    "group_mixed": (
        "Only if you say yes, or until you say no, depending on where you are",
        "Bara om du säger ja, eller tills du säger nej, beroende på var du är",
    ),
    "group_unless": ("Until you say no", "Tills du säger nej"),
    "group_weighed": ("Unless your reasons weigh more", "Om inte dina skäl väger tyngre"),
    "group_agreed": ("To do what we agreed with you", "För att göra det vi har avtalat med dig"),
    "group_law": ("Because the law requires it", "För att lagen kräver det"),
    "group_necessary": ("Because it is necessary", "För att det är nödvändigt"),
    "about_consent": (
        "Nothing happens until you have given your consent, and you can take it back at any time, as easily as "
        "you gave it.",
        "Ingenting händer förrän du har gett ditt samtycke, och du kan ta tillbaka det när som helst, lika lätt "
        "som du gav det.",
    ),
    "about_mixed": (
        "Where your consent is the ground, nothing happens until you have given it, and you can take it back at any "
        "time. Elsewhere we may begin without asking you, and stop as soon as you say no.",
        "Där ditt samtycke är grunden händer ingenting förrän du har gett det, och du kan ta tillbaka det när "
        "som helst. På andra platser får vi börja utan att fråga dig, och slutar så snart du säger nej.",
    ),
    "about_unless": (
        "We may begin without asking you, and stop as soon as you say no. You need not give a reason.",
        "Vi får börja utan att fråga dig, och slutar så snart du säger nej. Du behöver inte ange något skäl.",
    ),
    "about_weighed": (
        "We have weighed our interest against yours, and say how below. If your situation is different you can "
        "object, and somebody here weighs your reasons.",
        "Vi har vägt vårt intresse mot ditt, och redovisar hur nedan. Om din situation är en annan kan du "
        "invända, och någon hos oss väger dina skäl.",
    ),
    "about_agreed": (
        "Without this we could not keep an agreement with you or do what you asked us to. It ends with the agreement.",
        "Utan detta kunde vi inte hålla ett avtal med dig eller göra det du har bett om. Det upphör med avtalet.",
    ),
    "about_law": (
        "The law leaves neither you nor us a choice here.",
        "Här lämnar lagen varken dig eller oss något val.",
    ),
    "about_necessary": (
        "This protects something that cannot wait for anybody's answer.",
        "Detta skyddar något som inte kan vänta på någons svar.",
    ),
}

PURPOSES: Mapping[str, Pair] = {
    "purposes": ("What we use information for", "Vad vi använder uppgifter till"),
    "purposes_intro": (
        "These are all the purposes for which we use personal information. Where you are decides the ground: the "
        "EEA is the European Union with Iceland, Liechtenstein and Norway. While we do not know where you are, "
        "the strictest of the rules below holds for you.",
        "Det här är alla ändamål som vi använder personuppgifter för. Var du befinner dig avgör grunden: EES är "
        "Europeiska unionen med Island, Liechtenstein och Norge. Så länge vi inte vet var du är gäller den "
        "strängaste av reglerna nedan för dig.",
    ),
    "purpose": ("Purpose", "Ändamål"),
    "ground": ("Legal ground", "Rättslig grund"),
    "your_say": ("Can you say no?", "Kan du säga nej?"),
    "about": ("Whom it concerns", "Vem det gäller"),
    "information": ("Information", "Uppgifter"),
    "received_by": ("Received by", "Mottagare"),
    "weighed": ("How we weighed it", "Så har vi vägt det"),
    "compulsory": ("If you do not give it", "Om du inte lämnar uppgifterna"),
    "lapses": ("Your consent lapses", "Ditt samtycke upphör"),
    "lapses_after": ("{period} after you gave it", "{period} efter att du gav det"),
    "on_behalf": ("On whose behalf", "För vems räkning"),
    "as_processor": (
        "We do this on behalf of somebody else, who decides about it and answers for it.",
        "Detta gör vi på uppdrag av någon annan, som bestämmer över det och svarar för det.",
    ),
    "as_joint-controller": (
        "We decide about this together with somebody else.",
        "Detta bestämmer vi över tillsammans med någon annan.",
    ),
    "when_restricted": ("If use is restricted", "Om användningen är begränsad"),
    "still_when_restricted": (
        "Goes on also while you have had the use of your information restricted.",
        "Fortsätter även medan du har fått användningen av dina uppgifter begränsad.",
    ),
    "everything": ("everything we hold", "allt vi har"),
    "everybody": ("everybody", "alla"),
    "everywhere": ("wherever you are", "var du än är"),
    "elsewhere": ("elsewhere", "på andra platser"),
    "not_used": ("not done", "görs inte"),
}

HOLDINGS: Mapping[str, Pair] = {
    "categories": ("What we know about you", "Vad vi vet om dig"),
    "categories_intro": (
        "We sort personal information into these kinds. No purpose reaches a kind that it does not name.",
        "Vi delar in personuppgifter i dessa slag. Inget ändamål kommer åt ett slag som det inte anger.",
    ),
    "kind": ("Kind", "Slag"),
    "covers": ("What it covers", "Vad det omfattar"),
    "special": ("Specially protected by law.", "Särskilt skyddat i lag."),
    "sources": ("Where it comes from", "Varifrån uppgifterna kommer"),
    "sources_intro": (
        "Information that does not come from you comes from the sources below, each with the right to give it to us.",
        "Uppgifter som inte kommer från dig kommer från källorna nedan, som var och en har rätt att lämna dem "
        "till oss.",
    ),
    "source": ("Source", "Källa"),
    "warranty": ("Why it may give it to us", "Varför den får lämna dem till oss"),
    "valid_until": ("Valid to and including {day}.", "Gäller till och med {day}."),
    "recipients": ("Recipients", "Mottagare"),
    "recipients_intro": (
        "We give personal information to these recipients and to nobody else, and only for the purposes that "
        "name them.",
        "Vi lämnar personuppgifter till dessa mottagare och inga andra, och bara för de ändamål som anger dem.",
    ),
    "recipient": ("Recipient", "Mottagare"),
    "does": ("What it does", "Vad den gör"),
    "for_purposes": ("For", "För"),
    "protected_by": ("What protects it", "Vad som skyddar uppgifterna"),
    "in_eea": ("In the EEA, under the same law as here.", "Inom EES, under samma lag som här."),
    "unprotected": (
        "Nothing protects it on this day, so nothing is passed on.",
        "Inget skydd gäller denna dag, så inget lämnas ut.",
    ),
    "until": ("until", "till"),
    "since": ("since {day}", "sedan {day}"),
    "from": ("from {day}", "från {day}"),
    "through": ("to and including {day}", "till och med {day}"),
    "if_it_ends": ("If it ends", "Om det upphör"),
    "own_policy": ("Its own privacy policy", "Dess egen integritetspolicy"),
    "own_marketing": (
        "May use it for its own direct marketing.",
        "Får använda uppgifterna för sin egen direktmarknadsföring.",
    ),
    "marketing_heading": ("Recipients' own direct marketing", "Mottagares egen direktmarknadsföring"),
    "marketing_some": (
        "These recipients may use what they get for direct marketing of their own. Their names, addresses and trades "
        "stand in the table above; we ask your permission first where the ground of the purpose is consent:",
        "Dessa mottagare får använda det de tar emot för sin egen direktmarknadsföring. Deras namn, adresser och "
        "verksamhet står i tabellen ovan; där ändamålets grund är samtycke frågar vi dig först:",
    ),
    "marketing_none": (
        "We give nobody information for direct marketing of their own.",
        "Vi lämnar inte uppgifter till någon för dess egen direktmarknadsföring.",
    ),
    "safeguards": ("Protection across borders", "Skydd över gränser"),
    "safeguards_intro": (
        "Outside the EEA the law may protect you less. So nothing leaves it without one of these safeguards. "
        "Write to us and you get a copy of the one that concerns you.",
        "Utanför EES kan lagen skydda dig sämre. Därför lämnar ingenting EES utan något av dessa skydd. Skriv "
        "till oss så får du en kopia av det som gäller dig.",
    ),
    "safeguard": ("Safeguard", "Skydd"),
    "holds": ("Holds", "Gäller"),
    "reference": ("Laid down in", "Fastställt i"),
    "for_countries": ("For", "För"),
    "recourse": ("If you are not content", "Om du inte är nöjd"),
}

TRACKERS: Mapping[str, Pair] = {
    "trackers": ("Cookies and similar techniques", "Kakor och liknande teknik"),
    "trackers_intro": (
        "This is everything that we store on your device or read from it. What a page needs in order to do what you "
        "asked is always there; about the rest you decide, as the table says.",
        "Det här är allt vi lagrar på din enhet eller läser från den. Det en sida behöver för att göra det du ber om "
        "finns alltid; om resten bestämmer du, så som tabellen säger.",
    ),
    "trackers_choice": (
        "You can change your answer whenever you like: by the link at the foot of each page, and in your "
        "preferences, which every mail links to.",
        "Du kan ändra ditt svar när du vill: via länken längst ned på varje sida, och i dina inställningar, som "
        "varje utskick länkar till.",
    ),
    "no_trackers": (
        "We store nothing on your device and read nothing from it.",
        "Vi lagrar ingenting på din enhet och läser ingenting från den.",
    ),
    "name": ("Name", "Namn"),
    "provider": ("Provider", "Leverantör"),
    "lasts": ("How long", "Hur länge"),
    "needs": ("When it is used", "När den används"),
    "us": ("we ourselves", "vi själva"),
    "essential_heading": ("Always there, because it is needed", "Finns alltid, eftersom det behövs"),
    "essential": ("always, since it is necessary", "alltid, eftersom det är nödvändigt"),
    "need_consent": ("only if you say yes", "bara om du säger ja"),
    "need_at-once": ("until you say no", "tills du säger nej"),
    "need_review": ("unless an objection of yours weighs more", "om inte en invändning från dig väger tyngre"),
    "need_none": ("always", "alltid"),
    "need_never": ("never", "aldrig"),
    "session_browser": ("until you close the browser", "tills du stänger webbläsaren"),
    "session_moment": ("for that moment only", "bara för stunden"),
    "no_purpose": ("needed for the page itself", "behövs för själva sidan"),
    "cookie": ("cookie", "kaka"),
    "storage": ("storage in the browser", "lagring i webbläsaren"),
    "pixel": ("invisible image", "osynlig bild"),
    "link": ("coded link", "kodad länk"),
    "script": ("script", "skript"),
    "embed": ("embedded content", "inbäddat innehåll"),
}

KEEPING: Mapping[str, Pair] = {
    "retention": ("How long each kind is kept", "Hur länge varje slag sparas"),
    "retention_intro": (
        "Each kind of information has a time, counted from an event, and a reason. What happens then, the table says.",
        "Varje slags uppgifter har en tid, räknad från en händelse, och ett skäl. Tabellen säger vad som händer sedan.",
    ),
    "kept": ("Kept for", "Sparas"),
    "then": ("Then", "Därefter"),
    "why": ("Why", "Varför"),
    "delete": ("deleted", "raderas"),
    "anonymise": ("made anonymous", "avidentifieras"),
    "duties": ("What the law obliges us to keep", "Vad lagen kräver att vi sparar"),
    "duties_intro": (
        "No time above is shorter than one of these.",
        "Ingen tid ovan är kortare än någon av dessa.",
    ),
    "duty": ("Law", "Lag"),
    "measure": ("Measure", "Åtgärd"),
    "does_what": ("What it does", "Vad den gör"),
    "measures": ("Measures of protection", "Skyddsåtgärder"),
}

RIGHTS: Mapping[str, Pair] = {
    "rights": ("Your rights", "Dina rättigheter"),
    "rights_intro": (
        "Which rights you have depends on where you are.",
        "Vilka rättigheter du har beror på var du befinner dig.",
    ),
    "holds_for": ("Holds where you are in", "Gäller när du är i"),
    "how": ("How to use them", "Så använder du dem"),
    "verification": ("How we make sure that it is you", "Så försäkrar vi oss om att det är du"),
    "authority": ("Where to complain", "Var du kan klaga"),
    "contact": ("Whom to write to", "Vem du skriver till"),
    "objections": ("To object or take back a consent", "För att invända eller ta tillbaka ett samtycke"),
    "privacy": ("Questions about your information", "Frågor om dina uppgifter"),
    "post": ("By post", "Med brev"),
    "registration": ("Registration number", "Organisationsnummer"),
    "serves": ("Serves", "Ansvarar för"),
    "other_regions": ("all other regions", "alla andra regioner"),
}

PHRASES: Mapping[str, Pair] = {
    **HEAD,
    **SHORT,
    **GROUPS,
    **PURPOSES,
    **HOLDINGS,
    **TRACKERS,
    **KEEPING,
    **RIGHTS,
}
