"""Files to download, sent in parts however large they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO

from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

PART_BYTES = 256 * 1024
WHOLE_BYTES = 1024 * 1024


def download(request: HttpRequest, file: BinaryIO, *, name: str, kind: str, size_bytes: int) -> HttpResponseBase:
    """Send an open file as an attachment, and close it: a small one whole, a large one in parts.

    `FileResponse` alone would be read whole before its first byte leaves an asynchronous server.
    """
    if size_bytes <= WHOLE_BYTES:
        with file:
            whole = HttpResponse(file.read(), content_type=kind)
        whole["Content-Disposition"] = _attached(name)
        return whole
    if not isinstance(request, ASGIRequest):
        return FileResponse(file, as_attachment=True, filename=name, content_type=kind)
    response = StreamingHttpResponse(_parts(file), content_type=kind)
    response["Content-Disposition"] = _attached(name)
    response["Content-Length"] = str(size_bytes)
    return response


def _attached(name: str) -> str:
    return str(content_disposition_header(as_attachment=True, filename=name))


async def _parts(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while part := await asyncio.to_thread(file.read, PART_BYTES):
            yield part
