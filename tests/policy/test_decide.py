import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.policy.bases import Basis
from tillit.policy.decide import Decision, Reason, decide, explain
from tillit.policy.outcomes import outcome_index
from tillit.policy.regions import Region
from tillit.policy.roles import Flag, Role
from tillit.policy.rules import PersonState, Rule, compile_rules


def naive(rule: Rule, person: PersonState) -> bool:
    """The formula of docs/architecture.md, word for word."""
    return bool(
        rule.roles & person.roles != 0
        and (
            ((rule.default_regions >> person.region) & 1 and not (rule.refusable and (person.refused >> rule.bit) & 1))
            or (
                (rule.consent_regions >> person.region) & 1
                and (person.granted >> rule.bit) & 1
                and not (person.refused >> rule.bit) & 1
            )
        )
        and (not person.flags & 1 or rule.allowed_when_restricted)
        and (not person.flags & 6 or not rule.sends)
    )


def a_rule(**changes: object) -> Rule:
    fields: dict[str, object] = {
        "purpose": "marketing.email",
        "bit": 5,
        "roles": 1,
        "default_regions": 1 << Region.US,
        "consent_regions": 1 << Region.EEA,
        "refusable": True,
        "sends": True,
        "allowed_when_restricted": False,
        "categories": frozenset({"contact"}),
        "clause": "C11",
    }
    return Rule(**{**fields, **changes})


def a_person(**changes: int) -> PersonState:
    return PersonState(region=Region.EEA, roles=1, flags=0, granted=1 << 5, refused=0)._replace(**changes)


@pytest.mark.clause("C8", "D2")
@given(our.rules_and_states())
def test_decide_agrees_with_the_formula(case):
    rule, person = case
    assert decide(rule, person).permitted is naive(rule, person)


@pytest.mark.clause("E3", "E9", "D3")
@given(our.rules_and_states())
def test_a_withdrawal_never_allows_more(case):
    rule, person = case
    place = 1 << rule.bit
    withdrawn = person._replace(granted=person.granted & ~place, refused=person.refused | place)
    assert decide(rule, person).permitted >= decide(rule, withdrawn).permitted


@pytest.mark.clause("E2")
@given(our.rules_and_states(), st.sampled_from(Flag))
def test_a_flag_never_allows_more(case, flag):
    rule, person = case
    flagged = person._replace(flags=person.flags | flag)
    assert decide(rule, person).permitted >= decide(rule, flagged).permitted


@given(our.rules_and_states(), our.choice_bits)
def test_other_purposes_choices_change_nothing(case, others):
    rule, person = case
    others &= ~rule.refused_bits
    changed = person._replace(granted=person.granted ^ others, refused=person.refused ^ others)
    assert decide(rule, person) == decide(rule, changed)


@given(our.rules_and_states())
def test_the_reason_matches_the_answer(case):
    rule, person = case
    decision = decide(rule, person)
    says_yes = decision.reason in (Reason.PERMITTED_BY_BASIS, Reason.PERMITTED_BY_CONSENT)
    assert decision.permitted is says_yes
    assert decision.clause == rule.clause


