import re
from collections import Counter
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings

from tests.policy.mutations import pairs
from tillit.policy.bases import Basis
from tillit.policy.decide import decide
from tillit.policy.diff import FACTS, REVERSES, Ask, Change, Changes, Kind, Severity, asks, compare
from tillit.policy.diff_kinds import Tell
from tillit.policy.diff_texts import more_than_a_trifle, pieces
from tillit.policy.diff_words import sentence
from tillit.policy.document import Document
from tillit.policy.load import digest, load
from tillit.policy.outcomes import Decision
from tillit.policy.regions import Region
from tillit.policy.roles import Role
from tillit.policy.rules import PersonState, Rule, compile_rules
from tillit.policy.values import Texts

many = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BOTH_WAYS = {**REVERSES, **{narrow: wide for wide, narrow in REVERSES.items()}}
NO_NAME_YET = 1 << 20  # a role that a later version adds: ``everyone`` means it too
NOBODY = Decision(False, None, "", None)


def edited(text: str, *edits: tuple[str, str]) -> Document:
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load(text)


def part(text: str, heading: str) -> str:
    """The lines of one entry of the reference policy."""
    found = re.search(rf"^  {re.escape(heading)}:\n(?:(?:    .*)?\n)+", text, flags=re.M)
    assert found, heading
    return found[0]


def with_part(text: str, heading: str, old: str, new: str) -> Document:
    before = part(text, heading)
    assert old in before, old
    return load(text.replace(before, before.replace(old, new)))


def said(changes: Changes, language: str = "en") -> list[str]:
    return [sentence(changes, change, language) for change in changes]


def only(changes: Changes, kind: Kind) -> Change:
    (change,) = [each for each in changes if each.kind is kind]
    return change


# -- the laws ---------------------------------------------------------------------------------------------------------
@many
@given(pairs())
def test_there_is_no_change_exactly_if_the_digests_are_equal(pair):
    old, new = pair
    assert (len(compare(old, new)) == 0) == (digest(old) == digest(new))
    assert len(compare(old, old)) == 0


def cases(rule: Rule):
    """Every region, role, flag and choice that matters to a rule."""
    for region, role, flags, granted, refused in product(Region, (*Role, NO_NAME_YET), range(4), (0, 1), (0, 1)):
        yield region, PersonState(region, role, flags, granted << rule.bit, refused << rule.bit)


def decisions(old: dict[str, Rule], new: dict[str, Rule], purpose: str):
    """What both documents decide in every case, with its region. Both rules have the same bit in both documents."""
    if old.get(purpose) == new.get(purpose):
        return
    for region, state in cases(new.get(purpose) or old[purpose]):
        before = decide(old[purpose], state) if purpose in old else NOBODY
        yield region, before, decide(new[purpose], state) if purpose in new else NOBODY


def compiled(pair: tuple[Document, Document]) -> tuple[dict[str, Rule], dict[str, Rule]]:
    """Rules whose purposes have the same bits, as in one workspace."""
    union = sorted({*pair[0].purposes, *pair[1].purposes})
    # every purpose alone in its number: what the bits are does not matter here
    return tuple(
        {name: _at(rule, union.index(name)) for name, rule in compile_rules(document).items()} for document in pair
    )


def _at(rule: Rule, bit: int) -> Rule:
    fields = {
        name: getattr(rule, name)
        for name in ("purpose", "roles", "default_regions", "consent_regions", "refusable", "sends", "categories")
    }
    return Rule(
        bit=bit, allowed_when_restricted=rule.allowed_when_restricted, bases=rule.bases, clause=rule.clause, **fields
    )


@many
@given(pairs())
def test_every_decision_that_differs_is_told_for_its_purpose_and_region(pair):
    old, new = compiled(pair)
    changes = compare(*pair)
    for purpose in {*old, *new}:
        told = {(region, change.facts.permits) for change in changes.of(purpose) for region in change.regions}
        about = bool(changes.of(purpose))
        for region, before, after in decisions(old, new, purpose):
            if before.permitted != after.permitted:
                assert (region, after.permitted - before.permitted) in told
            if before != after:
                assert about
            if before.permitted and after.permitted and before.basis is not after.basis:
                assert any(region in change.regions for change in changes.of(purpose))


@many
@given(pairs())
def test_no_change_claims_a_permission_where_the_rules_decide_alike(pair):
    old, new = compiled(pair)
    changes = compare(*pair)
    for purpose in {*old, *new}:
        turned = {
            (region, after.permitted - before.permitted)
            for region, before, after in decisions(old, new, purpose)
            if before.permitted != after.permitted
        }
        for change in changes.of(purpose):
            if change.facts.permits:
                assert {(region, change.facts.permits) for region in change.regions} <= turned


