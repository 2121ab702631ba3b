"""The register as files: what is in them, that nothing in them runs, and that they are the same each time."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.governance import assessments
from tillit.governance.register import UnknownFormat, UnknownVersion, as_csv, as_json, as_xlsx, write
from tillit.governance.register import make as make_register
from tillit.ledger.actions import publish
from tillit.ledger.versions import NoPolicy
from tillit.policy.register_json import schema

pytestmark = pytest.mark.django_db
EVIL = "=cmd|' /C calc'!A0"


@pytest.fixture
def house(policy_text: str) -> Workspace:
    return make.workspace(name="House", kind="house")


def today() -> date:
    return timezone.localdate()


@pytest.mark.clause("A10", "H1")
def test_the_workbook_has_a_sheet_for_each_role_and_one_about_the_version(house: Workspace) -> None:
    member = make.workspace(name="Nordic Rooms", bare=True, postal_address="Road 1\nStockholm")
    make.member(member, role=Role.OWNER, email="anna@nordic.example")
    made = make_register(house, language="en", day=today())
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(made)))
    assert book.sheetnames == ["Controller", "Processor", "About"]
    controller = [[cell.value or "" for cell in row] for row in book["Controller"].iter_rows()]
    head = next(index for index, row in enumerate(controller) if "What it is for" in row)
    assert len(controller[head]) == 30
    assert len(controller) - head - 1 == len(made.register.controller_records)
    assert controller[0][1] == "Organisation"
    assert "Smart Media Solutions AB" in controller[1]
    assert "Meridian Representatives Ltd" in controller[1]
    said = {str(cell.value) for row in book["Processor"].iter_rows() for cell in row}
    assert "Nordic Rooms, Road 1 Stockholm, anna@nordic.example" in said
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert about["Digest"] == made.version.digest
    assert about["As of"] == today().isoformat()


def test_no_cell_is_a_formula(policy_text: str) -> None:
    text = policy_text.replace("{en: News and offers by email", '{en: "' + EVIL + '"')
    text = text.replace("name: Relaypoint Inc.", "name: '+1+1'").replace(
        "reference: Commission", "reference: '@SUM(1)'#", 1
    )
    workspace = make.workspace(name=EVIL, policy=text)
    made = make_register(workspace, language="en", day=today())
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(made)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert any(str(cell.value).startswith(EVIL) and cell.quotePrefix for cell in cells)
    with zipfile.ZipFile(io.BytesIO(as_xlsx(made))) as packed:
        assert all(b"<f>" not in packed.read(name) for name in packed.namelist())
    rows = list(csv.reader(io.StringIO(as_csv(made).decode("utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_characters_that_no_workbook_can_hold_are_left_out(house: Workspace) -> None:
    house.name = "Bad \x0b\x00 name" + "x" * 200
    made = make_register(house, language="en", day=today())
    about = openpyxl.load_workbook(io.BytesIO(as_xlsx(made)))["About"]
    assert str(about["B2"].value).startswith("Bad  name")


def test_the_same_version_and_day_give_the_same_bytes(house: Workspace) -> None:
    first = make_register(house, language="sv", day=today())
    second = make_register(house, language="sv", day=today())
    assert as_xlsx(first) == as_xlsx(second)
    assert as_json(first) == as_json(second)
    assert as_csv(first) == as_csv(second)


@pytest.mark.clause("A10")
def test_the_json_keeps_to_the_shipped_schema_with_assessments_and_tables(house: Workspace) -> None:
    user = make.member(house)
    content = assessments.Content(
        kind="lia",
        title="Security",
        purposes=("security.protect",),
        parts={"conclusion": "It may."},
        outcome="proceed",
        conducted_on=today() - timedelta(days=3),
        review_by=today() + timedelta(days=300),
    )
    assessments.write(house.pk, content, by=user.pk, now=timezone.now())
    values = json.loads(as_json(make_register(house, language="en", day=today())))
    jsonschema.validate(values, json.loads(schema()), format_checker=jsonschema.FormatChecker())
    record = next(each for each in values["records"] if each["id"] == "security.protect")
    assert [each["title"] for each in record["assessments"]] == ["Security"]
    assert record["needs"][0]["kind"] == "lia"
    contact = next(each for each in record["categories"] if each["id"] == "contact")
    assert "people_identity" in contact["tables"]


def test_an_assessment_of_later_is_not_told_of_an_earlier_day(house: Workspace) -> None:
    user = make.member(house)
    content = assessments.Content(
        kind="lia",
        title="New",
        purposes=("claims.defend",),
        parts={},
        outcome="open",
        conducted_on=today(),
        review_by=None,
    )
    assessments.write(house.pk, content, by=user.pk, now=timezone.now())
    earlier = make_register(house, language="en", day=today() - timedelta(days=1), number=1)
    assert earlier.written == ()


def test_each_day_has_the_register_of_the_version_that_bound_then(policy_text: str) -> None:
    workspace = make.workspace(bare=True)
    then = timezone.now() - timedelta(days=40)
    publish(workspace.pk, policy_text, by=None, now=then)
    later = policy_text.replace("Mail about products, offers and events", "Mail about rooms")
    publish(workspace.pk, later, by=None, now=timezone.now())
    assert make_register(workspace, language="en", day=today()).version.number == 2
    assert make_register(workspace, language="en", day=then.date() + timedelta(days=1)).version.number == 1
    assert make_register(workspace, language="en", day=today(), number=1).version.number == 1
    with pytest.raises(UnknownVersion):
        make_register(workspace, language="en", day=then.date() - timedelta(days=5))
    with pytest.raises(UnknownVersion):
        make_register(workspace, language="en", day=today(), number=9)


@pytest.mark.clause("H1")
def test_a_safeguard_that_ends_is_told_as_of_the_day(house: Workspace) -> None:
    now = make_register(house, language="en", day=today(), number=1)
    later = make_register(house, language="en", day=date(2032, 1, 1), number=1)
    name = "support.provide"
    held = next(each for each in now.register.records if each.id == name).recipients[0].transfer
    fallen = next(each for each in later.register.records if each.id == name).recipients[0].transfer
    assert held is not None
    assert fallen is not None
    assert (held.safeguard, fallen.safeguard) == ("adequacy-uk", "scc")


def test_another_workspaces_version_is_unknown(house: Workspace, policy_text: str) -> None:
    other = make.workspace()
    publish(other.pk, policy_text.replace("Mail about products", "Mail on products"), by=None, now=timezone.now())
    with pytest.raises(UnknownVersion):
        make_register(house, language="en", day=today(), number=2)


def test_a_member_workspace_names_nobody_elses_members() -> None:
    make.workspace(name="Other", bare=True)
    made = make_register(make.workspace(), language="en", day=today())
    assert made.surroundings.controllers == ()


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
def test_a_file_is_written_in_the_format_of_its_ending_or_as_named(house: Workspace, tmp_path: Path, kind: str) -> None:
    by_ending, by_name = tmp_path / f"register.{kind}", tmp_path / "register"
    made = write(by_ending, workspace_id=house.pk)
    write(by_name, kind, workspace_id=house.pk)
    assert made.register.language == house.language
    assert by_ending.read_bytes() == by_name.read_bytes()


def test_what_cannot_be_written_says_why(house: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match="xlsx, csv, json"):
        write(tmp_path / "register.pdf", workspace_id=house.pk)
    with pytest.raises(NoPolicy):
        write(tmp_path / "register.csv", workspace_id=make.workspace(bare=True).pk)
    assert list(tmp_path.iterdir()) == []
