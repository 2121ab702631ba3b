"""A copy of everything: complete by declaration, for the person alone, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import models
from django.test.utils import isolate_apps
from django.utils import timezone

from tests import make
from tests.rights.rows import fill
from tillit.accounts.models import Workspace
from tillit.consent.actions import NobodyThere
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity, PolicyInForce
from tillit.ledger.processing import processing
from tillit.ledger.rls import personal_models
from tillit.people.models import PerPersonManager
from tillit.people.records import change_place, restrict
from tillit.policy.declarations import Declares
from tillit.policy.regions import Region
from tillit.rights import holdings
from tillit.rights.actions import access, receive
from tillit.rights.files import as_csv, as_json, as_zip, cell
from tillit.rights.models import Request

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


def copied(workspace: Workspace, person):
    return access(workspace.pk, person, by="test", now=timezone.now())


def spelt(value: Any) -> list[str]:
    """How a value may be written in a copy."""
    if isinstance(value, datetime):
        return [value.isoformat()]
    if isinstance(value, bytes):
        return [value.hex()]
    if isinstance(value, dict):
        return [text for pair in value.items() for text in pair][1:2]
    return [str(value)]


@pytest.mark.clause("E1", "E2")
def test_every_personal_field_of_every_table_is_in_the_copy(workspace):
    """The tables are found by their declarations; so is the value that each of their fields holds, in JSON and CSV."""
    person = make.person(workspace)
    written = fill(workspace, person)
    assert {table for table, _ in written} >= {"people.identity", "people.traits", "delivery.message", "delivery.event"}
    made = copied(workspace, person)
    tables = {table["table"]: table for table in json.loads(as_json(made.content))["tables"]}
    packed = zipfile.ZipFile(io.BytesIO(as_zip(made.tables, made.content)))
    for (table, field), value in written.items():
        column = next(name for name in tables[table]["columns"] if name in (field, f"{field}_id"))
        said = json.dumps([row[column] for row in tables[table]["rows"]], ensure_ascii=False)
        lines = [row[column] for row in csv.DictReader(io.StringIO(packed.read(f"{table}.csv").decode("utf-8-sig")))]
        for text in spelt(value):
            assert text in said, (table, field)
            assert any(text in line for line in lines), (table, field)


@isolate_apps("tillit.people")
def test_a_table_is_covered_when_it_is_declared(workspace, monkeypatch):
    """A per-person table that nobody wrote export code for: declaring it is enough."""

    class Standing(models.Model):
        pk = models.CompositePrimaryKey("person_id", "list_id")
        person_id = models.UUIDField()
        list_id = models.BigIntegerField()
        state = models.CharField(max_length=12)
        objects = PerPersonManager()

        class Meta:
            app_label = "people"
            db_table = "people_subscription"
            verbose_name = "newly made table"

    declares = Declares(subject="person", category="preferences", retain="contact", personal={"state": "preferences"})
    known = list(personal_models())
    monkeypatch.setattr(holdings, "personal_models", lambda: [*known, (Standing, declares)])
    person = make.person(workspace)
    make.mailing_list(workspace, person)
    table = next(table for table in copied(workspace, person).tables if table.title == "Newly made table")
    assert [row["state"] for row in table.rows] == ["subscribed"]


def test_nothing_of_anybody_else_is_in_the_copy(workspace):
    ann, bo = make.person(workspace, email="ann@example.org"), make.person(workspace, email="bo@example.org")
    fill(workspace, bo)
    text = as_json(copied(workspace, ann).content)
    assert "ann@example.org" in text and "bo@example.org" not in text
    assert str(bo) not in text


def test_a_person_of_another_workspace_is_nobody(workspace):
    with pytest.raises(NobodyThere):
        copied(workspace, make.person(make.workspace()))


@pytest.mark.clause("E1", "E4", "D2", "F1")
def test_the_copy_says_what_article_15_asks(workspace):
    person = make.person(workspace, region=Region.EEA)
    make.choice(workspace, person)
    content = copied(workspace, person).content
    marketing = next(purpose for purpose in content["purposes"] if purpose["id"] == "marketing.email")
    assert marketing["permitted"] and "consented" in marketing["why"] and marketing["recipients"] == ["Relaypoint Inc."]
    assert content["categories"]["contact"]["title"] == "Contact details"
    assert any(each["safeguard"] == "EU-US Data Privacy Framework" for each in content["recipients"])
    assert content["retention"]["contact"]["keep"] == "2 years"
    assert {"access", "erase", "object", "complain"} <= set(content["rights"])
    assert "Integritetsskyddsmyndigheten" in content["authority"]["name"]
    assert content["sources"] and content["controller"]["privacy"] == "privacy@smartmediasolutions.example"


@pytest.mark.clause("E4")
@pytest.mark.parametrize(
    ("region", "authority"),
    [(Region.UK, "Information Commissioner's Office"), (Region.US_CA, "California Privacy Protection Agency")],
)
def test_the_authority_is_the_persons_own(workspace, region, authority):
    assert copied(workspace, make.person(workspace, region=region)).content["authority"]["name"] == authority


@pytest.mark.clause("E6")
def test_the_answer_closes_the_request_with_what_was_given(workspace):
    person = make.person(workspace)
    made = receive(workspace.pk, person, "access", received_at=timezone.now(), by="user:1")
    assert (made.state, made.due_at > timezone.now()) == ("received", True)
    answered = copied(workspace, person)
    assert answered.request_id == made.pk
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        request = Request.objects.get(pk=made.pk)
    assert request.state == "fulfilled" and request.fulfilled_at
    assert request.counts == {"people.person": 1, "people.identity": 1, "rights.request": 1}
    again = copied(workspace, person)
    assert again.request_id == made.pk
    assert Activity.objects.filter(act="request.copy", subject_id=person).count() == 2


@pytest.mark.parametrize(
    "value",
    ["=1+1", "+1+1", "-1-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("x")', "＋1", "\n=2"],
)
def test_no_cell_is_a_formula(value):
    assert cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["Ann", "1-2", "a=b", "", "å", "+46701234567", "-1", 7, 1.5, True])
def test_other_cells_are_as_they_are(value):
    assert cell(value) == str(value)


def test_a_csv_survives_quotes_and_lines(workspace):
    person = make.person(workspace, traits={"identity": {"first_name": 'A "B"\nC;D,E'}})
    table = next(table for table in copied(workspace, person).tables if table.name == "people.traits")
    [row] = csv.DictReader(io.StringIO(as_csv(table).removeprefix("\ufeff")))
    assert json.loads(row["values"]) == {"first_name": 'A "B"\nC;D,E'}


def test_every_declared_table_can_be_filled():
    """The rows that these tests write cover every table about persons that there is."""
    workspace = make.workspace()
    written = {table for table, _ in fill(workspace, make.person(workspace))}
    expected = {model._meta.label_lower for model, declares in personal_models() if declares.personal}
    assert written | {"people.person"} == expected


def test_the_numbers_of_a_persons_row_are_told_in_words(workspace):
    person = make.person(workspace, region=Region.UK, language="sv")
    make.choice(workspace, person)
    make.choice(workspace, person, "leads.share", "refused")
    [row] = next(table for table in copied(workspace, person).tables if table.name == "people.person").rows
    assert row["language"] == "sv" and row["region"] == {"number": 2, "name": "UK"}
    assert (row["granted"]["name"], row["refused"]["name"]) == ("marketing.email", "leads.share")
    assert row["roles"]["name"] == "contact" and row["flags"] == 0


@pytest.mark.clause("E1", "E3")
def test_what_counted_before_is_told_in_words(workspace):
    person = make.person(workspace, region=Region.UNKNOWN)
    change_place(workspace.pk, person, region=Region.EEA, language="", by="test")
    restrict(workspace.pk, person, by="test")
    table = next(table for table in copied(workspace, person).tables if table.name == "people.paststanding")
    assert table.title == "What counted for you before" and {column.name for column in table.telling} >= {"region"}
    assert [row["region"]["name"] for row in table.rows] == ["UNKNOWN", "EEA"]
    assert all(row["roles"]["name"] == "contact" and row["until"] for row in table.rows)


def test_a_yes_is_told_also_while_a_version_waits_that_asks_anew(workspace, policy_text):
    person, now = make.person(workspace), timezone.now()
    make.choice(workspace, person)
    later = now + timedelta(days=1)
    publish(workspace.pk, policy_text, by=None, now=now, effective_at=later, ask_again=["marketing.email"])

    def yes() -> object:
        [row] = next(table for table in copied(workspace, person).tables if table.name == "people.person").rows
        return row["granted"]

    assert yes()["name"] == "marketing.email"
    PolicyInForce.objects.filter(workspace=workspace).update(next_at=now - timedelta(hours=1))
    assert not isinstance(yes(), dict), "it counts no more, and is not told as if it did"
