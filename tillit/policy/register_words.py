"""The words of the register of processing, in English and Swedish."""

from collections.abc import Mapping

from tillit.policy.bases import Basis
from tillit.policy.document import RecipientRole, SafeguardKind
from tillit.policy.impact import Criterion, Need
from tillit.policy.keeping import Trigger
from tillit.policy.statement_phrases import Pair
from tillit.policy.statement_words import Words

_PHRASES: Mapping[str, Pair] = {
    "register": ("Register of processing", "Register över behandling"),
    "controller": ("Controller", "Personuppgiftsansvarig"),
    "processor": ("Processor", "Personuppgiftsbiträde"),
    "joint-controller": ("Joint controller", "Gemensamt ansvarig"),
    "about": ("About", "Om"),
    "workspace": ("Workspace", "Arbetsyta"),
    "version": ("Version", "Version"),
    "digest": ("Digest", "Kontrollsumma"),
    "published": ("Published", "Publicerad"),
    "effective": ("In force from", "Gäller från"),
    "as_of": ("As of", "Per den"),
    "made_from": (
        "Made from the policy document and the rules that the database executes. A change is made in the policy.",
        "Gjort av policydokumentet och de regler som databasen verkställer. En ändring görs i policyn.",
    ),
    "contact": ("Name and contact", "Namn och kontakt"),
    "name": ("Name", "Namn"),
    "address": ("Address", "Adress"),
    "email": ("Email", "E-post"),
    "phone": ("Telephone", "Telefon"),
    "organisation": ("Organisation", "Organisation"),
    "officer": ("Data protection officer", "Dataskyddsombud"),
    "representative": ("Representative", "Företrädare"),
    "part_article30": ("Record of processing, article 30", "Register över behandling, artikel 30"),
    "part_notice": ("Privacy statement", "Integritetsmeddelande"),
    "part_consent": ("Consent", "Samtycke"),
    "part_access": ("Access requests", "Begäran om tillgång"),
    "part_dpia": ("Impact assessment", "Konsekvensbedömning"),
    "part_breaches": ("Breaches", "Incidenter"),
    "part_special": ("Special categories and offences (UK)", "Känsliga uppgifter och lagöverträdelser (UK)"),
    "part_contract": ("Contract", "Avtal"),
    "function": ("What it is part of", "Vad det hör till"),
    "purpose": ("What it is for", "Vad det är till för"),
    "joint": ("Joint controllers, with contact", "Gemensamt ansvariga, med kontakt"),
    "subjects": ("People it concerns", "Personer det gäller"),
    "categories": ("Personal data", "Personuppgifter"),
    "recipients": ("Recipients", "Mottagare"),
    "contracts": ("Contracts with recipients", "Avtal med mottagare"),
    "countries": ("Countries outside the EEA that data goes to", "Länder utanför EES dit uppgifter förs"),
    "safeguards": ("What protects the transfers", "Vad som skyddar överföringarna"),
    "retention": ("Kept for how long", "Hur länge det behålls"),
    "measures": ("Security measures", "Säkerhetsåtgärder"),
    "basis": ("Legal ground, article 6", "Rättslig grund, artikel 6"),
    "basis_special": ("Ground for special categories, article 9", "Grund för känsliga uppgifter, artikel 9"),
    "interests": ("The legitimate interest", "Det berättigade intresset"),
    "lia": ("Assessment of the legitimate interest", "Bedömning av det berättigade intresset"),
    "rights": ("Rights people have", "Rättigheter personerna har"),
    "automated": ("Automated decisions and profiling", "Automatiserade beslut och profilering"),
    "source": ("Where the data comes from", "Varifrån uppgifterna kommer"),
    "consent_record": ("Record of consent", "Bevis på samtycke"),
    "location": ("Where the data is", "Var uppgifterna finns"),
    "dpia_needed": ("Impact assessment needed?", "Behövs en konsekvensbedömning?"),
    "dpia_progress": ("How far it is", "Hur långt den har kommit"),
    "dpia": ("The impact assessment", "Konsekvensbedömningen"),
    "breach": ("Has there been a breach?", "Har det varit en incident?"),
    "breach_record": ("Record of the breach", "Anteckning om incidenten"),
    "schedule": (
        "Condition in UK Data Protection Act 2018, schedule 1",
        "Villkor i UK Data Protection Act 2018, bilaga 1",
    ),
    "schedule_basis": ("Ground, UK GDPR article 6", "Grund, UK GDPR artikel 6"),
    "schedule_policy": ("Policy on keeping and erasing", "Policy om bevarande och radering"),
    "schedule_kept": ("Kept and erased by it?", "Behålls och raderas enligt den?"),
    "schedule_why_not": ("If not, why", "Om inte, varför"),
    "on_behalf": ("On behalf of, with contact", "För vems räkning, med kontakt"),
    "on_behalf_representative": ("Their representative", "Deras företrädare"),
    "processing": ("What is done for them", "Vad som görs åt dem"),
    "contract_controller": ("Contract with the controller", "Avtal med den ansvarige"),
    "id": ("Purpose id", "Ändamålets id"),
    "role": ("Role", "Roll"),
    "clauses": ("Clauses", "Klausuler"),
    "policy_part": ("Policy of %(name)s", "Policy för %(name)s"),
    "by_rule": ("Yes, by the retention rules of the policy", "Ja, enligt policyns gallringsregler"),
    "not_kept_here": ("Not kept in this register", "Förs inte i detta register"),
    "none": ("None", "Inga"),
    "no": ("No", "Nej"),
    "not_needed": ("No", "Nej"),
    "not_done": ("Not written yet", "Inte skriven än"),
    "profiling": ("Profiling by", "Profilering genom"),
    "no_profiling": ("None", "Ingen"),
    "receipts": ("A receipt for each choice, in the ledger", "Ett kvitto för varje val, i liggaren"),
    "unprotected": ("nothing in force: not sent", "inget som gäller: sänds inte"),
    "exceptional": ("derogation, article 49", "undantag, artikel 49"),
    "no_special": ("No special categories", "Inga känsliga uppgifter"),
    "the_members": ("The members, each for its own lists", "Medlemmarna, var och en för sina listor"),
    "members_agreement": ("The member's agreement", "Medlemmens avtal"),
    "tables": ("Tables", "Tabeller"),
    "everybody": ("Everybody", "Alla"),
    "everywhere": ("everywhere", "överallt"),
    "elsewhere": ("elsewhere", "annars"),
    "state_open": ("being written", "skrivs"),
    "state_concluded": ("concluded, not approved", "avslutad, inte godkänd"),
    "state_approved": ("approved", "godkänd"),
    "state_due": ("review soon", "ska snart ses över"),
    "state_overdue": ("review overdue", "översynen är försenad"),
}

