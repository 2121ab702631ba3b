"""Lists, standing on them, and choices, by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from tests import make
from tests.api.conftest import Program
from tillit.consent.actions import choose
from tillit.consent.models import Choice
from tillit.delivery.models import Message
from tillit.ledger.processing import processing
from tillit.people.models import Source
from tillit.people.suppression.actions import Why, suppress
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db


def test_a_list_is_made_changed_put_away_and_taken_up_again(program: Program) -> None:
    made = program.post("/lists", {"name": "News", "opt_in": "single"}).json()
    assert (made["name"], made["opt_in"], made["public"], made["archived"]) == ("News", "single", True, False)
    changed = program.patch(f"/lists/{made['id']}", {"public": False, "description": "Monthly"}).json()
    assert (changed["name"], changed["public"], changed["description"]) == ("News", False, "Monthly")
    assert program.put(f"/lists/{made['id']}/archive").status_code == 204
    assert program.get("/lists").json()["items"] == []
    assert [each["id"] for each in program.get("/lists?archived=true").json()["items"]] == [made["id"]]
    assert program.delete(f"/lists/{made['id']}/archive").status_code == 204
    assert program.get(f"/lists/{made['id']}").json()["subscribed"] == 0


def test_two_lists_cannot_have_one_name(program: Program) -> None:
    make.mailing_list(program.workspace, name="News")
    assert program.post("/lists", {"name": "News"}).status_code == 409


@pytest.mark.clause("E5")
def test_who_unsubscribed_is_not_put_back(program: Program) -> None:
    news, person = make.mailing_list(program.workspace), make.person(program.workspace)
    here = f"/lists/{news.pk}/subscriptions/{person}"
    assert program.put(here, {"state": "subscribed"}).json() == {"changed": True}
    assert program.put(here, {"state": "subscribed"}).json() == {"changed": False}
    assert program.get(f"/lists/{news.pk}").json()["subscribed"] == 1
    assert program.delete(here).json() == {"changed": True}
    assert program.delete(here).json() == {"changed": False}
    assert program.put(here, {"state": "subscribed"}).status_code == 409
    assert program.put(here, {"state": "unsubscribed"}).json() == {"changed": False}


def test_nobody_is_not_put_on_a_list(program: Program) -> None:
    news, stranger = make.mailing_list(program.workspace), make.person(make.workspace())
    assert program.put(f"/lists/{news.pk}/subscriptions/{stranger}", {"state": "subscribed"}).status_code == 404


@pytest.mark.clause("D5")
def test_a_form_elsewhere_asks_by_mail_and_tells_nobody_who_is_known(program: Program) -> None:
    news = make.mailing_list(program.workspace)
    make.person(program.workspace, email="known@example.org")
    answers = [program.post(f"/lists/{news.pk}/sign-ups", {"email": f"{who}@example.org"}) for who in ("known", "new")]
    assert [(each.status_code, each.json()) for each in answers] == [(202, {"accepted": True})] * 2
    with processing(program.workspace.pk, "people.confirm", by="test", act="look"):
        assert Message.objects.filter(template="rights.confirm").count() == 2
    assert program.get(f"/lists/{news.pk}").json()["subscribed"] == 0
    assert mail.outbox == []
    private = make.mailing_list(program.workspace, public=False)
    assert program.post(f"/lists/{private.pk}/sign-ups", {"email": "a@example.org"}).status_code == 409


@pytest.mark.clause("B4", "D5")
def test_a_yes_needs_a_source_that_warrants_it_and_a_no_needs_nothing(program: Program, source: Source) -> None:
    person = make.person(program.workspace, region=Region.EEA)
    here, yes = f"/persons/{person}/choices", {"purpose": "marketing.email", "state": "granted"}
    assert program.post(here, yes).status_code == 422
    assert program.post(here, {**yes, "source": source.pk}).status_code == 422
    yes["obtained"] = "On paper at the fair, 3 May"
    assert program.post(here, yes).status_code == 422
    made = program.post(here, {**yes, "source": source.pk})
    assert made.status_code == 201, made.content
    assert program.get(f"/persons/{person}?purpose=marketing.email").status_code == 200
    assert program.post(here, {"purpose": "marketing.email", "state": "withdrawn"}).status_code == 201
    assert program.get(f"/persons/{person}?purpose=marketing.email").status_code == 404
    newest, first = program.get(here).json()["items"]
    assert (newest["state"], newest["method"], newest["source"]) == ("withdrawn", Choice.Method.OPERATOR, None)
    assert (first["id"], first["method"], first["source"]) == (made.json()["id"], Choice.Method.IMPORT, source.pk)
    Source.objects.filter(pk=source.pk).update(valid_until=timezone.localdate() - timedelta(days=1))
    assert program.post(here, {**yes, "source": source.pk}).json()["clause"] == "B4"


@pytest.mark.clause("E9")
@pytest.mark.parametrize("state", ["withdrawn", "objected", "refused"])
def test_a_yes_on_a_sources_word_takes_no_refusal_back(program: Program, source: Source, state: str) -> None:
    person = make.person(program.workspace, region=Region.EEA)
    here, yes = f"/persons/{person}/choices", {"purpose": "marketing.email", "state": "granted", "source": source.pk}
    yes["obtained"] = "On paper at the fair, 3 May"
    assert program.post(here, yes).status_code == 201
    choose(program.workspace.pk, person, {"marketing.email": state}, method="preferences", now=timezone.now())
    refused = program.post(here, yes)
    assert (refused.status_code, refused.json()["clause"]) == (409, "E9")
    assert program.get(f"/persons/{person}?purpose=marketing.email").status_code == 404


def test_what_cannot_be_refused_and_what_is_no_purpose_are_refused(program: Program) -> None:
    here = f"/persons/{make.person(program.workspace)}/choices"
    assert program.post(here, {"purpose": "rights.fulfil", "state": "refused"}).json()["clause"] == "E10"
    assert program.post(here, {"purpose": "world.domination", "state": "refused"}).status_code == 409


@pytest.mark.clause("E3")
def test_what_was_permitted_is_explained_now_and_on_a_day(program: Program) -> None:
    person = make.person(program.workspace, region=Region.EEA)
    make.choice(program.workspace, person)
    here = f"/persons/{person}/explanation"
    answer = program.get(f"{here}?of=marketing.email")
    assert answer.status_code == 200, answer.content
    [now] = answer.json()["purposes"]
    assert (now["permitted"], now["choice"]["state"]) == (True, "granted")
    assert len(program.get(here).json()["purposes"]) > 5
    before = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ")
    [then] = program.get(f"{here}?of=marketing.email&at={before}").json()["purposes"]
    assert (then["permitted"], then["answer"]) == (False, "nobody")
    assert program.get(f"{here}?at=2999-01-01").status_code == 422
    assert program.get(f"{here}?at=tomorrow").status_code == 422


def test_sources_are_written_down_and_listed(program: Program) -> None:
    made = program.post("/sources", {"name": "Fair", "warranty": "By consent", "valid_until": "2030-01-01"})
    assert made.status_code == 201
    assert program.get("/sources").json() == {"items": [made.json()], "next": None}
    assert program.post("/sources", {"name": "Fair", "warranty": "x"}).status_code == 409
    assert {each["name"] for each in program.get("/fields").json()["items"]} >= {"first_name", "company"}


@pytest.mark.clause("E9", "D5", "E2")
@pytest.mark.parametrize(
    ("how", "why"), [("pending", "yet to confirm"), ("left", "left this list"), ("suppressed", ""), ("restricted", "")]
)
def test_nobody_joins_by_a_program_whose_own_word_it_takes(
    program: Program, source: Source, how: str, why: str
) -> None:
    house, now = program.workspace, timezone.now()
    news = make.mailing_list(house)
    if how == "pending":
        person = make.reader(house, email="anna@example.org", on=[news], state="pending")
    else:
        person = make.person(house, email="anna@example.org")
    if how == "left":
        assert program.delete(f"/lists/{news.pk}/subscriptions/{person}").status_code == 200
    if how == "suppressed":
        suppress(house.pk, [("email", "anna@example.org")], Why(reason="asked", by="user:1", now=now))
    if how == "restricted":
        assert program.put(f"/persons/{person}/restriction").status_code == 204
    before = program.get(f"/persons/{person}?purpose=rights.fulfil").json()["lists"]
    refused = program.put(f"/lists/{news.pk}/subscriptions/{person}", {"state": "subscribed"})
    assert refused.status_code == 409 and (why or "suppressed, or their processing") in refused.json()["detail"]
    program.post("/persons", {"email": "anna@example.org", "source": source.pk, "lists": [news.pk]})
    assert program.get(f"/persons/{person}?purpose=rights.fulfil").json()["lists"] == before
