"""Values of fields: read by type and checks, alike from a file and from a form, and shown in the reader's language."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.people.outcomes import people
from tillit.people import records, values
from tillit.people.models import Field
from tillit.people.records import UnreadableValue


def field(kind: str, *, choices: list[str] | None = None, **checks: object) -> Field:
    return Field(name="it", label="It", type=kind, category="identity", choices=choices or [], checks=checks)


@pytest.mark.parametrize(
    ("meant", "text", "value"),
    [
        (field("text"), "anything", "anything"),
        (field("text", max_chars=3), "abc", "abc"),
        (field("text", max_chars=3), "abcd", None),
        (field("text", mask="AA-9999"), "se-0012", "se-0012"),
        (field("text", mask="AA-9999"), "se-001", None),
        (field("text", mask="AA-9999"), "se-001x", None),
        (field("text", mask="***"), "å1x", "å1x"),
        (field("number"), "1 200,5", 1200.5),
        (field("number", min=1, max=5), "5", 5),
        (field("number", min=1, max=5), "0", None),
        (field("number", min=1), "0,5", None),
        (field("date", min="2000-01-01"), "1.5.2024", "2024-05-01"),
        (field("date", min="2000-01-01"), "1999-12-31", None),
        (field("boolean"), "nej", False),
        (field("boolean"), "perhaps", None),
        (field("choice", choices=["Small", "Very large"]), "  very  LARGE ", "Very large"),
        (field("choice", choices=["Small"]), "Tiny", None),
        (field("country"), "Sverige", "SE"),
        (field("country"), "DEU", "DE"),
        (field("country"), "Atlantis", None),
        (field("phone"), "+46 70-123 45 67", "+46701234567"),
        (field("phone"), "'+46701234567", "+46701234567"),
        (field("phone"), "070-123 45 67", None),
        (field("phone", country="SE"), "070-123 45 67", "+46701234567"),
        (field("phone"), "call me", None),
    ],
)
def test_a_text_is_read_by_the_type_and_checks_of_its_field(meant, text, value):
    assert values.read(meant, text) == value


@given(st.text(min_size=1, max_size=40).map(str.strip).filter(bool))
def test_what_a_mask_made_of_a_text_asks_for_the_text_has(text):
    mask = "".join(
        values._DIGIT if letter in "0123456789" else values._LETTER if letter.isalpha() else letter for letter in text
    )
    assert values.fits(text, mask) or any(letter in "*" for letter in mask)


@pytest.mark.parametrize(
    ("kind", "value", "english", "swedish"),
    [("country", "DE", "Germany", "Tyskland"), ("boolean", True, "Yes", "Ja"), ("choice", "S", "S", "S")],
)
def test_values_are_shown_in_the_readers_language(kind, value, english, swedish):
    assert values.shown(kind, value) == english
    with translation.override("sv"):
        assert values.shown(kind, value) == swedish


def test_a_field_is_called_what_its_labels_say_in_the_readers_language():
    made = Field(name="size", label="Size", labels={"sv": "Storlek"})
    assert made.said() == "Size"
    assert made.said("sv-se") == str(Field(label="Storlek")) == "Storlek"
    assert Field(label="First name").said() == "First name"


KINDS = [
    ("size", "choice", ["Small", 'Very "large" å'], {}),
    ("home", "country", [], {}),
    ("mobile", "phone", [], {"country": "SE"}),
    ("seats", "number", [], {"min": 1}),
    ("code", "text", [], {"mask": "AA-99"}),
]
FILE = """email,size,home,mobile,seats,code
a@example.org,"very ""LARGE"" å",Sverige,070-123 45 67,12,ab-12
b@example.org,tiny,Atlantis,none,0,ab12
"""


@pytest.fixture
def fields(house):
    for name, kind, choices, checks in KINDS:
        Field.objects.create(
            workspace=house, name=name, label=name, type=kind, category="demographics", choices=choices, checks=checks
        )


def test_a_file_brings_values_of_every_type_and_counts_what_it_could_not_read(house, fields, bring):
    maps = {name: name for name, *_ in KINDS}
    done = bring(house, FILE, wanted=maps)
    found = people(house)
    assert found["a@example.org"]["traits"] == {
        "size": 'Very "large" å',
        "home": "SE",
        "mobile": "+46701234567",
        "seats": 12,
        "code": "ab-12",
    }
    assert found["b@example.org"]["traits"] == {}
    assert done.counts["unreadable_values"] == 5


def test_staffs_corrections_are_read_alike(house, fields, bring):
    bring(house, FILE)
    person = people(house)["b@example.org"]["id"]
    records.change_values(house.pk, person, {"size": "small", "home": "Norge", "seats": "3"}, by="user:1")
    assert people(house)["b@example.org"]["traits"] == {"size": "Small", "home": "NO", "seats": 3}
    with pytest.raises(UnreadableValue):
        records.change_values(house.pk, person, {"size": "Tiny"}, by="user:1")
