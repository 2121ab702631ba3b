"""What an import left behind, read past row-level security, for the tests of importing."""

from __future__ import annotations

import csv
import io

from tests.conftest import superuser
from tillit.consent.models import Choice
from tillit.ledger.models import PurposeRule
from tillit.ledger.processing import processing
from tillit.people.importing import files
from tillit.people.models import Identity, Import, Person, Subscription, Traits

ADMINISTER, MARKETING, MANAGE = "audience.administer", "marketing.email", "preferences.manage"
HEAD = "Email,First name,Last name,Company,Country\n"


def people(workspace) -> dict[str, dict]:
    """Address → everything that is known of its person, as staff see it."""
    with processing(workspace.pk, ADMINISTER, by="test", act="look"):
        found = {}
        for identity in Identity.objects.filter(kind="email"):
            person = Person.objects.get(pk=identity.person_id)
            traits = {}
            for row in Traits.objects.filter(person_id=person.pk):
                traits |= row.values
            states = dict(Subscription.objects.filter(person_id=person.pk).values_list("list_id", "state"))
            choices = list(
                Choice.objects.filter(person_id=person.pk).order_by("id").values_list("purpose", "state", "method")
            )
            found[identity.value] = {
                "id": person.pk,
                "region": person.region,
                "language": person.language,
                "bits": (person.granted, person.refused),
                "flags": person.flags,
                "traits": traits,
                "lists": list(states.values()),
                "choices": choices,
            }
        return found


def tables() -> dict[str, list]:
    """What every table about persons holds, without what differs by the hour."""
    with superuser() as looking:
        return {
            "person": looking.execute(
                "SELECT region, roles, granted, refused, language FROM people_person ORDER BY id"
            ).fetchall(),
            "identity": sorted(looking.execute("SELECT key, value FROM people_identity").fetchall()),
            "traits": sorted(
                looking.execute(
                    'SELECT i.value, t.category, t."values"::text FROM people_traits t'
                    " JOIN people_identity i USING (person_id)"
                ).fetchall()
            ),
            "subscription": sorted(
                looking.execute(
                    "SELECT i.value, s.state FROM people_subscription s JOIN people_identity i USING (person_id)"
                ).fetchall()
            ),
            "choice": sorted(
                looking.execute(
                    "SELECT i.value, c.purpose, c.state FROM consent_choice c JOIN people_identity i USING (person_id)"
                ).fetchall()
            ),
        }


def report(item: Import) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files.refused_path(item.pk).read_text("utf-8-sig"))))


def bit(workspace, purpose: str) -> int:
    return 1 << PurposeRule.objects.get(version__in_force__workspace_id=workspace.pk, purpose=purpose).bit
