"""Writing a policy together: nothing that anybody wrote is lost, and nothing binds before it is published."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role, User, Workspace
from tillit.governance import draft_queries, drafts
from tillit.governance.models import Draft, DraftRevision
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity
from tillit.ledger.versions import in_force
from tillit.policy import edit, templates
from tillit.policy.problems import PolicyErrors

TITLE = ("purposes", "marketing.email", "title", "en")
KEEP = ("retention", "contact", "keep")


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make.workspace()


@pytest.fixture
def ann(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.EDITOR, name="Ann")


@pytest.fixture
def bo(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.EDITOR, name="Bo")


def change(draft: Draft, path, value, *, by: User, began: int = 1) -> drafts.Saved:
    text = edit.put(drafts.text_of(draft, began), path, value)
    return drafts.save(draft, text, began=began, by=by, now=timezone.now())


@pytest.mark.clause("J1")
def test_a_draft_binds_nobody(workspace, ann):
    before = in_force(workspace.pk)
    draft = make.draft(workspace, by=ann)
    saved = change(draft, TITLE, "Something else", by=ann)
    assert saved.changed
    assert in_force(workspace.pk) == before
    assert edit.entry(drafts.text_of(saved.draft), TITLE) == "Something else"


def test_every_save_is_kept_and_can_be_gone_back_to(workspace, ann):
    draft = make.draft(workspace, by=ann)
    first = drafts.text_of(draft)
    saved = change(draft, TITLE, "Two", by=ann)
    saved = change(saved.draft, TITLE, "Three", by=ann, began=2)
    back = drafts.undo(saved.draft, 1, by=ann, now=timezone.now())
    assert back.draft.revision == 4
    assert drafts.text_of(back.draft) == first
    assert [edit.entry(drafts.text_of(draft, number), TITLE) for number in (2, 3)] == ["Two", "Three"]


def test_a_save_of_nothing_new_makes_no_revision(workspace, ann):
    draft = make.draft(workspace, by=ann)
    saved = drafts.save(draft, drafts.text_of(draft).replace("\n", "\r\n"), began=1, by=ann, now=timezone.now())
    assert not saved.changed
    assert DraftRevision.objects.filter(draft=draft).count() == 1


def test_two_who_change_different_entries_are_both_heard(workspace, ann, bo):
    draft = make.draft(workspace, by=ann)
    change(draft, TITLE, "News", by=ann)
    saved = change(draft, KEEP, "5 years", by=bo)
    assert saved.merged
    text = drafts.text_of(saved.draft)
    assert (edit.entry(text, TITLE), edit.entry(text, KEEP)) == ("News", "5 years")


def test_two_who_change_the_same_field_choose_and_lose_nothing(workspace, ann, bo):
    draft = make.draft(workspace, by=ann)
    change(draft, TITLE, "Ann’s", by=ann)
    ours = edit.put(edit.put(drafts.text_of(draft, 1), TITLE, "Bo’s"), KEEP, "5 years")
    with pytest.raises(drafts.Clash) as clash:
        drafts.save(draft, ours, began=1, by=bo, now=timezone.now())
    [place] = clash.value.both.conflict.places
    assert (place.key, place.ours, place.theirs) == ("purposes/marketing.email/title/en", "Bo’s", "Ann’s")
    assert edit.entry(drafts.text_of(Draft.objects.get(pk=draft.pk)), TITLE) == "Ann’s"
    for chosen, title in (([], "Ann’s"), ([place.key], "Bo’s")):
        fresh = Draft.objects.get(pk=draft.pk)
        saved = drafts.settle(
            fresh, ours, began=1, take_ours=chosen, seen=clash.value.revision, by=bo, now=timezone.now()
        )
        text = drafts.text_of(saved.draft)
        assert (edit.entry(text, TITLE), edit.entry(text, KEEP)) == (title, "5 years")
        drafts.undo(saved.draft, 2, by=bo, now=timezone.now())


def test_a_choice_made_on_what_changed_meanwhile_asks_again(workspace, ann, bo):
    draft = make.draft(workspace, by=ann)
    change(draft, TITLE, "Ann’s", by=ann)
    ours = edit.put(drafts.text_of(draft, 1), TITLE, "Bo’s")
    change(draft, TITLE, "Ann’s second", by=ann, began=2)
    with pytest.raises(drafts.Clash) as clash:
        drafts.settle(draft, ours, began=1, take_ours=[place_of(TITLE)], seen=2, by=bo, now=timezone.now())
    assert clash.value.both.conflict.places[0].theirs == "Ann’s second"


def place_of(path) -> str:
    return "/".join(path)


def test_what_no_text_may_hold_is_named(workspace, ann):
    draft = make.draft(workspace, by=ann)
    with pytest.raises(PolicyErrors, match="line 2: There is a character that no text has"):
        drafts.save(draft, "a: 1\nb: \x00", began=1, by=ann, now=timezone.now())
    with pytest.raises(PolicyErrors, match="larger than 1000 kB"):
        drafts.save(draft, "x" * 2_000_000, began=1, by=ann, now=timezone.now())
    assert Draft.objects.get(pk=draft.pk).revision == 1


def test_broken_yaml_can_be_saved_and_says_what_is_wrong(workspace, ann):
    draft = make.draft(workspace, by=ann)
    text = drafts.text_of(draft).replace("officers:\n", "officers\n")
    saved = drafts.save(draft, text, began=1, by=ann, now=timezone.now())
    [problem] = draft_queries.problems_of(workspace.pk, drafts.text_of(saved.draft)).errors
    assert problem.line > 1
    assert "The YAML is broken" in problem.message


def test_a_sixty_third_purpose_is_explained(workspace, ann):
    text = in_force(workspace.pk).text
    tree = edit.entry(text, ("purposes",))
    more = {f"more.p{number}": tree["survey.run"] for number in range(63 - len(tree))}
    [problem] = draft_queries.problems_of(workspace.pk, edit.put(text, ("purposes",), {**tree, **more})).errors
    assert problem.path == "purposes"
    assert "That is 1 too many." in problem.message
    assert "Use the id of an earlier purpose" in problem.mend


def test_places_of_dropped_purposes_count_and_are_explained(workspace, ann):
    """Each kept its place in everybody's choices, so the workspace runs out before a document does."""
    text = in_force(workspace.pk).text
    tree = edit.entry(text, ("purposes",))
    room = 62 - len(tree)
    first = {f"first.p{number}": tree["survey.run"] for number in range(room)}
    publish(workspace.pk, edit.put(text, ("purposes",), {**tree, **first}), by=None, now=timezone.now())
    other = edit.put(text, ("purposes",), {**tree, "second.p": tree["survey.run"]})
    [problem] = draft_queries.problems_of(workspace.pk, other).errors
    assert problem.path == "purposes"
    assert "used 62 of 62 places for purposes, dropped ones included" in problem.message
    assert draft_queries.places_taken(workspace.pk, frozenset({*tree, "second.p"})) == 63
    [problem] = draft_queries.problems_of(workspace.pk, text, ask_again=["marketing.email"]).errors
    assert "whose consent is asked for anew" in problem.message


