"""Assessments are kept once, changed by one at a time, approved by name, told of when due, and missed when missing."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role, User, Workspace
from tillit.governance import assessments, attachments
from tillit.governance.assessments import Attached, ChangedMeanwhile, Content, NotConcluded
from tillit.governance.models import Assessment
from tillit.ledger import versions
from tillit.policy.references import said

TODAY = timezone.localdate()


@pytest.fixture
def house(db: None) -> Workspace:
    return make.workspace()


@pytest.fixture
def owner(house: Workspace) -> User:
    return make.member(house, role=Role.OWNER)


def content(**fields: Any) -> Content:
    plain = Content(
        kind="lia",
        title="Security",
        purposes=("security.protect",),
        parts={"conclusion": "It may."},
        outcome="proceed",
        conducted_on=TODAY,
        review_by=TODAY + timedelta(days=200),
    )
    return replace(plain, **fields)


def written(house: Workspace, owner: User, **fields: Any) -> Assessment:
    return assessments.write(house.pk, content(**fields), by=owner.pk, now=timezone.now())


def acts(assessment: Assessment) -> list[str]:
    return [each.act for each in assessments.history(assessment)]


@pytest.mark.clause("D1")
def test_what_is_written_stands_in_the_ledger(house: Workspace, owner: User) -> None:
    made = written(house, owner)
    assert acts(made) == ["assessment.make"]
    assert assessments.history(made)[0].actor == f"user:{owner.pk}"


def test_the_history_of_one_is_found_without_reading_the_ledger(house: Workspace, owner: User) -> None:
    """The planner takes few rows whole, or backwards until it has enough of them: it is asked for all, in no order."""
    made = written(house, owner)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "activity_object" in assessments.history(made).order_by().explain()


def test_the_same_sent_twice_is_kept_once(house: Workspace, owner: User) -> None:
    assert written(house, owner).pk == written(house, owner).pk
    assert written(house, owner, title="Another").pk != written(house, owner).pk
    assert Assessment.objects.count() == 2


def test_the_same_of_another_day_is_another(house: Workspace, owner: User) -> None:
    first = written(house, owner)
    later = timezone.now() + assessments.TWICE + timedelta(minutes=1)
    assert assessments.write(house.pk, content(), by=owner.pk, now=later).pk != first.pk


def test_a_change_takes_the_approval_back(house: Workspace, owner: User) -> None:
    made = assessments.approve(written(house, owner), by=owner.pk, now=timezone.now())
    changed = assessments.change(made, content(title="New"), seen=made.changed_at, by=owner.pk, now=timezone.now())
    assert changed.approved_at is None
    assert acts(made) == ["assessment.change", "assessment.approve", "assessment.make"]


def test_a_save_that_changes_nothing_does_nothing(house: Workspace, owner: User) -> None:
    made = assessments.approve(written(house, owner), by=owner.pk, now=timezone.now())
    same = assessments.change(made, content(), seen=made.changed_at, by=owner.pk, now=timezone.now())
    assert same.approved_at is not None
    assert "assessment.change" not in acts(made)


def test_two_who_change_at_once_do_not_overwrite_each_other(house: Workspace, owner: User) -> None:
    made = written(house, owner)
    seen = made.changed_at
    assessments.change(made, content(title="Mine"), seen=seen, by=owner.pk, now=timezone.now())
    with pytest.raises(ChangedMeanwhile):
        assessments.change(made, content(title="Yours"), seen=seen, by=owner.pk, now=timezone.now())
    assert Assessment.objects.get(pk=made.pk).title == "Mine"


def test_what_is_not_concluded_cannot_be_approved(house: Workspace, owner: User) -> None:
    made = written(house, owner, outcome="open")
    with pytest.raises(NotConcluded):
        assessments.approve(made, by=owner.pk, now=timezone.now())


def test_what_was_deleted_is_gone_and_the_ledger_says_so(house: Workspace, owner: User) -> None:
    made = written(house, owner)
    kept = assessments.history(made)
    assessments.remove(Assessment.objects.get(pk=made.pk), by=owner.pk, now=timezone.now())
    assert not Assessment.objects.exists()
    assert kept[0].act == "assessment.remove"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"outcome": "open", "review_by": TODAY - timedelta(days=1)}, "open"),
        ({"review_by": TODAY - timedelta(days=1)}, "overdue"),
        ({"review_by": TODAY}, "due"),
        ({"review_by": TODAY + assessments.SOON}, "due"),
        ({"review_by": TODAY + assessments.SOON + timedelta(days=1)}, "concluded"),
        ({"review_by": None}, "concluded"),
    ],
)
def test_where_an_assessment_stands(house: Workspace, owner: User, fields: dict[str, Any], state: str) -> None:
    made = written(house, owner, conducted_on=TODAY - timedelta(days=500), **fields)
    assert assessments.state(made, day=TODAY) == state
    if state == "concluded":
        assert assessments.state(assessments.approve(made, by=owner.pk, now=timezone.now()), day=TODAY) == "approved"


def test_what_is_due_comes_most_urgent_first_and_from_this_workspace_alone(house: Workspace, owner: User) -> None:
    soon = written(house, owner, title="Soon", review_by=TODAY + timedelta(days=5))
    late = written(house, owner, title="Late", review_by=TODAY - timedelta(days=5))
    written(house, owner, title="Far", review_by=TODAY + timedelta(days=90))
    other = make.workspace(bare=True)
    written(other, owner, review_by=TODAY)
    assert assessments.due(house.pk, TODAY) == [late, soon]


@pytest.mark.clause("D1", "D3")
def test_what_is_missing_is_what_is_needed_and_not_written(house: Workspace, owner: User) -> None:
    version = versions.in_force(house.pk)
    before = {(each.kind, each.purpose) for each in assessments.missing(version, day=TODAY, by="test")}
    assert ("lia", "security.protect") in before
    assert ("dpia", "analytics.predict") in before
    written(house, owner)
    after = {(each.kind, each.purpose) for each in assessments.missing(version, day=TODAY, by="test")}
    assert before - after == {("lia", "security.protect")}


@pytest.mark.clause("D1")
def test_a_new_one_begins_with_the_policys_balancing(house: Workspace) -> None:
    version = versions.in_force(house.pk)
    begun = assessments.beginning(version, kind="lia", purpose="security.protect", language="sv")
    balancing = version.document.purposes["security.protect"].balancing
    assert balancing is not None
    assert begun["part_balancing"] == said(version.document, balancing, "sv")
    assert begun["purposes"] == ["security.protect"]
    assert "part_description" in assessments.beginning(version, kind="dpia", purpose="analytics.predict", language="en")
    assert assessments.beginning(version, kind="lia", purpose="nothing", language="en") == {"kind": "lia"}


def test_a_list_reads_neither_texts_nor_files(house: Workspace, owner: User) -> None:
    written(house, owner, file=Attached(name="a.pdf", content=b"%PDF-1.7"))
    (found,) = assessments.of(house.pk)
    assert {"file", "parts"} <= found.get_deferred_fields()


# Files.


def packed(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return buffer.getvalue()


ODT = b"application/vnd.oasis.opendocument.text"
DOCX = {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}


@pytest.mark.parametrize(
    ("file", "ending"),
    [
        (b"%PDF-1.7\n...", ".pdf"),
        (packed(**DOCX), ".docx"),
        (packed(mimetype=ODT), ".odt"),
        ("Vägning\r\n\tså".encode(), ".txt"),
    ],
    ids=["pdf", "docx", "odt", "text"],
)
def test_a_file_is_what_it_begins_with(file: bytes, ending: str) -> None:
    media = attachments.media_type(file)
    assert attachments.ENDINGS[media] == ending
    assert attachments.safe_name("../../etc/pass\x00wd.exe", media) == f"passwd.exe{ending}"
    assert attachments.safe_name(f"Bedömning{ending.upper()}", media) == f"Bedömning{ending}"


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"", attachments.Empty),
        (b"%PDF-" + b"x" * attachments.LARGEST_BYTES, attachments.TooLarge),
        (b"MZ\x90\x00\x03", attachments.WrongKind),
        (b"\xff\xd8\xff\xe0", attachments.WrongKind),
        (packed(mimetype=b"application/epub+zip"), attachments.WrongKind),
        (packed(**{**DOCX, "word/vbaProject.bin": b"macro"}), attachments.WrongKind),
        (b"PK\x03\x04 broken", attachments.WrongKind),
    ],
    ids=["empty", "large", "program", "picture", "book", "macros", "broken zip"],
)
def test_any_other_file_is_refused(file: bytes, why: type[Exception]) -> None:
    with pytest.raises(why):
        attachments.media_type(file)


@pytest.mark.parametrize("name", ["", "...", "/", "\\", '"', "\n"])
def test_a_name_of_nothing_becomes_a_name(name: str) -> None:
    assert attachments.safe_name(name, "text/plain") == "file.txt"


def test_a_long_name_is_cut_before_its_ending() -> None:
    assert len(attachments.safe_name("x" * 500 + ".pdf", "application/pdf")) == 200
