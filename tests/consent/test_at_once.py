"""Several acts of one person at the same moment."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tillit.consent.subscriptions import unsubscribe
from tillit.ledger.processing import processing
from tillit.ledger.versions import in_force
from tillit.people.models import Person

pytestmark = pytest.mark.usefixtures("committed_db")
PURPOSES = ("marketing.email", "measurement.email", "analytics.predict", "leads.share")


def together(*acts) -> None:
    def run(act) -> None:
        act()
        connection.close()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_choices_at_once_are_folded_one_after_the_other():
    """Each waits for the one before; no bit is lost."""
    workspace = make.workspace()
    person = make.person(workspace)

    def say(purpose: str) -> None:
        for state in ("granted", "withdrawn", "granted"):
            make.choice(workspace, person, purpose, state)

    together(*(lambda purpose=purpose: say(purpose) for purpose in PURPOSES))
    rules = in_force(workspace.pk).rules
    with processing(workspace.pk, "preferences.manage", by="test", act="look"):
        granted = Person.objects.get(pk=person).granted
    assert granted == sum(1 << rules[purpose].bit for purpose in PURPOSES)
    with superuser() as look:
        assert look.execute("SELECT count(*) FROM consent_choice").fetchone() == (12,)


@pytest.mark.clause("E5")
def test_unsubscribing_at_once_leaves_once():
    workspace = make.workspace()
    person = make.person(workspace)
    news = make.mailing_list(workspace, person)
    left: list[list[int]] = []

    def leave() -> None:
        left.append(unsubscribe(workspace.pk, person, None, now=timezone.now()))

    together(leave, leave, leave, leave)
    assert sorted(left) == [[], [], [], [news.pk]]
