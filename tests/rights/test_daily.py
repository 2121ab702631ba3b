"""What is put in order once a day, in every workspace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import make
from tests.rights.rows import remains
from tillit.consent.actions import choose
from tillit.ledger.processing import processing
from tillit.people.models import Person
from tillit.rights.actions import erase
from tillit.rights.daily import tidy
from tillit.rights.signup import sign_up

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.mark.clause("I1", "D5")
def test_consents_lapse_and_unconfirmed_sign_ups_go_everywhere():
    now, years_ago = timezone.now(), timezone.now() - timedelta(days=4 * 365)
    granted = []
    for workspace in (make.workspace(), make.workspace()):
        news = make.mailing_list(workspace)
        person = make.person(workspace)
        choose(workspace.pk, person, {"marketing.email": "granted"}, method="confirmed", now=years_ago)
        sign_up(workspace.pk, news.pk, email="x@example.org", language="en", now=now - timedelta(days=8))
        granted.append((workspace, person))
    make.workspace(bare=True)
    tidy(now=now)
    for workspace, person in granted:
        with processing(workspace.pk, "audience.administer", by="test", act="look"):
            assert list(Person.objects.values_list("id", "granted")) == [(person, 0)]


def test_an_old_erasure_is_not_repeated_for_ever():
    workspace = make.workspace()
    person = make.person(workspace)
    erase(workspace.pk, person, by="test", now=timezone.now() - timedelta(days=30))
    tidy(now=timezone.now())
    assert remains(person) == {"rights_request": 1}
