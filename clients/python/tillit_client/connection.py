"""Sending requests: the key, repeated writes that are carried out once, limits, pages, and problems."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from typing import Any, BinaryIO, TypeAlias

Content: TypeAlias = bytes | BinaryIO
UNSET: Any = object()
PREFIX = "/api/v1"
TRIES = 4
WAIT_S = 0.5  # before the second try; twice as long before each further one
BUSY = {502, 503, 504}
TOO_MANY = 429


class Problem(Exception):
    """The API said no. `type` names the kind and never changes; `detail` is for people."""

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {said.get('title', '')}: {said.get('detail', '')}")
        self.status, self.said = status, dict(said)
        self.kind = str(said.get("type", "")).rpartition("/")[2]
        self.detail = str(said.get("detail", ""))
        self.rule, self.clause = said.get("rule"), said.get("clause")
        self.errors: list[dict[str, str]] = said.get("errors") or []


class Unanswered(Exception):
    """Nobody answered, however often the request was sent."""


class Connection:
    """A way to an installation. Each write gets an idempotency key, so that sending it again carries it out once."""

    def __init__(self, url: str, key: str, *, timeout_s: float = 30, language: str = "en") -> None:
        self.base = url.rstrip("/") + PREFIX
        self.timeout_s = timeout_s
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Accept": "application/json",
            "Accept-Language": language,
            "User-Agent": "tillit-client-python",
        }

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        content: Content | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Send a request and return what was answered. Raises Problem and Unanswered."""
        headers = dict(self._headers)
        data: Any = None
        if body is not None:
            data = json.dumps({name: value for name, value in body.items() if value is not UNSET}).encode()
            headers["Content-Type"] = "application/json"
        elif content is not None:
            data = content if isinstance(content, bytes) else content.read()
            headers["Content-Type"] = "application/octet-stream"
        if method != "GET":
            headers["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        url = self.base + path + _query(query or {})
        return self._until_answered(method, url, data, headers)

    def every(self, page: Callable[..., Any], *arguments: Any, **named: Any) -> Iterator[Any]:
        """Yield the items of every page, e.g. ``tillit.every(tillit.list_persons, list=3)``."""
        cursor: str | None = ""
        while cursor is not None:
            found = page(*arguments, **named, cursor=cursor)
            yield from found["items"]
            cursor = found["next"]

    def _until_answered(self, method: str, url: str, data: Any, headers: dict[str, str]) -> Any:
        wait_s, trouble = WAIT_S, ""
        for _try in range(TRIES):
            request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310  the caller's
            try:
                with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310
                    content = answer.read()
                    if answer.headers.get_content_type() != "application/json":
                        return content or None  # a file
                    return json.loads(content) if content else None
            except urllib.error.HTTPError as error:
                with error:
                    problem = _problem(error)
                    after = _after(error.headers) if error.code == TOO_MANY else wait_s
                if error.code not in BUSY | {TOO_MANY}:
                    raise problem from None
                trouble = str(problem)
                if _try == TRIES - 1:
                    raise problem from None
                time.sleep(after)
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                trouble = str(error)
                if _try < TRIES - 1:
                    time.sleep(wait_s)
            wait_s *= 2
        raise Unanswered(trouble)


def _query(parts: Mapping[str, Any]) -> str:
    said = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in parts.items()
        if value is not UNSET and value is not None
    }
    return f"?{urllib.parse.urlencode(said)}" if said else ""


def _problem(error: urllib.error.HTTPError) -> Problem:
    try:
        said = json.loads(error.read())
    except ValueError:
        said = {}
    return Problem(error.code, said if isinstance(said, dict) else {})


def _after(headers: Message) -> float:
    text = headers.get("Retry-After") or "1"
    return float(text) if text.isdigit() else 1.0
