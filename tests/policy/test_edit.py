"""A policy text changed at a place: what was meant, and not a character more."""

from __future__ import annotations

from datetime import timedelta
from difflib import unified_diff

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.policy.strategies import trees
from tillit.policy import edit
from tillit.policy.document import Document
from tillit.policy.load import PolicyErrors, digest, load, parse
from tillit.policy.reading import read_tree
from tillit.policy.writing import written_entry

pytestmark = pytest.mark.clause("J1")

TEXT = """\
# The policy of an example.

categories:

  # What we write to

  contact:
    title: {en: Contact, sv: "Kontakt, adress"}  # two languages
    description:
      en: >-
        Email address and telephone number,
        as you gave them.
      # the Swedish text was proofread
      sv: E-post och telefon.
    dpv: [pd:EmailAddress, pd:TelephoneNumber]

  # About the device
  device:
    title: {en: Device, sv: Enhet}
    description: {en: A device, sv: En enhet}
    dpv: [pd:IPAddress]

officers:
  - title: {en: One, sv: Ett}  # the first
    name: One
  # the other
  - title: {en: Two, sv: Två}
    name: Two
recipients:
"""

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1)
scalars = st.one_of(words, st.booleans(), st.integers(-(10**15), 10**15), st.dates().map(str))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.from_regex(r"[a-z][a-z.-]{0,9}", fullmatch=True), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(values)
@example("NO")
@example("- a\n- b\n\n# c: d")
@example("one two  three " * 30 + "x")
@example("  begins with spaces\nand goes on")
@example("2026-01-31")
@example({"en": "Lists, choices", "sv": "Listor: val"})
@example(["a" * 60, "b" * 60, "c, d"])
@example("word\u2028" * 40)
@settings(deadline=timedelta(seconds=2))
def test_a_value_that_is_written_reads_back(value):
    text = written_entry("key", value, indent=0) + "\n"
    read = read_tree(text)[0]["key"]
    assert edit._worded(read) == edit._worded(value)


@given(values, st.sampled_from(["title", "description", "dpv", "new"]))
@example({"en": ":", "sv": ":"}, "title")
def test_what_is_put_is_read_and_the_rest_stays(value, field):
    changed = edit.put(TEXT, ("categories", "contact", field), value)
    assert edit._worded(edit.entry(changed, ("categories", "contact", field))) == edit._worded(value)
    before, after = TEXT.partition("  # About the device"), changed.partition("  # About the device")
    assert after[1:] == before[1:]
    assert after[0].startswith(before[0].partition("    title:")[0])


def test_a_short_change_touches_its_line_alone():
    changed = edit.put(TEXT, ("categories", "contact", "title", "sv"), "Uppgifter")
    assert changed == TEXT.replace('{en: Contact, sv: "Kontakt, adress"}', "{en: Contact, sv: Uppgifter}")


def test_a_list_changes_in_its_line():
    changed = edit.put(TEXT, ("categories", "contact", "dpv"), ["pd:EmailAddress"])
    assert changed == TEXT.replace("dpv: [pd:EmailAddress, pd:TelephoneNumber]", "dpv: [pd:EmailAddress]")


def test_a_long_text_is_folded_and_keeps_the_comment_of_its_line():
    long = "A sentence that goes on. " * 12 + "End."
    changed = edit.put(TEXT, ("categories", "contact", "title"), {"en": long, "sv": "Kort"})
    assert "    title:  # two languages\n      en: >-\n        A sentence that goes on." in changed
    assert max(len(line) for line in changed.splitlines()) <= 118
    assert "      # the Swedish text was proofread\n" in changed


def test_an_entry_is_added_in_the_manner_of_its_section():
    value = {"title": {"en": "Place", "sv": "Plats"}, "dpv": ["pd:Location"]}
    changed = edit.put(TEXT, ("categories", "location"), value)
    made = (
        "    dpv: [pd:IPAddress]\n\n  location:\n    title: {en: Place, sv: Plats}\n    dpv: [pd:Location]\n\nofficers"
    )
    assert made in changed


def test_a_section_that_was_not_there_gets_its_place():
    changed = edit.put(TEXT, ("purposes", "news"), {"title": {"en": "News"}})
    assert list(read_tree(changed)[0]) == ["categories", "purposes", "officers", "recipients"]


