"""Many are changed at once: previewed, in slices, resumable, undone; nobody's own decision is loosened."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tillit.consent.actions import choose, record_choice
from tillit.consent.marketing import stop_marketing
from tillit.consent.subscriptions import unsubscribe
from tillit.ledger.models import Activity
from tillit.ledger.processing import person_actor, processing
from tillit.ledger.versions import in_force
from tillit.people import lists, records
from tillit.people.bulk import actions, filters
from tillit.people.bulk import run as running
from tillit.people.models import BulkAct, BulkChange, Edit, Person, Subscription, Traits
from tillit.people.selection import Selection
from tillit.policy.regions import Region
from tillit.rights.actions import access, erase

ADMINISTER, BY = "audience.administer", "user:7"


@pytest.fixture
def workspace(db):
    made = make.workspace()
    made.fields.create(name="city", label="City", category="demographics")
    made.fields.create(name="points", label="Points", type="number", category="demographics")
    return made


def under(workspace):
    return processing(workspace.pk, ADMINISTER, by="test", act="look")


def begin(workspace, name, *, selection=None, slice_size=2, **arguments):
    act = actions.begin(workspace.pk, selection or Selection(), name, arguments, by=BY, defer=False)
    return running.run(act.pk, slice_size=slice_size)


def undo(act, **more):
    actions.undo(act, now=timezone.now(), by=BY, defer=False)
    return running.run(act.pk, slice_size=2, **more)


def previewed(workspace, name, *, selection=None, **arguments):
    verb = actions.verb_of(workspace.pk, name, arguments)
    return actions.preview(workspace.pk, selection or Selection(), verb, by=BY)


def standings(workspace, mailing_list):
    with under(workspace):
        rows = Subscription.objects.filter(list_id=mailing_list.pk)
        return {row.person_id: (row.state, row.since) for row in rows}


def cities(workspace):
    with under(workspace):
        rows = Traits.objects.filter(category="demographics")
        return {row.person_id: row.values.get("city") for row in rows}


@pytest.fixture
def mixed(workspace):
    """A list, and people of each kind by name."""
    news = make.mailing_list(workspace, name="News")
    kinds = {
        "new": make.person(workspace),
        "there": make.reader(workspace, on=[news]),
        "left": make.reader(workspace, on=[news], state="unsubscribed"),
        "asked": make.reader(workspace, on=[news], state="pending"),
        "restricted": make.reader(workspace, flags=Person.RESTRICTED),
        "suppressed": make.reader(workspace, flags=Person.SUPPRESSED),
    }
    return news, kinds


@pytest.mark.clause("E9", "E2")
def test_adding_leaves_out_whoever_decided_otherwise_and_says_how_many(workspace, mixed):
    news, kinds = mixed
    before = standings(workspace, news)
    told = previewed(workspace, "list.add", list=news.pk)
    left_out = {"restricted": 1, "suppressed": 1, "unsubscribed": 1, "pending": 1}
    assert (told.total, told.change, told.same, told.left_out) == (6, 1, 1, left_out)
    act = begin(workspace, "list.add", list=news.pk)
    assert (act.state, act.total, act.counts) == ("done", 6, {"change": 1, "same": 1, **left_out})
    after = standings(workspace, news)
    assert after.pop(kinds["new"])[0] == "subscribed"
    assert after == before


def test_what_was_added_is_taken_back(workspace, mixed):
    news, _kinds = mixed
    before = standings(workspace, news)
    act = undo(begin(workspace, "list.add", list=news.pk))
    assert (act.state, act.counts.get("undone"), "change" in act.counts) == ("undone", 1, False)
    assert standings(workspace, news) == before


def test_what_was_removed_is_put_back_as_it_was(workspace, mixed):
    news, kinds = mixed
    before = standings(workspace, news)
    act = begin(workspace, "list.remove", list=news.pk)
    assert {kinds[name] for name in ("there", "asked")} == {
        person for person, (state, since) in standings(workspace, news).items() if since != before[person][1]
    }
    assert undo(act).counts["undone"] == 2
    assert standings(workspace, news) == before


@pytest.mark.clause("E3", "E9")
@pytest.mark.parametrize("decision", ["stop", "withdraw", "leave", "restrict", "staff"])
def test_undoing_never_brings_back_who_decided_meanwhile(workspace, decision):
    people = [make.person(workspace) for _ in range(3)]
    news = make.mailing_list(workspace, *people)
    act = begin(workspace, "list.remove", list=news.pk)
    who, now = people[1], timezone.now()
    match decision:
        case "stop":
            stop_marketing(workspace.pk, who, method="preferences", now=now)
        case "withdraw":
            choose(workspace.pk, who, {"marketing.email": "withdrawn"}, method="operator", now=now, by=BY)
        case "leave":
            unsubscribe(workspace.pk, who, lists=[news.pk], now=now)
        case "restrict":
            records.restrict(workspace.pk, who, by=BY)
        case "staff":
            lists.take_off_list(news, [who], by=BY, now=now)
    ended = undo(act)
    assert (ended.counts["undone"], ended.counts["kept"]) == (2, 1)
    states = {person: state for person, (state, _since) in standings(workspace, news).items()}
    assert states == {people[0]: "subscribed", who: "unsubscribed", people[2]: "subscribed"}


@pytest.mark.clause("E5", "E9")
@pytest.mark.parametrize("decision", ["leave", "choose", "import"])
def test_who_decided_while_the_act_held_them_is_not_brought_back(workspace, decision):
    """What waits for the act's lock is dated before it, and done after it."""
    people = [make.person(workspace) for _ in range(3)]
    news = make.mailing_list(workspace, *people)
    act = begin(workspace, "list.remove", list=news.pk, slice_size=10)
    who = people[1]
    with under(workspace):
        before = BulkChange.objects.get(act_id=act.pk, person_id=who).at - timedelta(milliseconds=5)
    if decision == "leave":
        told = {
            "act": "list.unsubscribe",
            "actor": person_actor(who),
            "subject_id": who,
            "purpose": "preferences.manage",
        }
        Activity.objects.create(workspace_id=workspace.pk, at=before, **told)
    else:
        with processing(workspace.pk, "preferences.manage", by="test", act="choice.record") as activity:
            method = "preferences" if decision == "choose" else "import"
            record_choice(activity, [who], "marketing.email", "withdrawn", method=method, now=before)
    assert undo(act).counts == {"undone": 2, "kept": 1}
    assert standings(workspace, news)[who][0] == "unsubscribed"