@many
@given(pairs())
def test_the_other_way_round_what_widened_narrows(pair):
    old, new = pair
    there, back = compare(old, new), compare(new, old)
    kinds = Counter((BOTH_WAYS.get(change.kind, change.kind), frozenset(change.purposes)) for change in there)
    turned = {Kind.SECTION_ADDED: Kind.SECTION_DROPPED, Kind.SAFEGUARD_ADDED: Kind.SAFEGUARD_DROPPED}
    turned |= {Kind.RETENTION_SET: Kind.RETENTION_GONE, Kind.DUTY_ADDED: Kind.DUTY_DROPPED}
    turned |= {Kind.MEASURE_ADDED: Kind.MEASURE_DROPPED}
    turned |= {back: there for there, back in turned.items()}
    kinds = Counter({(turned.get(kind, kind), names): number for (kind, names), number in kinds.items()})
    assert kinds == Counter((change.kind, frozenset(change.purposes)) for change in back)
    assert (
        Counter(change.severity for change in there)[Severity.WIDENS]
        == Counter(change.severity for change in back)[Severity.NARROWS]
    )


@many
@given(pairs())
def test_every_change_has_a_sentence_in_both_languages(pair):
    changes = compare(*pair)
    for language in ("en", "sv"):
        for text in said(changes, language):
            assert text.endswith(".") and "  " not in text and "None" not in text and "{" not in text
    assert all(text not in said(changes, "sv") for text in said(changes, "en"))


@many
@given(pairs())
def test_consent_is_asked_again_only_where_it_counted_before_and_would_count_after(pair):
    old, new = compiled(pair)
    changes = compare(*pair)
    forced, suggested = asks(changes)
    assert not set(forced) & set(suggested)
    for purpose in (*forced, *suggested):
        assert old[purpose].consent_regions & new[purpose].consent_regions
    assert asks(compare(pair[1], pair[1])) == ((), ())


def test_every_kind_is_declared_and_its_reverse_narrows():
    assert set(FACTS) == set(Kind)
    for wide, narrow in REVERSES.items():
        assert (FACTS[wide].severity, FACTS[narrow].severity) == (Severity.WIDENS, Severity.NARROWS)
        assert FACTS[wide].permits == -FACTS[narrow].permits
        assert not FACTS[narrow].material
    assert not any(facts.tell for facts in FACTS.values() if not facts.material)
    assert {kind for kind, facts in FACTS.items() if facts.tell is Tell.EVERYBODY} == {Kind.CONTROLLER}


# -- what an officer reads --------------------------------------------------------------------------------------------
@pytest.mark.clause("D5")
def test_a_purpose_that_comes_to_need_consent(reference_text):
    old = with_part(reference_text, "marketing.email", "US-CA: opt-out", "US-CA: opt-out, CH: opt-out")
    changes = compare(old, load(reference_text))
    change = only(changes, Kind.NEEDS_CONSENT)
    assert (change.regions, change.before, change.after) == ((Region.CH,), Basis.OPT_OUT, Basis.CONSENT)
    assert not change.material and change.severity is Severity.NARROWS
    assert said(changes) == [
        "“News and offers by email” needs consent in Switzerland; before, it was permitted until somebody said no."
    ]
    assert said(changes, "sv") == [
        "”Nyheter och erbjudanden med e-post” kräver samtycke i Schweiz; "
        "tidigare var det tillåtet tills någon sade nej."
    ]


@pytest.mark.clause("J1")
@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("[contact, identity, demographics,", "[contact, identity, demographics, purchases,", Kind.USES_MORE),
        ("recipients: [mail-relay]", "recipients: [mail-relay, advertising-partner]", Kind.SHARES_MORE),
        ("roles: [contact, visitor,", "roles: [contact, visitor, applicant,", Kind.ROLES_WIDER),
        ("consent_lasts: 3 years", "consent_lasts: 4 years", Kind.CONSENT_LONGER),
        ("consent_lasts: 3 years", "role: joint-controller\n    consent_lasts: 3 years", Kind.WHO_DECIDES),
    ],
)
def test_consent_does_not_cover_more_than_it_was_given_for(reference_text, old, new, kind):
    changes = compare(load(reference_text), with_part(reference_text, "marketing.email", old, new))
    change = only(changes, kind)
    assert change.material and change.ask is Ask.FORCED
    assert asks(changes) == (("marketing.email",), ())


def test_marketing_and_messages_need_a_new_consent(reference_text):
    other = with_part(reference_text, "site.measure", "basis:", "marketing: true\n    sends: true\n    basis:")
    changes = compare(load(reference_text), other)
    assert {change.kind for change in changes} >= {Kind.MARKETING, Kind.SENDS}
    assert asks(changes)[0] == ("site.measure",)


def test_less_than_was_consented_to_needs_no_new_consent(reference_text):
    new = with_part(reference_text, "marketing.email", "consent_lasts: 3 years", "consent_lasts: 1 year")
    changes = compare(load(reference_text), new)
    assert [change.kind for change in changes] == [Kind.CONSENT_SHORTER]
    assert asks(changes) == ((), ()) and not changes.material.all


