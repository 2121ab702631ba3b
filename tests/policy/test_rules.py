import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.policy.bases import Basis
from tillit.policy.decide import decide
from tillit.policy.document import Purpose
from tillit.policy.regions import REGION_COUNT, Region
from tillit.policy.roles import EVERYONE
from tillit.policy.rules import (
    MAX_PURPOSES,
    PersonState,
    Place,
    Rule,
    TooManyPurposes,
    allot,
    bases_by_region,
    compile_rules,
)


@pytest.mark.clause("B7")
@given(our.documents(), st.booleans(), st.booleans(), our.flags)
def test_an_unknown_region_never_permits_what_some_region_forbids(document, grants, refuses, flags):
    for rule in compile_rules(document).values():
        bit = 1 << rule.bit
        person = PersonState(0, EVERYONE, flags, bit if grants else 0, bit if refuses else 0)
        elsewhere = [decide(rule, person._replace(region=region)).permitted for region in Region if region]
        assert decide(rule, person).permitted <= all(elsewhere)


@given(our.documents())
def test_a_region_is_by_default_or_by_consent_never_both(document):
    for rule in compile_rules(document).values():
        assert rule.default_regions & rule.consent_regions == 0
        assert all(
            (rule.consent_regions >> region & 1) == (rule.bases[region] is Basis.CONSENT)
            for region in range(REGION_COUNT)
        )


@pytest.mark.clause("D1", "D2")
@given(our.documents(), st.sampled_from([region for region in Region if region]))
def test_the_ground_shown_is_the_ground_written(document, region):
    rules = compile_rules(document)
    for purpose_id, purpose in document.purposes.items():
        written = purpose.basis.get(region.code, purpose.basis["default"])
        granted = PersonState(region, EVERYONE, 0, 1 << rules[purpose_id].bit, 0)
        decision = decide(rules[purpose_id], granted)
        assert decision.basis is (None if written is Basis.NONE else written)


def purpose(**basis: str) -> Purpose:
    texts = {"en": "x"}
    named = {name.replace("_", "-"): ground for name, ground in basis.items()}
    return Purpose.model_validate(
        {"title": texts, "description": texts, "roles": "everyone", "categories": "all", "basis": named}
    )


@pytest.mark.clause("B7")
@pytest.mark.parametrize(
    ("basis", "unknown"),
    [
        ({"default": "consent", "US": "opt-out"}, Basis.CONSENT),
        ({"default": "opt-out", "EEA": "consent"}, Basis.CONSENT),
        ({"default": "contract", "JP": "none", "EEA": "consent"}, None),
        ({"US_CA": "legal-obligation"}, None),
        ({"default": "contract", "EEA": "legal-obligation"}, Basis.CONTRACT),
    ],
)
def test_an_unknown_region_is_decided_as_the_strictest(basis, unknown):
    assert bases_by_region(purpose(**basis))[Region.UNKNOWN] is unknown


def test_codes_without_a_region_follow_the_other_regions():
    bases = bases_by_region(purpose(default="contract", OTHER="none", EEA="consent"))
    assert bases[20] is None and bases[Region.OTHER] is None and bases[Region.AU] is Basis.CONTRACT


@given(st.lists(our.identifiers, unique=True, max_size=20), st.lists(our.identifiers, unique=True, max_size=20))
def test_a_purpose_keeps_its_bit_for_ever(first, second):
    before = allot(first, {})
    after = allot(second, before)
    assert {purpose_id: after[purpose_id] for purpose_id in before} == before
    assert len({place.bit for place in after.values()}) == len(after) == len({*first, *second})
    assert allot(first, after) == after


def test_the_bit_of_a_retired_purpose_is_not_given_away():
    assert allot(["c"], {"a": Place(0, 1), "b": Place(1, 2)}) == {"a": (0, 1), "b": (1, 2), "c": (2, 4)}
    assert allot(["c"], {"b": Place(1, 2)}) == {"b": (1, 2), "c": (0, 1)}


