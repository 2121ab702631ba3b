"""Looking through a list, taking people off it and mending addresses, each undone as it was done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tests import make
from tests.people.outcomes import people
from tillit.consent.actions import choose
from tillit.consent.marketing import stop_marketing
from tillit.consent.subscriptions import unsubscribe
from tillit.delivery.models import Event, Message
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing
from tillit.people.hygiene import addresses, looking, mending
from tillit.people.models import ListMending, MailingList, Person, Subscription
from tillit.people.suppression.actions import Why, suppress
from tillit.rights.actions import erase

pytestmark = pytest.mark.django_db
ADDRESSES = (
    *("anna@gmial.com", "bo@gmial.com", "cia@gmail.com", "info@example.org", "x@team.mailinator.com"),
    *("dan@hotmail.con", "eva@example.org", "fia@example.org"),
)


@pytest.fixture
def news(house) -> MailingList:
    found = MailingList.objects.get(workspace=house)
    for each in ADDRESSES:
        make.reader(house, email=each, on=[found], may=["marketing.email"])
    return found


def standing(news: MailingList) -> dict[str, str]:
    return {address: "".join(each["lists"]) for address, each in people(news.workspace).items()}


def flag(news: MailingList, email: str, flags: int) -> None:
    with processing(news.workspace_id, "audience.administer", by="test", act="flag"):
        Person.objects.filter(pk=people(news.workspace)[email]["id"]).update(flags=F("flags").bitor(flags))


def test_a_list_is_looked_through(news):
    flag(news, "eva@example.org", Person.UNREACHABLE)
    found = looking.begin(news, by="user:1", now=timezone.now()).found
    kinds = {kind: found[kind] for kind in ("people", "bouncing", "role", "disposable", "typo", "dormant")}
    assert kinds == {"people": 8, "bouncing": 1, "role": 1, "disposable": 1, "typo": 3, "dormant": 0}
    assert found["typos"] == [["gmial.com", "gmail.com", 2], ["hotmail.con", "hotmail.com", 1]]
    assert found["disposable_domains"] == [["team.mailinator.com", 1]]


def test_a_large_list_is_looked_through_by_a_job(news, monkeypatch):
    monkeypatch.setattr(looking, "SMALL", 3)
    assert looking.begin(news, by="user:1", now=timezone.now()).state == "running"
    [job] = ProcrastinateJob.objects.filter(task_name="people.check_list")
    assert looking.look_through(job.args["list_id"], now=timezone.now()).found["people"] == 8


@pytest.mark.clause("C9")
def test_dormant_is_who_got_measured_mail_and_opened_none(news):
    known, now = people(news.workspace), timezone.now()
    anna, bo, cia, eva = (
        known[each]["id"] for each in ("anna@gmial.com", "bo@gmial.com", "cia@gmail.com", "eva@example.org")
    )
    dan = known["dan@hotmail.con"]["id"]
    for person in (anna, bo, cia, eva, dan):
        make.choice(news.workspace, person, "measurement.email")
    make.choice(news.workspace, dan, "measurement.email", "withdrawn")
    with processing(news.workspace_id, "audience.administer", by="test", act="mail"):
        for person, measured in ((anna, True), (bo, True), (cia, False), (eva, True), (dan, True)):
            for campaign in range(2 if person == eva else 3):
                Message.objects.create(
                    workspace_id=news.workspace_id,
                    person_id=person,
                    campaign_id=campaign + 1,
                    purpose="marketing.email",
                    state="sent",
                    measured=measured,
                )
        for person, machine in ((anna, "prefetch"), (bo, "")):
            Event.objects.create(
                workspace_id=news.workspace_id, person_id=person, campaign_id=1, kind="open", at=now, machine=machine
            )
        ids, number = looking.page(news.pk, "dormant", after=None, now=now)
    assert (ids, number) == ([anna], 1)  # bo opened, cia is not measured, eva got too few, dan wants it no more


@pytest.mark.clause("E8")
def test_a_kind_is_taken_off_the_list_and_put_back(news, monkeypatch):
    monkeypatch.setattr(mending, "_REMOVE", mending._REMOVE.replace(f"LIMIT {mending.BATCH}", "LIMIT 2"))
    monkeypatch.setattr(mending, "BATCH", 2)
    before = standing(news)
    done = mending.remove(news, "typo", by="user:1", now=timezone.now(), total=3)
    assert (done.state, done.counts["removed"]) == ("done", 3)
    off = {address for address, state in standing(news).items() if state == "unsubscribed"}
    assert off == {"anna@gmial.com", "bo@gmial.com", "dan@hotmail.con"}
    back = mending.undo(done, by="user:1", now=timezone.now())
    assert (back.state, back.counts["put_back"]) == ("undone", 3)
    assert standing(news) == before
    assert mending.undo(back, by="user:1", now=timezone.now()).counts["put_back"] == 3


@pytest.mark.clause("E5")
def test_undoing_brings_back_nobody_who_left_by_themselves(news):
    done = mending.remove(news, "typo", by="user:1", now=timezone.now(), total=3)
    with processing(news.workspace_id, "preferences.manage", by="test", act="come"):
        anna = Subscription.objects.filter(list_id=news.pk, state="unsubscribed").order_by("person_id").first()
        Subscription.objects.filter(person_id=anna.person_id).update(
            since=timezone.now()
        )  # left again by their own act
    assert mending.undo(done, by="user:1", now=timezone.now()).counts["put_back"] == 2


@pytest.mark.clause("E5", "E9")
def test_undoing_brings_back_nobody_who_left_once_more(news):
    done = mending.remove(news, "typo", by="user:1", now=timezone.now(), total=3)
    known = people(news.workspace)
    unsubscribe(news.workspace_id, known["anna@gmial.com"]["id"], [news.pk], now=timezone.now())
    stop_marketing(news.workspace_id, known["bo@gmial.com"]["id"], method="one-click", now=timezone.now())
    withdrawn, now = {"marketing.email": "withdrawn"}, timezone.now()
    choose(news.workspace_id, known["dan@hotmail.con"]["id"], withdrawn, method="preferences", now=now)
    assert mending.undo(done, by="user:1", now=timezone.now()).counts == {"removed": 3}
    left = standing(news)
    assert {left[each] for each in ("anna@gmial.com", "bo@gmial.com", "dan@hotmail.con")} == {"unsubscribed"}


@pytest.mark.clause("E8")
def test_mending_keeps_lists_and_choices_and_makes_reachable(news, monkeypatch):
    monkeypatch.setattr(addresses, "_MISTYPED", addresses._MISTYPED.replace(f"LIMIT {addresses.BATCH}", "LIMIT 1"))
    monkeypatch.setattr(addresses, "BATCH", 1)
    flag(news, "anna@gmial.com", Person.UNREACHABLE)
    before = people(news.workspace)
    done = mending.mend(news, "gmial.com", by="user:1", now=timezone.now(), total=2)
    after = people(news.workspace)
    assert done.counts["mended"] == 2 and "anna@gmial.com" not in after
    assert after["anna@gmail.com"] == {**before["anna@gmial.com"], "flags": 0}
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        assert Person.objects.get(pk=after["anna@gmail.com"]["id"]).flags == 0
    assert [row.counts["mended"] for row in Activity.objects.filter(act="list.mend")].count(1) == 2
    mending.undo(done, by="user:1", now=timezone.now())
    assert people(news.workspace).keys() == before.keys()
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        flags = {each: Person.objects.get(pk=before[each]["id"]).flags for each in ("anna@gmial.com", "bo@gmial.com")}
    assert flags == {"anna@gmial.com": Person.UNREACHABLE, "bo@gmial.com": 0}


@pytest.mark.clause("E1", "C20")
def test_mending_takes_no_address_of_somebody_else_nor_brings_back_the_erased_or_suppressed(news):
    house = news.workspace
    make.reader(house, email="anna@gmail.com")
    gone = make.person(house, email="bo@gmail.com")
    erase(house.pk, gone, by="test", now=timezone.now())
    suppress(house.pk, [("email", "dan@hotmail.com")], Why(reason="asked", by="user:1", now=timezone.now()))
    before = people(house)
    done = mending.mend(news, "gmial.com", by="user:1", now=timezone.now(), total=2)
    assert done.counts == {"taken": 2}
    barred = mending.mend(news, "hotmail.con", by="user:1", now=timezone.now(), total=1)
    assert barred.counts == {"barred": 1}
    assert people(house) == before


@pytest.mark.clause("E9", "C20")
def test_whoever_is_suppressed_or_restricted_is_left_as_they_are(news):
    house = news.workspace
    flag(news, "bo@gmial.com", Person.RESTRICTED)
    suppress(house.pk, [("email", "anna@gmial.com")], Why(reason="asked", by="user:1", now=timezone.now()))
    before = people(house)
    assert not mending.mend(news, "gmial.com", by="user:1", now=timezone.now(), total=2).counts
    done = mending.remove(news, "typo", by="user:1", now=timezone.now(), total=3)
    assert done.counts == {"removed": 2}
    assert people(house)["bo@gmial.com"] == before["bo@gmial.com"]


@pytest.mark.clause("E9", "C20")
def test_undoing_a_mending_writes_back_no_address_that_was_suppressed_since(news):
    done = mending.mend(news, "gmial.com", by="user:1", now=timezone.now(), total=2)
    suppress(news.workspace_id, [("email", "anna@gmial.com")], Why(reason="asked", by="user:1", now=timezone.now()))
    counts = mending.undo(done, by="user:1", now=timezone.now()).counts
    assert (counts["put_back"], counts["barred"]) == (1, 1)
    assert "anna@gmail.com" in people(news.workspace)


def test_a_domain_that_is_fine_is_not_mended(news):
    with pytest.raises(Refused):
        mending.mend(news, "example.org", by="user:1", now=timezone.now())


def test_many_are_done_by_a_job_that_is_queued_again_when_its_worker_died(news):
    now = timezone.now()
    waiting = mending.remove(news, "role", by="user:1", now=now, total=mending.SMALL + 1)
    assert waiting.state == "queued"
    assert mending.resume_stalled(now=now + 2 * mending.STALLED_AFTER) == 1
    assert ProcrastinateJob.objects.filter(task_name="people.mend_list").count() == 2
    assert mending.run(waiting.pk).counts["removed"] == 1
    assert mending.resume_stalled(now=now + 2 * mending.STALLED_AFTER) == 0


def test_after_thirty_days_nothing_is_undone(news):
    done = mending.remove(news, "role", by="user:1", now=timezone.now(), total=1)
    with pytest.raises(Refused):
        mending.undo(done, by="user:1", now=timezone.now() + timedelta(days=31))
    assert ListMending.objects.get().state == "done"


def test_a_look_whose_worker_died_is_queued_again(news, monkeypatch):
    monkeypatch.setattr(looking, "SMALL", 0)
    now = timezone.now()
    looking.begin(news, by="user:1", now=now)
    assert looking.resume_stalled(now=now) == 0
    assert looking.resume_stalled(now=now + 2 * looking.STALLED_AFTER) == 1
    assert ProcrastinateJob.objects.filter(task_name="people.check_list").count() == 2


def test_what_is_done_is_what_the_last_look_found(news, django_assert_num_queries):
    looking.begin(news, by="user:1", now=timezone.now())
    with (
        processing(news.workspace_id, "audience.administer", by="test", act="look"),
        django_assert_num_queries(3),  # the domains of the look, the people, the number of the look
    ):
        ids, number = looking.page(news.pk, "typo", after=None, now=timezone.now())
    assert (len(ids), number) == (3, 3)
