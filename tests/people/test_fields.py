"""Fields are kept under a category, retired with all that they held, and what uses them is named first."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tests import make
from tests.people.outcomes import people
from tillit.campaigns.models import Campaign
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing
from tillit.people import field_erasure, fields, records
from tillit.people.bulk import actions as bulk
from tillit.people.bulk import run as running
from tillit.people.field_uses import uses
from tillit.people.fields import InUse, NameTaken
from tillit.people.importing import undo
from tillit.people.models import BulkAct, BulkChange, Edit, Field, Import, ImportTrace
from tillit.people.selection import Selection

FILE = "email,first name,size\n" + "".join(f"p{n}@example.org,Anna,{n}\n" for n in range(7))
NAMED = {"en": "Size", "sv": "Storlek"}


@pytest.fixture
def size(house, bring) -> Field:
    made = fields.make_field(
        house.pk, name="size", labels=NAMED, type="number", category="identity", checks={"min": 0}, by="user:1"
    )
    bring(house, FILE)
    return made


@pytest.mark.parametrize(
    ("label", "name"), [("Shoe size", "shoe_size"), ("Längd (cm)", "langd_cm"), ("3D?", "d"), ("日本", "")]
)
def test_a_name_is_made_of_the_label(label, name):
    assert fields.name_from(label) == name


@pytest.mark.clause("A6")
@pytest.mark.parametrize("category", ["recruitment", "nothing"])
def test_a_field_is_of_a_category_that_the_policy_lets_staff_keep(house, category):
    with pytest.raises(Refused):
        fields.make_field(house.pk, name="cv", labels={"en": "CV"}, type="text", category=category, by="user:1")
    assert Activity.objects.filter(act="field.make", outcome="refused").exists()


@pytest.mark.parametrize("name", ["first_name", "email", "status"])
def test_a_name_is_used_once_and_not_for_what_the_program_means_by_it(house, name):
    with pytest.raises(NameTaken):
        fields.make_field(house.pk, name=name, labels={"en": "X"}, type="text", category="identity", by="user:1")


def test_fields_are_ordered(house):
    def order():
        return [each.name for each in Field.objects.filter(workspace=house).in_use()]

    before = order()
    second = Field.objects.get(workspace=house, name=before[1])
    fields.move_field(second, down=False, by="user:1")
    assert order()[:2] == [before[1], before[0]]
    fields.move_field(second, down=False, by="user:1")
    assert order()[:2] == [before[1], before[0]]
    fields.move_field(second, down=True, by="user:1")
    assert order() == before


@pytest.mark.clause("I1")
def test_a_retired_field_is_out_of_use_at_once_and_loses_what_it_held(house, size, monkeypatch):
    monkeypatch.setattr(field_erasure, "BATCH", 3)
    fields.retire_field(size, by="user:1", now=timezone.now())
    assert size not in Field.objects.filter(workspace=house).in_use()
    jobs = ProcrastinateJob.objects.filter(task_name="people.erase_field")
    assert [job.args for job in jobs] == [{"field_id": size.pk}]
    assert field_erasure.erase_batch(size.pk)
    assert sum("size" in each["traits"] for each in people(house).values()) == 4
    done = fields.erase_values(size.pk)
    assert done.erased_at and (done.erasing["erased"], done.erasing["total"]) == (7, 7)
    assert all(each["traits"] == {"first_name": "Anna"} for each in people(house).values())
    assert not field_erasure.erase_batch(size.pk)
    assert sum(row.counts["erased"] for row in Activity.objects.filter(act="field.erase")) == 7


@pytest.mark.clause("E2")
def test_whoever_is_restricted_keeps_theirs_until_that_is_lifted(house, size):
    kept = people(house)["p3@example.org"]["id"]
    records.restrict(house.pk, kept, by="user:1")
    fields.retire_field(size, by="user:1", now=timezone.now())
    assert fields.erase_values(size.pk).erasing["kept"] == 1
    assert people(house)["p3@example.org"]["traits"]["size"] == 3
    with pytest.raises(NameTaken):  # a field of the same name would show the old value
        fields.make_field(house.pk, name="size", labels=NAMED, type="text", category="identity", by="user:1")
    records.lift_restriction(house.pk, kept, by="user:1")
    size.refresh_from_db()
    fields.erase_rest(size, now=timezone.now())
    done = fields.erase_values(size.pk)
    assert (done.erasing["erased"], done.erasing["kept"]) == (7, 0)
    again = fields.make_field(house.pk, name="size", labels=NAMED, type="text", category="identity", by="user:1")
    assert again.pk != size.pk


def test_nothing_of_another_workspace_or_category_is_touched(house, size):
    other = make.workspace()
    make.person(other, email="twin@example.org", traits={"identity": {"size": 5}})
    fields.retire_field(size, by="user:1", now=timezone.now())
    fields.erase_values(size.pk)
    assert people(other)["twin@example.org"]["traits"] == {"size": 5}


def test_an_erasure_whose_worker_died_is_queued_again(house, size):
    now = timezone.now()
    fields.retire_field(size, by="user:1", now=now)
    assert fields.resume_stalled(now=now) == 0
    assert fields.resume_stalled(now=now + 2 * fields.STALLED_AFTER) == 1
    fields.erase_values(size.pk)
    assert fields.resume_stalled(now=now + 2 * fields.STALLED_AFTER) == 0


def test_what_uses_a_field_is_named_and_what_runs_must_end_first(house, size, queue):
    draft = make.campaign(house, name="Draft", body="You wear {{ size | default('M') }}.")
    make.campaign(house, name="Other", body="Your {{ sizes }} and {{ first_name }}")
    going = make.campaign(house, name="Going", subject="{{size}}", state=Campaign.State.PAUSED)
    make.campaign(house, name="Gone", body="{{ size }}", state=Campaign.State.DONE)
    item = queue(house, FILE)
    setting = BulkAct.objects.create(workspace=house, verb="field.set", arguments={"field": "size"}, by="user:1")
    assert [(use.kind, use.pk, use.stops) for use in uses(size)] == [
        ("bulk_act", setting.pk, True),
        ("campaign", going.pk, True),
        ("import", item.pk, True),
        ("campaign", draft.pk, False),
    ]
    with pytest.raises(InUse, match="Going"):
        fields.retire_field(size, by="user:1", now=timezone.now())
    Campaign.objects.filter(pk=going.pk).update(state=Campaign.State.CANCELLED)
    Import.objects.filter(pk=item.pk).update(state=Import.State.STOPPED)
    BulkAct.objects.filter(pk=setting.pk).update(state=BulkAct.State.STOPPED)
    fields.retire_field(size, by="user:1", now=timezone.now())


@pytest.mark.clause("I1")
def test_nothing_of_a_retired_field_is_left_in_what_corrections_imports_and_acts_on_many_keep(house, size, bring):
    again = bring(house, "email,first name,size\np1@example.org,Anna,110110\n")
    person = people(house)["p2@example.org"]["id"]
    records.change_values(house.pk, person, {"size": "220220"}, by="user:1")
    arguments = {"field": "size", "text": "330330"}
    act = bulk.begin(house.pk, Selection(ids=(person,)), "field.set", arguments, by="user:1", defer=False)
    running.run(act.pk)

    def kept() -> list[str]:
        with processing(house.pk, "rights.fulfil", by="test", act="look"):
            rows = [
                *Edit.objects.values_list("before", "after"),
                *ImportTrace.objects.filter(part="values", import_id=again.pk).values_list("before", "after"),
                *BulkChange.objects.values_list("before"),
            ]
            return [json.dumps(row) for row in rows]

    held = " ".join(kept())
    assert all(value in held for value in ("110110", "220220", "330330")) and "size" in held
    fields.retire_field(size, by="user:1", now=timezone.now())
    fields.erase_values(size.pk)
    held = " ".join(kept())
    assert not any(value in held for value in ("size", "110110", "220220", "330330")), held
    bulk.undo(act, now=timezone.now(), by="user:1", defer=False)
    running.run(act.pk)
    undo.begin(again, by="user:1", now=timezone.now(), defer=False)
    undo.run_undo(again.pk)
    assert all("size" not in each["traits"] for each in people(house).values())
