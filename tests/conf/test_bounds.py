"""A request that is too large is answered in words, and none of it reaches Django or the disk."""

from __future__ import annotations

import asyncio

import pytest

from tillit.conf.bounds import FORM_BYTES, Bounded

LIMIT = 1000 + FORM_BYTES


def ask(path: str, *, declared: int | None, blocks: list[bytes]) -> tuple[list, list]:
    """What is sent for a request, and what the application beneath took in."""
    sent, taken, left = [], [], [*blocks]

    async def receive():
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    async def application(_scope, receive, send):
        more = True
        while more:
            message = await receive()
            taken.append(message.get("body", message["type"]))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    headers = [(b"content-length", str(declared).encode())] if declared is not None else []
    scope = {"type": "http", "path": path, "raw_path": path.encode(), "headers": headers}
    asyncio.run(Bounded(application, limit_bytes=1000)(scope, receive, send))
    assert not left or taken[-1] == "http.disconnect"
    return sent, taken


@pytest.mark.clause("E8")
def test_the_upload_page_says_why_in_the_readers_language():
    sent, taken = ask("/w/1/imports/new", declared=LIMIT + 1, blocks=[b"x"] * 3)
    assert (sent[0]["status"], dict(sent[0]["headers"])[b"location"]) == (303, b"/w/1/imports/new?too-large")
    assert taken == []


def test_any_other_page_answers_413():
    sent, taken = ask("/w/1/lists", declared=LIMIT + 1, blocks=[b"x"])
    assert (sent[0]["status"], taken) == (413, [])


def test_what_is_within_the_bound_passes():
    sent, taken = ask("/w/1/imports/new", declared=LIMIT, blocks=[b"a", b"b"])
    assert (sent[0]["status"], taken) == (200, [b"a", b"b"])


def test_what_declares_no_length_is_cut_off():
    _sent, taken = ask("/", declared=None, blocks=[b"x" * LIMIT, b"y", b"z"])
    assert taken == [b"x" * LIMIT, "http.disconnect"]
