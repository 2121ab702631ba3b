"""Static files: collected, which takes seconds, only when one of them changed; and served as a whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


def collect() -> bool:
    """Collect and compress the static files unless they are as they were; return whether it was necessary."""
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    found = _digest()
    if stamp.exists() and stamp.read_text() == found:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(found)
    return True


def _digest() -> str:
    """A digest over every file's name, size and time of change."""
    entries = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            entries.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(entries)).encode()).hexdigest()


class StaticFiles(WhiteNoiseMiddleware):
    """Whitenoise that answers with whole files.

    It would stream them by a synchronous iterator, which Django's asynchronous handler reads to its end with a warning.
    The largest file is 160 kB as it is sent.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with found.file as file:
                body = file.read()
        response = HttpResponse(body, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response
