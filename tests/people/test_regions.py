"""A person's region comes from the country, the telephone, or the source, in that order, and says which."""

from __future__ import annotations

import pytest

from tests.people.outcomes import ADMINISTER, people
from tillit.ledger.processing import processing
from tillit.people import queries, records
from tillit.people.models import Person, Source
from tillit.people.provenance import Because, edits_of, region_reason
from tillit.policy.regions import Region


def reason(house, address: str) -> tuple[Because, str]:
    person = people(house)[address]["id"]
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        return region_reason(queries.record(house.pk, person), edits_of(person))


ROWS = """email,country,phone
country@example.org,Norway,+14155550123
phone@example.org,,+46 70 123 45 67
nothing@example.org,,
strange@example.org,Narnia,+46701234568
broken@example.org,,12
"""


@pytest.mark.clause("B7")
def test_without_a_country_the_telephone_tells_and_else_nothing(house, bring):
    bring(house, ROWS)
    found = {address.partition("@")[0]: entry["region"] for address, entry in people(house).items()}
    assert found == {"country": Region.EEA, "phone": Region.EEA, "nothing": 0, "strange": 0, "broken": 0}
    assert reason(house, "country@example.org") == (Because.COUNTRY, "Norway")
    assert reason(house, "phone@example.org") == (Because.PHONE, "+46701234567")
    assert reason(house, "nothing@example.org") == (Because.UNKNOWN, "")


@pytest.mark.clause("B7")
@pytest.mark.parametrize("header", ["email,country,phone", "email"])
def test_a_sources_country_counts_last(house, bring, header):
    Source.objects.update(country="GB")
    rows = ROWS if "," in header else "".join(line.split(",")[0] + "\n" for line in ROWS.splitlines())
    bring(house, rows)
    found = {address.partition("@")[0]: entry["region"] for address, entry in people(house).items()}
    assert found["nothing"] == Region.UK
    assert reason(house, "nothing@example.org") == (Because.SOURCE, "A fair")
    if "," in header:
        assert (found["strange"], found["phone"], found["broken"]) == (0, Region.EEA, Region.UK)


def test_a_region_that_is_known_is_not_changed_by_a_source(house, bring):
    bring(house, "email,country\na@example.org,Sweden\n")
    Source.objects.update(country="US")
    bring(house, "email\na@example.org\n")
    assert people(house)["a@example.org"]["region"] == Region.EEA


def test_a_correction_tells_before_everything(house, bring):
    bring(house, "email,country\na@example.org,Sweden\n")
    person = people(house)["a@example.org"]["id"]
    records.change_place(house.pk, person, region=int(Region.UK), language="", by="user:1")
    assert reason(house, "a@example.org") == (Because.EDIT, "")
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        Person.objects.filter(pk=person).update(region=int(Region.CH))
    assert reason(house, "a@example.org") == (Because.RECORDED, "")
