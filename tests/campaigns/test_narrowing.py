"""A campaign goes to those on its lists who are in a segment, without those in another; what is counted is queued."""

from __future__ import annotations

import pytest
from django.db import connection

from tests import make
from tillit.campaigns import actions, audience, readiness
from tillit.campaigns.models import Campaign
from tillit.campaigns.narrowing import Narrowing
from tillit.delivery.models import Message
from tillit.ledger.processing import Refused, processing
from tillit.people.models import Segment
from tillit.people.segments import actions as keeping
from tillit.people.segments import queries
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import parse
from tillit.people.segments.uses import uses_of

pytestmark = pytest.mark.django_db
MARKETING = "marketing.email"


@pytest.fixture
def segment(workspace):
    """Keep a segment of a text."""
    make.make_default_fields(workspace.pk)

    def kept(text: str, name: str = "") -> Segment:
        tree = parse(text, vocabulary(workspace.pk))
        return keeping.make_segment(workspace.pk, name=name or text, tree=tree, by="user:1")

    return kept


@pytest.fixture
def readers(workspace, news):
    """Somebody in each of four towns, all of whom want mail, and a Swede who does not."""
    towns = {"Lund": "SE", "Umeå": "SE", "Oslo": "NO", "Rome": "IT"}
    made = {
        city: make.reader(
            workspace, on=[news], may=[MARKETING], traits={"demographics": {"city": city, "country": country}}
        )
        for city, country in towns.items()
    }
    make.reader(workspace, on=[news], traits={"demographics": {"country": "SE"}})
    return made


def queued(campaign: Campaign) -> set:
    with processing(campaign.workspace_id, MARKETING, by="test", act="look"):
        return set(Message.objects.filter(campaign_id=campaign.pk).values_list("person_id", flat=True))


@pytest.mark.clause("C11")
def test_what_is_counted_is_what_is_queued(workspace, news, segment, readers):
    swedes, lund, northern = segment('country = "SE"'), segment('city = "Lund"'), segment('country in ("SE", "NO")')
    cases = [
        (Narrowing(swedes), {"Lund", "Umeå"}, 3),
        (Narrowing(None, swedes), {"Oslo", "Rome"}, 2),
        (Narrowing(northern, lund), {"Umeå", "Oslo"}, 3),
        (Narrowing(lund, swedes), set(), 0),
        (Narrowing(), set(readers), 5),
    ]
    for narrowing, towns, on_lists in cases:
        found = audience.count(workspace.pk, MARKETING, [news.pk], by="test", narrowing=narrowing)
        assert (found.permitted, found.on_lists) == (len(towns), on_lists)
        seen = audience.candidates(workspace.pk, [news.pk], "", by="test", narrowing=narrowing)
        assert len(seen) == on_lists
        campaign = make.campaign(
            workspace,
            lists=[news],
            segment=narrowing.segment,
            without=narrowing.without,
            state="preparing",
            prepared_at=make.NOON,
        )
        assert actions.prepare(campaign.pk) == len(towns)
        assert queued(campaign) == {readers[town] for town in towns}


def test_a_campaign_keeps_what_was_asked_though_the_segment_changes(workspace, news, segment, readers):
    lund = segment('city = "Lund"')
    campaign = make.campaign(workspace, lists=[news], segment=lund, state="preparing", prepared_at=make.NOON)
    actions.prepare(campaign.pk)
    keeping.change_segment(lund, name="Umeå", tree=parse('city = "Umeå"', vocabulary(workspace.pk)), by="user:1")
    campaign.refresh_from_db()
    assert campaign.audience["conditions"] == 'city = "Lund"'
    assert queued(campaign) == {readers["Lund"]}


