"""JSON arrives as a table: one object a person, nested names joined with dots, numbers as they are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.people.outcomes import people
from tillit.people.importing import jsonlines
from tillit.people.importing.files import NotReadable


@pytest.mark.clause("A4")
def test_people_come_in_from_json_lines(house, bring):
    lines = [
        {"email": "a@example.org", "first_name": "Åsa", "address": {"city": "Umeå", "geo": {"lat": 1.50}}},
        {"company": "Two\nlines", "email": "b@example.org"},
        {"email": "c@example.org", "last_name": "Ek", "unknown": [1, "two", None]},
    ]
    done = bring(house, "\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    found = people(house)
    assert found["a@example.org"]["traits"] == {"first_name": "Åsa", "city": "Umeå"}
    assert found["b@example.org"]["traits"] == {"company": "Two\nlines"}
    assert found["c@example.org"]["traits"] == {"last_name": "Ek"}
    assert done.counts.get("refused", 0) == 0
    assert [column["name"] for column in done.options["columns"]][2:4] == ["address.city", "address.geo.lat"]


@pytest.mark.parametrize("written", [{}, {"indent": 2}])
def test_a_list_of_objects_is_read_too(house, bring, written):
    bring(house, json.dumps([{"email": "a@example.org"}, {"email": "b@example.org"}], **written))
    assert set(people(house)) == {"a@example.org", "b@example.org"}


def test_values_keep_the_form_they_were_written_in():
    value = '{"long": 12345678901234567890, "price": 1.50, "yes": true, "none": null, "list": [1, "b"], "deep": [{}]}'
    assert jsonlines.cells(json.loads(value, parse_int=str, parse_float=str)) == {
        "long": "12345678901234567890",
        "price": "1.50",
        "yes": "true",
        "list": "1, b",
        "deep": "[{}]",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"email": "a@example.org"}\n{"email": }\n', "Line 2 is no JSON"),
        ('{"email": "a@example.org"}\n\n["b@example.org"]\n', "Line 3 .* one object a person"),
        ('{"email": "a@example.org"', "Line 1 is no JSON"),
        ("[{}", "Line|no rows"),
        ('{"a":' * 3000, "Line 1 is no JSON"),
        (json.dumps({f"key{n}": n for n in range(400)}), "301 columns"),
        (b'{"email": "\xff"}', "not in UTF-8"),
    ],
)
def test_what_is_no_json_says_where_and_leaves_nothing(house, queue, import_folder, text, message):
    with pytest.raises(NotReadable, match=message):
        queue(house, text)
    assert list(import_folder.iterdir()) == []


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
objects = st.dictionaries(
    st.text(min_size=1, max_size=4), scalars | st.lists(scalars, max_size=2), min_size=1, max_size=3
)


@settings(max_examples=50)
@given(
    found=st.lists(objects, min_size=1, max_size=4),
    indent=st.sampled_from([None, 1]),
    block=st.integers(1, 40),
)
def test_where_blocks_end_makes_no_difference(found, indent, block, tmp_path_factory):
    path: Path = tmp_path_factory.mktemp("json") / "people.json"
    path.write_text("\n".join(json.dumps(each, indent=indent) for each in found))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonlines, "BLOCK_CHARS", block)
        read = list(jsonlines.people(path))
    assert read == [jsonlines.cells(json.loads(json.dumps(each), parse_int=str)) for each in found]
