"""A workspace with as many people as one likes, written past the application: what pages over many people are tried on.

Every table that a page reads has what it would have: ids in the order in which people came, addresses that are found by
their keyed hash, names, numbers, lists of every size, choices, a campaign with opens and clicks, imports, suppressions.
Everything follows from a person's number, so that what a page ought to show can be told without asking the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bench.support import ROOT

FIRST = (
    *("Anna", "Björn", "Cecilia", "David", "Elin", "Fredrik", "Greta", "Henrik", "Ingrid", "Johan", "Karin", "Lars"),
    *("Maria", "Nils", "Olof", "Petra", "Rut", "Sven", "Tove", "Ulf", "Vera", "Wilma", "Yngve", "Åsa", "Örjan"),
)
LAST = (
    *("Andersson", "Berg", "Carlsson", "Dahl", "Ek", "Forsberg", "Gustafsson", "Holm", "Isaksson", "Jonsson"),
    *("Karlsson", "Lind", "Moberg", "Nilsson", "Olsson", "Persson", "Rosén", "Sandberg", "Törn", "Ulfsson"),
    *("Viklund", "Wester", "Ytterberg", "Zetterlund", "Åberg", "Ödman", "Björk", "Claesson", "Dunder"),
)
COUNTRIES = ("SE", "SE", "SE", "NO", "FI", "DE", "US")
REGIONS = (1, 1, 1, 1, 1, 1, 5)  # of those countries
DOMAINS = 997
RARE = "Quisling"  # the last name of one in RARE_ONE_IN
RARE_ONE_IN = 100_000
#: Of how many people every one is on a list: a list for nearly everybody, for some, for few.
LISTS = {"Everybody": 1, "Customers": 3, "Members": 20, "Club": 500, "Board": 50_000}
SEGMENTS = {
    "Swedes with points": 'country = "SE" and points >= 900',
    "Few": 'points = 999 and city = "Town 7" and on list "Club"',
    "Readers": 'opened "Spring" and not clicked "Spring"',
    "Not on Customers": 'not on list "Customers"',
}
SUPPRESSIONS, IMPORTS = 20_000, 200
DAYS = 400  # over which people came

# A UUIDv7 of a person's number: people came evenly, and the number itself stands behind the time.
_ID = (
    "(lpad(to_hex(%(start)s + (n::bigint * %(span)s / %(persons)s)), 12, '0') || '7' || substr(md5(n::text), 1, 3)"
    " || '8' || substr(md5(n::text), 4, 7) || lpad(to_hex(n), 8, '0'))::uuid"
)
_AT = "to_timestamp((%(start)s + (n::bigint * %(span)s / %(persons)s)) / 1000.0)"
_FILL: dict[str, str] = {
    "crowd": f"""
        CREATE TEMPORARY TABLE crowd AS SELECT n, {_ID} AS id, {_AT} AS at FROM generate_series(1, %(persons)s) n""",
    "people_person": """
        INSERT INTO people_person (id, workspace_id, region, roles, flags, granted, refused, language, created_at)
        SELECT id, %(workspace)s, (%(regions)s::int[])[1 + n %% 7], 1,
               CASE n %% 200 WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE 0 END,
               CASE WHEN n %% 10 < 6 THEN 1::bigint << %(bit)s ELSE 0 END | 1::bigint << %(measured)s,
               CASE WHEN n %% 10 = 9 THEN 1::bigint << %(bit)s ELSE 0 END, (ARRAY['', 'sv', 'en'])[1 + n %% 3], at
        FROM crowd ORDER BY n""",
    "addresses": """
        INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)
        SELECT sha256(%(outer)s || sha256(%(email)s || value::bytea)), %(workspace)s, id, 'email', value, at
        FROM (SELECT id, at, 'person' || n || '@example' || n %% %(domains)s || '.org' AS value FROM crowd) c""",
    "telephones": """
        INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)
        SELECT sha256(%(outer)s || sha256(%(phone)s || value::bytea)), %(workspace)s, id, 'phone', value, at
        FROM (SELECT id, at, '+467' || lpad(n::text, 8, '0') AS value FROM crowd WHERE n %% 3 = 0) c""",
    "names": """
        INSERT INTO people_traits (person_id, category, workspace_id, "values", source_id, updated_at)
        SELECT id, 'identity', %(workspace)s, jsonb_build_object(
               'first_name', (%(first)s::text[])[1 + n %% %(firsts)s],
               'last_name', CASE n %% %(rare_one_in)s WHEN 5 THEN %(rare)s
                            ELSE (%(last)s::text[])[1 + (n / 7) %% %(lasts)s] END), %(source)s, at
        FROM crowd""",
    "values": """
        INSERT INTO people_traits (person_id, category, workspace_id, "values", source_id, updated_at)
        SELECT id, 'demographics', %(workspace)s, jsonb_build_object('country', (%(countries)s::text[])[1 + n %% 7],
               'city', 'Town ' || n %% 500, 'points', n %% 1000), %(source)s, at
        FROM crowd""",
    "work": """
        INSERT INTO people_traits (person_id, category, workspace_id, "values", source_id, updated_at)
        SELECT id, 'occupation', %(workspace)s, jsonb_build_object('company', 'Company ' || n %% 5000), %(source)s, at
        FROM crowd WHERE n %% 2 = 0""",
    "people_subscription": """
        INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since, source_id)
        SELECT c.id, l.id, %(workspace)s,
               CASE WHEN c.n %% 20 < 16 THEN 'subscribed' WHEN c.n %% 20 < 19 THEN 'unsubscribed' ELSE 'pending' END,
               date_trunc('hour', c.at), %(source)s
        FROM crowd c JOIN unnest(%(lists)s::bigint[], %(one_in)s::int[]) l (id, one_in) ON c.n %% l.one_in = 0""",
    "consent_choice": """
        INSERT INTO consent_choice (id, workspace_id, person_id, purpose, state, method, policy_version_id,
                                    notice_digest, source_id, at)
        SELECT id, %(workspace)s, id, 'marketing.email', CASE n %% 10 WHEN 9 THEN 'objected' ELSE 'granted' END,
               'import', %(version)s, '', %(source)s, at
        FROM crowd WHERE n %% 10 < 6 OR n %% 10 = 9""",
    "delivery_message": """
        INSERT INTO delivery_message (id, workspace_id, person_id, campaign_id, purpose, template, arguments, state,
                                      attempts, measured, policy_version_id, reply, done_at)
        SELECT tillit_message_id(%(prepared)s, %(campaign)s, id), %(workspace)s, id, %(campaign)s, 'marketing.email',
               '', '{}', 'sent', 1, true, %(version)s, '', %(prepared)s
        FROM crowd WHERE n %% 5 = 0""",
    "delivery_event": """
        INSERT INTO delivery_event (id, workspace_id, person_id, campaign_id, kind, at, client, device, machine)
        SELECT tillit_message_id(%(prepared)s, k.number, id), %(workspace)s, id, %(campaign)s, k.kind, %(prepared)s,
               '', '', ''
        FROM crowd
        JOIN (VALUES ('open', 15, -1), ('click', 60, -2)) k (kind, one_in, number) ON n %% k.one_in = 0""",
    "ledger_activity": """
        INSERT INTO ledger_activity (id, workspace_id, purpose, act, outcome, actor, recipient, subject_id, object_ref,
                                     categories, counts, policy_version_id, at)
        SELECT id, %(workspace)s, 'audience.administer', 'person.change', 'done', 'system', '', id, '', '{}', '{}',
               %(version)s, at
        FROM crowd WHERE n %% 10 = 0""",
    "people_likeness": """
        INSERT INTO people_likeness (person_id, other_id, workspace_id, reasons, score, found_at)
        SELECT one.id, other.id, %(workspace)s, 1, 50, %(prepared)s
        FROM crowd one JOIN crowd other ON other.n = one.n + 1 WHERE one.n %% 100 = 0""",
    "people_duplicatesearch": """
        INSERT INTO people_duplicatesearch (workspace_id, state, begun_at, done_at, counts, by)
        VALUES (%(workspace)s, 'done', %(prepared)s, %(prepared)s, jsonb_build_object('pairs', %(persons)s / 100),
                'system')""",
    "people_suppression": """
        INSERT INTO people_suppression (workspace_id, key, kind, domain, reason, note, made_by, created_at)
        SELECT %(workspace)s, sha256(%(suppressing)s || int8send(n)),
               CASE n %% 100 WHEN 0 THEN 'domain' ELSE 'email' END,
               CASE n %% 100 WHEN 0 THEN 'left-alone-' || n || '.org' ELSE '' END, 'asked', '', 'system', now()
        FROM generate_series(1, %(suppressions)s) n""",
    "people_import": """
        INSERT INTO people_import (workspace_id, source_id, list_id, file_name, path, options, state, total_bytes,
                                   read_bytes, counts, error, started_by, created_at, started_at, finished_at)
        SELECT %(workspace)s, %(source)s, (%(lists)s::bigint[])[1], 'register-' || n || '.csv', '', '{"columns": []}',
               'done', 1000, 1000, '{"rows": 1000, "new": 900, "changed": 100}', '', 'system', now(), now(), now()
        FROM generate_series(1, %(imports)s) n""",
}
_TABLES = (
    *("people_person", "people_identity", "people_traits", "people_nameword", "people_subscription"),
    *("consent_choice", "delivery_message", "delivery_event", "ledger_activity", "people_suppression"),
    *("people_import", "people_likeness"),
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """A filled workspace: how many people it has, and what its lists, segments and campaign are called by number."""

    workspace: Any
    persons: int
    lists: dict[str, int]
    segments: dict[str, int]
    campaign: int

    def person(self, connection: Any, number: int) -> UUID:
        """The id of a person, by their number from 1."""
        said = [self.workspace.pk, address(number)]
        sql = "SELECT person_id FROM people_identity WHERE workspace_id = %s AND value = %s"
        found: UUID = connection.execute(sql, said).fetchone()[0]
        return found


def address(number: int) -> str:
    """The address of the person with a number."""
    return f"person{number}@example{number % DOMAINS}.org"


def telephone(number: int) -> str:
    """The telephone number of the person with a number that three divides; others have none."""
    return f"+467{number:08}"


def name(number: int) -> tuple[str, str]:
    """The first and last name of the person with a number."""
    last = RARE if number % RARE_ONE_IN == 5 else LAST[number // 7 % len(LAST)]
    return FIRST[number % len(FIRST)], last


def fill(connection: Any, persons: int, *, now: datetime) -> Crowd:
    """Make a workspace with so many people, over a connection that row-level security does not bind; take statistics.

    The workspace and what it consists of are made through the application. 2 million people take a minute and a half.
    """
    made, told = _house(now)
    told |= _parameters(made.workspace.pk, persons, now)
    connection.execute("DROP TABLE IF EXISTS crowd")
    connection.execute("SET session_replication_role = replica")  # what is filled in is not the ledger's to seal …
    for name, sql in _FILL.items():
        if name == "names":
            connection.execute("SET session_replication_role = origin")  # … but names have their words
        connection.execute(sql, {key: told[key] for key in told if f"%({key})s" in sql})
        connection.execute("SET session_replication_role = replica")
        if name == "crowd":
            connection.execute("CREATE INDEX ON crowd (n) INCLUDE (id)")
    connection.execute("SET session_replication_role = origin")
    connection.execute(f"VACUUM ANALYZE {', '.join(_TABLES)}")
    return Crowd(made.workspace, persons, made.lists, made.segments, made.campaign)


def _house(now: datetime) -> tuple[Crowd, dict[str, Any]]:
    """A workspace with a policy, fields, lists, segments and a campaign, but nobody in it."""
    from tillit.accounts.models import Workspace
    from tillit.campaigns.models import Campaign
    from tillit.ledger.actions import publish
    from tillit.ledger.versions import in_force
    from tillit.people.actions import make_default_fields
    from tillit.people.models import Field, MailingList, Source
    from tillit.people.segments.actions import make_segment
    from tillit.people.segments.conditions import vocabulary
    from tillit.people.segments.language import parse

    house = Workspace.objects.create(name="Many")
    publish(house.pk, (ROOT / "policies" / "smart-media-solutions.yaml").read_text(), by=None, now=now)
    make_default_fields(house.pk)
    Field.objects.create(workspace=house, name="points", label="Points", type="number", category="demographics")
    source = Source.objects.create(workspace=house, name="Register", warranty="Collected by us, with consent.")
    lists = {name: MailingList.objects.create(workspace=house, name=name).pk for name in LISTS}
    campaign = Campaign.objects.create(
        workspace=house,
        name="Spring",
        subject="Spring",
        body="Spring is here.",
        from_email="news@example.com",
        state=Campaign.State.DONE,
        prepared_at=now,
        finished_at=now,
    )
    campaign.lists.set(lists.values())
    words = vocabulary(house.pk)
    segments = {
        name: make_segment(house.pk, name=name, tree=parse(text, words), by="system").pk
        for name, text in SEGMENTS.items()
    }
    version = in_force(house.pk)
    told = {
        "workspace": house.pk,
        "source": source.pk,
        "version": version.id,
        "campaign": campaign.pk,
        "bit": version.rules["marketing.email"].bit,
        "measured": version.rules["measurement.email"].bit,
        "prepared": now,
        "lists": [*lists.values()],
        "one_in": [*LISTS.values()],
    }
    return Crowd(house, 0, lists, segments, campaign.pk), told


def _parameters(workspace_id: int, persons: int, now: datetime) -> dict[str, Any]:
    from django.conf import settings

    padded = settings.IDENTITY_KEY.ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))  # HMAC, written out (RFC 2104)
    kinds = {kind: inner + f"{workspace_id}\x1f{kind}\x1f".encode() for kind in ("email", "phone")}
    return kinds | {
        "persons": persons,
        "start": int((now - timedelta(days=DAYS)).timestamp() * 1000),
        "span": DAYS * 86_400_000 - 3_600_000,
        "outer": outer,
        "domains": DOMAINS,
        "first": [*FIRST],
        "firsts": len(FIRST),
        "last": [*LAST],
        "lasts": len(LAST),
        "rare": RARE,
        "rare_one_in": RARE_ONE_IN,
        "countries": [*COUNTRIES],
        "regions": [*REGIONS],
        "suppressions": SUPPRESSIONS,
        "suppressing": str(workspace_id).encode(),
        "imports": IMPORTS,
    }
