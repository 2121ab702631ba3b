"""The page of a receipt."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from uuid import uuid4

import jsonschema
import pytest
from django.utils import timezone

from tests import make
from tillit.consent.receipts import verify_receipt
from tillit.edge.tokens import Kind
from tillit.env import env
from tillit.ledger import seal
from tillit.people.records import change_place
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db


@pytest.mark.clause("D5", "E3")
def test_a_receipt_is_shown_and_downloaded(reader, client):
    choice = make.choice(reader.workspace, reader.person, "leads.share", "refused")
    address = f"/receipt/{choice}/{reader.link(Kind.PREFERENCES)}"
    assert b"Recorded, and not sealed yet" in client.get(address).content
    seal.seal(env().keys, now=timezone.now())
    html = client.get(address).content.decode()
    assert "Sealed in the ledger." in html and "You said no" in html and str(choice) in html
    assert "Passing your interest to a reseller" in html
    answer = client.get(address, {"format": "json"})
    assert answer["Content-Disposition"] == f'attachment; filename="receipt-{choice}.json"'
    assert verify_receipt(answer.content).sealed
    process = json.loads(answer.content)["dpv:hasRecordOfActivity"]["dpv:hasProcess"]
    assert process["dpv:hasPurpose"]["dct:identifier"] == "leads.share"


@pytest.mark.clause("D2", "D5", "E3", "J2")
def test_the_page_tells_what_was_the_case_then(reader, client):
    choice = make.choice(reader.workspace, reader.person, "leads.share", "refused")
    change_place(reader.workspace.pk, reader.person, region=Region.US, language="", by="test")
    html = client.get(f"/receipt/{choice}/{reader.link(Kind.PREFERENCES)}").content.decode()
    assert "Your consent. The law of this region counted for you: the European Economic Area." in html
    assert "Nordisk AV Distribution AS" in html and "Version 1" in html
    swedish = client.get(f"/receipt/{choice}/{reader.link(Kind.PREFERENCES)}?lang=sv").content.decode()
    assert "Vad som gällde när du valde" in swedish and 'lang="sv"' in swedish


def test_every_choice_of_the_past_has_its_receipt_in_the_preference_centre(reader, client):
    first = make.choice(reader.workspace, reader.person, "leads.share", "granted")
    second = make.choice(reader.workspace, reader.person, "leads.share", "withdrawn")
    html = client.get(f"/p/{reader.link(Kind.PREFERENCES)}").content.decode()
    assert "What you chose, with receipts" in html
    for choice in (first, second):
        link = re.search(rf'href="(/receipt/{choice}/[^"]+)"', html)
        assert link and client.get(link[1]).status_code == 200


@pytest.mark.clause("D5")
def test_the_schema_and_the_key_are_published(reader, client):
    choice = make.choice(reader.workspace, reader.person)
    seal.seal(env().keys, now=timezone.now())
    made = client.get(f"/receipt/{choice}/{reader.link(Kind.PREFERENCES)}", {"format": "json"})
    answer = client.get("/receipt/schema.json")
    assert answer["Content-Type"].startswith("application/schema+json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    jsonschema.validate(json.loads(made.content), json.loads(answer.content))
    [key] = client.get("/.well-known/tillit-key.json").json()["keys"]
    verdict = verify_receipt(made.content, key=b64decode(key["key"]))
    assert verdict.trusted and verdict.key_id == key["id"] and key["since"]


def test_a_receipt_is_shown_to_nobody_else(reader, client):
    choice = make.choice(reader.workspace, reader.person)
    stranger = make.person(reader.workspace)
    token = make.token(Kind.PREFERENCES, reader.workspace, stranger)
    assert client.get(f"/receipt/{choice}/{token}").status_code == 404
    assert client.get(f"/receipt/{uuid4()}/{reader.link(Kind.PREFERENCES)}").status_code == 404
    assert client.get(f"/receipt/{choice}/{reader.link(Kind.UNSUBSCRIBE)}").status_code == 404
    elsewhere = make.token(Kind.PREFERENCES, make.workspace(), reader.person)
    assert client.get(f"/receipt/{choice}/{elsewhere}").status_code == 404
