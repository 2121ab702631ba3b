"""From draft to version: two people, one transaction, and nothing in force that contradicts itself."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from tests import make
from tests.governance.test_drafts import KEEP, TITLE, change
from tillit.accounts.models import Role, User, Workspace
from tillit.governance import drafts, review
from tillit.governance.models import Draft
from tillit.ledger.actions import AlreadyScheduled, NotLater, publish
from tillit.ledger.models import Activity, PolicyInForce, PolicyVersion
from tillit.ledger.versions import in_force, scheduled
from tillit.policy import edit

pytestmark = [pytest.mark.clause("J1")]


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make.workspace()


@pytest.fixture
def ann(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.EDITOR)


@pytest.fixture
def olle(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.OWNER)


@pytest.fixture
def kim(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.OWNER)


@pytest.fixture
def draft(workspace: Workspace, ann: User) -> Draft:
    return change(make.draft(workspace, by=ann), TITLE, "News", by=ann).draft


def submitted(draft: Draft, by: User) -> Draft:
    return review.submit(draft, by=by, now=timezone.now())


def approved(draft: Draft, *, by: User) -> Draft:
    return review.approve(draft, seen=draft.revision, comment="", by=by, now=timezone.now())


def test_what_a_second_person_approved_is_published(workspace, draft, ann, olle):
    draft = approved(submitted(draft, ann), by=olle)
    version = review.publish(draft, seen=2, by=olle, now=timezone.now(), note="A better name")
    assert in_force(workspace.pk).id == version.pk
    assert (version.reviewed_by, version.published_by, version.note) == (olle.pk, olle.pk, "A better name")
    fresh = Draft.objects.get(pk=draft.pk)
    assert (fresh.state, fresh.version) == (Draft.State.PUBLISHED, version)
    assert edit.entry(version.document, TITLE) == "News"


def test_a_button_pressed_twice_publishes_once(workspace, draft, ann, olle):
    draft = approved(submitted(draft, ann), by=olle)
    first = review.publish(draft, seen=2, by=olle, now=timezone.now())
    assert review.publish(draft, seen=2, by=olle, now=timezone.now()) == first
    assert PolicyVersion.objects.filter(workspace=workspace).count() == 2
    assert Activity.objects.filter(act="draft.publish").count() == 1


def test_nobody_approves_what_they_wrote(workspace, olle, kim):
    draft = change(make.draft(workspace, by=olle), TITLE, "News", by=olle).draft
    submitted(draft, olle)
    with pytest.raises(review.OwnReview):
        approved(Draft.objects.get(pk=draft.pk), by=olle)
    assert approved(Draft.objects.get(pk=draft.pk), by=kim).state == Draft.State.APPROVED


def test_what_nobody_approved_is_not_published(draft, ann, olle):
    with pytest.raises(review.NotApproved):
        review.publish(draft, seen=2, by=olle, now=timezone.now())
    draft = submitted(draft, ann)
    with pytest.raises(review.NotApproved):
        review.publish(draft, seen=2, by=olle, now=timezone.now())


def test_a_change_after_approval_needs_approval_again(draft, ann, olle):
    draft = approved(submitted(draft, ann), by=olle)
    draft = change(draft, KEEP, "5 years", by=ann, began=2).draft
    assert (draft.state, draft.reviewed_by) == (Draft.State.OPEN, None)
    with pytest.raises(review.NotApproved):
        review.publish(draft, seen=3, by=olle, now=timezone.now())


def test_the_only_owner_may_publish_alone_and_the_record_says_so(workspace, olle):
    draft = change(make.draft(workspace, by=olle), TITLE, "News", by=olle).draft
    version = review.publish(draft, seen=2, by=olle, now=timezone.now())
    assert version.reviewed_by is None
    assert Activity.objects.filter(act="draft.publish-alone", object_ref=f"policy_draft:{draft.pk}").count() == 1


def test_the_only_owner_still_reads_what_another_wrote(draft, olle):
    with pytest.raises(review.NotApproved):
        review.publish(draft, seen=2, by=olle, now=timezone.now())


def test_with_a_second_owner_nobody_publishes_alone(workspace, olle, kim):
    draft = change(make.draft(workspace, by=olle), TITLE, "News", by=olle).draft
    with pytest.raises(review.NotApproved):
        review.publish(draft, seen=2, by=olle, now=timezone.now())


def test_a_draft_with_errors_goes_nowhere(draft, ann, olle):
    draft = change(draft, ("purposes", "survey.run", "categories"), ["nonsense"], by=ann, began=2).draft
    with pytest.raises(review.HasErrors):
        submitted(draft, ann)
    with pytest.raises(review.NotSubmitted):
        approved(draft, by=olle)


@pytest.mark.clause("J2")
def test_a_draft_that_is_behind_is_brought_up_first(workspace, draft, ann, olle):
    draft = approved(submitted(draft, ann), by=olle)
    publish(workspace.pk, edit.put(in_force(workspace.pk).text, KEEP, "5 years"), by=None, now=timezone.now())
    with pytest.raises(review.NotUpToDate):
        review.publish(draft, seen=2, by=olle, now=timezone.now())
    draft = drafts.update(draft, by=ann, now=timezone.now()).draft
    draft = approved(submitted(draft, ann), by=olle)
    version = review.publish(draft, seen=3, by=olle, now=timezone.now())
    assert edit.entry(version.document, KEEP) == "5 years"
    assert edit.entry(version.document, TITLE) == "News"


def test_only_what_was_read_is_approved_and_published(draft, ann, olle):
    draft = submitted(draft, ann)
    with pytest.raises(review.ChangedSince):
        review.approve(draft, seen=1, comment="", by=olle, now=timezone.now())
    draft = approved(draft, by=olle)
    with pytest.raises(review.ChangedSince):
        review.publish(draft, seen=1, by=olle, now=timezone.now())


def test_a_reviewer_returns_it_with_what_is_to_change(draft, ann, olle):
    draft = submitted(draft, ann)
    draft = review.send_back(draft, seen=2, comment="Say which news.", by=olle, now=timezone.now())
    assert (draft.state, draft.review, draft.reviewed_by) == (Draft.State.OPEN, "Say which news.", olle.pk)


def test_a_version_can_wait_for_its_day(workspace, draft, ann, olle):
    draft = approved(submitted(draft, ann), by=olle)
    now = timezone.now()
    with pytest.raises(NotLater):
        review.publish(draft, seen=2, by=olle, now=now, effective_at=now - timedelta(minutes=1))
    version = review.publish(draft, seen=2, by=olle, now=now, effective_at=now + timedelta(days=30))
    assert in_force(workspace.pk).number == 1
    assert scheduled(workspace.pk, now=now).id == version.pk
    other = change(make.draft(workspace, by=ann), KEEP, "5 years", by=ann).draft
    other = approved(submitted(other, ann), by=olle)
    with pytest.raises(AlreadyScheduled):
        review.publish(other, seen=2, by=olle, now=now)
    assert Draft.objects.get(pk=other.pk).state == Draft.State.APPROVED


def test_the_same_again_is_not_a_version(workspace, ann, olle):
    draft = make.draft(workspace, by=ann)
    draft = drafts.save(draft, f"# A comment\n{drafts.text_of(draft)}", began=1, by=ann, now=timezone.now()).draft
    draft = approved(submitted(draft, ann), by=olle)
    with pytest.raises(review.NothingNew):
        review.publish(draft, seen=2, by=olle, now=timezone.now())


@pytest.mark.clause("D3")
def test_consent_that_the_change_leaves_behind_is_asked_anew_by_itself(workspace, draft, ann, olle):
    categories = edit.entry(drafts.text_of(draft), (*TITLE[:2], "categories"))
    draft = change(draft, (*TITLE[:2], "categories"), [*categories, "purchases"], by=ann, began=2).draft
    must, may = review.asked_anew(draft, drafts.text_of(draft))
    assert must == ("marketing.email",)
    assert "marketing.email" not in may
    draft = approved(submitted(draft, ann), by=olle)
    version = review.publish(draft, seen=3, by=olle, now=timezone.now())
    assert version.asks_again == ["marketing.email"]


def test_a_crash_while_publishing_leaves_neither_version_nor_closed_draft(committed_db):
    """The draft's row refuses to close: what the ledger wrote before is gone with it."""
    from django.db import DatabaseError

    from tests.conftest import superuser

    workspace = make.workspace()
    ann, olle = make.member(workspace), make.member(workspace, role=Role.OWNER)
    draft = change(make.draft(workspace, by=ann), TITLE, "News", by=ann).draft
    draft = approved(submitted(draft, ann), by=olle)
    refuse = "ALTER TABLE governance_draft ADD CONSTRAINT crash CHECK (state <> 'published')"
    with superuser() as connection:
        connection.execute(refuse)
    try:
        with pytest.raises(DatabaseError):
            review.publish(draft, seen=2, by=olle, now=timezone.now())
    finally:
        with superuser() as connection:
            connection.execute("ALTER TABLE governance_draft DROP CONSTRAINT crash")
    assert in_force(workspace.pk).number == 1
    assert PolicyVersion.objects.filter(workspace=workspace).count() == 1
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.APPROVED
    assert review.publish(draft, seen=2, by=olle, now=timezone.now()).number == 2