def test_a_field_is_set_with_corrections_and_set_back(workspace):
    people = [make.person(workspace, traits={"demographics": {"city": city}}) for city in ("Umeå", "Luleå")]
    people.append(make.person(workspace))
    before = cities(workspace)
    act = begin(workspace, "field.set", field="city", text="Luleå")
    assert act.counts == {"change": 2, "same": 1}
    assert set(cities(workspace).values()) == {"Luleå"}
    with under(workspace):
        edits = {edit.person_id: (edit.before, edit.after, edit.by) for edit in Edit.objects.all()}
    assert edits[people[0]] == ({"city": "Umeå"}, {"city": "Luleå"}, BY)
    assert edits[people[2]] == ({"city": None}, {"city": "Luleå"}, BY)
    undo(act)
    assert {person: city for person, city in cities(workspace).items() if city} == before


def test_a_field_is_filled_only_where_it_is_empty(workspace):
    kept = make.person(workspace, traits={"demographics": {"city": "Umeå"}})
    filled = make.person(workspace)
    act = begin(workspace, "field.set", field="city", text="Luleå", only_empty=True)
    assert act.counts == {"change": 1, "filled": 1}
    assert cities(workspace) == {kept: "Umeå", filled: "Luleå"}


def test_a_field_is_emptied_and_filled_again(workspace):
    person = make.person(workspace, traits={"demographics": {"city": "Umeå", "points": 3}})
    act = begin(workspace, "field.set", field="city", text="")
    with under(workspace):
        assert Traits.objects.get(person_id=person).values == {"points": 3}
    undo(act)
    assert cities(workspace) == {person: "Umeå"}