@pytest.mark.parametrize(
    ("rule", "person", "reason"),
    [
        (a_rule(), a_person(region=Region.US), Reason.PERMITTED_BY_BASIS),
        (a_rule(), a_person(), Reason.PERMITTED_BY_CONSENT),
        (a_rule(), a_person(roles=Role.APPLICANT), Reason.NOT_FOR_THIS_ROLE),
        (a_rule(), a_person(region=Region.CH), Reason.NO_BASIS_IN_REGION),
        (a_rule(), a_person(granted=0), Reason.CONSENT_MISSING),
        (a_rule(), a_person(refused=1 << 5), Reason.REFUSED),
        (a_rule(), a_person(region=Region.US, refused=1 << 5), Reason.REFUSED),
        (a_rule(), a_person(flags=Flag.RESTRICTED), Reason.RESTRICTED),
        (a_rule(), a_person(flags=Flag.UNREACHABLE), Reason.UNREACHABLE),
        (a_rule(), a_person(flags=Flag.SUPPRESSED), Reason.UNREACHABLE),
        (a_rule(), a_person(flags=Flag.SUPPRESSED | Flag.UNREACHABLE), Reason.UNREACHABLE),
        (a_rule(), a_person(flags=Flag.RESTRICTED | Flag.UNREACHABLE), Reason.RESTRICTED),
        (a_rule(), a_person(region=31), Reason.NO_BASIS_IN_REGION),
        (a_rule(), a_person(region=-1), Reason.NO_BASIS_IN_REGION),
        (a_rule(refusable=False), a_person(region=Region.US, refused=1 << 5), Reason.PERMITTED_BY_BASIS),
        (a_rule(sends=False), a_person(flags=Flag.UNREACHABLE), Reason.PERMITTED_BY_CONSENT),
        (a_rule(sends=False), a_person(flags=Flag.SUPPRESSED), Reason.PERMITTED_BY_CONSENT),
        (a_rule(allowed_when_restricted=True), a_person(flags=Flag.RESTRICTED), Reason.PERMITTED_BY_CONSENT),
    ],
)
def test_each_reason_is_given_for_its_case(rule, person, reason):
    assert decide(rule, person).reason is reason


@pytest.mark.clause("D5")
def test_marketing_in_the_eea_waits_for_consent(reference):
    rule = compile_rules(reference)["marketing.email"]
    nobody_asked = PersonState(region=Region.EEA, roles=Role.CONTACT, flags=0, granted=0, refused=0)
    assert decide(rule, nobody_asked).reason is Reason.CONSENT_MISSING
    agreed = decide(rule, nobody_asked._replace(granted=1 << rule.bit))
    assert (agreed.permitted, agreed.basis) == (True, Basis.CONSENT)


@pytest.mark.clause("C12")
def test_applicants_are_invisible_to_marketing(reference):
    rules = compile_rules(reference)
    applicant = PersonState(region=Region.EEA, roles=Role.APPLICANT, flags=0, granted=(1 << 62) - 1, refused=0)
    marketing = [purpose_id for purpose_id, purpose in reference.purposes.items() if purpose.marketing]
    assert marketing
    assert {decide(rules[purpose_id], applicant).reason for purpose_id in marketing} == {Reason.NOT_FOR_THIS_ROLE}
    assert all("recruitment" not in rules[purpose_id].categories for purpose_id in marketing)


@pytest.mark.clause("E10")
def test_service_messages_cannot_be_refused(reference):
    rule = compile_rules(reference)["service.message"]
    refuser = PersonState(region=Region.EEA, roles=Role.MEMBER, flags=0, granted=0, refused=(1 << 62) - 1)
    assert decide(rule, refuser).reason is Reason.PERMITTED_BY_BASIS


@pytest.mark.clause("E12", "C7")
@pytest.mark.parametrize("region", list(Region))
def test_anybody_can_opt_out_of_predictions(reference, region):
    rule = compile_rules(reference)["analytics.predict"]
    refuser = PersonState(region=region, roles=Role.CUSTOMER, flags=0, granted=0, refused=1 << rule.bit)
    assert not decide(rule, refuser).permitted


@pytest.mark.parametrize("language", ["en", "sv", "sv-FI", "de"])
def test_every_reason_and_basis_is_explained_in_words(language):
    said = set()
    for reason in Reason:
        for basis in [None, *Basis]:
            sentence = explain(Decision(False, reason, "C9", basis), language)
            assert sentence[0].isupper() and sentence.endswith(".") and "{" not in sentence
            said.add(sentence)
    assert len(said) == len(Reason) + len(Basis)


def test_an_explanation_names_the_purpose():
    decision = Decision(False, Reason.REFUSED, "E5", None)
    assert explain(decision, "sv", purpose="Nyheter") == "“Nyheter” är inte tillåten. Personen har sagt nej till den."


@given(our.rules_and_states())
def test_the_spelt_out_index_is_the_documented_one(case):
    rule, person = case
    if not rule.roles & person.roles:
        return
    index = outcome_index(
        region=person.region,
        flags=person.flags,
        granted=bool(person.granted >> rule.bit & 1),
        refused=bool(person.refused >> rule.bit & 1),
    )
    assert decide(rule, person) is rule.table[index]
