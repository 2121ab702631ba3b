"""One ASGI application for one port: hits go to the edge, everything else to Django."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tillit.conf.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application

from tillit.conf.bounds import Bounded
from tillit.conf.edge import make_edge

EDGE_PREFIX = "/e/"


class Application:
    """Sends a request to the edge or to Django by its path, and starts and stops the edge with the server."""

    def __init__(self) -> None:
        self.django = Bounded(get_asgi_application(), limit_bytes=settings.MAX_UPLOAD_BYTES)
        self.edge = make_edge()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(EDGE_PREFIX):
            await self.django(scope, receive, send)
        else:
            await self.edge(scope, receive, send)


application = Application()
