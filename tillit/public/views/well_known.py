"""What programs look for at fixed addresses: that Global Privacy Control is heeded, and whom to tell of weaknesses."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone

from tillit.env import env
from tillit.ledger.versions import Version
from tillit.public.pages import house_policy, open_page, problem

#: Less than a year, as the standard asks, and long enough for a copy to be of use. Source: RFC 9116, 2.5.5.
_VALID_DAYS = 180


@open_page("GET")
def gpc(request: HttpRequest) -> HttpResponse:
    """Say that Global Privacy Control is heeded, and since which version of the policy.

    Source: W3C, Global Privacy Control, "Well-known resource"; docs/clauses.md, B3.
    """
    policy = house_policy()
    told: dict[str, object] = {"gpc": True}
    if policy is not None:
        told["lastUpdate"] = policy.effective_at.astimezone(UTC).date().isoformat()
    response = JsonResponse(told)
    response["Access-Control-Allow-Origin"] = "*"  # says the same to everybody
    return response


@open_page("GET")
def security(request: HttpRequest) -> HttpResponse:
    """Say whom to tell of a weakness. Source: RFC 9116."""
    policy = house_policy()
    contact = _contact(policy)
    if not contact:
        return problem(request, "missing", status=404)
    today = datetime.combine(timezone.now().astimezone(UTC).date(), time(), UTC)
    languages = ", ".join(policy.document.languages if policy else [code for code, _ in settings.LANGUAGES])
    lines = [
        f"Contact: {contact}",
        f"Expires: {(today + timedelta(days=_VALID_DAYS)).strftime('%Y-%m-%dT%H:%M:%SZ')}",
        f"Preferred-Languages: {languages}",
        f"Canonical: {settings.BASE_URL}{reverse('public:security')}",
    ]
    if policy is not None:
        lines.append(f"Policy: {settings.BASE_URL}{reverse('public:statement')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _contact(policy: Version | None) -> str:
    """The setting, else the operator's address, as the address of a link."""
    operator = policy.document.operator if policy else None
    given = env().security_contact or (operator.email or operator.privacy if operator else "")
    if not given or ":" in given.split("@")[0]:
        return given
    return f"mailto:{given}"