def test_a_field_is_added_where_the_value_says():
    value = {**edit.entry(TEXT, ("categories", "device")), "special": True}
    changed = edit.put(TEXT, ("categories", "device"), value)
    assert changed == TEXT.replace("    dpv: [pd:IPAddress]\n", "    dpv: [pd:IPAddress]\n    special: true\n")


def test_an_empty_section_takes_its_first_entry():
    changed = edit.put(TEXT, ("recipients", "relay"), {"name": "Relay"})
    assert changed.endswith("recipients:\n  relay: {name: Relay}\n")


def test_items_are_added_changed_and_taken_out():
    added = edit.put(TEXT, ("officers", 2), {"name": "Three", "title": {"en": "Three", "sv": "Tre"}})
    assert "    name: Two\n  - name: Three\n    title: {en: Three, sv: Tre}\nrecipients:" in added
    changed = edit.put(added, ("officers", 1, "name"), "Zwei")
    assert changed == added.replace("name: Two", "name: Zwei")
    assert edit.remove(changed, ("officers", 1)) == added.replace(
        "  # the other\n  - title: {en: Two, sv: Två}\n    name: Two\n", ""
    )


def test_an_entry_leaves_with_its_comment_and_no_other():
    changed = edit.remove(TEXT, ("categories", "device"))
    assert "About the device" not in changed
    assert "What we write to" in changed
    assert "TelephoneNumber]\n\nofficers:" in changed


def test_the_last_entry_leaves_an_empty_section():
    changed = edit.remove(edit.remove(TEXT, ("categories", "device")), ("categories", "contact"))
    assert edit.entry(changed, ("categories",)) == {}


def test_a_path_that_leads_nowhere_is_said():
    with pytest.raises(edit.NoSuchPlace, match="categories/none"):
        edit.entry(TEXT, ("categories", "none", "title"))
    with pytest.raises(edit.NoSuchPlace, match="officers/4"):
        edit.remove(TEXT, ("officers", 3))
    with pytest.raises(edit.NoSuchPlace):
        edit.put(TEXT, ("officers", 5, "name"), "Five")


def test_broken_yaml_is_not_edited():
    with pytest.raises(PolicyErrors):
        edit.put("a: [", ("a",), 1)


def test_line_breaks_of_browsers_do_not_matter():
    assert edit.put(TEXT.replace("\n", "\r\n"), ("officers", 0, "name"), "One") == TEXT


def test_every_entry_of_the_reference_put_again_changes_nothing(promising_text, reference):
    """As `model_dump` gives it, which is how the forms hold an entry."""
    dumped = reference.model_dump(mode="json", exclude_defaults=True)
    text = edit.rewrite(promising_text, edit._in_order({**read_tree(promising_text)[0], **dumped}))
    assert digest(load(text)) == digest(reference)
    assert [line for line in text.splitlines() if line.lstrip().startswith("#")] == [
        line for line in promising_text.splitlines() if line.lstrip().startswith("#")
    ]
    changed = [line for line in unified_diff(promising_text.splitlines(), text.splitlines(), n=0) if line[:2] == "- "]
    # 24 months are 2 years, and what happens by itself need not be said
    assert {line.split()[1] for line in changed} <= {"lasts:", "consent_lasts:", "keep:", "then:"}


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_any_entry_of_the_reference_can_be_replaced_by_any_other(reference_text, data):
    tree = read_tree(reference_text)[0]
    section = data.draw(st.sampled_from([name for name in tree if isinstance(tree[name], dict) and name != "operator"]))
    ids = sorted(tree[section])
    into, of = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
    changed = edit.put(reference_text, (section, into), tree[section][of])
    expected = {**tree, section: {**tree[section], into: tree[section][of]}}
    assert edit._worded(read_tree(changed)[0]) == edit._worded(expected)
    assert edit._worded(read_tree(edit.remove(changed, (section, into)))[0][section]) == edit._worded(
        {key: value for key, value in tree[section].items() if key != into}
    )


@settings(max_examples=10, deadline=None)
@given(trees(), trees())
def test_one_document_becomes_any_other(first, second):
    text = "\n".join(written_entry(key, value, indent=0) for key, value in first.items()) + "\n"
    assert digest(parse(text)[0]) == digest(Document.model_validate(first))
    changed = edit.rewrite(text, second)
    assert digest(parse(changed)[0]) == digest(Document.model_validate(second))
