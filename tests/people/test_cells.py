"""Single cells and headers: what they mean, and that nothing is guessed towards less protection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.people.identity import InvalidIdentifier
from tillit.people.importing import cells, mapping
from tillit.people.importing.cells import Standing
from tillit.people.importing.mapping import BadMapping, Column, KnownField
from tillit.people.importing.seen import Seen
from tillit.policy.regions import Region

FIELDS = [
    KnownField("first_name", "First name", "text", "identity", True),
    KnownField("last_name", "Last name", "text", "identity", True),
    KnownField("company", "Company", "text", "occupation", True),
    KnownField("title", "Title", "text", "occupation", True),
    KnownField("city", "City", "text", "demographics", True),
    KnownField("cv", "Curriculum vitae", "text", "recruitment", False),
]


@pytest.mark.clause("B7")
@pytest.mark.parametrize(
    ("country", "state", "region"),
    [
        ("SE", "", Region.EEA),
        ("Sweden", "", Region.EEA),
        ("sverige", "", Region.EEA),
        (" SWE ", "", Region.EEA),
        ("Deutschland", "", Region.EEA),
        ("UK", "", Region.UK),
        ("Storbritannien", "", Region.UK),
        ("Schweiz", "", Region.CH),
        ("USA", "", Region.US_CA),
        ("United States", "TX", Region.US),
        ("US", "US-CA", Region.US_CA),
        ("US", "Texas", Region.US_CA),
        ("Brasil", "", Region.BR),
        ("Brazil", "", Region.BR),
        ("India", "", Region.OTHER),
        ("", "", Region.UNKNOWN),
        ("Atlantis", "", Region.UNKNOWN),
    ],
)
def test_a_country_is_known_by_name_or_code_else_decided_as_the_strictest(country, state, region):
    assert cells.region_code(country, state) == region


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("subscribed", Standing.SUBSCRIBED),
        ("Enabled", Standing.SUBSCRIBED),
        ("", Standing.SUBSCRIBED),
        ("Unsubscribed", Standing.OPTED_OUT),
        ("cleaned", Standing.NOT_JOINED),
        ("blocklisted", Standing.OPTED_OUT),
        ("avregistrerad", Standing.OPTED_OUT),
        ("non-subscribed", Standing.NOT_JOINED),
        ("whatever", Standing.NOT_JOINED),
        ("no", Standing.NOT_JOINED),
    ],
)
def test_a_status_that_is_not_known_puts_nobody_on_a_list(text, standing):
    assert cells.standing(text) is standing


def test_an_unsubscribed_column_with_a_date_is_an_opt_out():
    assert cells.opted_out("2024-03-01 10:00")
    assert not cells.opted_out("No")
    assert not cells.opted_out("")


@given(st.text(max_size=8))
def test_only_a_plain_yes_is_consent(text):
    assert cells.agreed(text) == (text.strip().casefold() in cells._YES)


@pytest.mark.parametrize(
    ("read", "text", "json"),
    [
        (cells.json_number, "1 200,50", "1200.5"),
        (cells.json_number, "+7", "7"),
        (cells.json_number, "1.000.000", ""),
        (cells.json_number, "1e9", ""),
        (cells.json_date, "2024-02-29", '"2024-02-29"'),
        (cells.json_date, "2023-02-29", ""),
        (cells.json_date, "1.5.2024", '"2024-05-01"'),
        (cells.json_date, "05/01/2024", ""),
        (cells.json_boolean, "Ja", "true"),
        (cells.json_boolean, "0", "false"),
        (cells.json_boolean, "maybe", ""),
    ],
)
def test_a_value_that_cannot_be_read_is_left_out(read, text, json):
    assert read(text) == json


def test_headers_are_known_in_english_and_swedish():
    heads = ["E-postadress", "Förnamn", "EFTERNAMN", "Företag", "Land", "Språk", "Status", "Favourite colour", "cv"]
    columns = mapping.suggest([heads], has_header=True, fields=FIELDS)
    assert [column.target for column in columns] == [
        "email",
        "field:first_name",
        "field:last_name",
        "field:company",
        "country",
        "language",
        "status",
        "",
        "",
    ]


def test_a_meaning_is_given_once():
    columns = mapping.suggest([["Email", "E-mail", "Name"]], has_header=True, fields=FIELDS)
    assert [column.target for column in columns] == ["email", "", "name"]


def test_without_header_the_column_with_an_address_is_the_address():
    columns = mapping.suggest([["Anna", "anna@example.org"]], has_header=False, fields=FIELDS)
    assert [(column.name, column.target) for column in columns] == [("Column 1", ""), ("Column 2", "email")]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (["", ""], "email address"),
        (["email", "email"], "same thing"),
        (["email", "field:shoe_size"], "does not have"),
        (["email", "field:cv"], "category recruitment"),
        (["email", "sideways"], "nothing that"),
    ],
)
@pytest.mark.clause("A6")
def test_a_mapping_names_what_is_wrong_with_it(targets, message):
    columns = [Column(name, target) for name, target in zip(["One", "Two"], targets, strict=True)]
    with pytest.raises(BadMapping, match=message):
        mapping.check(columns, FIELDS, purpose="audience.import")


def test_an_explicit_map_wins_and_knows_its_columns():
    columns = [Column("A", "email"), Column("B", "field:city")]
    assert [c.target for c in mapping.apply_map(columns, {"b": "company", "a": "email"})] == ["email", "field:company"]
    with pytest.raises(BadMapping, match="no column"):
        mapping.apply_map(columns, {"C": "company"})


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=60), max_size=30))
def test_seen_is_a_set(batches):
    seen, known = Seen(), set()
    for batch in batches:
        expected, fresh = [], set(known)
        for position, value in enumerate(batch):
            if (value or 1) in fresh:
                expected.append(position)
            fresh.add(value or 1)
        assert seen.add_all(batch) == expected
        known = fresh


def test_seen_grows():
    seen = Seen(expected=1)
    assert seen.add_all(range(1, 50_001)) == []
    assert len(seen.add_all(range(1, 50_001))) == 50_000


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+46 70-123 45 67", "", "+46701234567"),
        ("070-123 45 67", "SE", "+46701234567"),
        ("46701234567", "", "+46701234567"),
        ("0046 70 123 45 67", "", "+46701234567"),
        ("46701234567", "SE", "+46701234567"),
        ("(212) 555-0123", "US", "+12125550123"),
    ],
)
def test_a_telephone_number_is_known_with_and_without_its_plus(text, country, number):
    assert cells.phone_number(text, country) == number


@pytest.mark.parametrize("text", ["070-123 45 67", "701234567", "99999999999999", "ring me", "1"])
def test_a_telephone_number_is_given_no_country_by_guess(text):
    with pytest.raises(InvalidIdentifier):
        cells.phone_number(text, "")


@pytest.mark.parametrize("head", ["Size", "STORLEK", "size"])
def test_a_field_is_found_by_its_label_in_every_language(head):
    size = KnownField("size", "Size", "text", "identity", True, labels=("Size", "Storlek"))
    columns = mapping.suggest([["Email", head]], has_header=True, fields=[*FIELDS, size])
    assert [column.target for column in columns] == ["email", "field:size"]
