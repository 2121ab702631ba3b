"""The exports of campaign tools come in without anybody mapping a column, and whoever left there has left here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from django.utils import timezone

from tests.people.outcomes import people
from tillit.people.importing import formats, names
from tillit.people.importing.run import run_import
from tillit.people.importing.start import start_import
from tillit.people.models import Import
from tillit.people.suppression.known import covering
from tillit.policy.regions import Region
from tillit.policy.roles import Flag

SAMPLES = Path(__file__).parent / "samples"
LEFT = [("marketing.email", "refused", "import")]
BOUNCED, MOVED = ["bounced"], ["moved"]


@pytest.fixture
def bring_file(house):
    """Bring in a file under its own name, as it was suggested and nothing else."""

    def brought(path: Path) -> Import:
        item = start_import(
            house.pk,
            path,
            source=house.sources.get(),
            mailing_list=house.lists.get(),
            by="user:1",
            now=timezone.now(),
            defer=False,
        )
        return run_import(item.pk)

    return brought


@pytest.fixture
def mailchimp(tmp_path) -> Path:
    path = tmp_path / "audience_export_3f0a1b2c4d.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in sorted((SAMPLES / "mailchimp").iterdir()):
            archive.write(member, member.name)
    return path


def silenced(house) -> dict[str, list[str]]:
    """Whom nothing is sent to any more, and why."""
    found = {address: [each.reason for each in covering(house.pk, address)] for address in people(house)}
    assert all(bool(people(house)[address]["flags"] & Flag.SUPPRESSED) is bool(why) for address, why in found.items())
    return {address: why for address, why in found.items() if why}


def standings(house) -> dict[str, tuple[list[str], list[tuple[str, str, str]]]]:
    return {address: (person["lists"], person["choices"]) for address, person in people(house).items()}


@pytest.mark.clause("A4", "B4")
def test_an_audience_export_of_mailchimp(house, bring_file, mailchimp):
    house.fields.create(name="tags", label="Tags", category="demographics")
    done = bring_file(mailchimp)
    assert (done.options["tool"], done.counts.get("refused", 0)) == ("Mailchimp", 0)
    assert standings(house) == {
        "astrid.lund@example.org": (["subscribed"], []),
        "tom.okafor@example.com": (["subscribed"], []),
        "ines@example.net": (["subscribed"], []),
        "karin.ek@example.org": (["unsubscribed"], LEFT),
        "gone@example.com": ([], []),
        "buyer@example.org": ([], []),
    }
    assert silenced(house) == {"gone@example.com": BOUNCED}
    found = people(house)
    assert found["astrid.lund@example.org"]["traits"] == {
        "first_name": "Astrid",
        "last_name": "Lund",
        "company": "Lunds Bokhandel",
        "country": "SE",
        "tags": "Customer, Book club, north",
    }
    assert found["tom.okafor@example.com"]["region"] == Region.US
    assert found["ines@example.net"]["region"] == Region.UNKNOWN


@pytest.mark.clause("A4", "B4")
@pytest.mark.parametrize(
    ("section", "lists", "choices"),
    [
        ("subscribed", ["subscribed"], []),
        ("unsubscribed", ["unsubscribed"], LEFT),
        ("cleaned", [], []),
        ("nonsubscribed", [], []),
    ],
)
@pytest.mark.parametrize("renamed", [False, True])
def test_a_section_of_the_audience_alone(house, bring_file, tmp_path, section, lists, choices, renamed):
    """Renamed, the columns that a section alone has still tell; the others cannot be told apart, and join."""
    sample = next((SAMPLES / "mailchimp").glob(f"{section}_*"))
    path = tmp_path / ("contacts.csv" if renamed else sample.name)
    path.write_bytes(sample.read_bytes())
    bring_file(path)
    expected = (["subscribed"], []) if renamed and section == "nonsubscribed" else (lists, choices)
    assert set(map(str, standings(house).values())) == {str(expected)}
    assert bool(silenced(house)) is (section == "cleaned")


@pytest.mark.clause("A4", "B4")
def test_the_subscribers_of_listmonk(house, bring_file):
    house.fields.create(name="shoe_size", label="Shoe size", type="number", category="demographics")
    done = bring_file(SAMPLES / "listmonk.csv")
    assert (done.options["tool"], done.counts.get("refused", 0)) == ("listmonk", 0)
    assert standings(house) == {
        "astrid.lund@example.org": (["subscribed"], []),
        "karin.ek@example.org": (["unsubscribed"], LEFT),
        "tom.okafor@example.com": ([], []),
    }
    assert silenced(house) == {"karin.ek@example.org": MOVED}
    found = people(house)
    assert found["astrid.lund@example.org"]["traits"] == {
        "first_name": "Astrid",
        "last_name": "Lund",
        "company": "Lunds Bokhandel",
        "city": "Umeå",
        "country": "Sweden",
        "shoe_size": 38,
    }
    assert found["karin.ek@example.org"]["traits"] == {"first_name": "Karin", "last_name": "von Ek"}
    assert found["tom.okafor@example.com"]["region"] == Region.US
    left_out = {column["name"] for column in done.options["columns"] if not column["target"]}
    assert {"attributes.address.zip", "attributes.tags", "uuid", "created_at"} <= left_out


@pytest.mark.clause("A4", "B4")
def test_the_contacts_of_mautic_and_who_must_not_be_contacted(house, bring_file):
    done = bring_file(SAMPLES / "mautic.csv")
    assert (done.options["tool"], done.counts["new"]) == ("Mautic", 3)
    assert not any(column["target"] in {"status", "unsubscribed"} for column in done.options["columns"])
    found = people(house)
    assert found["astrid.lund@example.org"]["language"] == "sv"
    assert found["astrid.lund@example.org"]["traits"] == {
        "first_name": "Astrid",
        "last_name": "Lund",
        "title": "Owner",
        "company": "Lunds Bokhandel",
        "city": "Umeå",
        "country": "Sweden",
    }
    bring_file(SAMPLES / "mautic-do-not-contact.csv")
    assert standings(house) == {
        "astrid.lund@example.org": (["subscribed"], []),
        "tom.okafor@example.com": (["subscribed"], []),
        "karin.ek@example.org": (["unsubscribed"], LEFT),
        "gone@example.com": ([], []),
    }
    assert silenced(house) == {"gone@example.com": BOUNCED}


@pytest.mark.clause("A4", "B4")
def test_a_column_of_mautics_that_says_do_not_contact(house, bring_file, tmp_path):
    head, *rows = (SAMPLES / "mautic.csv").read_text("utf-8-sig").splitlines()
    path = tmp_path / "contacts.csv"
    path.write_text("\n".join([head + ',"doNotContact"', *(f'{row},"{n}"' for n, row in enumerate(rows))]))
    bring_file(path)
    assert {address: lists for address, (lists, _) in standings(house).items()} == {
        "astrid.lund@example.org": ["subscribed"],
        "tom.okafor@example.com": ["unsubscribed"],
        "karin.ek@example.org": ["unsubscribed"],
    }


@pytest.mark.clause("A4", "B4")
def test_the_contacts_of_keila(house, bring_file):
    done = bring_file(SAMPLES / "keila.csv")
    assert done.options["tool"] == "Keila"
    assert standings(house) == {
        "astrid.lund@example.org": (["subscribed"], []),
        "karin.ek@example.org": (["unsubscribed"], LEFT),
        "gone@example.com": ([], []),
    }
    assert silenced(house) == {"gone@example.com": BOUNCED}
    assert people(house)["astrid.lund@example.org"]["traits"]["city"] == "Umeå"
    assert {"name": "External ID", "target": "customer"} in done.options["columns"]


@pytest.mark.clause("A4", "B4")
def test_the_contacts_of_brevo(house, bring_file):
    done = bring_file(SAMPLES / "brevo.csv")
    assert (done.options["tool"], done.counts.get("unreadable_values", 0)) == ("Brevo", 0)
    assert standings(house) == {
        "astrid.lund@example.org": (["subscribed"], []),
        "karin.ek@example.org": (["unsubscribed"], LEFT),
    }
    assert silenced(house) == {}  # whoever unsubscribes is blocklisted there, and may come back


@pytest.mark.clause("A4", "B4")
def test_the_subscribers_of_mailerlite(house, bring_file):
    done = bring_file(SAMPLES / "mailerlite.csv")
    assert done.options["tool"] == "MailerLite"
    assert standings(house) == {
        "astrid.lund@example.org": (["subscribed"], []),
        "karin.ek@example.org": (["unsubscribed"], LEFT),
        "gone@example.com": ([], []),
        "odd@example.com": ([], []),
    }
    assert silenced(house) == {"gone@example.com": BOUNCED}
    assert people(house)["astrid.lund@example.org"]["traits"]["first_name"] == "Astrid"


def test_a_table_of_nobodys_is_not_taken_for_an_export():
    for header in (["Email", "First name"], ["email", "name", "status"], ["Subscriber"], ["id", "email", "points"]):
        assert formats.recognised(header) is None


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        ("unsubscribed_members_export_1.csv", "unsubscribed"),
        ("cleaned_members_export_1.csv", "cleaned"),
        ("My list - opt-outs 2025.xlsx", "unsubscribed"),
        ("Avanmälda.csv", "unsubscribed"),
        ("blocklisted subscribed.csv", "blocklisted"),
        ("nonsubscribed_email_audience.csv", "nonsubscribed"),
        ("inactive.csv", "nonsubscribed"),
        ("subscribed_members.csv", "subscribed"),
        ("attractive.csv", ""),
        ("people.csv", ""),
        ("phoenix.csv", ""),
    ],
)
def test_what_the_name_of_a_file_says(name, standing):
    assert names.standing_in_name(name) == standing


@pytest.mark.clause("B4")
def test_a_file_named_unsubscribed_puts_nobody_on_a_list(house, bring_file, tmp_path):
    path = tmp_path / "unsubscribed.csv"
    path.write_text("Email;First name\na@example.org;Ann\n")
    done = bring_file(path)
    assert standings(house) == {"a@example.org": (["unsubscribed"], LEFT)}
    assert done.options["columns"][-1] == {"name": "Member status", "target": "status"}
