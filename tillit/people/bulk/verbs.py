"""What can be done to many at once, as SQL: how each person is judged, what is written, and how it is set back.

A preview and a run judge by the same statement. No verb loosens what a person decided: whoever left a list stays off, a
confirmation that is awaited is the person's to give, and whoever had processing restricted is left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from tillit.people.models import Person
from tillit.people.own_acts import ended_since
from tillit.people.records import ADMINISTER

#: Verdicts that leave a person out, beside `change` and `same`.
LEFT_OUT = ("restricted", "suppressed", "unsubscribed", "pending", "filled", "merged")

_RESTRICTED = f"WHEN p.flags & {Person.RESTRICTED} <> 0 THEN 'restricted'"
# Looks and notes change nothing that could be lost; whatever else was done about the person alone counts as something
# since, and so does a choice. `consent` lies above `people`, so its table is named here and its code is not.
_LOOKS = (
    *("person.read", "person.held", "policy.explain", "preferences.show", "receipt.show", "why.show", "why.source"),
    *("note.add", "note.remove", "request.read", "request.copy"),
)
# An act is dated when it begins and may then wait for the slice that it is compared with, so of what ends something
# the minute before counts too. A choice's number is made while its person is held, but for an import's.
_AT = "(lpad(to_hex((extract(epoch FROM c.at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid"
NOTHING_SINCE = f"""
NOT EXISTS (SELECT FROM ledger_activity a WHERE a.subject_id = c.person_id AND a.at > c.at
            AND a.act NOT IN ({", ".join(f"'{act}'" for act in _LOOKS)}))
AND NOT {ended_since("c.person_id", "c.at")}
AND NOT EXISTS (SELECT FROM consent_choice k WHERE k.person_id = c.person_id
                AND (k.id >= {_AT} OR k.at > c.at - interval '1 minute' AND k.method = 'import'))
"""
_UNTOUCHED = f"""{NOTHING_SINCE}
AND NOT EXISTS (SELECT FROM people_person r WHERE r.id = c.person_id AND r.flags & {Person.RESTRICTED} <> 0)
"""
#: The persons of a slice whose change is to be written, or set back.
MEANT = "c.act_id = %(act)s AND c.person_id = ANY (%(ids)s) AND c.verdict = 'change'"


class Verb(Protocol):
    """One thing that can be done to many people."""

    name: ClassVar[str]
    purpose: ClassVar[str]  # under which it works; whom it is about is chosen under that of staff's pages

    @property
    def category(self) -> str:
        """The category of what is changed."""

    @property
    def judge(self) -> str:
        """SQL of `id`, `verdict` and `before` (jsonb) of persons `p`; a condition can be added with AND."""

    @property
    def write(self) -> str:
        """SQL that makes the changes of a slice."""

    @property
    def set_back(self) -> str:
        """SQL that sets back what still is as the act left it, and returns those persons' ids."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements need besides `act`, `ids`, `now`, `workspace`, `by` and `edit_ids`."""


@dataclass(frozen=True, slots=True)
class AddToList:
    """Put people on a list who were never on it."""

    name: ClassVar[str] = "list.add"
    purpose: ClassVar[str] = ADMINISTER
    list_id: int
    category: ClassVar[str] = "preferences"
    judge: ClassVar[str] = f"""
SELECT p.id, NULL::jsonb AS before, CASE {_RESTRICTED}
    WHEN p.flags & {Person.SUPPRESSED} <> 0 THEN 'suppressed'
    WHEN s.state IS NULL THEN 'change' WHEN s.state = 'subscribed' THEN 'same' ELSE s.state END AS verdict
FROM people_person p LEFT JOIN people_subscription s ON s.person_id = p.id AND s.list_id = %(to_list)s WHERE true"""
    write: ClassVar[str] = f"""
INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since)
SELECT c.person_id, %(to_list)s, %(workspace)s, 'subscribed', %(now)s FROM people_bulkchange c WHERE {MEANT}
ON CONFLICT (person_id, list_id) DO NOTHING"""
    set_back: ClassVar[str] = f"""
DELETE FROM people_subscription s USING people_bulkchange c WHERE {MEANT} AND s.person_id = c.person_id
AND s.list_id = %(to_list)s AND s.state = 'subscribed' AND s.since = c.at AND {_UNTOUCHED} RETURNING c.person_id"""

    @property
    def parameters(self) -> dict[str, Any]:
        return {"to_list": self.list_id}


