"""Two workers at one act of list hygiene."""

from __future__ import annotations

from threading import Thread

from django.db import connection, transaction
from django.utils import timezone

from tests import make
from tests.people.outcomes import people
from tillit.people.hygiene import mending
from tillit.people.models import ListMending, MailingList


def test_a_worker_that_is_late_does_not_do_again_what_is_being_undone(committed_db, make_house):
    house = make_house()
    news = MailingList.objects.get(workspace=house)
    make.reader(house, email="info@example.org", on=[news], may=["marketing.email"])
    act = mending.queued_removal(news, "role", by="user:1", now=timezone.now())
    ListMending.objects.update(state="running")  # as one that was queued again while its worker lived

    def work():
        mending.run(act.pk)
        connection.close()

    late = Thread(target=work)
    with transaction.atomic(), connection.cursor() as cursor:
        ListMending.objects.select_for_update().get(pk=act.pk)
        late.start()
        waiting = 0
        while late.is_alive() and not waiting:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            [waiting] = cursor.fetchone()
        ListMending.objects.update(state="undoing")
    late.join()
    act.refresh_from_db()
    assert (act.state, people(house)["info@example.org"]["lists"]) == ("undoing", ["subscribed"])
