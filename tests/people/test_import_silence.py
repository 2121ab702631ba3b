"""What bounced, complained or was blocked in another tool is suppressed here; undoing the import lifts just that."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tests.people.outcomes import MARKETING, bit, people
from tillit.people.importing import writers
from tillit.people.importing.run import run_import
from tillit.people.importing.trial import begin as try_out
from tillit.people.importing.trial import run_trial
from tillit.people.importing.undo import begin, preview, run_undo
from tillit.people.models import Import, Person, Suppression
from tillit.people.suppression.actions import Why, lift, suppress
from tillit.people.suppression.known import covering
from tillit.people.suppression.lifted import Leave
from tillit.policy.roles import Flag

HEAD = "email,status\n"
NO = [(MARKETING, "refused", "import")]


def undone(item: Import) -> Import:
    begin(item, by="user:1", now=timezone.now(), defer=False)
    return run_undo(item.pk)


def reasons(house, *addresses: str) -> list[list[str]]:
    return [[each.reason for each in covering(house.pk, address)] for address in addresses]


def silent(house, address: str) -> bool:
    return bool(people(house)[address]["flags"] & Flag.SUPPRESSED)


def by_hand(house, *addresses: str, reason: str = "asked") -> None:
    why = Why(reason=reason, by="user:1", now=timezone.now())
    suppress(house.pk, [("email", address) for address in addresses], why)


@pytest.mark.clause("E9", "A4")
@pytest.mark.parametrize(
    ("word", "reason", "lists", "choices"),
    [
        ("cleaned", "bounced", [], []),
        ("Hard bounced", "bounced", [], []),
        ("studsar", "bounced", [], []),
        ("blocklisted", "moved", ["unsubscribed"], NO),
        ("complained", "complaint", ["unsubscribed"], NO),
        ("junk", "complaint", ["unsubscribed"], NO),
        ("unsubscribed", None, ["unsubscribed"], NO),
        ("subscribed", None, ["subscribed"], []),
        ("soft bounced", None, [], []),
    ],
)
def test_what_a_status_suppresses(house, bring, word, reason, lists, choices):
    done = bring(house, f"{HEAD}a@example.org,{word}\n")
    assert reasons(house, "a@example.org") == [[reason] if reason else []]
    found = people(house)["a@example.org"]
    assert (found["lists"], found["choices"]) == (lists, choices)
    assert silent(house, "a@example.org") is bool(reason)
    assert {key: n for key, n in done.counts.items() if key.startswith("suppressed_")} == (
        {f"suppressed_{reason}": 1} if reason else {}
    )


@pytest.mark.clause("E9")
def test_somebody_known_gets_no_more_mail(house, bring):
    bring(house, f"{HEAD}a@example.org,subscribed\nb@example.org,subscribed\na+news@example.org,subscribed\n")
    bring(house, f"{HEAD}a@example.org,cleaned\nb@example.org,subscribed\n")
    assert [silent(house, f"{name}@example.org") for name in ("a", "b", "a+news")] == [True, False, True]


@pytest.mark.clause("E9")
def test_the_graver_of_two_rows_counts_and_nobody_joins_by_the_other(house, bring):
    text = f"{HEAD}a@example.org,complained\na@example.org,cleaned\nb@example.org,cleaned\nb@example.org,subscribed\n"
    bring(house, text, consent=MARKETING)
    assert reasons(house, "a@example.org", "b@example.org") == [["complaint"], ["bounced"]]
    assert people(house)["b@example.org"]["lists"] == []
    assert people(house)["b@example.org"]["choices"] == []


@pytest.mark.clause("E9")
@pytest.mark.parametrize("first", ["cleaned", "subscribed"])
def test_the_rows_of_one_address_may_lie_in_two_chunks(house, bring, monkeypatch, first):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 256)
    other = {"cleaned": "subscribed", "subscribed": "cleaned"}[first]
    rest = "".join(f"p{n}@example.org,subscribed\n" for n in range(60))
    bring(house, f"{HEAD}a@example.org,{first}\n{rest}a@example.org,{other}\n", chunk_rows=20)
    assert silent(house, "a@example.org")


@pytest.mark.clause("E9")
@pytest.mark.parametrize("words", [("cleaned", "complained"), ("complained", "cleaned")])
def test_a_complaint_counts_in_whatever_chunk_it_is(house, bring, queue, monkeypatch, words):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 256)
    rest = "".join(f"p{n}@example.org,subscribed\n" for n in range(60))
    text = f"{HEAD}a@example.org,{words[0]}\n{rest}a@example.org,{words[1]}\n"
    item = queue(house, text)
    Import.objects.filter(pk=item.pk).update(state=Import.State.DRAFT)
    item.refresh_from_db()
    try_out(item, by="user:1", now=timezone.now(), defer=False)
    tried = run_trial(item.pk, chunk_rows=20).trial["counts"]
    done = bring(house, text, chunk_rows=20)
    assert reasons(house, "a@example.org") == [["complaint"]]
    assert Suppression.objects.get().imports == [done.pk]
    silenced = {name: number for name, number in done.counts.items() if name.startswith("suppressed_")}
    assert sum(silenced.values()) == 1
    assert {name: number for name, number in tried.items() if name.startswith("suppressed_")} == silenced


@pytest.mark.clause("A4", "E9")
def test_undoing_lifts_exactly_what_the_import_suppressed(house, bring):
    make.person(house, email="known@example.org")
    by_hand(house, "before@example.org")
    item = bring(house, HEAD + "".join(f"{name}@example.org,cleaned\n" for name in ("known", "before", "new", "later")))
    assert item.counts["suppressed_bounced"] == 3
    by_hand(house, "later@example.org", reason="complaint")
    assert preview(item, by="user:1", now=timezone.now()).suppressions == 2
    done = undone(item)
    assert done.undo["counts"]["suppressions"] == 2
    assert reasons(house, *(f"{name}@example.org" for name in ("known", "before", "new", "later"))) == [
        *([], ["asked"], [], ["complaint"])
    ]
    assert not silent(house, "known@example.org")


@pytest.mark.clause("A4", "E9")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_imports_that_say_the_same_are_undone_in_either_order(house, bring, order):
    make.person(house, email="a@example.org")
    both = [bring(house, f"{HEAD}a@example.org,cleaned\n") for _ in range(2)]
    assert both[1].counts.get("suppressed_bounced", 0) == 0
    undone(both[order[0]])
    assert silent(house, "a@example.org")
    undone(both[order[1]])
    assert not silent(house, "a@example.org")
    assert not Suppression.objects.exists()


@pytest.mark.clause("E9")
def test_a_complaint_about_what_another_import_said_bounced_is_one(house, bring):
    for word in ("cleaned", "complained", "blocklisted"):
        item = bring(house, f"{HEAD}a@example.org,{word}\n")
    assert reasons(house, "a@example.org") == [["complaint"]]
    assert Suppression.objects.get().imports[-1] == item.pk


def test_a_suppression_that_was_lifted_by_hand_is_no_longer_the_imports(house, bring):
    item = bring(house, f"{HEAD}a@example.org,cleaned\n")
    lift(house.pk, [Suppression.objects.get().pk], Leave(by="user:1", now=timezone.now()))
    assert not silent(house, "a@example.org")
    assert "suppressions" not in undone(item).undo["counts"]


@pytest.mark.clause("A4")
def test_a_trial_counts_them_and_suppresses_nothing(house, queue):
    item = queue(house, f"{HEAD}a@example.org,cleaned\nb@example.org,blocklisted\n")
    Import.objects.filter(pk=item.pk).update(state=Import.State.DRAFT)
    item.refresh_from_db()
    try_out(item, by="user:1", now=timezone.now(), defer=False)
    counts = run_trial(item.pk).trial["counts"]
    assert (counts["suppressed_bounced"], counts["suppressed_moved"]) == (1, 1)
    assert not Suppression.objects.exists()
    Import.objects.filter(pk=item.pk).update(state=Import.State.QUEUED)
    assert run_import(item.pk).counts["suppressed_moved"] == 1


@pytest.mark.clause("E9")
def test_an_opt_out_beside_a_bounce_stays_one(house, bring):
    bring(house, f"{HEAD}a@example.org,unsubscribed\na@example.org,cleaned\n")
    assert people(house)["a@example.org"]["bits"] == (0, bit(house, MARKETING))
    assert Person.SUPPRESSED & people(house)["a@example.org"]["flags"]


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 1024)


@pytest.mark.clause("E9")
def test_several_writers_suppress_what_one_would(committed_db, make_house, queue, small_chunks):
    chance, found = random.Random(4), []
    words = ["subscribed"] * 12 + ["cleaned", "blocklisted", "complained", "unsubscribed"]
    rows = [f"p{chance.randrange(250)}@example.org,{chance.choice(words)}\n" for _ in range(500)]
    for number in (1, 3):
        house = make_house()
        done = run_import(queue(house, HEAD + "".join(rows)).pk, chunk_rows=40, writers=number)
        assert done.state == "done"
        of_person = {address: (told["flags"], told["lists"], told["bits"]) for address, told in people(house).items()}
        why = {address: reasons(house, address) for address in of_person}
        found.append((of_person, why, {key: n for key, n in done.counts.items() if key.startswith("suppressed_")}))
    assert found[0] == found[1]
    assert found[0][2].keys() == {"suppressed_bounced", "suppressed_moved", "suppressed_complaint"}


@pytest.mark.clause("E9")
def test_two_imports_of_the_same_bounced_addresses_wait_for_each_other(
    committed_db, make_house, queue, small_chunks, monkeypatch
):
    monkeypatch.setattr(writers, "LOOK_AFTER_S", 0.05)
    house = make_house()
    text = HEAD + "".join(f"p{n}@example.org,{'cleaned' if n % 3 else 'subscribed'}\n" for n in range(100))
    items = [queue(house, text) for _ in range(2)]

    def work(item: Import) -> str:
        try:
            return run_import(item.pk, chunk_rows=30, writers=2).state
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, items)) == ["done", "done"]
    assert sum(item.counts.get("suppressed_bounced", 0) for item in Import.objects.all()) == 66
    assert {frozenset(each.imports) for each in Suppression.objects.all()} == {frozenset(item.pk for item in items)}
    assert all(silent(house, f"p{n}@example.org") is bool(n % 3) for n in range(0, 100, 9))
