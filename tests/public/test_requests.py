"""A copy and an erasure, from the button in the preference centre to the end."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from tests import make
from tests.public.mail import link, waiting
from tillit.edge.tokens import Kind
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people.models import Person
from tillit.rights.models import Request

pytestmark = pytest.mark.django_db


def requests(reader) -> list[tuple[str, str]]:
    with processing(reader.workspace.pk, "rights.fulfil", by="test", act="look"):
        return list(Request.objects.filter(person_id=reader.person).order_by("id").values_list("kind", "state"))


@pytest.mark.clause("E1", "E6", "E7")
def test_a_copy_from_the_button_to_the_file(reader, client):
    answer = client.post(f"/p/{reader.link(Kind.PREFERENCES)}/copy").content.decode()
    assert "We have sent you a mail." in answer and "It is answered by" in answer
    assert requests(reader) == [("access", "received")]
    [mail] = waiting(reader.workspace, reader.person, "rights.access")
    address = link(mail)
    assert address.startswith("/copy/")
    assert "ann.berg" not in client.get(address).content.decode()
    assert requests(reader) == [("access", "received")]
    html = client.post(address).content.decode()
    assert "ann.berg@example.org" in html and "Ann" in html and "Contact details" in html
    assert "Integritetsskyddsmyndigheten" in html
    assert requests(reader) == [("access", "fulfilled")]
    copy = json.loads(client.post(address, {"format": "json"}).content)
    assert any(
        row["value"] == "ann.berg@example.org" for table in copy["tables"] for row in table["rows"] if "value" in row
    )
    packed = client.post(address, {"format": "csv"})
    assert packed["Content-Disposition"] == 'attachment; filename="my-information.zip"'
    names = zipfile.ZipFile(io.BytesIO(packed.content)).namelist()
    assert "people.identity.csv" in names and "about.json" in names


def test_asking_twice_is_one_request_and_one_mail(reader, client):
    for _ in range(3):
        client.post(f"/p/{reader.link(Kind.PREFERENCES)}/copy")
    assert requests(reader) == [("access", "received")]
    assert len(waiting(reader.workspace, reader.person, "rights.access")) == 1


@pytest.mark.clause("E1", "E7")
def test_an_erasure_from_the_button_to_the_end(reader, client):
    client.post(f"/p/{reader.link(Kind.PREFERENCES)}/erase")
    [mail] = waiting(reader.workspace, reader.person, "rights.erasure")
    address = link(mail)
    html = client.get(address).content.decode()
    assert "This cannot be undone." in html and "a mail that is on its way at this second may still arrive" in html
    assert requests(reader) == [("erasure", "received")]
    done = client.post(address).content.decode()
    assert "You are erased" in done and str(Activity.objects.get(act="person.erase").subject_id) == str(reader.person)
    with processing(reader.workspace.pk, "audience.administer", by="test", act="look"):
        assert not Person.objects.filter(pk=reader.person).exists()
    assert "It had been done before." in client.post(address).content.decode()
    for kind, path in ((Kind.PREFERENCES, "/p/"), (Kind.WHY, "/why/"), (Kind.COPY, "/copy/")):
        token = reader.link(kind)
        answer = client.post(path + token) if kind is Kind.COPY else client.get(path + token)
        assert answer.status_code == 410 and b"We hold nothing about you here" in answer.content
    assert client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}").status_code == 200
    assert client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}/stop").status_code == 200
    for path in ("stop", "names", "language", "copy", "erase"):
        answer = client.post(f"/p/{reader.link(Kind.PREFERENCES)}/{path}", {"language": "sv"})
        assert answer.status_code == 410, path


def test_one_may_stop_all_marketing_instead(reader, client):
    client.post(f"/p/{reader.link(Kind.PREFERENCES)}/erase")
    [mail] = waiting(reader.workspace, reader.person, "rights.erasure")
    assert "All marketing is stopped" in client.post(f"{link(mail)}/stop").content.decode()
    assert not reader.permitted("marketing.email")
    assert requests(reader) == [("erasure", "received")]


@pytest.mark.parametrize("path", ["copy", "erase"])
def test_a_link_that_acts_on_everything_works_for_two_days(reader, client, path):
    kind = {"copy": Kind.COPY, "erase": Kind.ERASE}[path]
    assert client.get(f"/{path}/{reader.link(kind, days_old=2)}").status_code == 200
    answer = client.post(f"/{path}/{reader.link(kind, days_old=3)}")
    assert answer.status_code == 410 and b"for a short time only" in answer.content
    with processing(reader.workspace.pk, "audience.administer", by="test", act="look"):
        assert Person.objects.filter(pk=reader.person).exists()


@pytest.mark.parametrize("path", ["copy", "erase"])
@pytest.mark.parametrize("kind", [Kind.PREFERENCES, Kind.UNSUBSCRIBE, Kind.WHY, Kind.OPEN, Kind.CONFIRM])
def test_the_links_of_a_campaign_open_neither(reader, client, path, kind):
    """A forwarded newsletter gives nobody a copy and erases nobody."""
    assert client.post(f"/{path}/{reader.link(kind)}").status_code == 404


def test_a_copy_link_does_not_erase(reader, client):
    assert client.post(f"/erase/{reader.link(Kind.COPY)}").status_code == 404
    assert client.post(f"/copy/{reader.link(Kind.ERASE)}").status_code == 404


@pytest.mark.clause("E6")
def test_one_whose_address_bounces_is_told_and_the_request_stands(reader, client):
    with processing(reader.workspace.pk, "delivery.operate", by="test", act="bounce"):
        Person.objects.filter(pk=reader.person).update(flags=Person.UNREACHABLE)
    answer = client.post(f"/p/{reader.link(Kind.PREFERENCES)}/copy").content.decode()
    assert "We cannot reach you at this address." in answer
    assert requests(reader) == [("access", "received")]


def test_the_mails_speak_the_persons_language_and_hold_one_link(reader, client):
    client.post(f"/p/{reader.link(Kind.PREFERENCES)}/language", {"language": "sv"})
    for path, template in (("copy", "rights.access"), ("erase", "rights.erasure")):
        client.post(f"/p/{reader.link(Kind.PREFERENCES)}/{path}")
        [mail] = waiting(reader.workspace, reader.person, template)
        assert "Nordic Rooms" in mail.subject and link(mail)
        assert "ann.berg" not in mail.text


def test_a_link_of_another_workspace_copies_nobody(reader, client):
    elsewhere = make.token(Kind.COPY, make.workspace(), reader.person)
    assert client.post(f"/copy/{elsewhere}").status_code == 410
