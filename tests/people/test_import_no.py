"""An import never overrules a no: opt-outs, refusals, erasures, and sources that warrant nothing."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.people.outcomes import ADMINISTER, HEAD, MANAGE, MARKETING, bit, people, report
from tillit.consent.actions import record_choice
from tillit.consent.models import Choice
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing
from tillit.people import records
from tillit.people.actions import set_subscription
from tillit.people.importing import files, undo
from tillit.people.importing.run import run_import
from tillit.people.models import Identity, Import, MailingList, Person, Source, Subscription, Traits


@pytest.mark.clause("E9", "C11")
def test_somebody_who_unsubscribed_stays_so(house, bring):
    bring(house, "email\na@example.org\nb@example.org\n")
    a = people(house)["a@example.org"]["id"]
    with processing(house.pk, MANAGE, by="t", act="leave") as activity:
        set_subscription(activity, [a], MailingList.objects.get(), "unsubscribed", now=timezone.now())
    done = bring(house, "email,status\na@example.org,subscribed\nb@example.org,subscribed\n", consent=MARKETING)
    assert people(house)["a@example.org"]["lists"] == ["unsubscribed"]
    assert done.counts["kept_out"] == 1
    assert people(house)["a@example.org"]["choices"] == []  # a file's yes is no word against their own leaving


@pytest.mark.clause("E9", "E3", "C11")
@pytest.mark.parametrize("said", ["refused", "withdrawn", "objected"])
def test_a_no_is_not_overruled_by_a_file(house, bring, said):
    bring(house, "email\na@example.org\nb@example.org\n")
    a = people(house)["a@example.org"]["id"]
    with processing(house.pk, MANAGE, by="t", act="choose") as activity:
        record_choice(activity, [a], MARKETING, said, method="preferences", now=timezone.now())
    done = bring(house, "email\na@example.org\nb@example.org\n", consent=MARKETING)
    found = people(house)
    assert found["a@example.org"]["choices"] == [(MARKETING, said, "preferences")]
    assert found["a@example.org"]["bits"] == (0, bit(house, MARKETING))
    assert found["b@example.org"]["choices"] == [(MARKETING, "granted", "import")]
    assert found["b@example.org"]["bits"] == (bit(house, MARKETING), 0)
    assert (done.counts["kept_out"], done.counts["granted"]) == (1, 1)


@pytest.mark.clause("E9", "E5")
def test_opt_outs_in_the_file_are_opt_outs_here(house, bring):
    bring(house, "email\nknown@example.org\n", consent=MARKETING)
    text = (
        "email,status\nnew@example.org,Unsubscribed\nknown@example.org,complained\nok@example.org,subscribed\n"
        "odd@example.org,transactional\n"
    )
    done = bring(house, text, consent=MARKETING)
    found, mask = people(house), bit(house, MARKETING)
    assert found["new@example.org"]["lists"] == ["unsubscribed"]
    assert found["new@example.org"]["bits"] == (0, mask)
    assert found["new@example.org"]["choices"] == [(MARKETING, "refused", "import")]
    assert found["known@example.org"]["lists"] == ["unsubscribed"]
    assert found["known@example.org"]["bits"] == (0, mask)
    assert found["known@example.org"]["choices"] == [(MARKETING, "granted", "import"), (MARKETING, "refused", "import")]
    assert (found["ok@example.org"]["lists"], found["ok@example.org"]["bits"]) == (["subscribed"], (mask, 0))
    assert (found["odd@example.org"]["lists"], found["odd@example.org"]["choices"]) == ([], [])
    assert (done.counts["opted_out"], done.counts["granted"]) == (2, 1)


@pytest.mark.clause("E9")
def test_an_opt_out_in_one_of_two_rows_is_one(house, bring):
    bring(house, "email,unsubscribed\na@example.org,2024-02-01\na@example.org,\n")
    assert people(house)["a@example.org"]["lists"] == ["unsubscribed"]


@pytest.mark.clause("D5")
def test_consent_comes_only_with_the_option_and_only_to_rows_that_say_so(house, bring):
    text = "email,consent\na@example.org,yes\nb@example.org,\nc@example.org,no\n"
    bring(house, text)
    assert all(not found["choices"] for found in people(house).values())
    done = bring(house, text, consent=MARKETING)
    assert [address for address, found in people(house).items() if found["choices"]] == ["a@example.org"]
    assert done.counts["granted"] == 1
    choice = Choice._base_manager.model
    with processing(house.pk, ADMINISTER, by="t", act="look") as activity:
        row = choice.objects.get()
        assert (row.source_id, row.policy_version_id) == (Source.objects.get().pk, activity.policy_version_id)


@pytest.mark.clause("D5")
def test_consent_from_a_file_lapses_as_the_policy_says(house, bring):
    done = bring(house, "email\na@example.org\n", consent=MARKETING)
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        lapses = Choice.objects.get().expires_at
    assert (lapses.year, lapses.month) == (done.started_at.year + 3, done.started_at.month)


@pytest.mark.clause("D5")
def test_consent_to_what_nobody_is_asked_about_is_refused(house, queue):
    for purpose in ("service.message", "sell.everything"):
        with pytest.raises(Refused, match="asks nobody for consent"):
            queue(house, "email\na@example.org\n", consent=purpose)


@pytest.mark.clause("B4")
@pytest.mark.parametrize("what", ["expired", "without warranty"])
def test_a_source_that_warrants_nothing_gives_nothing(house, queue, import_folder, what):
    source = Source.objects.create(
        workspace=house,
        name="Bought",
        warranty=" " if what == "without warranty" else "They said so.",
        valid_until="2020-01-01" if what == "expired" else None,
    )
    source.refresh_from_db()
    with pytest.raises(Refused) as refused:
        queue(house, "email\na@example.org\n", source=source)
    assert refused.value.clause == "B4"
    assert Activity.objects.filter(act="people.import.receive", outcome="refused").count() == 1
    assert not list(import_folder.glob("*")) and not Import.objects.exists()


@pytest.mark.clause("B4")
def test_a_source_that_expires_before_the_import_runs_gives_nothing(house, queue):
    item = queue(house, "email\na@example.org\n")
    Source.objects.update(valid_until="2020-01-01")
    done = run_import(item.pk)
    assert done.state == "failed" and "ended on 2020-01-01" in done.error
    assert people(house) == {}


@pytest.mark.clause("B4")
def test_every_value_names_its_source(house, bring):
    bring(house, HEAD + "a@example.org,Anna,Berg,Bolaget,Sweden\n")
    source = Source.objects.get().pk
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        assert {row.source_id for row in Traits.objects.all()} == {source}
        assert {row.source_id for row in Subscription.objects.all()} == {source}


@pytest.mark.clause("E1")
def test_somebody_who_was_erased_is_not_brought_back(house, bring):
    bring(house, "email\na@example.org\nb@example.org\n")
    a = people(house)["a@example.org"]["id"]
    with processing(house.pk, "rights.fulfil", by="t", act="erase"):
        Identity.everyone.filter(person_id=a).update(person_id=None, value=None, erased_at=timezone.now())
        Person.objects.filter(pk=a).delete()
    done = bring(house, "email,name\nb@example.org,B\na@example.org,Anna\n", consent=MARKETING)
    assert set(people(house)) == {"b@example.org"}
    assert done.counts["refused.erased"] == 1
    assert [(row["line"], row["reason"], row["email"]) for row in report(done)] == [("3", "erased", None)]
    assert "Anna" not in files.refused_path(done.pk).read_text()


@pytest.mark.clause("E2")
def test_of_whoever_has_processing_restricted_only_an_opt_out_is_taken_in(house, bring):
    bring(house, "Email,First name,Company\na@example.org,Anna,\nb@example.org,Bo,\n", mailing_list=None)
    for each in people(house).values():
        records.restrict(house.pk, each["id"], by="user:1")
    before = people(house)
    file = "Email,First name,Company,Phone,Country,Status\na@example.org,Annika,Ek,+46701112233,Norway,subscribed\n"
    done = bring(house, file + "b@example.org,Bob,,,,unsubscribed\nc@example.org,Cy,,,,subscribed\n", consent=MARKETING)
    after = people(house)
    assert (done.counts["restricted"], done.counts["opted_out"], done.counts["granted"]) == (2, 1, 1)
    assert after["a@example.org"] == before["a@example.org"]
    assert after["b@example.org"]["traits"] == before["b@example.org"]["traits"]
    assert after["b@example.org"]["choices"] == [(MARKETING, "refused", "import")]
    assert after["c@example.org"]["traits"]["first_name"] == "Cy"
    undo.begin(done, by="test", now=done.finished_at, defer=False)
    undo.run_undo(done.pk)
    assert people(house)["a@example.org"] == before["a@example.org"]
