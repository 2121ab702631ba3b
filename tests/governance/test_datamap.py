"""The data map is the declarations, the rules and the workspace's own fields, and counts what is there."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from django.utils import timezone

from tests import make
from tillit.accounts.models import Workspace
from tillit.governance import datamap
from tillit.governance.datamap import Chosen, Line
from tillit.ledger import versions
from tillit.ledger.models import Activity
from tillit.ledger.rls import declared_tables
from tillit.people.models import Field

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Workspace:
    return make.workspace()


def of(workspace: Workspace) -> dict[str, Line]:
    version = versions.in_force(workspace.pk)
    found = datamap.lines(version, language="en", day=timezone.localdate())
    return {line.category.id: line for line in found}


def counted(workspace: Workspace) -> dict[tuple[str, str], int | None]:
    found = datamap.counted(of(workspace).values(), versions.in_force(workspace.pk), by="test")
    return {(line.category.id, each.table): each.rows for line in found for each in line.held}


@pytest.mark.clause("A6")
def test_every_declared_table_about_somebody_stands_in_the_map(house: Workspace) -> None:
    Field.objects.create(workspace=house, name="size", label="Size", category="demographics")
    declared = {table for table, declares in declared_tables() if declares.subject != "nobody"}
    assert {each.table for line in of(house).values() for each in line.held} == declared


@pytest.mark.clause("C8", "D1")
def test_uses_and_recipients_are_those_of_the_rules(house: Workspace) -> None:
    version = versions.in_force(house.pk)
    for name, line in of(house).items():
        assert {use.purpose.id for use in line.uses} == {
            purpose for purpose, rule in version.rules.items() if name in rule.categories
        }
        for use in line.uses:
            for recipient in use.recipients:
                categories = version.document.recipients[recipient.id].categories
                assert categories == ("all",) or name in categories
        assert line.kept is not None
        assert line.kept.keep == version.document.retention[name].keep


def test_own_fields_stand_in_their_category(house: Workspace) -> None:
    Field.objects.create(workspace=house, name="shoe", label="Shoe size", category="demographics")
    Field.objects.create(workspace=make.workspace(), name="hat", label="Hat size", category="demographics")
    (traits,) = [each for each in of(house)["demographics"].held if each.table == "people_traits"]
    assert traits.own == ("Shoe size",)


def test_rows_are_counted_in_this_workspace_alone(house: Workspace) -> None:
    other = make.workspace()
    for _each in range(3):
        make.person(house, traits={"identity": {"first_name": "A"}})
    make.person(other)
    Field.objects.create(workspace=house, name="name", label="Name", category="identity")
    rows = counted(house)
    assert rows["contact", "people_person"] == 3
    assert rows["contact", "people_identity"] == 3
    assert rows["identity", "people_traits"] == 3
    assert rows["correspondence", "delivery_message"] == 0


def test_what_the_purpose_may_not_see_and_what_belongs_to_no_workspace_is_not_counted(house: Workspace) -> None:
    rows = counted(house)
    assert rows["request", "rights_request"] is None
    assert rows["account", "django_session"] is None
    assert rows["account", "accounts_membership"] == 0


def test_counting_is_one_statement_and_one_act(
    house: Workspace, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    found = list(of(house).values())
    version = versions.in_force(house.pk)
    with django_assert_max_num_queries(14) as queries:
        datamap.counted(found, version, by="test")
    assert len([each for each in queries if "count(*)" in each["sql"]]) == 1
    assert Activity.objects.filter(act="datamap.count", purpose="audience.administer").count() == 1


def test_counting_stops_at_many(house: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datamap, "MANY", 2)
    for _each in range(4):
        make.person(house)
    version = versions.in_force(house.pk)
    found = datamap.counted(of(house).values(), version, by="test")
    held = next(each for line in found for each in line.held if each.table == "people_person")
    assert held.rows == 3
    assert held.many


def test_counting_that_takes_too_long_leaves_the_map_uncounted(
    house: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "SELECT count(*) FROM (SELECT pg_sleep(1)) AS counted"
    monkeypatch.setattr(datamap, "PATIENCE_S", 0.05)
    monkeypatch.setattr(datamap, "COUNT", f"({slow}) /* {{}} */")
    assert set(counted(house).values()) == {None}


def test_a_category_that_the_policy_does_not_know_is_shown_as_such(house: Workspace) -> None:
    version = versions.in_force(house.pk)
    categories = {name: each for name, each in version.document.categories.items() if name != "account"}
    rules = {name: rule for name, rule in version.rules.items() if "account" not in rule.categories}
    document = version.document.model_copy(
        update={
            "categories": categories,
            "purposes": {name: each for name, each in version.document.purposes.items() if name in rules},
        }
    )
    fields = {each: getattr(version, each) for each in version.__slots__}
    other = versions.Version(**{**fields, "document": document, "rules": rules})
    found = datamap.lines(other, language="en", day=timezone.localdate())
    line = next(each for each in found if each.category.id == "account")
    assert line.kept is None
    assert "accounts_membership" in {each.table for each in line.held}


@pytest.mark.parametrize(
    "chosen",
    [
        Chosen(category="contact"),
        Chosen(source="device"),
        Chosen(purpose="marketing.email"),
        Chosen(recipient="mail-relay"),
        Chosen(category="contact", recipient="mail-relay"),
        Chosen(category="nothing"),
    ],
    ids=lambda chosen: "+".join(value for value in asdict(chosen).values() if value),
)
def test_what_is_chosen_is_all_that_is_left(house: Workspace, chosen: Chosen) -> None:
    found = datamap.narrowed(of(house).values(), chosen)
    assert bool(found) == (chosen.category != "nothing")
    for line in found:
        assert chosen.category in ("", line.category.id)
        assert not chosen.source or [each.id for each in line.sources] == [chosen.source]
        assert not chosen.purpose or [use.purpose.id for use in line.uses] == [chosen.purpose]
        assert not chosen.recipient or [each.id for each in line.recipients] == [chosen.recipient]


def test_nothing_chosen_leaves_the_map_whole(house: Workspace) -> None:
    whole = list(of(house).values())
    assert datamap.narrowed(whole, Chosen()) == whole
