"""Two people change one policy: both are heard, and a contradiction is shown, never decided."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.test_edit import TEXT
from tillit.policy import edit
from tillit.policy.load import digest, load
from tillit.policy.merge import ABSENT, Conflict, Merged, changed_entries, merge, resolve
from tillit.policy.merge_comments import comments
from tillit.policy.merge_lines import Agreed, merged_lines
from tillit.policy.reading import read_tree

pytestmark = pytest.mark.clause("J1")

CONTACT = ("categories", "contact")

lines = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=8).map(
    lambda rows: "".join(f"{r}\n" for r in rows)
)


@given(lines, lines, lines)
def test_lines_that_one_side_left_alone_are_the_other_side(base, ours, theirs):
    assert _joined(merged_lines(base, base, theirs)) == theirs
    assert _joined(merged_lines(base, ours, base)) == ours
    assert _joined(merged_lines(base, ours, ours)) == ours


@given(lines, lines, lines)
def test_every_line_of_both_sides_is_in_what_was_merged(base, ours, theirs):
    """Disputed lines are kept of both; read as ours or as theirs, the merge loses no line that a side added."""
    chunks = merged_lines(base, ours, theirs)
    for side, name in ((ours, "ours"), (theirs, "theirs")):
        shown = "".join(
            line for chunk in chunks for line in (chunk.lines if isinstance(chunk, Agreed) else getattr(chunk, name))
        )
        added = [line for line in set(side.splitlines()) if line not in base.splitlines()]
        assert all(line in shown.splitlines() for line in added)


def _joined(chunks):
    assert all(isinstance(chunk, Agreed) for chunk in chunks)
    return "".join(line for chunk in chunks for line in chunk.lines)


def test_neighbouring_fields_are_merged_though_their_lines_touch():
    ours = edit.put(TEXT, (*CONTACT, "title", "en"), "How to reach you")
    theirs = edit.put(TEXT, (*CONTACT, "title", "sv"), "Så når vi dig")
    merged = merge(TEXT, ours=ours, theirs=theirs)
    assert isinstance(merged, Merged)
    assert "    title: {en: How to reach you, sv: Så når vi dig}  # two languages\n" in merged.text


def test_the_same_field_is_a_conflict_that_names_both_values():
    ours = edit.put(TEXT, (*CONTACT, "title", "en"), "Ours")
    theirs = edit.put(edit.put(TEXT, (*CONTACT, "title", "en"), "Theirs"), (*CONTACT, "dpv"), ["pd:Name"])
    conflict = merge(TEXT, ours=ours, theirs=theirs)
    assert isinstance(conflict, Conflict)
    [place] = conflict.places
    assert place.path == (*CONTACT, "title", "en")
    assert (place.base, place.ours, place.theirs) == ("Contact", "Ours", "Theirs")
    assert "<<<<<<< yours\n    title: {en: Ours" in conflict.text_with_both
    for chosen, title in ((("categories/contact/title/en",), "Ours"), ((), "Theirs")):
        text = resolve(conflict, TEXT, ours=ours, theirs=theirs, take_ours=chosen)
        assert edit.entry(text, (*CONTACT, "title", "en")) == title
        assert edit.entry(text, (*CONTACT, "dpv")) == ["pd:Name"]


def test_what_one_deleted_and_the_other_changed_is_a_conflict():
    ours = edit.remove(TEXT, ("categories", "device"))
    theirs = edit.put(TEXT, ("categories", "device", "dpv"), ["pd:UID"])
    conflict = merge(TEXT, ours=ours, theirs=theirs)
    [place] = conflict.places
    assert place.ours is ABSENT
    assert place.theirs["dpv"] == ["pd:UID"]
    text = resolve(conflict, TEXT, ours=ours, theirs=theirs, take_ours=[place.key])
    assert "device" not in edit.entry(text, ("categories",))
    assert edit.entry(resolve(conflict, TEXT, ours=ours, theirs=theirs, take_ours=[]), place.path)["dpv"] == ["pd:UID"]


def test_both_may_add_entries_at_one_place():
    made = {"title": {"en": "A", "sv": "B"}}
    ours = edit.put(TEXT, ("categories", "one"), made)
    theirs = edit.put(TEXT, ("categories", "two"), made)
    merged = merge(TEXT, ours=ours, theirs=theirs)
    assert list(read_tree(merged.text)[0]["categories"]) == ["contact", "device", "two", "one"]


def test_comments_of_both_stay():
    ours = TEXT.replace("    dpv: [pd:IPAddress]", "    # ours\n    dpv: [pd:IPAddress]  # tail")
    theirs = edit.put(
        TEXT.replace("    dpv: [pd:IPA", "    # theirs\n    dpv: [pd:IPA"), ("categories", "device", "dpv"), []
    )
    merged = merge(TEXT, ours=ours, theirs=theirs)
    assert edit.entry(merged.text, ("categories", "device", "dpv")) == []
    assert all(word in merged.text for word in ("# ours", "# tail", "# theirs"))


def test_a_hash_in_a_text_is_no_comment():
    text = 'a: "x # y"  # z\nb: >-\n  one # two\n  # three\n# four\nc: a#b\n'
    assert [comment.text for comment in comments(text)] == ["# z", "# four"]


def test_broken_yaml_is_merged_by_lines_or_shown():
    broken = TEXT.replace("  device:\n", "  device\n")
    theirs = edit.put(TEXT, (*CONTACT, "title", "en"), "Theirs")
    merged = merge(TEXT, ours=broken, theirs=theirs)
    assert "  device\n" in merged.text
    assert "{en: Theirs" in merged.text
    conflict = merge(TEXT, ours=broken.replace("{en: Contact", "{en: Ours"), theirs=theirs)
    [place] = conflict.places
    assert place.line == 8
    assert "Ours" in place.ours
    assert "{en: Ours" in resolve(
        conflict, TEXT, ours=broken.replace("{en: Contact", "{en: Ours"), theirs=theirs, take_ours=[place.key]
    )


def test_changed_entries_are_named():
    before = read_tree(TEXT)[0]
    after = read_tree(edit.remove(edit.put(TEXT, ("officers", 0, "name"), "Uno"), ("categories", "device")))[0]
    assert changed_entries(before, after) == {("categories", "device"): "gone", ("officers", 0): "changed"}


def _paths(tree, path=()):
    """The paths of every value below an entry: what a person can change by itself."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _paths(value, (*path, key))
        elif len(path) >= 2:
            yield (*path, key)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_changes_at_different_places_are_both_made(data):
    paths = list(_paths(read_tree(TEXT)[0]))
    chosen = data.draw(st.lists(st.sampled_from(paths), min_size=2, max_size=8, unique=True))
    half = len(chosen) // 2
    ours = theirs = both = TEXT
    for index, path in enumerate(chosen):
        value = data.draw(st.sampled_from(["changed", "a long text " * 14 + "end", ["one", "two"]]))
        both = edit.put(both, path, value)
        ours, theirs = (edit.put(ours, path, value), theirs) if index < half else (ours, edit.put(theirs, path, value))
    merged = merge(TEXT, ours=ours, theirs=theirs)
    assert isinstance(merged, Merged)
    assert read_tree(merged.text)[0] == read_tree(both)[0]


@settings(max_examples=4, deadline=None)
@given(st.data())
def test_a_contradiction_is_named_exactly_and_nothing_else(reference_text, data):
    paths = list(_paths(read_tree(reference_text)[0]))
    same, mine, other = data.draw(st.lists(st.sampled_from(paths), min_size=3, max_size=3, unique=True))
    ours = edit.put(edit.put(reference_text, same, "ours"), mine, "mine")
    theirs = edit.put(edit.put(reference_text, same, "theirs"), other, "other")
    conflict = merge(reference_text, ours=ours, theirs=theirs)
    assert [(place.path, place.ours, place.theirs) for place in conflict.places] == [(same, "ours", "theirs")]
    text = resolve(conflict, reference_text, ours=ours, theirs=theirs, take_ours=[conflict.places[0].key])
    assert [edit.entry(text, path) for path in (same, mine, other)] == ["ours", "mine", "other"]


def test_a_policy_merged_with_itself_is_itself(promising_text, reference):
    assert digest(load(merge(promising_text, ours=promising_text, theirs=promising_text).text)) == digest(reference)