_GROUNDS: Mapping[Basis, Pair] = {
    Basis.CONSENT: ("consent, 6(1)(a)", "samtycke, 6.1 a"),
    Basis.CONTRACT: ("contract, 6(1)(b)", "avtal, 6.1 b"),
    Basis.LEGAL_OBLIGATION: ("legal obligation, 6(1)(c)", "rättslig förpliktelse, 6.1 c"),
    Basis.VITAL_INTERESTS: ("vital interests, 6(1)(d)", "grundläggande intressen, 6.1 d"),
    Basis.PUBLIC_TASK: ("public task, 6(1)(e)", "uppgift av allmänt intresse, 6.1 e"),
    Basis.LEGITIMATE_INTEREST: ("legitimate interest, 6(1)(f)", "berättigat intresse, 6.1 f"),
    Basis.OPT_OUT: ("permitted until refused", "tillåtet tills någon säger nej"),
    Basis.NONE: ("not done", "görs inte"),
}

#: What the statement says to “you”, said of anybody.
_TRIGGERS: Mapping[Trigger, Pair] = {
    Trigger.COLLECTED: ("after it was collected", "efter insamlingen"),
    Trigger.LAST_CONTACT: ("after the last contact", "efter den senaste kontakten"),
    Trigger.WITHDRAWN: ("after the consent was withdrawn", "efter att samtycket återkallades"),
    Trigger.RELATION_ENDED: ("after the relation ended", "efter att relationen upphörde"),
    Trigger.ACCOUNT_CLOSED: ("after the account was closed", "efter att kontot stängdes"),
    Trigger.DECIDED: ("after the decision", "efter beslutet"),
    Trigger.CLOSED: ("after the matter was closed", "efter att ärendet avslutades"),
    Trigger.YEAR_ENDED: ("after the end of the year", "efter årets slut"),
    Trigger.POLICY_REPLACED: ("after the policy was replaced", "efter att policyn ersattes"),
}