def test_a_value_that_was_corrected_since_stays(workspace):
    people = [make.person(workspace, traits={"demographics": {"city": "Umeå"}}) for _ in range(2)]
    act = begin(workspace, "field.set", field="city", text="Luleå")
    records.change_values(workspace.pk, people[0], {"city": "Kiruna"}, by=BY)
    assert undo(act).counts == {"undone": 1, "kept": 1}
    assert cities(workspace) == {people[0]: "Kiruna", people[1]: "Umeå"}


def test_a_value_of_another_type_is_refused_before_anything_is_written(workspace):
    make.person(workspace)
    with pytest.raises(records.UnreadableValue):
        actions.begin(workspace.pk, Selection(), "field.set", {"field": "points", "text": "many"}, by=BY, defer=False)
    assert not BulkAct.objects.exists()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("list.add", {"list": 0}), ("list.add", {}), ("field.set", {"field": "x"}), ("erase", {})],
)
def test_what_is_not_there_is_refused(workspace, name, arguments):
    make.person(workspace)
    with pytest.raises(actions.NotPossible):
        actions.begin(workspace.pk, Selection(), name, arguments, by=BY, defer=False)


def test_an_act_on_nobody_is_refused(workspace):
    news = make.mailing_list(workspace)
    with pytest.raises(actions.NotPossible, match="Nobody"):
        actions.begin(workspace.pk, Selection(text="zzz"), "list.add", {"list": news.pk}, by=BY, defer=False)
    assert not BulkAct.objects.exists()


@pytest.mark.clause("C8")
def test_a_list_or_people_of_another_workspace_are_not_reached(workspace):
    other = make.workspace()
    theirs, mine = make.mailing_list(other), make.mailing_list(workspace)
    stranger, person = make.person(other), make.person(workspace)
    with pytest.raises(actions.NotPossible):
        actions.begin(workspace.pk, Selection(), "list.add", {"list": theirs.pk}, by=BY, defer=False)
    act = begin(workspace, "list.add", selection=Selection(ids=(stranger, person)), list=mine.pk)
    assert act.total == 1


def test_whom_an_act_is_about_is_settled_when_it_begins(workspace):
    here, news = make.person(workspace), make.mailing_list(workspace)
    act = actions.begin(workspace.pk, Selection(), "list.add", {"list": news.pk}, by=BY, defer=False)
    make.person(workspace)
    running.run(act.pk)
    assert set(standings(workspace, news)) == {here}


def test_the_act_keeps_no_text_and_no_ids(workspace):
    person, news = make.person(workspace, email="anna@example.org", region=Region.UK), make.mailing_list(workspace)
    selection = Selection(text="anna", region=int(Region.UK))
    act = begin(workspace, "list.add", selection=selection, list=news.pk)
    assert (act.total, act.selection) == (1, {"region": int(Region.UK)})
    other = begin(workspace, "list.remove", selection=Selection(ids=(person,)), list=news.pk)
    assert (other.total, other.selection) == (1, {})


def test_a_run_that_broke_off_goes_on_after_the_last_slice(workspace):
    people = {make.person(workspace) for _ in range(7)}
    news = make.mailing_list(workspace)
    act = actions.begin(workspace.pk, Selection(), "list.add", {"list": news.pk}, by=BY, defer=False)
    running._slice(act.pk, 3)
    assert len(standings(workspace, news)) == 3
    act.refresh_from_db()
    assert (act.state, act.done) == ("running", 3)
    BulkAct.objects.update(moved_at=timezone.now() - timedelta(minutes=6))
    assert actions.resume_stalled(now=timezone.now()) == 1
    ended = running.run(act.pk, slice_size=3)
    assert (ended.state, ended.counts) == ("done", {"change": 7})
    assert set(standings(workspace, news)) == people


