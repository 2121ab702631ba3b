"""Files to download leave in parts, so that a large one is never whole in memory."""

from __future__ import annotations

import asyncio
import io

from django.test import AsyncRequestFactory, RequestFactory

from tillit.downloads import PART_BYTES, WHOLE_BYTES, download

LARGE = bytes(range(256)) * (WHOLE_BYTES // 256 + 1)


def asked(request, content: bytes):
    file = io.BytesIO(content)
    return file, download(request, file, name="people å.csv", kind="text/csv", size_bytes=len(content))


def test_a_small_file_is_sent_whole():
    file, response = asked(RequestFactory().get("/"), b"a,b")
    assert (response.content, response["Content-Type"], file.closed) == (b"a,b", "text/csv", True)
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''people%20%C3%A5.csv"


def test_a_large_file_is_read_in_parts_by_an_asynchronous_server():
    file, response = asked(AsyncRequestFactory().get("/"), LARGE)
    assert response.is_async and response["Content-Length"] == str(len(LARGE))

    async def parts() -> list[bytes]:
        return [part async for part in response]

    read = asyncio.run(parts())
    assert b"".join(read) == LARGE and max(map(len, read)) == PART_BYTES
    assert file.closed
