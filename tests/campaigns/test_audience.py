"""The live count says what sending will do: it permits whom the purpose's own row-level security permits."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tillit.campaigns import actions, audience
from tillit.campaigns.models import Campaign
from tillit.delivery.models import Message
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing
from tillit.people.models import Person
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db
MARKETING, ADMINISTER = "marketing.email", "audience.administer"


def run(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def count(workspace, lists, purpose=MARKETING):
    return audience.count(workspace.pk, purpose, [each.pk for each in lists], by="test")


@pytest.mark.clause("C11", "D5", "E2", "E9")
def test_everybody_on_the_lists_is_permitted_or_has_a_reason(workspace, news):
    make.reader(workspace, on=[news], may=[MARKETING])
    make.reader(workspace, on=[news])
    make.reader(workspace, on=[news], said_no=[MARKETING])
    make.reader(workspace, on=[news], region=Region.US)
    make.reader(workspace, on=[news], state="pending", may=[MARKETING])
    make.reader(workspace, on=[news], state="unsubscribed", may=[MARKETING])
    make.reader(workspace, on=[news], may=[MARKETING], flags=Person.RESTRICTED)
    make.reader(workspace, on=[news], may=[MARKETING], flags=Person.UNREACHABLE)
    nameless = make.reader(workspace, on=[news], may=[MARKETING])
    make.reader(workspace, may=[MARKETING])  # on no list
    with processing(workspace.pk, ADMINISTER, by="test", act="strip"):
        run("DELETE FROM people_identity WHERE person_id = %s", nameless)
    found = count(workspace, [news])
    assert (found.permitted, found.on_lists) == (2, 9)
    assert found.reasons == {
        "consent_missing": 1,
        "refused": 1,
        "pending": 1,
        "unsubscribed": 1,
        "restricted": 1,
        "unreachable": 1,
        "no_address": 1,
    }
    assert sum(number for _, number, _ in found.bars()) == found.left_out == 7


def test_somebody_on_two_lists_is_one_person(workspace, news):
    more = make.mailing_list(workspace)
    make.reader(workspace, on=[news, more], may=[MARKETING])
    half = make.reader(workspace, on=[news, more], may=[MARKETING])
    with processing(workspace.pk, ADMINISTER, by="test", act="leave"):
        run(
            "UPDATE people_subscription SET state = 'unsubscribed' WHERE person_id = %s AND list_id = %s", half, news.pk
        )
    assert count(workspace, [news, more]).permitted == 2
    assert count(workspace, [news]).reasons == {"unsubscribed": 1}


def test_no_list_is_nobody(workspace):
    assert count(workspace, []).on_lists == 0


def test_a_purpose_that_the_policy_lacks_is_refused(workspace, news):
    with pytest.raises(Refused, match="no purpose"):
        count(workspace, [news], "sell.everything")


@pytest.mark.clause("C8")
def test_the_look_is_recorded(workspace, news):
    make.reader(workspace, on=[news])
    count(workspace, [news])
    assert Activity.objects.get(act="campaign.count").counts == {"persons": 1}


people = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, 3, 4, 5]),
        st.sampled_from([1, 1, 1, 2, 16, 33]),
        st.sampled_from([0, 0, 0, 1, 2, 3]),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["subscribed", "subscribed", "pending", "unsubscribed"]),
        st.booleans(),
    ),
    max_size=12,
)


@pytest.mark.clause("C8", "C11")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
@given(people, st.sampled_from([MARKETING, "service.message"]))
def test_the_count_is_what_preparation_queues(workspace, people, purpose):
    news = make.mailing_list(workspace)
    with processing(workspace.pk, ADMINISTER, by="test", act="bits"):
        bit = audience.version(_version(workspace)).rules[purpose].bit
    for region, roles, flags, granted, refused, state, addressed in people:
        made = make.reader(workspace, on=[news], state=state)
        with processing(workspace.pk, ADMINISTER, by="test", act="set"):
            Person.objects.filter(id=made).update(
                region=region, roles=roles, flags=flags, granted=granted << bit, refused=refused << bit
            )
            if not addressed:
                run("DELETE FROM people_identity WHERE person_id = %s", made)
    expected = count(workspace, [news], purpose)
    assert expected.on_lists == len(people)
    campaign = make.campaign(workspace, lists=[news], purpose=purpose, state="preparing", prepared_at=make.NOON)
    assert actions.prepare(campaign.pk) == expected.permitted
    with processing(workspace.pk, purpose, by="test", act="look"):
        assert Message.objects.filter(campaign_id=campaign.pk).count() == expected.permitted
    assert Campaign.objects.get(pk=campaign.pk).state == "sending"


def _version(workspace):
    return workspace.policy_in_force.version_id


def test_candidates_are_found_by_the_beginning_of_their_address(workspace, news):
    ann = make.reader(workspace, email="ann@example.org", on=[news], traits={"identity": {"first_name": "Ann"}})
    make.reader(workspace, email="bob_%@example.org", on=[news])
    make.reader(workspace, email="anna@example.org")  # on no list

    def find(text: str) -> list[str]:
        return [one.address for one in audience.candidates(workspace.pk, [news.pk], text, by="test")]

    assert find("An") == ["ann@example.org"]
    assert find("bob_%") == ["bob_%@example.org"]
    assert find("%") == []
    assert len(find("")) == 2
    assert audience.candidates(workspace.pk, [news.pk], "ann", by="test")[0].name == "Ann"
    assert ann
