"""What the sections and fields of a policy document are called where they are edited, and what each is for."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

#: Each field's label. ``Model.field`` goes before ``field``.
LABELS: dict[str, Text] = {
    "name": _("Name"),
    "address": _("Postal address"),
    "country": _("Country"),
    "email": _("Email address"),
    "phone": _("Telephone"),
    "website": _("Website"),
    "registration": _("Registration number"),
    "seat": _("Seat"),
    "business": _("Business"),
    "objections": _("Where people object in writing"),
    "privacy": _("Address for questions about privacy"),
    "clauses": _("Promises it keeps"),
    "title": _("Title"),
    "description": _("Description"),
    "regions": _("Regions"),
    "dpv": _("Terms of the Data Privacy Vocabulary"),
    "special": _("Special category"),
    "representative": _("Representative"),
    "roles": _("Whom it concerns"),
    "categories": _("Data it may use"),
    "basis": _("Legal ground"),
    "objection": _("What a “no” does"),
    "marketing": _("Direct marketing"),
    "sends": _("Sends messages"),
    "allowed_when_restricted": _("Goes on when processing is restricted"),
    "role": _("Role"),
    "Purpose.role": _("Who decides about it"),
    "recipients": _("Who receives data for it"),
    "consent_lasts": _("Consent lapses after"),
    "balancing": _("Balancing test"),
    "compulsory": _("If a person does not give the data"),
    "Recipient.title": _("Title in the statement"),
    "Recipient.categories": _("What it may receive"),
    "safeguard": _("Safeguard"),
    "contract": _("Agreement"),
    "policy": _("Its own privacy policy"),
    "direct_marketing": _("May use it for its own direct marketing"),
    "kind": _("Kind"),
    "countries": _("Countries it works in"),
    "valid_from": _("In force from"),
    "expires": _("Ends on"),
    "review": _("Review on"),
    "fallback": _("What takes over when it ends"),
    "reference": _("Decision or agreement"),
    "recourse": _("What a person can do who is not content"),
    "Source.categories": _("What comes from it"),
    "warranty": _("Why it may give the data away"),
    "evidence": _("Where that is written"),
    "recipient": _("Recipient"),
    "Tracker.name": _("Technical name"),
    "Tracker.categories": _("What it collects"),
    "purpose": _("Purpose"),
    "lasts": _("Lasts"),
    "essential": _("Essential"),
    "host": _("Whose server it talks to"),
    "keep": _("Kept for"),
    "after": _("Counted from"),
    "then": _("What happens then"),
    "reason": _("Reason"),
    "law": _("Law that requires it"),
    "Duty.law": _("Law"),
    "Duty.keep": _("At least"),
    "Duty.categories": _("What must be kept"),
    "rights": _("Rights"),
    "how": _("How to use them"),
    "verification": _("How you make sure who asks"),
    "authority": _("Supervisory authority"),
    "audience": _("Audience"),
    "text": _("Text"),
    "asserts": _("What the text promises"),
    "Statement.introduction": _("Introduction"),
}

HELP: dict[str, Text] = {
    "clauses": _("A letter and a number each, such as C9. They become anchors in the statement."),
    "country": _("Two capital letters, such as SE."),
    "Officer.regions": _("Exactly one officer has no regions: that one serves everybody else."),
    "Regime.regions": _("Exactly one entry has no regions: it holds for everybody else."),
    "representative": _("Stands for the operator in these regions, where it has no seat (GDPR article 27)."),
    "dpv": _("One on each line, such as pd:EmailAddress. Receipts and the register use them."),
    "special": _(
        "Health, belief, union membership and the like (GDPR article 9). They cannot rest on a contract or on a"
        " legitimate interest."
    ),
    "basis": _("The first row holds wherever no other ground is chosen. Publishing lets the database obey it at once."),
    "objection": _("If you do not choose, the grounds decide."),
    "marketing": _("It can always be refused, at once."),
    "sends": _("People whose address bounces or is suppressed are left out."),
    "allowed_when_restricted": _("For storage and claims, when a person had processing restricted (GDPR article 18)."),
    "consent_lasts": _("Then it is asked for anew. Empty if it never lapses."),
    "balancing": _(
        "Required where a ground is a legitimate interest: your interest, the effect on people, what tips it."
    ),
    "compulsory": _("What follows, where a law or a contract requires the data."),
    "Recipient.title": _("If it is a group and no single party."),
    "Recipient.business": _("Examples of its trade, which California’s law asks for."),
    "safeguard": _("Required outside the EEA, unless an adequacy decision covers the country."),
    "countries": _("Two letters each, such as US JP. Empty if it works everywhere."),
    "expires": _("The first day it no longer holds. Empty if it has no end."),
    "Safeguard.valid_from": _("The first day it holds."),
    "review": _("The overview reminds you when the day has come."),
    "fallback": _("If none is in force when it ends, sharing with the recipient stops."),
    "Source.recipient": _("The partner it is, if it is also a recipient."),
    "Tracker.recipient": _("Who gets what it reads, if not you."),
    "Tracker.categories": _("The purpose must use them too."),
    "essential": _(
        "Only if the person asked for what it does. All others need a purpose that asks for consent in the EEA."
    ),
    "rights": _("Write a text for each right people have. One that is left empty is not given."),
    "text": _(
        "Markdown. Refer to purposes and periods by {{purpose:ID}} and {{keep:CATEGORY}} instead of typing them again."
    ),
    "Statement.introduction": _("Markdown, above all sections."),
    "asserts": _("Each is compared with the rules, so the text cannot promise what they forbid."),
}

#: Which fields stand together on an entry's form, by model; fields that are not named come last.
GROUPS: dict[str, tuple[tuple[Text, tuple[str, ...]], ...]] = {
    "Purpose": (
        (_("What people read"), ("title", "description")),
        (_("Ground and refusal"), ("basis", "objection", "consent_lasts", "balancing", "compulsory")),
        (_("People and data"), ("roles", "categories", "recipients")),
        (_("How it works"), ("marketing", "sends", "allowed_when_restricted", "role", "clauses")),
    ),
    "Operator": (
        (_("The company"), ("name", "registration", "seat", "business")),
        (_("How to reach it"), ("address", "country", "email", "phone", "website", "privacy", "objections", "clauses")),
    ),
    "Officer": (
        (_("Who it is"), ("title", "name", "regions", "representative")),
        (_("How to reach them"), ("address", "country", "email", "phone", "website", "clauses")),
    ),
    "Category": (
        (_("What people read"), ("title", "description")),
        (_("What it is"), ("dpv", "special", "clauses")),
    ),
    "Recipient": (
        (_("Who it is"), ("name", "title", "role", "business")),
        (_("What it receives"), ("categories", "direct_marketing")),
        (_("What protects it"), ("country", "safeguard", "contract", "policy")),
        (_("How to reach it"), ("address", "email", "phone", "website", "clauses")),
    ),
    "Safeguard": (
        (_("What people read"), ("title", "recourse")),
        (_("What it is"), ("kind", "reference", "countries", "clauses")),
        (_("How long it holds"), ("valid_from", "expires", "review", "fallback")),
    ),
    "Source": (
        (_("What people read"), ("title", "warranty")),
        (_("What it is"), ("kind", "categories", "recipient", "evidence", "expires", "clauses")),
    ),
    "Tracker": (
        (_("What people read"), ("title", "description")),
        (_("What it is"), ("name", "kind", "host", "lasts")),
        (_("What it is for"), ("purpose", "categories", "essential", "recipient", "clauses")),
    ),
    "Retention": (
        (_("How long"), ("keep", "after", "then")),
        (_("Why"), ("reason", "law", "clauses")),
    ),
    "Duty": (
        (_("The duty"), ("title", "law", "categories")),
        (_("How long"), ("keep", "after", "clauses")),
    ),
    "Regime": (
        (_("Whom it holds for"), ("title", "regions")),
        (_("The rights"), ("rights",)),
        (_("How it works"), ("how", "verification", "authority", "clauses")),
    ),
}

#: The values of a field in words, by field (``Model.field`` goes before ``field``) and value.
VALUES: dict[str, dict[str, Text]] = {
    "basis": {
        "consent": _("Consent (GDPR 6.1 a)"),
        "contract": _("Contract (GDPR 6.1 b)"),
        "legal-obligation": _("Legal obligation (GDPR 6.1 c)"),
        "vital-interests": _("Vital interests (GDPR 6.1 d)"),
        "public-task": _("Public task (GDPR 6.1 e)"),
        "legitimate-interest": _("Legitimate interest (GDPR 6.1 f)"),
        "opt-out": _("Until the person says no (not in the EEA or the UK)"),
        "none": _("Not permitted there"),
    },
    "objection": {
        "at-once": _("It stops at once"),
        "review": _("Somebody weighs it, and it goes on meanwhile"),
        "none": _("It cannot be refused"),
    },
    "Purpose.role": {
        "controller": _("We do"),
        "joint-controller": _("We do, together with somebody else"),
        "processor": _("Somebody else, on whose behalf we work"),
    },
    "Recipient.role": {
        "processor": _("Processor: works for us"),
        "controller": _("Controller: decides for itself"),
        "joint-controller": _("Joint controller: decides with us"),
        "partner": _("Partner"),
        "advertising": _("Advertising partner"),
        "authority": _("Authority"),
        "buyer": _("Buyer of the business"),
    },
    "Safeguard.kind": {
        "adequacy": _("Adequacy decision"),
        "framework": _("Framework with certified companies"),
        "standard-clauses": _("Standard contractual clauses"),
        "binding-rules": _("Binding corporate rules"),
        "derogation": _("Derogation for a single case"),
        "consent": _("Explicit consent"),
    },
    "Source.kind": {
        "person": _("The person"),
        "device": _("The person’s device"),
        "import": _("An import"),
        "partner": _("A partner"),
        "social": _("A social platform"),
        "data-provider": _("A data provider"),
        "public": _("A public register"),
    },
    "Tracker.kind": {
        "cookie": _("Cookie"),
        "storage": _("Storage of the browser"),
        "pixel": _("Pixel"),
        "link": _("Coded link"),
        "script": _("Script"),
        "embed": _("Embedded content"),
    },
    "after": {
        "collected": _("when it was collected"),
        "last-contact": _("the last contact"),
        "withdrawn": _("the withdrawal of consent"),
        "relation-ended": _("the end of the relation"),
        "account-closed": _("the closing of the account"),
        "decided": _("the decision"),
        "closed": _("the closing of the matter"),
        "year-ended": _("the end of the year"),
        "policy-replaced": _("the replacement of the policy"),
    },
    "then": {"delete": _("It is deleted"), "anonymise": _("It is made anonymous")},
    "audience": {
        "everyone": _("Everyone"),
        "contacts": _("Contacts"),
        "visitors": _("Visitors"),
        "members": _("Members"),
        "partners": _("Partners"),
        "applicants": _("Applicants"),
        "customers": _("Customers"),
    },
    "says": {
        "permitted": _("is permitted"),
        "needs-consent": _("needs consent"),
        "not-permitted": _("is not permitted"),
        "can-be-refused": _("can be refused"),
        "cannot-be-refused": _("cannot be refused"),
        "does-not-use": _("does not use"),
    },
    "roles": {
        "everyone": _("Everyone"),
        "contact": _("Contacts"),
        "visitor": _("Visitors"),
        "member": _("Members"),
        "partner": _("Partners"),
        "applicant": _("Applicants"),
        "customer": _("Customers"),
    },
    "rights": {
        "access": _("Access"),
        "rectify": _("Correction"),
        "erase": _("Erasure"),
        "restrict": _("Restriction"),
        "port": _("Taking data along"),
        "object": _("Objection"),
        "withdraw": _("Withdrawal of consent"),
        "human-review": _("Review by a human"),
        "opt-out-of-sale": _("No sale or sharing"),
        "limit-sensitive": _("Limits on sensitive data"),
        "marketing-disclosure": _("Disclosure for direct marketing"),
        "unsubscribe": _("Leaving a list"),
        "complain": _("Complaint"),
    },
    "unit": {"days": _("days"), "weeks": _("weeks"), "months": _("months"), "years": _("years")},
}


def label(model: str, field: str) -> Text:
    """What a field is called; a field without words, which a test finds, is called by its name."""
    return LABELS.get(f"{model}.{field}") or LABELS.get(field, field)


def help_text(model: str, field: str) -> Text:
    """What a field is for, or nothing where its label says it."""
    return HELP.get(f"{model}.{field}") or HELP.get(field, "")


def value_words(model: str, field: str) -> dict[str, Text]:
    """The values of a field in words; none for a field that has no fixed values."""
    return VALUES.get(f"{model}.{field}") or VALUES.get(field, {})