def test_a_draft_takes_in_what_came_in_force_meanwhile(workspace, ann):
    draft = make.draft(workspace, by=ann)
    saved = change(draft, TITLE, "News", by=ann)
    publish(workspace.pk, edit.put(in_force(workspace.pk).text, KEEP, "5 years"), by=None, now=timezone.now())
    assert draft_queries.is_outdated(saved.draft)
    updated = drafts.update(saved.draft, by=ann, now=timezone.now())
    text = drafts.text_of(updated.draft)
    assert (edit.entry(text, TITLE), edit.entry(text, KEEP)) == ("News", "5 years")
    assert not draft_queries.is_outdated(updated.draft)


def test_a_draft_that_contradicts_the_new_version_asks(workspace, ann):
    draft = make.draft(workspace, by=ann)
    saved = change(draft, KEEP, "3 years", by=ann)
    publish(workspace.pk, edit.put(in_force(workspace.pk).text, KEEP, "5 years"), by=None, now=timezone.now())
    with pytest.raises(drafts.Clash) as clash:
        drafts.update(saved.draft, by=ann, now=timezone.now())
    key = clash.value.both.conflict.places[0].key
    updated = drafts.update(saved.draft, by=ann, now=timezone.now(), take_ours=[key])
    assert edit.entry(drafts.text_of(updated.draft), KEEP) == "3 years"


def test_a_discarded_draft_stays_as_it_is(workspace, ann):
    draft = make.draft(workspace, by=ann)
    drafts.discard(draft, by=ann, now=timezone.now())
    with pytest.raises(drafts.DraftClosed, match="discarded"):
        change(draft, TITLE, "News", by=ann)
    assert drafts.text_of(draft)


def test_each_act_is_in_the_ledger(workspace, ann):
    draft = make.draft(workspace, by=ann)
    change(draft, TITLE, "News", by=ann)
    drafts.discard(draft, by=ann, now=timezone.now())
    acts = Activity.objects.filter(object_ref=f"policy_draft:{draft.pk}").order_by("id").values_list("act", "actor")
    assert list(acts) == [(act, f"user:{ann.pk}") for act in ("draft.start", "draft.save", "draft.discard")]


def test_saves_at_the_same_moment_wait_for_each_other(committed_db):
    workspace = make.workspace()
    people = [make.member(workspace) for _ in range(4)]
    draft = make.draft(workspace, by=people[0])
    paths = [KEEP, TITLE, ("purposes", "survey.run", "title", "en"), ("operator", "phone")]
    values = ["5 years", "News", "Questions", "+46 8 111"]
    faults: list[BaseException] = []

    def work(person: User, path, value) -> None:
        try:
            change(draft, path, value, by=person)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=each) for each in zip(people, paths, values, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    fresh = Draft.objects.get(pk=draft.pk)
    assert fresh.revision == 5
    assert [edit.entry(drafts.text_of(fresh), path) for path in paths] == values
    connections.close_all()


def test_what_ships_can_be_begun_from(db):
    found = draft_queries.templates()
    assert found[-1].name == "smart-media-solutions"
    assert {template.name for template in found} == {*templates.TEMPLATES, templates.REFERENCE}
    assert all("purposes: " in template.about for template in found)
