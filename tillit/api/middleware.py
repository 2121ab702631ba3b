"""Whatever answers below /api/: errors in one form, limits in the head, and nothing kept by caches."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tillit.accounts.keys import Used
from tillit.api import problems

PREFIX = "/api/"


def api(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Turn what Django itself answers (404, 405, 500 …) into problems, and add the heads of every answer."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith(PREFIX):
            return response
        if response.status_code >= 400 and response.get("Content-Type") != problems.CONTENT_TYPE:
            response = _said(response)
        response.setdefault("Cache-Control", "no-store")
        used = getattr(request, "used", None)
        if isinstance(used, Used):
            _limits(response, used)
        return response

    return respond


def _said(response: HttpResponse) -> HttpResponse:
    problem = problems.of_status(response.status_code)
    problem.status_code = response.status_code
    if "Allow" in response:
        problem["Allow"] = response["Allow"]
    return problem


def _limits(response: HttpResponse, used: Used) -> None:
    """Source: draft-ietf-httpapi-ratelimit-headers; RFC 9110 section 10.2.3 (Retry-After)."""
    response["RateLimit-Policy"] = f'"minute";q={used.limit};w=60'
    response["RateLimit"] = f'"minute";r={max(0, used.left)};t={used.ends_in_s}'
    if response.status_code == 429:
        response["Retry-After"] = str(used.ends_in_s)
