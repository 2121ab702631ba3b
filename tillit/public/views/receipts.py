"""The receipt of a choice: to read, to keep, and to check without us."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from tillit.consent.receipts import published_keys, receipt, schema, verify_receipt
from tillit.edge.tokens import Kind
from tillit.env import env
from tillit.ledger.processing import person_actor
from tillit.policy.bases import Basis
from tillit.policy.regions import Region
from tillit.public.pages import Visit, language_of, open_page, problem, show, token_page


@token_page("GET", kinds=(Kind.PREFERENCES,))
def show_receipt(request: HttpRequest, visit: Visit, choice: UUID) -> HttpResponse:
    """Show a receipt with what it proves; `?format=json` downloads it."""
    made = receipt(
        visit.workspace.pk,
        visit.person_id,
        choice,
        keys=env().keys,
        by=person_actor(visit.person_id),
        language=language_of(request),
    )
    if made is None:
        return problem(request, "missing", status=404)
    if request.GET.get("format") == "json":
        return _file(json.dumps(made, indent=1, ensure_ascii=False), f"receipt-{choice}.json")
    verdict = verify_receipt(made)
    return show(
        request,
        "receipt",
        visit=visit,
        receipt=made,
        verdict=verdict,
        sealed_at=datetime.fromisoformat(verdict.sealed_at) if verdict.sealed_at else None,
        **_told(made["dpv:hasRecordOfActivity"]),
    )


def _told(record: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of the record, under names that the template language can say."""
    process = record["dpv:hasProcess"]
    event = record.get("dpv:hasConsentStatus") or record["dpv:hasStatus"]
    parties = {party["dpv:hasIdentifier"]: party for party in record["dpv:hasEntity"]}
    ends = event["dpv:hasDuration"]
    return {
        "number": record["dct:identifier"],
        "state": record["state"],
        "method": record["method"],
        "policy": record["policy"],
        "purpose_title": process["dpv:hasPurpose"]["dct:title"],
        "purpose_description": process["dpv:hasPurpose"]["dct:description"],
        "at": datetime.fromisoformat(event["dpv:isIndicatedAtTime"]),
        "lapses": datetime.fromisoformat(ends["rdf:value"]) if ends["@type"] == "dpv:UntilTimeDuration" else None,
        "shown": next((notice for notice in record["dpv:hasNotice"] if "text" in notice), None),
        "categories": [category["dct:title"] for category in process["dpv:hasPersonalData"]],
        "recipients": [parties[name]["dpv:hasName"] for name in process["dpv:hasRecipient"]],
        "ground": Basis(process["dpv:hasLegalBasis"]["dct:identifier"]),
        "place": Region[process["dpv:hasJurisdiction"]["dct:identifier"].replace("-", "_")],
        "certain": process["dpv:hasJurisdiction"]["certain"],
    }


@open_page("GET")
def show_schema(request: HttpRequest) -> HttpResponse:
    """The JSON Schema that receipts follow."""
    return _public(schema(), "application/schema+json")


@open_page("GET")
def show_keys(request: HttpRequest) -> HttpResponse:
    """The public key that signs receipts and seals, for anybody to compare."""
    return _public(json.dumps(published_keys(env().keys), indent=1), "application/json")


def _public(text: str, kind: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"  # says the same to everybody
    return response


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