@dataclass(frozen=True, slots=True)
class RemoveFromList:
    """Take people off a list."""

    name: ClassVar[str] = "list.remove"
    purpose: ClassVar[str] = ADMINISTER
    list_id: int
    category: ClassVar[str] = "preferences"
    judge: ClassVar[str] = f"""
SELECT p.id, CASE WHEN s.state IN ('subscribed', 'pending')
    THEN jsonb_build_object('state', s.state, 'since', s.since) END AS before, CASE {_RESTRICTED}
    WHEN s.state IN ('subscribed', 'pending') THEN 'change' ELSE 'same' END AS verdict
FROM people_person p LEFT JOIN people_subscription s ON s.person_id = p.id AND s.list_id = %(to_list)s WHERE true"""
    write: ClassVar[str] = f"""
UPDATE people_subscription s SET state = 'unsubscribed', since = %(now)s FROM people_bulkchange c
WHERE {MEANT} AND s.person_id = c.person_id AND s.list_id = %(to_list)s"""
    set_back: ClassVar[str] = f"""
UPDATE people_subscription s SET state = c.before ->> 'state', since = (c.before ->> 'since')::timestamptz
FROM people_bulkchange c WHERE {MEANT} AND s.person_id = c.person_id AND s.list_id = %(to_list)s
AND s.state = 'unsubscribed' AND s.since = c.at AND {_UNTOUCHED} RETURNING c.person_id"""

    @property
    def parameters(self) -> dict[str, Any]:
        return {"to_list": self.list_id}


_EDIT = """
INSERT INTO people_edit (id, workspace_id, person_id, category, before, after, word, by, at)
SELECT e.id, %(workspace)s, c.person_id, %(category)s, jsonb_build_object(%(field)s::text, {before}),
       jsonb_build_object(%(field)s::text, {after}), '', %(by)s, %(now)s
FROM {changed} JOIN unnest(%(ids)s::uuid[], %(edit_ids)s::uuid[]) AS e(person_id, id) ON e.person_id = c.person_id"""


@dataclass(frozen=True, slots=True)
class SetField:
    """Set a field to a value, or empty it (`value` None); `only_empty` leaves what is there. Kept as corrections."""

    name: ClassVar[str] = "field.set"
    purpose: ClassVar[str] = ADMINISTER
    field: str
    category: str
    value: str | None  # JSON
    only_empty: bool = False
    judge: ClassVar[str] = f"""
SELECT p.id, t."values" -> %(field)s::text AS before, CASE {_RESTRICTED}
    WHEN t."values" -> %(field)s::text IS NOT DISTINCT FROM %(value)s::jsonb THEN 'same'
    WHEN %(only_empty)s AND t."values" -> %(field)s::text IS NOT NULL THEN 'filled' ELSE 'change' END AS verdict
FROM people_person p LEFT JOIN people_traits t ON t.person_id = p.id AND t.category = %(category)s WHERE true"""
    write: ClassVar[str] = f"""
WITH edited AS ({_EDIT.format(before="c.before", after="%(value)s::jsonb", changed="people_bulkchange c")}
    WHERE {MEANT})
INSERT INTO people_traits (person_id, category, workspace_id, "values", updated_at)
SELECT c.person_id, %(category)s, %(workspace)s,
       CASE WHEN %(value)s::jsonb IS NULL THEN '{{}}' ELSE jsonb_build_object(%(field)s::text, %(value)s::jsonb) END,
       %(now)s FROM people_bulkchange c WHERE {MEANT}
ON CONFLICT (person_id, category) DO UPDATE SET updated_at = EXCLUDED.updated_at,
    "values" = (people_traits."values" - %(field)s::text) || EXCLUDED."values" """
    set_back: ClassVar[str] = f"""
WITH c AS (
    UPDATE people_traits t SET updated_at = %(now)s, "values" = (t."values" - %(field)s::text) || CASE
        WHEN c.before IS NULL THEN '{{}}' ELSE jsonb_build_object(%(field)s::text, c.before) END
    FROM people_bulkchange c WHERE {MEANT} AND t.person_id = c.person_id AND t.category = %(category)s
    AND t."values" -> %(field)s::text IS NOT DISTINCT FROM %(value)s::jsonb AND {_UNTOUCHED}
    RETURNING c.person_id, c.before
), edited AS ({_EDIT.format(before="%(value)s::jsonb", after="c.before", changed="c")})
SELECT person_id FROM c"""

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "category": self.category,
            "value": self.value,
            "only_empty": self.only_empty,
        }
