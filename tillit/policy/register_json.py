"""The register as JSON: the facts with their ids, for programs; its shape is in ``schemas/register.schema.json``."""

from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from tillit.policy.bases import Basis
from tillit.policy.impact import Needed
from tillit.policy.register import Contact, Kept, Named, Received, Record, Register
from tillit.policy.transfers import Transfer

#: The name and edition of the shape; a change that old readers cannot read gets the next number.
FORMAT = "tillit-register/1"

Values = dict[str, Any]


def schema() -> str:
    """Give the JSON Schema (2020-12) of what `as_values` returns, as text."""
    return (files("tillit.policy") / "schemas" / "register.schema.json").read_text(encoding="utf-8")


def as_values(
    register: Register,
    *,
    about: Mapping[str, Any],
    controllers: tuple[Contact, ...] = (),
    tables: Mapping[str, tuple[str, ...]] | None = None,
    needed: tuple[Needed, ...] = (),
    assessments: tuple[Values, ...] = (),
) -> Values:
    """Give a register as plain values, ready for JSON.

    ``about`` names the version: ``workspace``, ``number``, ``digest``, ``published``, ``effective``. ``assessments``
    have ``purposes`` and what the schema asks of one.
    """
    return {
        "format": FORMAT,
        "about": {**about, "as_of": _day(register.day), "language": register.language},
        "operator": _contact(register.operator),
        "officers": [_contact(each) for each in register.officers],
        "representatives": [_contact(each) for each in register.representatives],
        "measures": [{"title": title, "description": said} for title, said in register.measures],
        "on_behalf_of": [_contact(each) for each in controllers],
        "records": [
            _record(
                record,
                tables=tables or {},
                needed=[each for each in needed if each.purpose == record.id],
                assessments=[each for each in assessments if record.id in each["purposes"]],
            )
            for record in register.records
        ],
    }


def _record(
    record: Record, *, tables: Mapping[str, tuple[str, ...]], needed: list[Needed], assessments: list[Values]
) -> Values:
    return {
        "id": record.id,
        "title": record.title,
        "description": record.description,
        "role": record.role,
        "everybody": record.everybody,
        "subjects": [_named(each) for each in record.subjects],
        "categories": [
            {**_named(each), "special": each in record.special, "tables": list(tables.get(each.id, ()))}
            for each in record.categories
        ],
        "grounds": {region.code: str(basis or Basis.NONE) for region, basis in record.grounds.items()},
        "marketing": record.marketing,
        "objection": str(record.objection),
        "recipients": [_received(each) for each in record.recipients],
        "retention": [_kept(each) for each in record.retention],
        "sources": [_named(each) for each in record.sources],
        "profiling": [_named(each) for each in record.profiling],
        "rights": [str(right) for right in record.rights],
        "consent_lasts": str(record.consent_lasts) if record.consent_lasts else None,
        "balancing": record.balancing or None,
        "compulsory": record.compulsory or None,
        "clauses": list(record.clauses),
        "needs": [
            {
                "kind": str(each.kind),
                "criteria": [str(criterion) for criterion in each.criteria],
                "recipients": list(each.recipients),
            }
            for each in needed
        ],
        "assessments": [{name: value for name, value in each.items() if name != "purposes"} for each in assessments],
    }


def _named(named: Named) -> Values:
    return {"id": named.id, "title": named.title}


def _contact(contact: Contact) -> Values:
    told = {name: getattr(contact, name) for name in ("title", "email", "phone", "website") if getattr(contact, name)}
    regions = {"regions": list(contact.regions)} if contact.regions else {}
    return {"name": contact.name, "address": contact.address, "country": contact.country, **told, **regions}


def _received(received: Received) -> Values:
    return {
        "id": received.id,
        "title": received.title,
        "role": str(received.role),
        "contact": _contact(received.contact),
        "categories": [_named(each) for each in received.categories],
        "contract": received.contract or None,
        "policy": received.policy or None,
        "transfer": _transfer(received.transfer, received.safeguard) if received.transfer else None,
    }


def _transfer(transfer: Transfer, title: str) -> Values:
    return {
        "country": transfer.country,
        "protected": transfer.safeguard is not None,
        "safeguard": transfer.safeguard,
        "title": title or None,
        "kind": str(transfer.kind) if transfer.kind else None,
        "reference": transfer.reference or None,
        "until": _day(transfer.until) if transfer.until else None,
        "fallback": transfer.fallback,
    }


def _kept(kept: Kept) -> Values:
    return {
        "category": kept.category.id,
        "keep": str(kept.keep),
        "after": str(kept.after),
        "then": kept.then,
        "reason": kept.reason,
        "law": kept.law or None,
    }


def _day(day: date) -> str:
    return day.isoformat()
