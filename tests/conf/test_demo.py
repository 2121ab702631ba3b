"""The demo's sample: loaded once, with something to see on every page about an audience."""

from __future__ import annotations

import pytest

from tillit.accounts.models import User, Workspace
from tillit.campaigns.models import Campaign
from tillit.conf.demo import BUYERS, PEOPLE, TWICE, ensure_sample
from tillit.conf.sample import EMAIL
from tillit.ledger.processing import processing
from tillit.people.models import Import, Likeness, MailingList, Person, Segment, Suppression, Traits
from tillit.people.selection import Selection, statement


@pytest.fixture(autouse=True)
def import_folder(settings, tmp_path):
    settings.IMPORT_FOLDER = tmp_path / "imports"


@pytest.mark.django_db
def test_the_sample_is_loaded_once_and_shows_what_an_audience_is():
    told = ensure_sample()
    assert EMAIL in told and User.objects.get(email=EMAIL).memberships.count() == 1
    house = Workspace.objects.get()
    with processing(house.pk, "audience.administer", by="test", act="look"):
        assert Person.objects.count() == PEOPLE + TWICE
        found = [len(found_by(house.pk, Selection(segment_id=each.pk))) for each in Segment.objects.order_by("id")]
        assert len(found) == 3 and min(found) > 0 and max(found) < PEOPLE
        assert TWICE <= Likeness.objects.count() < 20
        assert not Traits.objects.filter(category="purchases").exists()
    with processing(house.pk, "purchases.record", by="test", act="look"):
        assert Traits.objects.filter(category="purchases").count() == BUYERS
    assert set(Import.objects.values_list("state", flat=True)) == {"done"}
    assert (Campaign.objects.filter(state="done").count(), Suppression.objects.count()) == (2, 2)
    assert all({"en", "sv"} == each.titles.keys() == each.topics.keys() for each in MailingList.objects.all())
    assert ensure_sample() == told and Workspace.objects.count() == 1


def found_by(workspace_id: int, selection: Selection) -> list:
    sql, parameters = statement(workspace_id, selection)
    return [row.pk for row in Person.objects.raw(sql, parameters)]
