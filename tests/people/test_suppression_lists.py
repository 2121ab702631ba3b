"""Lists of suppressions, in from other tools and out again."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import make
from tillit.people.models import Suppression
from tillit.people.suppression.actions import Why
from tillit.people.suppression.files import bring, take
from tillit.people.suppression.keys import Keyring
from tillit.people.suppression.known import suppressed

ANNA, BO, CY = "anna@example.org", "bo@firm.example", "cy@bücher.example"


def why(reason: str = "moved") -> Why:
    return Why(reason=reason, by="user:1", now=timezone.now())


def in_parts(text: str | bytes, size: int = 7) -> list[bytes]:
    whole = text.encode() if isinstance(text, str) else text
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@pytest.mark.parametrize(
    "text",
    [
        "anna@example.org\n\nfirm.example\ncy@xn--bcher-kva.example",
        "\ufeffEmail Address,Name,UNSUB_TIME\r\nanna@example.org,Anna,\r\n@firm.example,,\r\ncy@bücher.example,,",
        "Id;E-post\n1;anna@example.org\n2;firm.example\n3;cy@bücher.example\n",
        "1\tanna@example.org\n2\tbo@firm.example\n3\tCY@bücher.example",
        'id,email\n1,anna@example.org\n2,bo@firm.example\n3,"cy@bücher.example"\n',
    ],
)
def test_lists_of_other_tools_are_read(house, text):
    report = bring(house.pk, in_parts(text), why())
    assert (report.entries, report.done.entries, report.refused.total()) == (3, 3, 0)
    assert suppressed(house.pk, [ANNA, BO, CY, "else@example.com"]) == {ANNA, BO, CY}
    assert set(Suppression.objects.values_list("reason", "made_by")) == {("moved", "user:1")}


def test_windows_encoding_and_unreadable_lines_are_told(house):
    text = "e-post\ncy@bücher.example\nnot an address\n\nanna@example.org\norg\n".encode("cp1252")
    report = bring(house.pk, in_parts(text), why())
    assert (report.entries, report.refused, report.lines) == (2, {"unreadable": 2}, [3, 6])
    assert suppressed(house.pk, [ANNA, CY]) == {ANNA, CY}
    again = bring(house.pk, in_parts(text), why())
    assert (again.entries, again.known, again.done.entries) == (2, 2, 0)


def test_a_list_that_was_taken_out_can_be_brought_in_again(house):
    anna = make.person(house, email="anna+tag@example.org")
    bring(house.pk, [b"anna@example.org\n"], why("complaint"))
    bring(house.pk, [b"firm.example\n"], why("excluded"))
    taken = "".join(take(house.pk, by="user:1"))
    assert "example.org" not in taken and "firm.example" in taken
    other = make.workspace()
    there = make.person(other, email="anna@example.org")
    report = bring(other.pk, in_parts(taken), why("other"))
    assert (report.entries, report.done.entries, report.done.people) == (2, 2, 1)
    assert dict(Suppression.objects.filter(workspace=other).values_list("kind", "reason")) == {
        "email": "complaint",
        "domain": "excluded",
    }
    assert suppressed(other.pk, [ANNA, BO]) == {ANNA, BO}
    assert there != anna


def test_keys_of_another_installation_are_refused_by_name(house, settings):
    foreign = Keyring(b"another secret".ljust(32)).text(b"\1" * 32)
    cut = "".join(take(house.pk, by="t"))
    report = bring(house.pk, [f"{cut}email,{foreign},asked,,\nemail,{foreign[:-2]},asked,,\n".encode()], why())
    assert (report.entries, report.refused) == (0, {"foreign": 2})


def test_a_note_is_no_formula_in_the_list(house):
    bring(house.pk, [b"anna@example.org"], Why(reason="asked", by="t", now=timezone.now(), note="=1+1"))
    assert ",'=1+1," in "".join(take(house.pk, by="t"))
