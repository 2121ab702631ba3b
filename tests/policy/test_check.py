from datetime import date

import pytest
from hypothesis import given, settings

from tests.policy import strategies as our
from tests.policy.conftest import REFERENCE
from tests.policy.test_load import changed, line_of, problems
from tillit.policy.check import check
from tillit.policy.load import check_file
from tillit.policy.required import CODE_CATEGORIES, CODE_PURPOSES, SENDING_PURPOSES, STANDING_PURPOSES

#: Part of preferences.manage in the reference policy.
KEEPING = """    roles: everyone
    categories: [contact, identity, preferences, correspondence]
    basis: {default: legal-obligation}
    allowed_when_restricted: true
    clauses: [E3"""

TODAY = date(2026, 11, 22)


@settings(max_examples=25)
@given(our.documents())
def test_random_documents_that_keep_the_rules_have_no_problem(document):
    assert check(document, advice=False) == []
    assert {problem.level for problem in check(document)} <= {"advice"}


def test_the_reference_has_no_error_today_and_one_piece_of_advice():
    found = check_file(REFERENCE, today=TODAY)
    assert [(problem.level, problem.path) for problem in found] == [("advice", "purposes")]
    assert "nothing is done under them here" in found[0].message


@pytest.mark.parametrize(
    "case",
    [
        (  # references
            "categories: [interaction, device, correspondence]",
            "categories: [interaction, device, correspondance, correspondence]",
            "purposes/measurement.email/categories/3",
            "There is no category “correspondance”.",
            "correspondance",
        ),
        (
            "    recipients: [mail-relay]",
            "    recipients: [relay]",
            "purposes/marketing.email/recipients/1",
            "There is no recipient “relay”.",
            "recipients: [relay]",
        ),
        (
            "    safeguard: dpf-eu",
            "    safeguard: shield",
            "recipients/mail-relay/safeguard",
            "There is no safeguard “shield”.",
            "safeguard: shield",
        ),
        (
            "    fallback: scc",
            "    fallback: sc",
            "safeguards/dpf-eu/fallback",
            "There is no safeguard “sc”.",
            "fallback: sc\n",
        ),
        (
            "    purpose: site.measure",
            "    purpose: site.count",
            "trackers/visit/purpose",
            "There is no purpose “site.count”.",
            "purpose: site.count",
        ),
        (
            "    recipient: social-platform",
            "    recipient: nobody",
            "trackers/social-embed/recipient",
            "There is no recipient “nobody”.",
            "recipient: nobody",
        ),
        (
            "retention:\n  contact:",
            "retention:\n  contacts:",
            "retention/contacts",
            "There is no category “contacts”.",
            "  contacts:",
        ),
        (  # grounds
            "basis: {default: consent, US: opt-out, US-CA: opt-out}",
            "basis: {default: none}",
            "purposes/marketing.email/basis",
            "The purpose has no basis in any region.",
            "basis: {default: none}",
        ),
        (
            "basis: {default: consent, US: opt-out, US-CA: opt-out}",
            "basis: {}",
            "purposes/marketing.email/basis",
            "The purpose has no basis in any region.",
            "basis: {}",
        ),
        (
            "basis: {default: consent, US: opt-out, US-CA: opt-out}",
            "basis: {default: opt-out, EEA: consent}",
            "purposes/marketing.email/basis/default",
            "“opt-out” is no ground in UK",
            "basis: {default: opt-out",
        ),
        (
            "basis: {default: consent, US: opt-out, US-CA: opt-out}",
            "basis: {default: legitimate-interest}",
            "purposes/marketing.email",
            "The purpose rests on a legitimate interest without a balancing test.",
            "marketing.email:",
        ),
        (
            "basis: {default: consent, US: opt-out, US-CA: opt-out}",
            "basis: {default: contract}\n    objection: at-once",
            "purposes/marketing.email/objection",
            "What a contract or the law requires cannot be refused",
            "objection: at-once",
        ),
        (
            "    consent_lasts: 3 years\n    recipients: [mail-relay]\n",
            "    recipients: [mail-relay]\n    objection: review\n",
            "purposes/marketing.email/objection",
            "Direct marketing can always be refused, at once.",
            "objection: review\n    clauses: [C11",
        ),
        (
            "    basis: {default: contract}\n    objection: none",
            "    basis: {default: contract}\n    consent_lasts: 1 year",
            "purposes/service.message/consent_lasts",
            "Consent lapses here, but none is ever asked for.",
            "consent_lasts: 1 year",
        ),
        (
            "    objection: at-once\n    consent_lasts: 2 years",
            "    objection: none\n    consent_lasts: 2 years",
            "purposes/analytics.predict/objection",
            "A legitimate interest or public task leaves the person a right to object.",
            "objection: none\n    consent_lasts: 2 years",
        ),
        (
            "    dpv: [pd:Opinion]",
            "    dpv: [pd:Opinion]\n    special: true",
            "purposes/promotion.run/basis",
            "The special category “survey” may not be used on the ground “contract”.",
            "basis: {default: contract}\n    sends: true\n    compulsory:\n      en: We need a name",
        ),
        (  # transfers
            "    safeguard: dpf-eu\n",
            "",
            "recipients/mail-relay",
            "The recipient is in US, outside the EEA, and nothing protects the transfer.",
            "  mail-relay:\n",
        ),
        (
            "    safeguard: dpf-eu",
            "    safeguard: adequacy-uk",
            "recipients/mail-relay/safeguard",
            "The safeguard “adequacy-uk” does not cover US.",
            "safeguard: adequacy-uk",
        ),
        (
            "    reference: Commission Implementing Decision (EU) 2021/914",
            "    fallback: dpf-eu\n    reference: Commission Implementing Decision (EU) 2021/914",
            "safeguards/dpf-eu/fallback",
            "The fallback leads back to the same safeguard.",
            "fallback: scc",
        ),
        (  # trackers
            "    purpose: site.measure\n",
            "",
            "trackers/visit",
            "The tracker has no purpose.",
            "  visit:\n",
        ),
        (
            "    purpose: site.measure",
            "    purpose: site.operate",
            "trackers/visit/purpose",
            "The tracker is not essential, and “site.operate” does not ask for consent in the EEA.",
            "purpose: site.operate",
        ),
        (
            "    categories: [identity, preferences]\n    lasts: 6 months",
            "    categories: [identity, contact]\n    lasts: 6 months",
            "trackers/personal-content/categories/2",
            "The tracker collects “contact”, which the purpose “content.personalise” does not use.",
            "categories: [identity, contact]\n    lasts: 6 months",
        ),
        (  # retention, people in charge, languages
            "retention:\n  contact:",
            "retention:\n  contacts:",
            "categories/contact",
            "Nothing says how long “contact” is kept.",
            "  contact:\n",
        ),
        (
            "    regions: [UK]",
            "    regions: [EEA]",
            "officers/2/regions",
            "EEA has two entries: also officers/1.",
            "regions: [EEA]\n    name: Meri",
        ),
        (
            "    rights:\n      access:",
            "    regions: [EEA]\n    rights:\n      access:",
            "rights/gdpr/regions",
            "“regions” is written twice",
            "regions: [EEA]\n    rights:",
        ),
        (
            "  others:\n",
            "  others:\n    regions: [AU]\n",
            "rights",
            "There is no regime of rights for US, NZ, JP, KR, BR, SG, OTHER.",
            "rights:\n  gdpr",
        ),
        (
            "title: {en: Contact details, sv: Kontaktuppgifter}",
            "title: {en: Contact details}",
            "categories/contact/title",
            "The text is missing in the language “sv”.",
            "title: {en: Contact details}",
        ),
        (
            "title: {en: Contact details, sv: Kontaktuppgifter}",
            "title: {en: Contact details, sv: Kontaktuppgifter, fi: Yhteystiedot}",
            "categories/contact/title/fi",
            "The language “fi” is not one of the document's.",
            "fi: Yhteystiedot",
        ),
        (  # the program's needs
            "  preferences.manage:",
            "  preferences.handle:",
            "purposes/preferences.manage",
            "The program needs the purpose “preferences.manage”.",
            "\npurposes:\n",
        ),
        (
            "categories: [interaction, device, correspondence]",
            "categories: [interaction, correspondence]",
            "purposes/measurement.email/categories",
            "The program reads device under “measurement.email”, which is not listed.",
            "categories: [interaction, correspondence]",
        ),
        (
            "    sends: true",
            "    sends: false",
            "purposes/marketing.email/sends",
            "The program sends messages under “marketing.email”.",
            "sends: false",
        ),
        (
            KEEPING,
            KEEPING.replace("legal-obligation", "consent"),
            "purposes/preferences.manage/basis",
            "The program must be able to do this for everybody, whatever they chose.",
            "basis: {default: consent}\n    allowed",
        ),
        (
            KEEPING,
            KEEPING.replace("everyone", "[contact]"),
            "purposes/preferences.manage/roles",
            "The program must be able to do this for every person.",
            KEEPING.replace("everyone", "[contact]"),
        ),
        (
            "    basis: {default: legal-obligation}\n    allowed_when_restricted: true\n    clauses: [E3",
            "    basis: {default: legal-obligation}\n    clauses: [E3",
            "purposes/preferences.manage",
            "The program must be able to do this for a restricted person, too.",
            "  preferences.manage:",
        ),
    ],
)
def test_a_contradiction_is_told_with_its_line(reference_text, case):
    old, new, path, message, at = case
    text = changed(reference_text, old, new)
    found = [problem for problem in problems(text) if problem.path == path and problem.message.startswith(message)]
    assert found, [str(problem) for problem in problems(text)]
    assert found[0].line == line_of(text, at) + at.startswith("\n")
    assert found[0].mend.endswith((".", "?"))


def test_more_than_62_purposes_are_explained(reference_text):
    block = reference_text[reference_text.index("  site.measure:") : reference_text.index("  social.embed:")]
    extra = "".join(block.replace("site.measure:", f"site.measure{number}:") for number in range(30))
    text = changed(reference_text, "  social.embed:", extra + "  social.embed:")
    problem = next(problem for problem in problems(text) if problem.path == "purposes")
    assert (problem.line, "one bit a purpose in a 64-bit number" in problem.message) == (
        line_of(text, "\npurposes:") + 1,
        True,
    )


@pytest.mark.parametrize("purpose_id", sorted(CODE_PURPOSES))
def test_the_reference_has_what_the_program_needs(reference, purpose_id):
    purpose = reference.purposes[purpose_id]
    needed = CODE_CATEGORIES.get(purpose_id, frozenset(reference.categories))
    assert purpose.uses_every_category or needed <= set(purpose.categories)
    assert purpose.sends is (purpose_id in SENDING_PURPOSES)


def test_the_needs_are_about_purposes_the_program_has():
    assert STANDING_PURPOSES | SENDING_PURPOSES | set(CODE_CATEGORIES) <= CODE_PURPOSES
