"""Assessments in the console: viewers read, editors write, owners approve, and another workspace’s are not there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.console.navigation import address
from tillit.governance import assessments, attachments
from tillit.governance.assessments import Attached, Content
from tillit.governance.models import Assessment
from tillit.ledger import versions
from tillit.policy.references import said

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def house() -> Workspace:
    return make.workspace()


def signed_in(house: Workspace, role: Role) -> Client:
    client = Client()
    client.force_login(make.member(house, role=role))
    return client


@pytest.fixture
def editor(house: Workspace) -> Client:
    return signed_in(house, Role.EDITOR)


@pytest.fixture
def viewer(house: Workspace) -> Client:
    return signed_in(house, Role.VIEWER)


@pytest.fixture
def owner(house: Workspace) -> Client:
    return signed_in(house, Role.OWNER)


def given(house: Workspace, **fields: Any) -> Assessment:
    plain: dict[str, Any] = {
        "kind": "lia",
        "title": "Security",
        "purposes": ("security.protect",),
        "parts": {"purpose": "**Why** <b>not</b>", "conclusion": "It may."},
        "outcome": "proceed",
        "conducted_on": TODAY,
        "review_by": TODAY + timedelta(days=200),
    }
    return assessments.write(house.pk, Content(**{**plain, **fields}), by=7, now=timezone.now())


def form(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Fair use",
        "purposes": ["security.protect"],
        "outcome": "open",
        "conducted_on": TODAY.isoformat(),
        "review_by": "",
        **fields,
    }


def new(house: Workspace, kind: str = "lia", **query: str) -> str:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return f"{address('new_assessment', house.pk)}?kind={kind}{more}"


@pytest.mark.clause("D1", "D3")
def test_an_editor_writes_what_is_missing_from_the_policys_words(house: Workspace, editor: Client) -> None:
    listed = editor.get(address("assessments", house.pk)).content.decode()
    assert "kind=lia&amp;purpose=security.protect" in listed
    begun = editor.get(new(house, purpose="security.protect")).content.decode()
    document = versions.in_force(house.pk).document
    balancing = document.purposes["security.protect"].balancing
    assert balancing is not None
    assert escape(said(document, balancing, "en")) in begun
    answer = editor.post(new(house), form(part_balancing="Weighed."))
    made = Assessment.objects.get()
    assert answer["Location"] == address("assessment", house.pk, made.pk)
    assert made.parts == {"balancing": "Weighed."}
    after = editor.get(address("assessments", house.pk)).content.decode()
    assert "kind=lia&amp;purpose=security.protect" not in after


def test_a_form_sent_twice_makes_one(house: Workspace, editor: Client) -> None:
    first, second = editor.post(new(house), form()), editor.post(new(house), form())
    assert first["Location"] == second["Location"]
    assert Assessment.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": ""}, "This field is required."),
        ({"title": "x" * 161}, "at most 160 characters"),
        ({"purposes": []}, "Choose at least one purpose"),
        ({"purposes": ["nothing.such"]}, "not one of the available choices"),
        ({"outcome": "proceed"}, "An outcome needs a conclusion"),
        ({"review_by": "2001-01-01"}, "The review comes after"),
        ({"conducted_on": "soon"}, "Enter a valid date."),
        ({"part_purpose": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_kept(
    house: Workspace, editor: Client, fields: dict[str, Any], said: str
) -> None:
    answer = editor.post(new(house), form(**fields))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Assessment.objects.exists()


def test_risks_are_kept_gravest_first(house: Workspace, editor: Client) -> None:
    risks = {
        "risk_0_text": "Small",
        "risk_0_likelihood": "1",
        "risk_0_severity": "2",
        "risk_2_text": "Grave",
        "risk_2_likelihood": "4",
        "risk_2_severity": "3",
        "risk_2_measure": "Fewer",
        "risk_2_left": "2",
    }
    answer = editor.post(new(house, "dpia"), form(purposes=["analytics.predict"], **risks))
    page = editor.get(answer["Location"]).content.decode()
    assert page.index("Grave") < page.index("Small")
    assert "4 × 3 = 12" in page
    half = editor.post(new(house, "dpia"), form(risk_0_text="How likely?"))
    assert half.status_code == 422
    assert "how likely and how severe" in half.content.decode()


def test_texts_are_markdown_and_nothing_in_them_runs(house: Workspace, viewer: Client) -> None:
    evil = "**bold** <script>alert(1)</script> [x](javascript:alert(1)) ![p](https://evil.example/p.png)"
    made = given(house, title="<script>alert(2)</script>", parts={"purpose": evil})
    page = viewer.get(address("assessment", house.pk, made.pk)).content.decode()
    assert "<strong>bold</strong>" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<img" not in page


def test_a_second_editor_is_told_of_the_first(house: Workspace, editor: Client) -> None:
    made = given(house)
    seen = made.changed_at.isoformat()
    where = address("edit_assessment", house.pk, made.pk)
    same = form(title="First", outcome="open", seen=seen)
    assert editor.post(where, same).status_code == 302
    late = editor.post(where, {**same, "title": "Second"})
    assert late.status_code == 422
    assert "Somebody else changed it meanwhile" in late.content.decode()
    assert Assessment.objects.get().title == "First"
    again = editor.post(where, {**same, "title": "Second", "seen": Assessment.objects.get().changed_at.isoformat()})
    assert again.status_code == 302
    assert Assessment.objects.get().title == "Second"


@pytest.mark.clause("D1")
def test_an_owner_approves_and_a_change_asks_again(house: Workspace, owner: Client, editor: Client) -> None:
    made = given(house)
    where = address("approve_assessment", house.pk, made.pk)
    assert editor.post(where).status_code == 403
    owner.post(where)
    assert "Approved by" in editor.get(address("assessment", house.pk, made.pk)).content.decode()
    editor.post(
        address("edit_assessment", house.pk, made.pk), form(seen=Assessment.objects.get().changed_at.isoformat())
    )
    assert Assessment.objects.get().approved_at is None
    open_one = owner.post(where)
    assert open_one.status_code == 409
    assert "Conclude it first" in open_one.content.decode()


def test_roles_see_what_they_may_do(house: Workspace, viewer: Client, editor: Client, owner: Client) -> None:
    made = given(house)
    pages = {
        role: client.get(address("assessment", house.pk, made.pk)).content.decode()
        for role, client in (("viewer", viewer), ("editor", editor), ("owner", owner))
    }
    edit, approve = address("edit_assessment", house.pk, made.pk), address("approve_assessment", house.pk, made.pk)
    assert [edit in page for page in pages.values()] == [False, True, True]
    assert [approve in page for page in pages.values()] == [False, False, True]
    assert viewer.get(edit).status_code == 403
    assert editor.post(address("remove_assessment", house.pk, made.pk)).status_code == 403
    owner.post(address("remove_assessment", house.pk, made.pk))
    assert not Assessment.objects.exists()


def upload(content: bytes, name: str = "file.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def test_a_file_goes_in_and_out_as_an_attachment(house: Workspace, editor: Client, viewer: Client) -> None:
    editor.post(new(house), form(file=upload(b"%PDF-1.7 x", 'Bilaga "å".pdf')))
    made = Assessment.objects.get()
    answer = viewer.get(address("assessment_file", house.pk, made.pk))
    assert answer.content == b"%PDF-1.7 x"
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''Bilaga")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    editor.post(address("edit_assessment", house.pk, made.pk), form(drop_file="on", seen=made.changed_at.isoformat()))
    assert viewer.get(address("assessment_file", house.pk, made.pk)).status_code == 404


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"\xff\xd8\xff\xe0 a picture", "neither PDF, DOCX, ODT nor plain text"),
        (b"%PDF-" + b"0" * attachments.LARGEST_BYTES, "larger than 10 MB"),
    ],
    ids=["empty", "picture", "large"],
)
def test_a_file_that_is_not_kept_says_why(house: Workspace, editor: Client, content: bytes, said: str) -> None:
    answer = editor.post(new(house), form(file=upload(content)))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Assessment.objects.exists()


def test_another_workspaces_assessment_is_not_there(house: Workspace, owner: Client) -> None:
    other = given(make.workspace(), file=Attached(name="a.pdf", content=b"%PDF-1"))
    for route in ("assessment", "edit_assessment", "assessment_file"):
        assert owner.get(address(route, house.pk, other.pk)).status_code == 404
    for route in ("approve_assessment", "remove_assessment", "edit_assessment"):
        assert owner.post(address(route, house.pk, other.pk), form()).status_code == 404
    assert Assessment.objects.get().title == "Security"


def test_the_list_is_found_sorted_and_filtered(house: Workspace, viewer: Client) -> None:
    given(house, title="Beta", review_by=TODAY + timedelta(days=3))
    given(house, title="Alpha", kind="dpia", purposes=("analytics.predict",))
    given(make.workspace(), title="Foreign")

    def titles(**query: str) -> list[str]:
        return [each.title for each in viewer.get(address("assessments", house.pk), query).context["listing"].rows]

    assert titles() == ["Alpha", "Beta"]
    assert titles(sort="-title") == ["Beta", "Alpha"]
    assert titles(kind="lia") == ["Beta"]
    assert titles(due="1") == ["Beta"]
    assert titles(q="alp") == ["Alpha"]
    assert titles(q="analytics.predict") == ["Alpha"]
    assert titles(kind="dpia", due="1") == []


def test_a_purpose_that_the_policy_dropped_stays_named(house: Workspace, editor: Client) -> None:
    made = given(house, purposes=("old.purpose",))
    assert "old.purpose" in editor.get(address("assessment", house.pk, made.pk)).content.decode()
    assert "old.purpose" in editor.get(address("edit_assessment", house.pk, made.pk)).content.decode()


def test_a_workspace_without_a_policy_has_nothing_missing() -> None:
    bare = make.workspace(bare=True)
    editor = signed_in(bare, Role.EDITOR)
    assert "No assessments yet" in editor.get(address("assessments", bare.pk)).content.decode()
    assert editor.get(new(bare, purpose="marketing.email")).status_code == 200


def test_the_list_asks_the_database_as_much_for_many_as_for_one(
    house: Workspace, viewer: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        given(house, title=f"Number {number}")
    viewer.get(address("assessments", house.pk))
    with django_assert_max_num_queries(18):
        viewer.get(address("assessments", house.pk))
