"""How an endpoint is declared: its method and path, the role it needs, and the purpose it works under."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ninja import Router

from tillit.accounts.models import Role
from tillit.api.access import Key, KeyRequest
from tillit.api.once import Before, once
from tillit.people.merges import present_id

Endpoint = Callable[..., Any]


def reads(
    router: Router,
    path: str,
    *,
    response: Any = None,
    purpose: str | None = "",
    role: Role = Role.VIEWER,
    gives: str = "",
) -> Callable[[Endpoint], Endpoint]:
    """Declare an endpoint that changes nothing. `gives` is the media type of a file that it answers with."""
    more = _said(role, purpose) | ({"x-tillit-gives": gives} if gives else {})

    def declare(view: Endpoint) -> Endpoint:
        return router.get(path, auth=Key(role, purpose), response=response, openapi_extra=more)(_following(view))

    return declare


def writes(
    router: Router,
    method: str,
    path: str,
    *,
    response: Any,
    purpose: str | None,
    role: Role = Role.EDITOR,
    takes: str = "",
    before: Before | None = None,
) -> Callable[[Endpoint], Endpoint]:
    """Declare an endpoint that changes something; a request with an idempotency key is carried out once.

    `takes` describes a file that is sent as the body; `before` does what takes long, outside any transaction.
    """
    more = _said(role, purpose)
    if takes:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        more["requestBody"] = {"required": True, "description": takes, "content": content}

    def declare(view: Endpoint) -> Endpoint:
        return router.api_operation([method], path, auth=Key(role, purpose), response=response, openapi_extra=more)(
            once(_following(view), streams=bool(takes), before=before)
        )

    return declare


def _following(view: Endpoint) -> Endpoint:
    """Have an endpoint about one person find them by the id of a record that went into theirs, too."""

    @wraps(view)
    def found(request: KeyRequest, *args: Any, **kwargs: Any) -> Any:
        if person_id := kwargs.get("person_id"):
            kwargs["person_id"] = present_id(request.auth.workspace_id, person_id)
        return view(request, *args, **kwargs)

    return found


def _said(role: Role, purpose: str | None) -> dict[str, Any]:
    return {"x-tillit-role": str(role), "x-tillit-purpose": "?purpose" if purpose is None else purpose}