_RECIPIENT_ROLES: Mapping[RecipientRole, Pair] = {
    RecipientRole.PROCESSOR: ("processor", "personuppgiftsbiträde"),
    RecipientRole.CONTROLLER: ("controller of its own", "självständigt ansvarig"),
    RecipientRole.JOINT_CONTROLLER: ("joint controller", "gemensamt ansvarig"),
    RecipientRole.PARTNER: ("partner", "partner"),
    RecipientRole.ADVERTISING: ("advertising partner", "annonspartner"),
    RecipientRole.AUTHORITY: ("public authority", "myndighet"),
    RecipientRole.BUYER: ("buyer of the business", "köpare av verksamheten"),
}

_SAFEGUARDS: Mapping[SafeguardKind, Pair] = {
    SafeguardKind.ADEQUACY: ("adequacy decision, article 45", "beslut om adekvat skydd, artikel 45"),
    SafeguardKind.FRAMEWORK: ("framework, article 45", "ramverk, artikel 45"),
    SafeguardKind.STANDARD_CLAUSES: ("standard clauses, article 46", "standardavtalsklausuler, artikel 46"),
    SafeguardKind.BINDING_RULES: ("binding rules, article 47", "bindande företagsbestämmelser, artikel 47"),
    SafeguardKind.DEROGATION: ("derogation, article 49", "undantag, artikel 49"),
    SafeguardKind.CONSENT: ("consent to the transfer, article 49", "samtycke till överföringen, artikel 49"),
}

_CRITERIA: Mapping[Criterion, Pair] = {
    Criterion.EVALUATION: ("evaluates or predicts", "bedömer eller förutsäger"),
    Criterion.MONITORING: ("follows what people do", "följer vad personer gör"),
    Criterion.SPECIAL: ("special categories", "känsliga uppgifter"),
    Criterion.LARGE_SCALE: ("many people", "många personer"),
    Criterion.COMBINING: ("combines sources", "förenar källor"),
    Criterion.VULNERABLE: ("people who depend on the answer", "personer som är beroende av svaret"),
}

_NEEDS: Mapping[Need, Pair] = {
    Need.LIA: ("Legitimate interest", "Berättigat intresse"),
    Need.DPIA: ("Data protection impact", "Konsekvens för dataskyddet"),
    Need.TIA: ("Transfer", "Överföring"),
}


class RegisterWords(Words):
    """The words of the statement and those that only the register needs, in one language."""

    def term(self, name: str) -> str:
        """Give a heading or phrase of the register. Raises KeyError on one that does not exist."""
        return _PHRASES[name][self._index]

    def ground(self, basis: Basis) -> str:
        """Name a ground with its letter in GDPR article 6."""
        return _GROUNDS[basis][self._index]

    def trigger(self, trigger: Trigger) -> str:
        """Say from when a retention period counts, of anybody."""
        return _TRIGGERS[trigger][self._index]

    def recipient_role(self, role: RecipientRole) -> str:
        """Say what a recipient is in law."""
        return _RECIPIENT_ROLES[role][self._index]

    def safeguard_kind(self, kind: SafeguardKind) -> str:
        """Name the kind of a safeguard, with its article."""
        return _SAFEGUARDS[kind][self._index]

    def criterion(self, criterion: Criterion) -> str:
        """Say what a sign of a high risk is."""
        return _CRITERIA[criterion][self._index]

    def need(self, need: Need) -> str:
        """Name a kind of assessment."""
        return _NEEDS[need][self._index]