@pytest.mark.clause("J2")
def test_of_two_drafts_published_at_the_same_moment_none_undoes_the_other(committed_db):
    workspace = make.workspace()
    ann, olle = make.member(workspace, role=Role.EDITOR), make.member(workspace, role=Role.OWNER)
    ready = []
    for path, value in ((TITLE, "News"), (KEEP, "5 years")):
        draft = change(make.draft(workspace, by=ann), path, value, by=ann).draft
        ready.append(approved(submitted(draft, ann), by=olle))
    outcomes: list[BaseException | PolicyVersion] = []

    def work(draft: Draft) -> None:
        try:
            outcomes.append(review.publish(draft, seen=2, by=olle, now=timezone.now()))
        except BaseException as fault:
            outcomes.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(draft,)) for draft in ready]
    with transaction.atomic():  # both compare with version 1, then wait for the row that says what is in force
        PolicyInForce.objects.select_for_update().get(workspace=workspace)
        for thread in threads:
            thread.start()
        _until_waiting(2)
    for thread in threads:
        thread.join()
    connections.close_all()
    assert sorted(type(each).__name__ for each in outcomes) == ["NotUpToDate", "PolicyVersion"], outcomes
    assert PolicyVersion.objects.filter(workspace=workspace).count() == 2


def _until_waiting(number: int) -> None:
    """Wait until so many connections to this database wait for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees its first answer again
            cursor.execute(asked)
            if cursor.fetchone()[0] >= number:
                return
        time.sleep(0.1)
    raise AssertionError("nobody waits")