def test_the_sixty_third_purpose_is_refused_with_the_reason():
    full = allot((f"p{number}" for number in range(MAX_PURPOSES)), {})
    assert sorted(full.values()) == [(bit, 1 << bit) for bit in range(62)]
    with pytest.raises(TooManyPurposes, match="one bit of every person's choices"):
        allot(["one.more"], full)


@pytest.mark.clause("J1", "D5")
@given(st.lists(our.identifiers, unique=True, min_size=1, max_size=20), st.data())
def test_consent_asked_anew_gets_a_fresh_bit_and_keeps_the_refusals(purposes, data):
    before = allot(purposes, {})
    again = data.draw(st.lists(st.sampled_from(purposes), unique=True))
    after = allot(purposes, before, ask_again=again)
    used = {place.bit for place in before.values()}
    for name in purposes:
        if name in again:
            assert after[name].bit not in used
            assert after[name].refused_bits == before[name].refused_bits | 1 << after[name].bit
        else:
            assert after[name] == before[name]
    assert sum(place.refused_bits.bit_count() for place in after.values()) == len(purposes) + len(again)


def test_asking_anew_when_no_bit_is_left_is_refused():
    full = allot((f"p{number}" for number in range(MAX_PURPOSES)), {})
    with pytest.raises(TooManyPurposes, match="asked for anew"):
        allot(["p3"], full, ask_again=["p3"])


def test_two_purposes_with_one_bit_are_refused():
    with pytest.raises(ValueError, match="same bit"):
        allot([], {"a": Place(3, 8), "b": Place(2, 8 | 4)})


def test_compiling_again_with_the_known_bits_changes_no_bit(reference):
    first = compile_rules(reference)
    known = {purpose_id: Place(rule.bit, rule.refused_bits) for purpose_id, rule in first.items()}
    assert compile_rules(reference, known) == first
    moved = compile_rules(reference, {"retired": Place(0, 1), "service.message": Place(40, 0)})
    assert moved["service.message"].bit == 40
    assert 0 not in {rule.bit for rule in moved.values()}


@given(our.rules())
def test_a_rule_survives_pickling_and_cannot_be_changed(rule):
    again = pickle.loads(pickle.dumps(rule))
    assert again == rule and hash(again) == hash(rule) and again.table == rule.table
    with pytest.raises(dataclasses.FrozenInstanceError):
        rule.bit = 1


@pytest.mark.parametrize(
    "changes", [{"bit": 62}, {"refused_bits": 1 << 62}, {"bit": -1}, {"default_regions": 1 << 31}, {"bases": (None,)}]
)
def test_a_rule_the_database_cannot_hold_is_refused(changes):
    fields = {"purpose": "a", "bit": 0, "roles": 1, "default_regions": 0, "consent_regions": 0, "refusable": False}
    more = {"sends": False, "allowed_when_restricted": False, "categories": frozenset()}
    with pytest.raises(ValueError, match=r"a"):
        Rule(**{**fields, **more, **changes})


def test_the_reference_compiles_to_the_promised_rules(reference):
    rules = compile_rules(reference)
    marketing = rules["marketing.email"]
    assert marketing.consent_regions >> Region.EEA & 1 and marketing.consent_regions >> Region.CA & 1
    assert marketing.default_regions == 1 << Region.US | 1 << Region.US_CA
    assert marketing.refusable and marketing.sends and not marketing.allowed_when_restricted
    assert marketing.categories == {
        "contact", "identity", "demographics", "occupation", "preferences", "correspondence",
    }  # fmt: skip
    assert rules["rights.fulfil"].categories == frozenset(reference.categories)
    everywhere = (1 << REGION_COUNT) - 1
    for purpose_id in ("preferences.manage", "rights.fulfil", "audience.administer", "delivery.operate"):
        assert rules[purpose_id].default_regions == everywhere
        assert (rules[purpose_id].refusable, rules[purpose_id].sends) == (False, False)
        assert rules[purpose_id].allowed_when_restricted
