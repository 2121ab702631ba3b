"""The receipt of a choice: to read, to keep, and to check without us."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from tillit.consent.receipts import receipt, verify_receipt
from tillit.edge.tokens import Kind
from tillit.env import env
from tillit.ledger.processing import person_actor
from tillit.public.pages import Visit, language_of, problem, show, token_page


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
    purpose = visit.version.document.purposes.get(made["record"]["purpose"])
    return show(
        request,
        "receipt",
        visit=visit,
        receipt=made,
        record=made["record"],
        purpose=purpose,
        at=datetime.fromisoformat(made["record"]["dpv:isIndicatedAtTime"]),
        verdict=verify_receipt(made),
    )


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
