"""What sellers report of their sales comes in under a purpose of its own, unseen by whatever purpose lacks them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tests.people.outcomes import ADMINISTER, MARKETING, people
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing
from tillit.people.importing import undo
from tillit.people.importing.files import refused_path
from tillit.people.importing.mapping import BadMapping
from tillit.people.importing.purposes import PURCHASES
from tillit.people.models import MailingList, Person, Traits
from tillit.people.queries import sources

SALES = "Email,First name,Last order,Country,Company\nann@example.org,Ann,2024-05-01,Sweden,Ek AB\n"


@pytest.fixture
def shop(house):
    house.fields.create(name="last_order", label="Last order", type="date", category="purchases")
    return house


def held(workspace, table: str, where: str = "true") -> int:
    """How many rows there are, whoever is permitted: under the purpose that sees every category."""
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {where}")
        return cursor.fetchone()[0]


def values(workspace, purpose: str) -> list[dict]:
    with processing(workspace.pk, purpose, by="test", act="look"):
        return [row.values for row in Traits.objects.order_by("category")]


@pytest.mark.clause("B8", partly="sales as values of a person; orders come with partners")
def test_sales_are_recorded_and_seen_under_purposes_that_use_them(shop, bring):
    done = bring(shop, SALES, purpose=PURCHASES, mailing_list=None)
    assert (done.state, done.counts["new"], done.counts.get("refused", 0)) == ("done", 1, 0)
    assert values(shop, PURCHASES) == [{"first_name": "Ann"}, {"last_order": "2024-05-01"}]
    assert {"last_order": "2024-05-01"} not in values(shop, ADMINISTER) + values(shop, MARKETING)
    assert people(shop)["ann@example.org"]["lists"] == []
    assert {(one.purpose, one.act) for one in Activity.objects.filter(act__startswith="people.import")} == {
        (PURCHASES, "people.import.receive"),
        (PURCHASES, "people.import"),
    }


@pytest.mark.clause("B8", partly="sales as values of a person; orders come with partners")
def test_sales_join_what_is_known_of_a_person_and_go_when_undone(shop, bring):
    bring(shop, "Email,First name\nann@example.org,Anna\n")
    before = people(shop)
    done = bring(shop, SALES, purpose=PURCHASES, mailing_list=None)
    assert (done.counts["known"], done.counts["changed"]) == (1, 1)
    assert held(shop, "people_traits", "category = 'purchases'") == 1
    undo.begin(done, by="test", now=done.finished_at, defer=False)
    assert undo.run_undo(done.pk).state == "undone"
    assert people(shop) == before
    assert held(shop, "people_traits", "category = 'purchases'") == 0


def test_a_file_of_contacts_brings_no_sales(shop, queue):
    with pytest.raises(BadMapping, match="purchases, which the purpose"):
        queue(shop, SALES, wanted={"Last order": "last_order"})


def test_a_report_of_sales_puts_nobody_on_a_list_and_says_no_choice(shop, queue):
    with pytest.raises(Refused, match="puts nobody on a list"):
        queue(shop, SALES, purpose=PURCHASES, mailing_list=MailingList.objects.get(workspace=shop))
    with pytest.raises(Refused, match="brings no consent"):
        queue(shop, SALES, purpose=PURCHASES, mailing_list=None, consent=MARKETING)
    item = queue(shop, "email,status\na@example.org,unsubscribed\n", purpose=PURCHASES, mailing_list=None)
    assert [column["target"] for column in item.options["columns"]] == ["email", ""]
    with pytest.raises(BadMapping, match="says what people chose"):
        queue(
            shop,
            "email,status\na@example.org,x\n",
            purpose=PURCHASES,
            mailing_list=None,
            wanted={"status": "status"},
        )


@pytest.mark.parametrize("purpose", ["marketing.email", "no.such", ""])
def test_a_purpose_that_takes_in_nothing_is_refused(shop, queue, purpose):
    with pytest.raises(Refused, match="lets no file in"):
        queue(shop, SALES, purpose=purpose, mailing_list=None)
    assert sources(shop.pk).get().imports.count() == 0


def under(workspace, policy_text: str, old: str, new: str) -> None:
    """Publish a policy whose purpose of sales says something else."""
    before, place, after = policy_text.partition(f"  {PURCHASES}:")
    assert old in after
    publish(workspace.pk, before + place + after.replace(old, new, 1), by=None, now=timezone.now())


@pytest.mark.clause("C8", "D3")
def test_sales_of_somebody_who_objected_are_refused_and_the_others_come_in(shop, bring, policy_text):
    under(shop, policy_text, "objection: review", "objection: at-once")
    bring(shop, "Email,First name\nann@example.org,Anna\n")
    with processing(shop.pk, ADMINISTER, by="test", act="look"):
        ann = Person.objects.get().pk
    make.choice(shop, ann, purpose=PURCHASES, state="objected")
    done = bring(shop, SALES + "bo@example.org,Bo,2024-05-02,Sweden,Ek AB\n", purpose=PURCHASES, mailing_list=None)
    assert (done.state, done.counts["new"], done.counts["refused.not_permitted"]) == ("done", 1, 1)
    assert values(shop, PURCHASES) == [{"first_name": "Bo"}, {"last_order": "2024-05-02"}]
    assert held(shop, "people_traits", "category = 'purchases'") == 1
    report = refused_path(done.pk).read_text("utf-8-sig")
    assert "not_permitted" in report and "ann@example.org" not in report
    again = bring(shop, SALES, purpose=PURCHASES, mailing_list=None)
    assert (again.state, again.counts["refused.not_permitted"]) == ("done", 1)


@pytest.mark.clause("C8", "D5")
def test_sales_of_strangers_are_refused_where_the_policy_asks_for_consent(shop, bring, policy_text):
    under(
        shop, policy_text, "basis: {default: legitimate-interest}\n    objection: review", "basis: {default: consent}"
    )
    done = bring(shop, SALES, purpose=PURCHASES, mailing_list=None)
    assert (done.state, done.counts.get("new"), done.counts["refused.not_permitted"]) == ("done", None, 1)
    assert (held(shop, "people_identity"), held(shop, "people_person"), held(shop, "people_traits")) == (0, 0, 0)
    bring(shop, "Email,First name\nann@example.org,Anna\n")
    with processing(shop.pk, ADMINISTER, by="test", act="look"):
        ann = Person.objects.get().pk
    make.choice(shop, ann, purpose=PURCHASES)
    assert bring(shop, SALES, purpose=PURCHASES, mailing_list=None).counts["changed"] == 1
