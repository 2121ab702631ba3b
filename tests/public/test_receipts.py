"""The page of a receipt."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.utils import timezone

from tests import make
from tillit.consent.receipts import verify_receipt
from tillit.edge.tokens import Kind
from tillit.env import env
from tillit.ledger import seal

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
    assert json.loads(answer.content)["record"]["purpose"] == "leads.share"


def test_a_receipt_is_shown_to_nobody_else(reader, client):
    choice = make.choice(reader.workspace, reader.person)
    stranger = make.person(reader.workspace)
    token = make.token(Kind.PREFERENCES, reader.workspace, stranger)
    assert client.get(f"/receipt/{choice}/{token}").status_code == 404
    assert client.get(f"/receipt/{uuid4()}/{reader.link(Kind.PREFERENCES)}").status_code == 404
    assert client.get(f"/receipt/{choice}/{reader.link(Kind.UNSUBSCRIBE)}").status_code == 404
    elsewhere = make.token(Kind.PREFERENCES, make.workspace(), reader.person)
    assert client.get(f"/receipt/{choice}/{elsewhere}").status_code == 404
