"""The policy's pages: what is in force, what was, and how a change comes about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tests.governance.test_drafts import KEEP, TITLE, change
from tillit.accounts.models import Role, User, Workspace
from tillit.governance import draft_queries, review
from tillit.governance.models import Assessment, Draft
from tillit.ledger.actions import publish
from tillit.ledger.models import PolicyVersion
from tillit.ledger.versions import in_force
from tillit.policy import edit

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make.workspace()


@pytest.fixture
def ann(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.EDITOR, name="Ann Editor")


@pytest.fixture
def olle(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.OWNER, name="Olle Owner")


@pytest.fixture
def client(ann: User) -> Client:
    signed_in = Client()
    signed_in.force_login(ann)
    return signed_in


@pytest.fixture
def owner(olle: User) -> Client:
    signed_in = Client()
    signed_in.force_login(olle)
    return signed_in


def at(workspace: Workspace, rest: str = "") -> str:
    return f"/w/{workspace.pk}/policy{rest}"


def test_the_overview_says_which_assessments_are_to_be_reviewed(client, workspace):
    Assessment.objects.create(
        workspace=workspace,
        kind="lia",
        title="Security and fair use",
        conducted_on=timezone.localdate(),
        review_by=timezone.localdate() + timedelta(days=10),
        changed_at=timezone.now(),
    )
    words = client.get(at(workspace)).content.decode()
    assert "Legitimate interest: Security and fair use" in words and "To be reviewed by" in words


@pytest.mark.clause("H2")
def test_the_overview_says_what_has_run_out_and_nothing_else(client, workspace):
    assert "Nothing has run out, and no review is due." in client.get(at(workspace)).content.decode()
    text = in_force(workspace.pk).text
    assert "review: 2027-07-10" in text
    publish(workspace.pk, text.replace("review: 2027-07-10", "review: 2024-07-10"), by=None, now=timezone.now())
    words = client.get(at(workspace)).content.decode()
    assert "The review was due on 2024-07-10." in words
    assert "No part of the program" not in words, "advice that no day brings is the editor's"


@pytest.mark.clause("J1", "J2")
def test_the_overview_says_what_is_in_force_and_what_waits(client, owner, workspace, olle):
    text = edit.put(in_force(workspace.pk).text, TITLE, "News")
    later = timezone.now() + timedelta(days=30, minutes=5)
    publish(workspace.pk, text, by=olle.pk, now=timezone.now(), effective_at=later, note="Clearer words")
    page = client.get(at(workspace)).content.decode()
    assert "Version 1 is in force" in page
    assert "Version 2 takes effect later" in page
    assert "in 1\xa0month" in page
    assert "Clearer words" in page
    assert in_force(workspace.pk).digest in page
    assert f"/privacy/{workspace.pk}" in page
    assert "Withdraw" not in page
    assert client.post(at(workspace, "/withdraw")).status_code == 403
    assert "Withdraw" in owner.get(at(workspace)).content.decode()
    page = owner.post(at(workspace, "/withdraw"), follow=True).content.decode()
    assert "Version 2 was withdrawn" in page
    assert "takes effect later" not in page


def test_the_overview_says_what_the_day_asks_for(client, workspace):
    text = edit.put(in_force(workspace.pk).text, ("safeguards", "scc", "review"), "2020-01-01")
    assert "scc" in edit.entry(text, ("safeguards",))
    publish(workspace.pk, text, by=None, now=timezone.now())
    page = client.get(at(workspace)).content.decode()
    assert "The review was due on 2020-01-01." in page


@pytest.mark.clause("C8")
def test_without_a_policy_the_page_says_what_to_do_first(client, ann):
    bare = make.workspace(bare=True)
    boss = make.member(bare, role=Role.EDITOR)
    client.force_login(boss)
    page = client.get(at(bare)).content.decode()
    assert "No policy is in force" in page
    assert "Begin from a template" in page
    client.force_login(make.member(bare, role=Role.VIEWER))
    assert "Begin from a template" not in client.get(at(bare)).content.decode()


@pytest.mark.clause("J2")
def test_every_version_stays_readable_with_who_and_why(client, workspace, ann, olle):
    draft = change(make.draft(workspace, by=ann), TITLE, "News", by=ann).draft
    review.submit(draft, by=ann, now=timezone.now())
    review.approve(draft, seen=2, comment="", by=olle, now=timezone.now())
    review.publish(draft, seen=2, by=olle, now=timezone.now(), note="A shorter name")
    first = PolicyVersion.objects.get(workspace=workspace, number=1)
    listed = client.get(at(workspace, "/versions")).content.decode()
    assert "Version 1" in listed
    assert "Version 2" in listed
    assert "Replaced" in listed
    assert "nobody else" in listed
    page = client.get(at(workspace, "/versions/2")).content.decode()
    assert "A shorter name" in page
    assert "Olle Owner" in page
    assert "Nobody else reviewed it." in client.get(at(workspace, "/versions/1")).content.decode()
    file = client.get(at(workspace, "/versions/1/file"))
    assert file.content.decode() == first.document
    assert "attachment" in file["Content-Disposition"]
    assert client.get(at(workspace, "/versions/3")).status_code == 404


def test_the_number_of_queries_does_not_grow_with_versions(client, workspace, django_assert_max_num_queries):
    for number in range(4):
        publish(
            workspace.pk,
            edit.put(in_force(workspace.pk).text, KEEP, f"{number + 3} years"),
            by=None,
            now=timezone.now(),
        )
    client.get(at(workspace, "/versions"))
    with django_assert_max_num_queries(9):
        client.get(at(workspace, "/versions"))


def test_the_number_of_queries_does_not_grow_with_drafts(client, workspace, ann, django_assert_max_num_queries):
    for _ in range(5):
        make.draft(workspace, by=ann)
    with django_assert_max_num_queries(9):
        client.get(at(workspace, "/drafts"))


def test_a_draft_of_another_workspace_does_not_exist(client, workspace, ann):
    elsewhere = make.workspace()
    draft = make.draft(elsewhere, by=make.member(elsewhere))
    for rest in ("", "/summary", "/s/purposes", "/s/purposes/marketing.email", "/s/operator", "/new/purposes"):
        assert client.get(at(workspace, f"/drafts/{draft.pk}{rest}")).status_code == 404
    for rest in ("/save", "/check", "/submit", "/discard", "/undo", "/update", "/settle", "/save/operator/-"):
        assert client.post(at(workspace, f"/drafts/{draft.pk}{rest}"), {"text": "x"}).status_code == 404
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.OPEN


def begin(client: Client, workspace: Workspace, **entered) -> Draft:
    answer = client.post(at(workspace, "/drafts/new"), {"name": "A change", "origin": "current", **entered})
    assert answer.status_code == 302, answer.content.decode()
    return Draft.objects.latest("pk")


def test_a_draft_begins_from_the_version_a_template_or_a_file(client, workspace):
    from django.core.files.uploadedfile import SimpleUploadedFile

    text = in_force(workspace.pk).text
    assert begin(client, workspace).based_on.number == 1
    assert begin(client, workspace, origin="template:smart-media-solutions").revision == 1
    file = SimpleUploadedFile("mine.yaml", text.replace("\n", "\r\n").encode("utf-8-sig"))
    draft = begin(client, workspace, origin="file", file=file)
    assert draft.revisions.get().text == text
    assert draft.revisions.get().about == "From the file mine.yaml"


def test_a_template_asks_for_the_company_and_holds_together(client, workspace):
    entered = {
        "name": "First",
        "origin": "template:newsletter-only",
        "company": "Växthuset AB",
        "address": "Gröna gatan 3, 111 22 Stockholm",
        "country": "se",
    }
    answer = client.post(at(workspace, "/drafts/new"), entered)
    assert answer.status_code == 422
    assert "The template needs this." in answer.content.decode()
    draft = begin(client, workspace, **entered, email="privacy@vaxthuset.example")
    text = draft.revisions.get().text
    assert edit.entry(text, ("operator", "name")) == "Växthuset AB"
    assert edit.entry(text, ("operator", "country")) == "SE"
    assert not draft_queries.problems_of(workspace.pk, text).errors


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * 2_000_000, "larger than 1 MB"),
        ("name: Åsa".encode("latin-1"), "not UTF-8"),
        (b"a: 1\nb: \x00", "line 2: There is a character that no text has"),
        (b"", "Choose the file"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(client, workspace, content, said):
    from django.core.files.uploadedfile import SimpleUploadedFile

    entered = {"name": "A", "origin": "file"}
    if content:
        entered["file"] = SimpleUploadedFile("mine.yaml", content)
    answer = client.post(at(workspace, "/drafts/new"), entered)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Draft.objects.exists()


def test_a_draft_goes_from_review_to_force(client, owner, workspace, ann, olle):
    draft = change(make.draft(workspace, by=ann), TITLE, "News", by=ann).draft
    base = at(workspace, f"/drafts/{draft.pk}")
    assert "Submit for review" in client.get(f"{base}/summary").content.decode()
    client.post(f"{base}/submit")
    assert client.post(f"{base}/approve", {"seen": 2}).status_code == 403
    page = owner.get(f"{base}/summary").content.decode()
    assert "Your review" in page
    page = owner.post(f"{base}/return", {"seen": 2}, follow=True).content.decode()
    assert "Say what is to change" in page
    owner.post(f"{base}/return", {"seen": 2, "comment": "Which news?"})
    assert "Which news?" in client.get(f"{base}/summary").content.decode()
    client.post(f"{base}/submit")
    owner.post(f"{base}/approve", {"seen": 2, "comment": "Good"})
    page = owner.get(f"{base}/publish").content.decode()
    assert "Approved by Olle Owner" in page
    assert "News" in page
    answer = owner.post(f"{base}/publish", {"seen": 2, "when": "now", "note": "Shorter"}, follow=True)
    assert "Version 2 is in force" in answer.content.decode()
    assert owner.post(f"{base}/publish", {"seen": 2, "when": "now"}).status_code == 302
    assert PolicyVersion.objects.filter(workspace=workspace).count() == 2


def test_publishing_what_nobody_approved_is_refused_in_plain_words(owner, workspace, ann, olle):
    draft = change(make.draft(workspace, by=ann), TITLE, "News", by=ann).draft
    base = at(workspace, f"/drafts/{draft.pk}")
    page = owner.get(f"{base}/publish").content.decode()
    assert "A second person has not approved the draft" in page
    answer = owner.post(f"{base}/publish", {"seen": 2, "when": "now"})
    assert answer.status_code == 409
    assert "A second person has not approved the draft" in answer.content.decode()
    assert in_force(workspace.pk).number == 1


def test_approving_ones_own_is_refused_in_plain_words(workspace, olle, owner):
    make.member(workspace, role=Role.OWNER)
    draft = change(make.draft(workspace, by=olle), TITLE, "News", by=olle).draft
    base = at(workspace, f"/drafts/{draft.pk}")
    owner.post(f"{base}/submit")
    assert "another owner approves it" in owner.get(f"{base}/summary").content.decode()
    answer = owner.post(f"{base}/approve", {"seen": 2})
    assert answer.status_code == 409
    assert "A second person approves it" in answer.content.decode()


def test_a_moment_is_read_in_the_readers_zone(owner, workspace, ann, olle):
    draft = change(make.draft(workspace, by=ann), TITLE, "News", by=ann).draft
    review.submit(draft, by=ann, now=timezone.now())
    review.approve(draft, seen=2, comment="", by=olle, now=timezone.now())
    base = at(workspace, f"/drafts/{draft.pk}/publish")
    owner.cookies["tillit_zone"] = "America/New_York"
    assert "America/New_York" in owner.get(base).content.decode()
    past = owner.post(base, {"seen": 2, "when": "later", "at": "2020-01-01T00:00"})
    assert "That moment has passed" in past.content.decode()
    owner.post(base, {"seen": 2, "when": "later", "at": "2050-01-01T00:00"})
    version = PolicyVersion.objects.get(workspace=workspace, number=2)
    assert version.effective_at.isoformat() == "2050-01-01T05:00:00+00:00"
    assert "1 Jan 2050" in owner.get(at(workspace)).content.decode()


def test_viewers_read_and_change_nothing(workspace, ann):
    draft = make.draft(workspace, by=ann)
    viewer = Client()
    viewer.force_login(make.member(workspace, role=Role.VIEWER))
    base = at(workspace, f"/drafts/{draft.pk}")
    for rest in ("", "/summary", "/s/purposes", "/s/purposes/marketing.email", "/s/operator"):
        page = viewer.get(f"{base}{rest}")
        assert page.status_code == 200
        assert "data-save" not in page.content.decode().replace("[data-save]", "")
    for rest in ("/save", "/save/operator/-", "/submit", "/discard", "/undo"):
        assert viewer.post(f"{base}{rest}", {"text": "x"}).status_code == 403
    assert Draft.objects.get(pk=draft.pk).revision == 1