def test_an_act_is_stopped_gone_on_with_and_undone(workspace):
    for _ in range(5):
        make.person(workspace)
    news = make.mailing_list(workspace)
    act = actions.begin(workspace.pk, Selection(), "list.add", {"list": news.pk}, by=BY, defer=False)
    running._slice(act.pk, 2)
    assert actions.stop(act)
    assert running.run(act.pk).state == "stopped"
    assert len(standings(workspace, news)) == 2
    assert actions.go_on(act, now=timezone.now())
    assert running.run(act.pk, slice_size=2).state == "done"
    act.refresh_from_db()
    assert undo(act).counts == {"undone": 5}
    assert standings(workspace, news) == {}
    with pytest.raises(actions.NotPossible):
        actions.undo(act, now=timezone.now(), by=BY, defer=False)


def test_a_list_that_is_put_away_ends_the_act_with_the_reason(workspace):
    make.person(workspace)
    news = make.mailing_list(workspace)
    act = actions.begin(workspace.pk, Selection(), "list.add", {"list": news.pk}, by=BY, defer=False)
    lists.archive(news, by=BY, now=timezone.now())
    ended = running.run(act.pk)
    assert ended.state == "failed" and "no longer there" in ended.error


def test_after_thirty_days_it_is_forgotten_whom_it_was_about(workspace):
    make.person(workspace)
    news = make.mailing_list(workspace)
    act = begin(workspace, "list.add", list=news.pk)
    later = timezone.now() + timedelta(days=31)
    assert not actions.can_undo(act, now=later)
    begin(workspace, "list.remove", list=news.pk)
    rules = in_force(workspace.pk).rules
    [unseen, *_more] = rules["rights.fulfil"].categories - rules["audience.administer"].categories
    with processing(workspace.pk, "rights.fulfil", by="test", act="hide"):
        BulkChange.objects.filter(act_id=act.pk).update(category=unseen)
    assert actions.clean(now=timezone.now()) == 0
    assert actions.clean(now=later) == 2
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        assert not BulkChange.objects.exists()
    assert [row.counts for row in Activity.objects.filter(act="bulk.clean")] == [{"changes": 2}]


@pytest.mark.clause("E1", "E8")
def test_a_copy_shows_the_changes_and_an_erasure_takes_them(workspace):
    person = make.person(workspace, traits={"demographics": {"city": "Umeå"}})
    begin(workspace, "field.set", field="city", text="Luleå")
    shown = {table.name: table.rows for table in access(workspace.pk, person, by="test", now=timezone.now()).tables}
    assert shown["people.bulkchange"][0]["before"] == "Umeå"
    erase(workspace.pk, person, by="test", now=timezone.now())
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        assert not BulkChange.objects.exists()


def test_two_workers_do_each_person_once(committed_db):
    workspace = make.workspace()
    for _ in range(30):
        make.person(workspace)
    news = make.mailing_list(workspace)
    act = actions.begin(workspace.pk, Selection(), "list.add", {"list": news.pk}, by=BY, defer=False)

    def work():
        running.run(act.pk, slice_size=4)
        connection.close()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    act.refresh_from_db()
    assert (act.state, act.counts) == ("done", {"change": 30})


def test_a_filter_is_kept_without_what_may_name_a_person(workspace):
    news = make.mailing_list(workspace)
    kept = filters.save(workspace.pk, Selection(text="anna", list_id=news.pk, region=0), name=" At  sea ", by=BY)
    assert (kept.name, Selection.of(kept.selection)) == ("At sea", Selection(list_id=news.pk, region=0))
    with pytest.raises(lists.NameTaken):
        filters.save(workspace.pk, Selection(region=1), name="At sea", by=BY)
    for nothing in (Selection(), Selection(text="anna"), Selection(ids=(make.person(workspace),))):
        with pytest.raises(filters.NothingToKeep):
            filters.save(workspace.pk, nothing, name="x", by=BY)
    filters.remove(kept, by=BY)
    assert not filters.saved(workspace.pk).exists()
