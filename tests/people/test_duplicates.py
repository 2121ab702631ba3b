"""Records that may be of one person are found by what they share, and people who are not are left alone."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from tillit.accounts.models import Workspace
from tillit.ledger.processing import processing
from tillit.people import records
from tillit.people.actions import identity_key
from tillit.people.duplicates.finding import search
from tillit.people.duplicates.likeness import Reason, alike, weigh
from tillit.people.models import DuplicateSearch, Field, Identity, Likeness
from tillit.rights.merging.actions import call_different, merge, split

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


def named(workspace: Workspace, email: str, first: str = "", last: str = "", **values: dict[str, str]) -> UUID:
    names = {"first_name": first, "last_name": last}
    return make.person(workspace, email=email, traits={"identity": {k: v for k, v in names.items() if v}, **values})


def phoned(workspace: Workspace, person: UUID, number: str) -> None:
    key, value = identity_key(workspace.pk, "phone", number)
    with processing(workspace.pk, "audience.administer", by="test", act="add"):
        Identity.objects.bulk_create(
            [
                Identity(
                    key=key,
                    workspace_id=workspace.pk,
                    person_id=person,
                    kind="phone",
                    value=value,
                    created_at=timezone.now(),
                )
            ]
        )


def found(workspace: Workspace) -> dict[tuple[UUID, UUID], int]:
    search(workspace.pk, by="test", now=timezone.now())
    with processing(workspace.pk, "audience.administer", by="test", act="look"):
        rows = Likeness.objects.order_by("-score").values_list("person_id", "other_id", "reasons")
        return {(one, other): reasons for one, other, reasons in rows}


def test_a_shared_telephone_number_is_found_in_identities_and_fields(workspace):
    Field.objects.create(workspace=workspace, name="mobile", label="Mobile", type="phone", category="contact")
    ann = named(workspace, "ann@example.org", "Ann", "Berg")
    phoned(workspace, ann, "+46701234567")
    again = named(workspace, "a.b@gmail.com", "Ann", "Berg", contact={"mobile": "+46701234567"})
    named(workspace, "bo@example.net", "Bo", "Ek", contact={"mobile": "+46709999999"})
    assert found(workspace) == {(ann, again): Reason.PHONE | Reason.NAME}


def test_a_switchboards_number_tells_nothing(workspace):
    Field.objects.create(workspace=workspace, name="mobile", label="Mobile", type="phone", category="contact")
    for n in range(6):
        named(workspace, f"p{n}@example{n}.org", f"Person{n}", f"Name{n}", contact={"mobile": "+468123456"})
    assert found(workspace) == {}


@pytest.mark.parametrize(
    ("first", "other", "same"),
    [
        (("Anna", "Berg"), ("Anna", "Berg"), True),
        (("Anna", "Berg"), ("A", "Berg"), True),
        (("Anna", "Bérg"), ("Berg", "Anna"), True),
        (("Anna-Karin", "Berg"), ("Anna", "Berg"), True),
        (("Anna", "Berg"), ("Anders", "Berg"), False),
        (("Anna", "Berg"), ("Anna", ""), False),
        (("Anna", "Berg"), ("Anna", "Ek"), False),
    ],
)
def test_a_name_that_is_alike_at_one_domain(workspace, first, other, same):
    one, two = named(workspace, "one@bolaget.se", *first), named(workspace, "two@bolaget.se", *other)
    assert found(workspace) == ({(one, two): Reason.DOMAIN | Reason.NAME} if same else {})


def test_a_name_at_a_public_provider_or_at_two_domains_tells_nothing(workspace):
    for n, domain in enumerate(("gmail.com", "gmail.com", "bolaget.se", "annat.se")):
        named(workspace, f"p{n}x@{domain}", "Anna", "Berg")
    assert found(workspace) == {}


@pytest.mark.parametrize(
    ("part", "names", "same"),
    [
        ("anna.berg", ("Anna", "Berg"), True),
        ("anna.berg", ("", ""), True),
        ("annaberg", ("", ""), True),
        ("anna.berg", ("Anders", "Berg"), False),
        ("anna", ("", ""), False),
        ("kundtjanst", ("", ""), False),
    ],
)
def test_the_same_local_part_at_two_domains(workspace, part, names, same):
    one, two = named(workspace, f"{part}@gmail.com", "Anna", "Berg"), named(workspace, f"{part}@bolaget.se", *names)
    assert list(found(workspace)) == ([(one, two)] if same else [])


def test_who_was_called_different_or_is_restricted_is_not_suggested(workspace):
    pairs = [
        tuple(named(workspace, f"{each}{n}@bolaget{n}.se", "Anna", "Berg") for each in ("one", "two")) for n in range(3)
    ]
    assert set(found(workspace)) == set(pairs)
    call_different(workspace.pk, pairs[0][1], pairs[0][0], by="test", now=timezone.now())
    records.restrict(workspace.pk, pairs[1][0], by="test")
    assert set(found(workspace)) == {pairs[2]}
    made = merge(workspace.pk, *pairs[2], by="test", now=timezone.now())
    assert found(workspace) == {}
    split(workspace.pk, made.pk, by="test", now=timezone.now())
    assert found(workspace) == {}
    assert DuplicateSearch.objects.get().counts["pairs"] == 0


def test_other_workspaces_are_left_alone(workspace):
    other = make.workspace()
    pair = named(other, "one@bolaget.se", "Anna", "Berg"), named(other, "two@bolaget.se", "Anna", "Berg")
    named(workspace, "three@bolaget.se", "Anna", "Berg")
    assert set(found(other)) == {pair}
    assert found(workspace) == {}
    with processing(other.pk, "audience.administer", by="test", act="look"):
        assert Likeness.objects.count() == 1


words = st.lists(st.sampled_from(["a", "anna", "an", "berg", "bergman", "ek", "karin"]), max_size=4)


@given(words, words)
def test_being_alike_does_not_depend_on_whom_one_asks(one, other):
    assert alike(one, other) == alike(other, one)
    for reasons in range(8):
        assert weigh(reasons, one, other) == weigh(reasons, other, one)
