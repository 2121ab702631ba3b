"""What the shell around every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_info

from tillit.accounts import queries
from tillit.console import navigation

SWITCHER_ENTRIES = 50


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, workspaces and languages; nothing is read before a template asks for it."""
    return {
        "nav": SimpleLazyObject(lambda: list(navigation.links(request)) if hasattr(request, "workspace") else []),  # type: ignore[arg-type]
        "my_memberships": SimpleLazyObject(lambda: _memberships(request)),
        "languages": [get_language_info(code) for code, _ in settings.LANGUAGES],
        "language": get_language(),
        "demo": settings.DEMO,
    }


def _memberships(request: HttpRequest) -> list[Any]:
    return list(queries.memberships(request.user)[:SWITCHER_ENTRIES]) if request.user.is_authenticated else []  # type: ignore[arg-type]
