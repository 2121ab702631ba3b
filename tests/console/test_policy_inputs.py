"""Forms made from the models of the policy document: complete, and silent about what nobody touched."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.utils import translation

from tests.make import POLICY
from tillit.console.policy_input import Known
from tillit.console.policy_inputs import REFERENCES, inputs_of
from tillit.console.policy_read import _as_sent, read_part
from tillit.console.policy_sections import HEAD, SECTIONS, entries, title_of
from tillit.console.policy_words import GROUPS, LABELS, VALUES
from tillit.policy import edit
from tillit.policy.document import Assertion, Document, Fact
from tillit.policy.load import digest, load
from tillit.policy.reading import read_tree

TEXT = POLICY.read_text(encoding="utf-8")
TREE = read_tree(TEXT)[0]
KNOWN = Known(
    {
        name: {key: title_of(each, "en") for key, each in entries(section, TREE).items()}
        for name, section in SECTIONS.items()
    },
    ("en", "sv"),
)


def sent(inputs) -> QueryDict:
    data = QueryDict(mutable=True)
    for each in inputs:
        data.update(_as_sent(each))
    return data


def every_entry():
    for section in SECTIONS.values():
        if section.kind == "one":
            yield section, section.model, TREE[section.name], section.entry_path("")
        else:
            for name, raw in entries(section, TREE).items():
                yield section, section.model, raw, section.entry_path(name)
    head = SECTIONS["statement"]
    yield head, head.model_of(HEAD), TREE["statement"], head.entry_path(HEAD)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_form_that_nobody_touched_says_what_stands(language):
    with translation.override(language):
        for _section, model, raw, path in every_entry():
            inputs = inputs_of(model, raw, known=KNOWN)
            assert read_part(inputs, raw, sent(inputs)) == raw, path


def test_every_field_of_every_section_has_an_input_with_words():
    for section in SECTIONS.values():
        inputs = inputs_of(section.model, {}, known=KNOWN)
        assert all(each.options for each in inputs if each.kind == "choice" and each.name not in REFERENCES)
        assert {each.name for each in inputs} == set(section.model.model_fields)
        assert all(each.name in LABELS or f"{section.model.__name__}.{each.name}" in LABELS for each in inputs)
    assert set(SECTIONS) | {"languages"} == set(Document.model_fields)


def test_promises_of_a_section_can_say_everything_they_may():
    assert set(Assertion.model_fields) == {"purpose", "says", "regions", "categories"}
    assert set(VALUES["says"]) == {fact.value for fact in Fact}


def test_groups_name_fields_that_exist():
    models = {section.model.__name__: section.model for section in SECTIONS.values()}
    for name, groups in GROUPS.items():
        named = [field for _title, fields in groups for field in fields]
        assert sorted(named) == sorted(models[name].model_fields), name


def change(path, **entered: str | list[str]):
    section = SECTIONS[path[0]]
    raw = edit.entry(TEXT, path)
    inputs = inputs_of(section.model, raw, known=KNOWN)
    data = sent(inputs)
    for key, value in entered.items():
        name = key.replace("__", ".")
        if value == []:
            data.pop(name, None)
        data.setlist(name, value if isinstance(value, list) else [value])
    return read_part(inputs, raw, data)


def test_what_is_entered_becomes_plain_values():
    path = ("purposes", "marketing.email")
    raw = edit.entry(TEXT, path)
    changed = change(
        path,
        basis__default="none",
        basis__UK="consent",
        consent_lasts__number="1",
        consent_lasts__unit="years",
        title__sv="Nyheter\r\n",
        recipients=[],
        roles=["everyone", "contact"],
        compulsory__en="Nothing follows.",
    )
    assert changed["basis"] == {"default": "none", "UK": "consent", "US-CA": "opt-out", "US": "opt-out"}
    assert changed["consent_lasts"] == "1 year"
    assert changed["title"] == {**raw["title"], "sv": "Nyheter"}
    assert "recipients" not in changed
    assert changed["roles"] == "everyone"
    assert changed["compulsory"] == {"en": "Nothing follows."}
    assert changed["categories"] == raw["categories"]
    assert list(changed).index("compulsory") < list(changed).index("clauses")


def test_a_list_keeps_its_order_when_something_is_added():
    before = edit.entry(TEXT, ("purposes", "measurement.email", "categories"))
    changed = change(("purposes", "measurement.email"), categories=["contact", *sorted(before)])
    assert changed["categories"] == [*before, "contact"]


def test_a_switch_that_is_turned_off_leaves_no_trace():
    data = change(("purposes", "marketing.email"))
    assert data["marketing"] is True
    raw = edit.entry(TEXT, ("purposes", "marketing.email"))
    inputs = inputs_of(SECTIONS["purposes"].model, raw, known=KNOWN)
    off = sent(inputs)
    del off["marketing"]
    assert "marketing" not in read_part(inputs, raw, off)


def test_words_that_the_form_does_not_know_stay():
    path = ("categories", "contact")
    raw = {**edit.entry(TEXT, path), "titel": "x", "dpv": "pd:Name"}
    inputs = inputs_of(SECTIONS["categories"].model, raw, known=KNOWN)
    assert read_part(inputs, raw, sent(inputs)) == raw


def test_an_empty_form_of_a_new_entry_is_empty():
    for section in SECTIONS.values():
        inputs = inputs_of(section.model, {}, known=KNOWN)
        made = read_part(inputs, {}, sent(inputs))
        assert set(made) <= {"keep", "lasts", "valid_from"} or not made, section.name


def test_the_whole_document_through_the_forms_is_the_same_policy():
    text = TEXT
    for _section, model, raw, path in every_entry():
        inputs = inputs_of(model, raw, known=KNOWN)
        text = edit.put(text, path, read_part(inputs, raw, sent(inputs)))
    assert text == TEXT
    assert digest(load(text)) == digest(load(TEXT))
