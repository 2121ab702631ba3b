"""The reference policy says what docs/clauses.md promises."""

import re

import pytest

from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Audience
from tillit.policy.keeping import Trigger
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.roles import ROLE_NAMES
from tillit.policy.rules import bases_by_region

ROWS = {"A": 10, "B": 13, "C": 21, "D": 5, "E": 14, "F": 7, "G": 1, "H": 3, "I": 2, "J": 4}
CLAUSES = [f"{letter}{number}" for letter, count in ROWS.items() for number in range(1, count + 1)]


@pytest.mark.parametrize("clause", CLAUSES)
def test_every_clause_has_its_place(reference, clause):
    assert reference.clauses().get(clause)


def test_no_clause_is_invented(reference):
    assert set(reference.clauses()) == set(CLAUSES)


def test_it_is_as_rich_as_a_real_policy(reference):
    assert len(reference.purposes) >= 26 and len(reference.categories) >= 14
    used = {role for purpose in reference.purposes.values() for role in purpose.roles}
    assert used >= set(ROLE_NAMES)
    named = {code for purpose in reference.purposes.values() for code in purpose.basis}
    assert named >= {"default", "EEA", "UK", "US", "US-CA"}


@pytest.mark.clause("A6")
def test_every_category_has_a_term_of_the_vocabulary(reference):
    terms = [term for category in reference.categories.values() for term in category.dpv]
    assert all(re.fullmatch(r"pd:[A-Z][A-Za-z]+", term) for term in terms)


@pytest.mark.clause("E9", "C11")
def test_all_marketing_can_be_refused_everywhere(reference):
    marketing = [purpose for purpose in reference.purposes.values() if purpose.marketing]
    assert len(marketing) >= 3
    assert all(purpose.effective_objection is Objection.AT_ONCE for purpose in marketing)


@pytest.mark.clause("D5", "E5")
def test_marketing_mail_needs_consent_wherever_the_law_wants_it(reference):
    bases = bases_by_region(reference.purposes["marketing.email"])
    assert {bases[region] for region in (Region.EEA, Region.UK, Region.CH, Region.CA, Region.UNKNOWN)} == {
        Basis.CONSENT
    }
    assert {bases[Region.US], bases[Region.US_CA]} == {Basis.OPT_OUT}


@pytest.mark.clause("C9")
def test_measurement_can_be_refused_everywhere(reference):
    purpose = reference.purposes["measurement.email"]
    assert purpose.refusable
    assert None not in bases_by_region(purpose)


@pytest.mark.clause("E10", "D4")
def test_service_messages_rest_on_the_contract_and_say_the_consequence(reference):
    purpose = reference.purposes["service.message"]
    assert purpose.is_compulsory and not purpose.refusable and not purpose.marketing
    assert purpose.compulsory is not None


@pytest.mark.clause("J3")
@pytest.mark.parametrize("region", NAMED_REGIONS)
def test_everybody_has_an_officer(reference, region):
    assert any(region in officer.regions or not officer.regions for officer in reference.officers)


@pytest.mark.clause("F7")
def test_recipients_with_marketing_of_their_own_have_a_name_and_an_address(reference):
    marketers = [each for each in reference.recipients.values() if each.direct_marketing]
    assert marketers and all(each.name and each.address and each.policy for each in marketers)


@pytest.mark.clause("I1")
def test_retention_counts_from_known_events(reference):
    assert set(reference.retention) == set(reference.categories)
    assert {rule.after for rule in reference.retention.values()} <= set(Trigger)


@pytest.mark.clause("A9")
def test_it_speaks_to_each_audience(reference):
    assert {section.audience for section in reference.statement.sections.values()} == set(Audience)


def test_every_address_is_an_example(reference_text):
    addresses = re.findall(r"[\w.-]+@([\w.-]+)", reference_text)
    assert addresses and all(address.endswith(".example") for address in addresses)
