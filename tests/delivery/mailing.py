"""A campaign as delivery sees it: people on a list, messages in the queue, and a stream that writes plain mails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from tests import make
from tillit.accounts.models import Workspace
from tillit.consent.actions import record_choice
from tillit.delivery.sink import Faults, Sink
from tillit.delivery.streams import Addressed, Stream
from tillit.ledger.processing import processing
from tillit.people.actions import add_person, set_subscription
from tillit.people.models import MailingList, Person
from tillit.policy.regions import Region

MARKETING, MANAGE, OPERATE = "marketing.email", "preferences.manage", "delivery.operate"
PREPARED = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Mailing:
    """A workspace with one list; people are added to it by `people`, and queued by `prepare`."""

    def __init__(self, campaign_id: int = 7) -> None:
        self.workspace: Workspace = make.workspace()
        self.list = MailingList.objects.create(workspace=self.workspace, name="News", opt_in="single")
        self.campaign_id = campaign_id
        self.finished: list[int] = []
        self.withheld: list[int] = []
        self.active = True

    def people(self, number: int, *, consent: bool = True, region: Region = Region.EEA, at: str = "example.org"):
        """Add subscribed people, with consent to marketing unless told; return their ids."""
        with processing(self.workspace.pk, "audience.administer", by="test", act="add") as activity:
            made = [
                add_person(
                    activity, email=f"{at.partition('.')[0]}{n}@{at}", region=region, traits=named(n) if n else None
                )
                for n in range(number)
            ]
            set_subscription(activity, made, self.list, "subscribed", now=timezone.now())
        if consent:
            self.choose(made, "granted")
        return made

    def choose(self, people: list[UUID], state: str, purpose: str = MARKETING) -> None:
        with processing(self.workspace.pk, MANAGE, by="test", act="choose") as activity:
            record_choice(activity, people, purpose, state, method="operator", now=timezone.now())

    def unsubscribe(self, people: list[UUID]) -> None:
        with processing(self.workspace.pk, MANAGE, by="test", act="leave") as activity:
            set_subscription(activity, people, self.list, "unsubscribed", now=timezone.now())

    def prepare(self) -> int:
        """Queue a message to everybody permitted."""
        with (
            processing(self.workspace.pk, MARKETING, by="test", act="prepare") as activity,
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "INSERT INTO delivery_message (id, workspace_id, person_id, campaign_id, purpose, template, arguments,"
                " state, attempts, measured, policy_version_id, reply)"
                " SELECT tillit_message_id(%s, %s, p.id), p.workspace_id, p.id, %s, %s, '', '{}', 'queued', 0, false,"
                " %s, '' FROM people_person p ON CONFLICT (id) DO NOTHING",
                [PREPARED, self.campaign_id, self.campaign_id, MARKETING, activity.policy_version_id],
            )
            return cursor.rowcount

    def stream(self, write: Callable[[Addressed], bytes] | None = None) -> Stream:
        return Stream(
            workspace_id=self.workspace.pk,
            campaign_id=self.campaign_id,
            purpose=MARKETING,
            prepared_at=PREPARED,
            lists=(self.list.pk,),
            fields=(("identity", "first_name"), ("occupation", "company"), ("identity", "last_name")),
            write=write or plain,
            active=lambda: self.active,
            withheld=self.withheld.append,
            finished=lambda: self.finished.append(self.campaign_id),
        )

    def states(self) -> dict[str, int]:
        """How many messages are in which state; `withheld` with its reason."""
        with (
            processing(self.workspace.pk, OPERATE, by="test", act="look"),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "SELECT CASE state WHEN 'withheld' THEN 'withheld: ' || reply ELSE state END, count(*)"
                " FROM delivery_message GROUP BY 1"
            )
            return dict(cursor.fetchall())

    def flags(self, person_id: UUID) -> int:
        with processing(self.workspace.pk, OPERATE, by="test", act="look"):
            return Person.objects.get(id=person_id).flags


def named(number: int) -> dict[str, dict[str, str]]:
    return {"identity": {"first_name": f"Name{number}", "last_name": "Smith"}, "occupation": {"company": "Acme"}}


def plain(to: Addressed) -> bytes:
    """A mail that says what was claimed."""
    head = f"From: news@example.com\r\nTo: {to.address}\r\nMessage-ID: <{to.message_id}@localhost>\r\n"
    return f"{head}Subject: Hello {to.values[0]}\r\n\r\n{to.values} measured={to.measured}\r\n".encode()


@contextmanager
def sink(faults: Faults | None = None, received: list[tuple[str, str, bytes]] | None = None) -> Iterator[Sink]:
    """A sink in a thread of its own; what it accepts is appended to `received`."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    def keep(sender: str, recipients: list[str], message: bytes) -> None:
        if received is not None:
            received.append((sender, recipients[0], message))

    served = Sink(received=keep, faults=faults)

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(served.start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(served.stop())
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
