"""Why did I get this?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from tests import make
from tests.public.conftest import a_reader
from tillit.delivery.models import Message
from tillit.edge.tokens import Kind
from tillit.ledger.actions import publish
from tillit.ledger.processing import processing
from tillit.ledger.versions import in_force
from tillit.people.actions import make_default_fields, set_subscription
from tillit.people.models import Source
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db


def sent(reader, **fields) -> Message:
    with processing(reader.workspace.pk, "marketing.email", by="test", act="send"):
        [message] = Message.objects.bulk_create(
            [
                Message(
                    workspace_id=reader.workspace.pk,
                    person_id=reader.person,
                    campaign_id=reader.campaign.pk,
                    purpose="marketing.email",
                    state="sent",
                    **fields,
                )
            ]
        )
    return message


@pytest.mark.clause("D2", "C9")
def test_it_says_for_what_on_which_ground_and_from_where(reader, client):
    source = Source.objects.create(workspace=reader.workspace, name="Fair of 2026", warranty="Signed at our stand.")
    with processing(reader.workspace.pk, "audience.administer", by="test", act="list") as activity:
        set_subscription(activity, [reader.person], reader.other, "unsubscribed", now=timezone.now())
        set_subscription(
            activity,
            [reader.person],
            make.mailing_list(reader.workspace, name="Fair"),
            "subscribed",
            now=timezone.now(),
            source=source,
        )
    version = in_force(reader.workspace.pk)
    sent(reader, done_at=datetime(2026, 10, 5, 10, tzinfo=UTC), policy_version_id=version.id)
    html = client.get(f"/why/{reader.link(Kind.WHY)}").content.decode()
    assert "Nordic Rooms sent “New rooms” to a•••@example.org." in html
    assert "That was on 5 Oct 2026" in html
    assert "News and offers by email" in html
    assert "On, because you said yes." in html and "the European Economic Area" in html
    assert "You said yes" in html and "/receipt/" in html
    assert "Fair of 2026" in html and "Signed at our stand." in html
    assert "<strong>News</strong>: You are on it since" in html and "Events" not in html
    assert version.digest in html and f"/privacy/{reader.workspace.pk}/v/1" in html


@pytest.mark.clause("J2")
def test_it_names_the_policy_of_the_day_it_was_sent(reader, client, policy_text):
    sent(reader, policy_version_id=in_force(reader.workspace.pk).id)
    publish(reader.workspace.pk, policy_text.replace("+46 8 000 00 00", "+46 8 111 11 11"), by=None, now=timezone.now())
    html = client.get(f"/why/{reader.link(Kind.WHY)}").content.decode()
    assert f"/privacy/{reader.workspace.pk}/v/1" in html
    assert client.get(f"/privacy/{reader.workspace.pk}/v/1").status_code == 200


def test_it_says_so_when_the_person_has_changed_their_mind(reader, client):
    make.choice(reader.workspace, reader.person, state="withdrawn")
    html = client.get(f"/why/{reader.link(Kind.WHY)}").content.decode()
    assert "Off, because you said no." in html and "You took back your consent" in html


def test_an_unknown_region_is_told_as_the_strictest(client):
    someone = a_reader(region=Region.UNKNOWN, email="x@example.org")
    html = client.get(f"/why/{someone.link(Kind.WHY)}").content.decode()
    assert "We do not know where you are, so the strictest law counts for you." in html


@pytest.mark.clause("C9", "E12")
def test_measurement_is_objected_to_and_the_mail_goes_on(client):
    american = a_reader(region=Region.US, email="bo@example.org")
    assert american.permitted("measurement.email")
    html = client.get(f"/why/{american.link(Kind.WHY)}").content.decode()
    assert "Do not measure my mail" in html
    answer = client.post(f"/why/{american.link(Kind.WHY)}/measurement")
    assert b"not measured any more" in answer.content
    assert not american.permitted("measurement.email") and american.permitted("marketing.email")
    assert american.choices()[-1] == ("measurement.email", "objected")
    client.post(f"/why/{american.link(Kind.WHY)}/measurement")
    assert len(american.choices()) == 2


def test_where_measurement_is_off_there_is_no_button_to_refuse_it(reader, client):
    assert "Do not measure my mail" not in client.get(f"/why/{reader.link(Kind.WHY)}").content.decode()


def test_the_subject_is_shown_without_its_tags(reader, client):
    reader.campaign.subject = "{{ first_name | default('Hello') }}, new rooms"
    reader.campaign.save()
    make_default_fields(reader.workspace.pk)
    assert "“Hello, new rooms”" in client.get(f"/why/{reader.link(Kind.WHY)}").content.decode()