def test_a_purpose_on_other_grounds_asks_nobody(reference_text):
    new = with_part(reference_text, "service.message", "correspondence, account,", "correspondence, survey, account,")
    changes = compare(load(reference_text), new)
    assert only(changes, Kind.USES_MORE).material
    assert asks(changes) == ((), ())


def test_words_that_may_mean_something_else_are_for_the_officer_to_decide(reference_text):
    def new(text):
        return with_part(reference_text, "marketing.email", "Mail about products, offers and events", text)

    old = load(reference_text)
    meant = compare(old, new("Mail about products, offers, events and elections"))
    assert asks(meant) == ((), ("marketing.email",))
    assert "elections" in "".join(p.words for p in only(meant, Kind.REWORDED).texts["en"] if p.state == "new")
    trifle = compare(old, new("Mail about products, offers, and events"))
    assert asks(trifle) == ((), ()) and len(trifle) == 1


@pytest.mark.clause("C8")
def test_another_controller_needs_every_consent_anew(reference_text):
    old = load(reference_text)
    other = compare(old, edited(reference_text, ("registration: 559000-0000", "registration: 559111-1111")))
    assert only(other, Kind.CONTROLLER).facts.tell is Tell.EVERYBODY
    asked = set(asks(other)[0])
    assert {"marketing.email", "site.measure"} <= asked
    assert "service.message" not in asked
    renamed = re.sub(r"\n  name: Smart Media Solutions AB\n", "\n  name: Smart Rooms AB\n", reference_text, count=1)
    changes = compare(old, load(renamed))
    assert [change.kind for change in changes] == [Kind.CONTACT] and asks(changes) == ((), ())


def test_everything_holds_a_new_kind_of_data_too(reference_text):
    text = re.sub(r"^  device:\n(.*\n)+?(?=  browsing:)", "", reference_text, flags=re.M)
    assert text != reference_text
    without = Document.model_validate(
        {
            **(whole := load(reference_text).model_dump(mode="json")),
            "categories": {name: each for name, each in whole["categories"].items() if name != "device"},
        }
    )
    changes = compare(without, load(reference_text))
    grown = [change for change in changes if change.kind is Kind.USES_MORE and "rights.fulfil" in change.purposes]
    assert grown and grown[0].items == ("device",)


def test_trackers_retention_and_rights(reference_text):
    old = load(reference_text)
    tree = old.model_dump(mode="json")
    name = next(name for name, tracker in tree["trackers"].items() if tracker["lasts"] != "session")
    tree["trackers"][name]["lasts"] = "5 years"
    tree["retention"]["contact"].update(keep="1 day", then="anonymise", after="collected")
    regime = next(iter(tree["rights"].values()))
    regime["rights"].pop("access")
    changes = compare(old, Document.model_validate(tree))
    kinds = {change.kind for change in changes}
    assert {Kind.TRACKER_LONGER, Kind.KEPT_SHORTER, Kind.KEPT_FROM, Kind.ANONYMISED, Kind.RIGHT_LOST} <= kinds
    lost = only(changes, Kind.RIGHT_LOST)
    assert lost.material and lost.items == ("access",) and lost.regions


def test_the_first_version_is_one(reference):
    changes = compare(None, reference)
    assert {change.kind for change in changes} == {Kind.FIRST, Kind.PURPOSE_ADDED}
    assert "This is the first version of the policy." in said(changes)
    assert asks(changes) == ((), ()) and not changes.material.all


# -- texts ------------------------------------------------------------------------------------------------------------
@many
@given(pairs())
def test_the_pieces_of_a_rewording_give_both_texts(pair):
    for change in compare(*pair):
        for language, found in change.texts.items():
            old = change.before.root.get(language, "") if change.before else ""
            new = change.after.root.get(language, "") if change.after else ""
            assert "".join(piece.words for piece in found if piece.state != "new") == old
            assert "".join(piece.words for piece in found if piece.state != "gone") == new


def test_word_by_word():
    assert [tuple(piece) for piece in pieces("we keep it a year", "we keep it two years")] == [
        ("same", "we keep it "),
        ("gone", "a year"),
        ("new", "two years"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "more"),
    [
        ("We keep it.", "We keep it", False),
        ("we  KEEP it", "We keep it", False),
        ("we recieve it", "we receive it", False),
        ("we need consent", "we need content", True),
        ("we keep it", "we do not keep it", True),
        ("for 30 days", "for 60 days", True),
        ("lawful", "unlawful", True),
        ("permitted: yes", "permitted: no", True),
    ],
)
def test_what_is_a_trifle(old, new, more):
    assert more_than_a_trifle(Texts({"en": old}), Texts({"en": new})) is more


def test_a_translation_is_a_trifle_and_a_text_of_its_own_is_not():
    assert not more_than_a_trifle(Texts({"en": "a"}), Texts({"en": "a", "sv": "b"}))
    assert more_than_a_trifle(Texts({"en": "a"}), Texts({"sv": "b"}))
    assert more_than_a_trifle(None, Texts({"sv": "b"}))