@pytest.mark.clause("C8")
def test_a_purpose_that_may_not_know_is_refused_when_the_draft_is_saved(workspace, news, segment):
    opened = segment("not opened within 90 days", "Asleep")
    texts = {"name": "Wake up", "purpose": MARKETING, "from_email": "news@example.com"}
    with pytest.raises(queries.LacksCategory, match="may not use “What you do with our messages”"):
        actions.create(workspace.pk, by="user:1", texts=texts, lists=[news], narrowing=Narrowing(opened))
    with pytest.raises(queries.LacksCategory):
        actions.create(workspace.pk, by="user:1", texts=texts, lists=[news], narrowing=Narrowing(None, opened))
    assert not Campaign.objects.exists()
    foreign = keeping.make_segment(
        make.workspace().pk, name="Elsewhere", tree=parse("on any list", vocabulary(workspace.pk)), by="user:1"
    )
    with pytest.raises(Refused, match="not one of this workspace"):
        actions.create(workspace.pk, by="user:1", texts=texts, lists=[news], narrowing=Narrowing(foreign))


@pytest.mark.clause("C8")
def test_a_segment_that_asks_more_later_keeps_its_drafts_from_being_sent(workspace, news, segment, readers):
    swedes = segment('country = "SE"')
    draft = make.campaign(workspace, lists=[news], segment=swedes)
    assert "only those in the segment" in " ".join(check.text for check in readiness.checks(draft, by="test")[1])
    keeping.change_segment(swedes, name="S", tree=parse("opened", vocabulary(workspace.pk)), by="user:1")
    draft = Campaign.objects.get(pk=draft.pk)
    found = [check for check in readiness.checks(draft, by="test")[1] if check.key == "segment"]
    assert found[0].blocks and "may not use" in found[0].text
    with pytest.raises(actions.NotReady):
        actions.send(draft, by="user:1", now=make.NOON)


def test_a_segment_in_use_is_not_deleted_until_the_campaign_is_over(workspace, news, segment):
    swedes, lund = segment('country = "SE"'), segment('city = "Lund"')
    campaign = make.campaign(workspace, name="Spring", lists=[news], segment=swedes, without=lund)
    assert [use.name for use in uses_of(swedes)] == [use.name for use in uses_of(lund)] == ["Spring"]
    for each in (swedes, lund):
        with pytest.raises(keeping.InUse, match="“Spring”"):
            keeping.delete_segment(each, by="user:1")
    Campaign.objects.filter(pk=campaign.pk).update(state="done", audience={"segments": 2, "conditions": "…"})
    keeping.delete_segment(swedes, by="user:1")
    campaign.refresh_from_db()
    assert (campaign.segment, campaign.without) == (None, lund)


def test_a_copy_never_goes_to_more_people_than_the_original(workspace, news, segment):
    swedes = segment('country = "SE"')
    campaign = make.campaign(workspace, lists=[news], segment=swedes, audience={"segments": 1}, state="done")
    copy = actions.duplicate(campaign, by="user:1")
    assert (copy.segment, list(copy.lists.all())) == (swedes, [news])
    actions.discard(copy)
    keeping.delete_segment(swedes, by="user:1")
    campaign.refresh_from_db()
    copy = actions.duplicate(campaign, by="user:1")
    assert (copy.segment, list(copy.lists.all())) == (None, [])
    missing = " ".join(check.text for check in readiness.checks(copy, by="test")[1] if check.blocks)
    assert "No list is chosen" in missing


def test_an_edit_that_says_nothing_of_segments_keeps_them(workspace, news, segment):
    campaign = make.campaign(workspace, lists=[news], segment=segment('country = "SE"'))
    actions.edit(campaign, texts={"subject": "Changed"}, lists=[news])
    campaign.refresh_from_db()
    assert campaign.segment is not None
    actions.edit(campaign, texts={}, lists=[news], narrowing=Narrowing())
    campaign.refresh_from_db()
    assert campaign.segment is None


def test_the_database_itself_keeps_a_segment_that_a_campaign_has(workspace, news, segment):
    """Whoever saves a draft while its segment is being deleted fails, instead of writing to everybody."""
    from django.db import IntegrityError, transaction

    swedes = segment('country = "SE"')
    make.campaign(workspace, lists=[news], segment=swedes)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_segment WHERE id = %s", [swedes.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
