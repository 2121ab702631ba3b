"""A write that is repeated with the same idempotency key is carried out once, and answered alike.

The answer is kept in the transaction of the write itself, so there is none without the other.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja.responses import Status
from psycopg.errors import LockNotAvailable
from pydantic import BaseModel

from tillit.api.access import KeyRequest
from tillit.api.models import Answered
from tillit.api.problems import ApiProblem, from_exception, invalid

HEADER = "Idempotency-Key"
KEPT = timedelta(days=1)
LONGEST = 255
WAIT_MS = 10_000  # for a request with the same key that is being answered


#: What an endpoint does before its transaction opens, since it takes long; what it yields is `request.before`.
Before = Callable[..., AbstractContextManager[Any]]


def once(view: Callable[..., Any], *, streams: bool = False, before: Before | None = None) -> Callable[..., Any]:
    """Let an endpoint answer a repeated request with what it answered first; an error is never kept.

    Of a body that `streams` past, its length and its Content-Digest (RFC 9530) tell two requests apart. `before` is
    called, and left, outside the transaction: of two requests at once both do it, and one of them in vain.
    """
    ready = before or _nothing

    @wraps(view)
    def answered(request: KeyRequest, **arguments: Any) -> Any:
        said = request.headers.get(HEADER)
        if said is None:
            with ready(request, **arguments) as request.before:
                return view(request, **arguments)
        name, fingerprint = _name(said), _fingerprint(request, streams=streams)
        earlier = Answered.objects.filter(key_id=request.auth.pk, name=name).exclude(status=None).first()
        if earlier is not None:
            return _again(earlier, fingerprint)
        with ready(request, **arguments) as request.before, transaction.atomic():
            kept = _claim(request, name, fingerprint)
            if kept.status is not None:
                return _again(kept, fingerprint)
            try:
                result = view(request, **arguments)
            except Exception as error:
                if from_exception(error) is None:
                    raise
                kept.delete()  # nothing was done; that it was refused is in the ledger, and stays there
                problem: Exception | None = error
            else:
                kept.status, kept.body = _parts(result)
                kept.save(update_fields=["status", "body"])
                problem = None
        if problem is not None:
            raise problem
        return result

    return answered


@contextmanager
def _nothing(request: KeyRequest, **_arguments: Any) -> Iterator[None]:
    """What most endpoints do before their transaction."""
    yield


def forget_answers(*, now: datetime) -> int:
    """Remove answers that nobody is to repeat any more; return how many."""
    return Answered.objects.filter(at__lt=now - KEPT).delete()[0]


def _name(said: str) -> bytes:
    text = said.strip().strip('"')
    if not 0 < len(text) <= LONGEST:
        raise invalid(f"header.{HEADER}", _("An idempotency key has 1 to %(most)s characters.") % {"most": LONGEST})
    return sha256(text.encode()).digest()


def _fingerprint(request: KeyRequest, *, streams: bool) -> bytes:
    """What makes two requests the same: all that they say."""
    head = f"{request.method} {request.get_full_path()}\n"
    if streams:
        about = f"{request.headers.get('Content-Length', '')} {request.headers.get('Content-Digest', '')}"
        return sha256(f"{head}{about}".encode()).digest()
    return sha256(head.encode() + sha256(request.body).digest()).digest()


_CLAIM = """
INSERT INTO api_answered (key_id, name, fingerprint, at) VALUES (%s, %s, %s, %s) ON CONFLICT (key_id, name) DO NOTHING
"""


def _claim(request: KeyRequest, name: bytes, fingerprint: bytes) -> Answered:
    """The row of a key: new, or the one that an earlier request left. Waits while that one is being answered."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {WAIT_MS}")
            cursor.execute(_CLAIM, [request.auth.pk, name, fingerprint, request.now])
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            said = _("A request with this idempotency key is still being answered. Try again in a moment.")
            raise ApiProblem("running", said) from error
        raise
    return Answered.objects.get(key_id=request.auth.pk, name=name)


def _again(kept: Answered, fingerprint: bytes) -> HttpResponse:
    if bytes(kept.fingerprint) != fingerprint:
        said = _("This idempotency key was sent with another request before. Make a new one for each request.")
        raise ApiProblem("key-reused", said)
    status = kept.status or 200
    response = HttpResponse(status=status) if kept.body is None else JsonResponse(kept.body, status=status, safe=False)
    response["Idempotency-Replayed"] = "true"
    return response


def _parts(result: Any) -> tuple[int, Any]:
    """Status and body of what an endpoint returns: a model, or a Status around one."""
    status, value = (result.status_code, result.value) if isinstance(result, Status) else (200, result)
    return status, value.model_dump(mode="json") if isinstance(value, BaseModel) else value
