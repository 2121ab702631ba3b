"""Suppression: nothing is sent to an address or domain on the list, whoever writes it down, and whatever is erased."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import make
from tests.people.outcomes import ADMINISTER, MARKETING, people
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing
from tillit.people.actions import identity_key
from tillit.people.identity import InvalidIdentifier
from tillit.people.models import Identity, MailingList, Person, Subscription, Suppression
from tillit.people.records import add
from tillit.people.suppression.actions import Done, Why, affected, lift, reconcile, suppress
from tillit.people.suppression.keys import Keyring, read
from tillit.people.suppression.known import covering, suppressed
from tillit.people.suppression.lifted import Leave, lifted_from
from tillit.policy.regions import Region
from tillit.rights.actions import erase
from tillit.rights.signup import sign_up

PURPOSES = (MARKETING, "people.confirm", "policy.notify", "service.message")


def why(reason: str = "asked", **more: object) -> Why:
    return Why(**{"reason": reason, "by": "user:1", "now": timezone.now(), **more})


def silence(workspace, *texts: str, **more: object) -> Done:
    return suppress(workspace.pk if workspace else None, [read(text) for text in texts], why(**more))


def leave(because: str = "Rang us on 3 May and asked for mail again.", **more: object) -> Leave:
    return Leave(**{"by": "user:1", "now": timezone.now(), "because": because, **more})


def flags(workspace, person_id) -> int:
    with processing(workspace.pk, ADMINISTER, by="t", act="look"):
        return Person.objects.get(pk=person_id).flags


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  Anna@Example.ORG ", ("email", "anna@example.org")),
        ("<anna@example.org>", ("email", "anna@example.org")),
        ("mailto:anna+news@example.org", ("email", "anna+news@example.org")),
        ("example.org", ("domain", "example.org")),
        ("@example.org", ("domain", "example.org")),
        ("*@example.org", ("domain", "example.org")),
        ("*.example.org", ("domain", "example.org")),
        ("xn--bcher-kva.example", ("domain", "bücher.example")),
        ("BÜCHER.example", ("domain", "bücher.example")),
        ("anna@xn--bcher-kva.example", ("email", "anna@bücher.example")),
    ],
)
def test_what_people_write_is_read(text, found):
    assert read(text) == found


@pytest.mark.parametrize("text", ["", "org", "@", "*", "anna@", "a b@example.org", "exa mple.org", "..", "-.org"])
def test_what_is_neither_address_nor_domain_is_refused(text):
    with pytest.raises(InvalidIdentifier):
        read(text)


@pytest.mark.parametrize(
    ("entry", "address", "covered"),
    [
        ("anna@example.org", "anna@example.org", True),
        ("anna@example.org", "anna+news@example.org", True),
        ("anna+news@example.org", "anna@example.org", False),
        ("anna+news@example.org", "anna+club@example.org", False),
        ("anna@example.org", "annabel@example.org", False),
        ("anna@example.org", "anna@sub.example.org", False),
        ("example.org", "bo@example.org", True),
        ("example.org", "bo@lists.mail.example.org", True),
        ("lists.example.org", "bo@example.org", False),
        ("example.org", "bo@notexample.org", False),
        ("bücher.example", "bo@xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "bo@post.bücher.example", True),
    ],
)
def test_what_a_suppression_covers(entry, address, covered):
    ring = Keyring(b"k" * 32)
    assert (ring.key(*read(entry)) in ring.keys(read(address)[1])) is covered


@pytest.mark.clause("E9")
@pytest.mark.parametrize("entry", ["Anna@example.org", "example.org"])
def test_no_purpose_that_sends_reaches_a_suppressed_person(house, entry):
    anna = make.person(house, email="anna@example.org")
    make.choice(house, anna)
    assert silence(house, entry) == Done(1, 1)
    for purpose in PURPOSES:
        with processing(house.pk, purpose, by="t", act="look"):
            assert not Person.objects.filter(pk=anna).exists(), purpose
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        assert Person.objects.filter(pk=anna).exists()


def test_who_is_covered_is_marked_and_nobody_else(house):
    covered = ["a@example.org", "a+tag@example.org", "b@firm.example", "c@mail.firm.example", "d@bücher.example"]
    others = ["aa@example.org", "a@example.com", "b@firm.example.org", "e@myfirm.example"]
    ids = {address: make.person(house, email=address) for address in (*covered, *others)}
    told = [read(text) for text in ("a@example.org", "firm.example", "xn--bcher-kva.example")]
    assert affected(house.pk, told, by="t") == 5
    assert suppress(house.pk, told, why()) == Done(3, 5)
    assert {address for address, person_id in ids.items() if flags(house, person_id)} == set(covered)
    assert suppress(house.pk, told, why()) == Done(0, 0)
    assert affected(house.pk, told, by="t") == 0


@pytest.mark.parametrize("many", [50, 150])
def test_tagged_forms_are_found_for_few_addresses_and_for_many(house, many):
    tagged, other = make.person(house, email="p7+news@example.org"), make.person(house, email="p7+news@example.com")
    assert silence(house, *(f"p{number}@example.org" for number in range(many))) == Done(many, 1)
    assert (flags(house, tagged), flags(house, other)) == (Person.SUPPRESSED, 0)


def test_lifting_frees_whom_nothing_else_covers_and_no_bounces(house):
    anna, bo = make.person(house, email="anna@firm.example"), make.person(house, email="bo@firm.example")
    with processing(house.pk, ADMINISTER, by="t", act="flag"):
        Person.objects.filter(pk=bo).update(flags=Person.UNREACHABLE)
    silence(house, "anna@firm.example", "firm.example")
    domain = Suppression.objects.get(kind="domain")
    assert lift(house.pk, [domain.pk], leave()) == Done(1, 1)
    assert (flags(house, anna), flags(house, bo)) == (Person.SUPPRESSED, Person.UNREACHABLE)
    assert lift(house.pk, [Suppression.objects.get().pk], leave()) == Done(1, 1)
    assert flags(house, anna) == 0
    assert [row.counts for row in Activity.objects.filter(act="suppression.lift").order_by("id")] == [
        {"suppressions": 1, "persons": 1}
    ] * 2


@pytest.mark.clause("E1", "E9")
def test_a_suppression_outlives_the_persons_erasure_and_names_nobody(house):
    anna = make.person(house, email="anna@example.org")
    silence(house, "anna@example.org", note="by telephone")
    erase(house.pk, anna, by="user:1", now=timezone.now())
    assert suppressed(house.pk, ["anna@example.org", "bo@example.org"]) == {"anna@example.org"}
    row = Suppression.objects.get()
    assert (row.domain, len(bytes(row.key))) == ("", 32)
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        tombstone = Identity.everyone.get(kind="email")
    assert (tombstone.value, tombstone.person_id) == (None, None)
    assert bytes(row.key) != bytes(tombstone.key)  # not even the tombstone tells who it is


def test_a_workspace_is_left_in_peace_by_anothers_suppressions(house):
    other = make.workspace()
    anna, there = make.person(house, email="anna@example.org"), make.person(other, email="anna@example.org")
    silence(other, "anna@example.org")
    assert (flags(house, anna), flags(other, there)) == (0, Person.SUPPRESSED)
    silence(house, "example.org")
    lift(house.pk, list(Suppression.objects.values_list("pk", flat=True)), leave())
    assert (flags(house, anna), flags(other, there)) == (0, Person.SUPPRESSED)


@pytest.mark.clause("E9")
def test_the_installations_suppressions_hold_in_every_workspace(house):
    other = make.workspace()
    people_ = [(house, make.person(house, email="a@firm.example")), (other, make.person(other, email="b@firm.example"))]
    assert silence(None, "firm.example") == Done(1, 2)
    assert [flags(*each) for each in people_] == [Person.SUPPRESSED] * 2
    later = make.person(other, email="late@post.firm.example")
    assert flags(other, later) == Person.SUPPRESSED
    silence(other, "b@firm.example")
    assert lift(None, [Suppression.objects.get(workspace=None).pk], leave()) == Done(1, 2)
    assert [flags(*each) for each in (*people_, (other, later))] == [0, Person.SUPPRESSED, 0]


@pytest.mark.clause("E9")
def test_an_import_puts_nobody_suppressed_on_a_list_and_takes_no_consent_for_them(house, bring):
    bring(house, "email\nknown@example.org\n", mailing_list=None)
    silence(house, "known@example.org", "new@example.org", "firm.example")
    text = (
        "email,first name,status\nknown@example.org,Kim,subscribed\nNEW@example.org,Nea,subscribed\n"
        "x@mail.firm.example,Xi,\nout@firm.example,Ola,unsubscribed\nok@example.org,Oda,subscribed\n"
    )
    done = bring(house, text, consent=MARKETING)
    assert (done.state, done.counts["suppressed"], done.counts["new"], done.counts["granted"]) == ("done", 4, 4, 1)
    found = people(house)
    for address in ("known@example.org", "new@example.org", "x@mail.firm.example"):
        assert (found[address]["lists"], found[address]["choices"]) == ([], [])
    assert found["out@firm.example"]["lists"] == ["unsubscribed"]
    assert found["ok@example.org"]["lists"] == ["subscribed"]
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        assert Person.objects.filter(flags=Person.SUPPRESSED).count() == 4


def test_a_second_address_does_not_let_a_suppressed_person_onto_a_list(house, bring):
    anna = make.person(house, email="anna@example.org")
    with processing(house.pk, ADMINISTER, by="t", act="add") as activity:
        key, value = identity_key(activity.workspace_id, "email", "anna@work.example")
        Identity.everyone.create(key=key, workspace_id=house.pk, person_id=anna, kind="email", value=value)
    silence(house, "anna@example.org")
    done = bring(house, "email,status\nanna@work.example,subscribed\n")
    assert done.counts["suppressed"] == 1
    assert people(house)["anna@example.org"]["lists"] == []


@pytest.mark.clause("E9")
def test_staff_may_add_a_suppressed_person_but_put_them_on_no_list(house):
    silence(house, "example.org")
    news, source = MailingList.objects.get(workspace=house), house.sources.get()
    made = add(house.pk, email="a@example.org", source=source, by="user:1", now=timezone.now(), lists=(news,))
    assert flags(house, made) == Person.SUPPRESSED
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        assert not Subscription.objects.exists()


@pytest.mark.clause("E9")
def test_a_sign_up_of_a_suppressed_address_keeps_nothing_and_sends_nothing(house):
    news = MailingList.objects.get(workspace=house)
    silence(house, "example.org")
    sign_up(house.pk, news.pk, email="Anna@example.org", language="en", now=timezone.now())
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        assert not Identity.everyone.exists() and not Person.objects.exists()
    assert Activity.objects.get(act="list.ask").counts == {"suppressed": 1}


def test_what_suppresses_an_address_is_told_nearest_first(house):
    silence(house, "firm.example", reason="excluded")
    silence(None, "anna@post.firm.example", reason="trap")
    silence(house, "post.firm.example", reason="complaint")
    told = [(each.reason, each.domain) for each in covering(house.pk, "anna+x@post.firm.example")]
    assert told == [("trap", ""), ("complaint", "post.firm.example"), ("excluded", "firm.example")]
    assert covering(house.pk, "anna@else.example") == []


def test_flags_that_went_wrong_are_mended(house):
    anna, bo = make.person(house, email="anna@example.org"), make.person(house, email="bo@example.org")
    assert reconcile(house.pk, by="system") == Done()
    silence(house, "anna@example.org")
    with processing(house.pk, ADMINISTER, by="t", act="break"):
        Person.objects.filter(pk=anna).update(flags=0)
        Person.objects.filter(pk=bo).update(flags=Person.SUPPRESSED)
    assert reconcile(house.pk, by="system") == Done(1, 1)
    assert (flags(house, anna), flags(house, bo)) == (Person.SUPPRESSED, 0)


@pytest.mark.clause("E9")
@pytest.mark.parametrize(
    ("reason", "because", "administers", "lifted"),
    [
        ("complaint", "They wrote on 3 May that it was a mistake.", True, 1),
        ("complaint", "They wrote on 3 May that it was a mistake.", False, 0),
        ("complaint", "", True, 0),
        ("asked", "They rang on 3 May and want mail again.", False, 1),
        ("asked", "  ok  ", True, 0),
        ("moved", "", True, 0),
        ("bounced", "", False, 1),
    ],
)
def test_what_a_person_wanted_is_lifted_on_their_word_alone_and_that_is_kept(
    house, reason, because, administers, lifted
):
    for where in (house, None):
        silence(where, "anna@example.org", reason=reason, note="By post")
        [row] = Suppression.objects.all()
        given = leave(because, administers=administers)
        if lifted:
            assert lift(row.workspace_id, [row.pk], given).entries == 1
            kept = lifted_from(house.pk, "anna+news@example.org")[0]
            assert (kept.workspace_id, kept.reason, kept.note, kept.because, kept.lifted_by) == (
                *(row.workspace_id, reason, "By post", because.strip(), "user:1"),
            )
        else:
            with pytest.raises(Refused) as refused:
                lift(row.workspace_id, [row.pk], given)
            assert refused.value.clause == "E9" and not lifted_from(house.pk, "anna@example.org")
        assert Suppression.objects.count() == 1 - lifted
        Suppression.objects.all().delete()


@pytest.mark.clause("E9")
def test_a_complaint_takes_the_place_of_a_weaker_reason_and_none_takes_its(house):
    for reason, left in [
        ("bounced", "bounced"),
        ("asked", "asked"),
        ("complaint", "complaint"),
        ("asked", "complaint"),
    ]:
        silence(house, "anna@example.org", reason=reason)
        assert Suppression.objects.get().reason == left
    silence(house, "anna@example.org", reason="bounced")
    assert Suppression.objects.get().reason == "complaint"


@pytest.mark.clause("E9")
def test_nobody_is_too_hidden_to_be_silenced_at_once(house):
    """Whatever a policy permits staff, it must let them administer everybody: of any role, restricted, wherever."""
    found = [make.person(house, email=f"p{n}@firm.example", region=region) for n, region in enumerate(Region)]
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        Person.objects.filter(pk__in=found[::2]).update(roles=2)
        Person.objects.filter(pk__in=found[1::2]).update(flags=Person.RESTRICTED)
    assert silence(house, "firm.example").people == len(found)
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        assert not Person.objects.filter(flags__in=[0, Person.RESTRICTED]).exists()
