"""What happened with a person is told by every package; corrections and notes say who and on whose word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import make
from tillit.ledger.processing import processing
from tillit.people import lists, notes, records, timeline
from tillit.people.actions import set_traits
from tillit.people.models import Edit, Note, Source, Traits
from tillit.people.provenance import edits_of, written_by
from tillit.people.queries import record
from tillit.people.timeline import Moment, tell
from tillit.policy.regions import Region
from tillit.rights.actions import access, erase
from tillit.rights.rectify import correct_names

ADMINISTER = "audience.administer"


@pytest.fixture
def workspace(db):
    made = make.workspace()
    made.fields.create(name="city", label="City", category="demographics")
    made.fields.create(name="first_name", label="First name", category="identity")
    return made


def told(workspace, person, *, limit=50, before=None, **more):
    with processing(workspace.pk, ADMINISTER, by="test", act="look"):
        return tell(workspace.pk, person, before=before or timezone.now() + timedelta(seconds=1), limit=limit, **more)


def under(workspace):
    return processing(workspace.pk, ADMINISTER, by="test", act="look")


@pytest.mark.clause("E8")
def test_a_correction_keeps_what_was_there_who_changed_it_and_on_whose_word(workspace):
    person = make.person(workspace, traits={"demographics": {"city": "Umeå"}})
    source = Source.objects.create(workspace=workspace, name="A call", warranty="They rang us.")
    records.change_values(workspace.pk, person, {"city": "Luleå"}, by="user:7", origin=records.Origin("source", source))
    records.change_values(workspace.pk, person, {"city": "Luleå"}, by="user:8")
    with under(workspace):
        edit = Edit.objects.get(person_id=person)
        assert (edit.before, edit.after, edit.by) == ({"city": "Umeå"}, {"city": "Luleå"}, "user:7")
    moment = next(each for each in told(workspace, person).moments if each.kind == "edit")
    assert (moment.title, moment.detail) == ("City", "Umeå → Luleå; said by “A call”")


@pytest.mark.clause("B4")
def test_nothing_is_corrected_on_the_word_of_a_source_that_ended(workspace):
    person = make.person(workspace, traits={"demographics": {"city": "Umeå"}})
    source = Source.objects.create(workspace=workspace, name="Old", warranty="x", valid_until="2020-01-01")
    source.refresh_from_db()
    with pytest.raises(records.Refused, match="2020-01-01"):
        records.change_values(
            workspace.pk, person, {"city": "Luleå"}, by="user:7", origin=records.Origin("source", source)
        )
    with under(workspace):
        assert Traits.objects.get(person_id=person).values == {"city": "Umeå"}
        assert not Edit.objects.exists()


def test_a_value_knows_the_correction_that_wrote_it_until_it_is_overwritten(workspace):
    person = make.person(workspace, traits={"demographics": {"city": "Umeå"}, "identity": {"first_name": "Anna"}})
    records.change_values(workspace.pk, person, {"city": "Luleå"}, by="user:7")

    def authors():
        with under(workspace):
            found = written_by(edits_of(person), record(workspace.pk, person).known)
            return {place: edit.by for place, edit in found.items()}

    assert authors() == {("demographics", "city"): "user:7"}
    with under(workspace) as activity:
        set_traits(activity, person, category="demographics", values={"city": "Kiruna"})
    assert authors() == {}


@pytest.mark.clause("E8")
def test_the_person_corrects_on_their_own_word(workspace):
    person = make.person(workspace, traits={"identity": {"first_name": "Ana"}})
    correct_names(workspace.pk, person, {"first_name": "Anna"})
    with under(workspace):
        edit = Edit.objects.get(person_id=person)
    assert (edit.word, edit.after, edit.by) == ("person", {"first_name": "Anna"}, f"person:{person}")


def test_a_change_of_region_and_language_is_told_once_each(workspace):
    person = make.person(workspace)
    records.change_place(workspace.pk, person, region=int(Region.UK), language="en", by="user:7")
    records.change_place(workspace.pk, person, region=int(Region.UK), language="en", by="user:7")
    edits = [each.detail for each in told(workspace, person, kind="edit").moments]
    assert sorted(edits) == ["EEA → UK", "– → en"]


def test_mails_choices_lists_notes_and_restrictions_are_told(workspace):
    person = make.person(workspace)
    news = make.mailing_list(workspace, name="News")
    lists.put_on_list(news, [person], by="user:7", now=timezone.now())
    make.choice(workspace, person)
    notes.add(workspace.pk, person, " Rang about\r\nthe fair. ", by="user:7")
    records.restrict(workspace.pk, person, by="user:7")
    records.lift_restriction(workspace.pk, person, by="user:7")
    said = [each.title for each in told(workspace, person).moments]
    for expected in (
        "Recorded here",
        "News: Subscribed",
        "Note",
        "Processing was restricted",
        "The restriction was lifted",
        "Put people on a list",
    ):
        assert expected in said, expected
    assert any(title.endswith(": Granted") for title in said)
    assert {each.kind for each in told(workspace, person, kind="note").moments} == {"note"}


def test_pages_of_a_timeline_leave_nothing_out(workspace):
    person = make.person(workspace)
    for number in range(9):
        notes.add(workspace.pk, person, f"Note {number}", by="user:7")
    seen, before = [], None
    while True:
        page = told(workspace, person, limit=4, before=before, kind="note")
        seen += [each.detail for each in page.moments]
        if page.older is None:
            break
        before = page.older
    assert seen == [f"Note {number}" for number in reversed(range(9))]


def test_another_package_can_tell_of_a_person(workspace, monkeypatch):
    monkeypatch.setattr(timeline, "_TELLERS", dict(timeline._TELLERS))
    person, at = make.person(workspace), timezone.now()
    timeline.register(
        "orders", lambda *_, **__: [Moment(at=at, kind="order", title="Ordered a chair")], kinds=("order",)
    )
    assert "order" in timeline.kinds()
    assert [each.title for each in told(workspace, person, kind="order").moments] == ["Ordered a chair"]


@pytest.mark.parametrize("text", ["", " \n", "x" * 4001, "\0"])
def test_a_note_says_something(workspace, text):
    person = make.person(workspace)
    with pytest.raises(notes.EmptyNote):
        notes.add(workspace.pk, person, text, by="user:7")


@pytest.mark.clause("E1", "E8")
def test_a_copy_shows_notes_and_corrections_and_an_erasure_takes_them(workspace):
    person = make.person(workspace, traits={"demographics": {"city": "Umeå"}})
    records.change_values(workspace.pk, person, {"city": "Luleå"}, by="user:7")
    notes.add(workspace.pk, person, "Rang about the fair.", by="user:7")
    shown = {table.name: table.rows for table in access(workspace.pk, person, by="test", now=timezone.now()).tables}
    assert shown["people.note"][0]["text"] == "Rang about the fair."
    assert shown["people.edit"][0]["before"] == {"city": "Umeå"}
    erase(workspace.pk, person, by="test", now=timezone.now())
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        assert not Note.objects.exists()
        assert not Edit.objects.exists()


def test_a_note_is_deleted_by_its_own_person_only(workspace):
    person, other = make.person(workspace), make.person(workspace)
    note = notes.add(workspace.pk, person, "Rang.", by="user:7")
    with pytest.raises(records.NobodyHere):
        notes.remove(workspace.pk, other, note.pk, by="user:7")
    notes.remove(workspace.pk, person, note.pk, by="user:7")
    with under(workspace):
        assert not Note.objects.exists()
