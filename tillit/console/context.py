"""What the shell around every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_info

from tillit.accounts import queries
from tillit.accounts.models import Membership
from tillit.console import navigation

SWITCHER_ENTRIES = 50
LAST_WORKSPACE = "tillit_workspace"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, workspaces and languages; nothing is read before a template asks for it."""
    here = SimpleLazyObject(lambda: _here(request))
    return {
        "here": here,
        "nav": SimpleLazyObject(lambda: _navigation(request, here)),
        "my_memberships": SimpleLazyObject(lambda: _memberships(request)),
        "languages": [get_language_info(code) for code, _ in settings.LANGUAGES],
        "language": get_language(),
        "demo": settings.DEMO,
        "demo_sign_in": settings.DEMO_SIGN_IN,
    }


def _here(request: HttpRequest) -> Membership | None:
    """The membership that the navigation is for: the page's own, or that of the workspace visited last."""
    own = getattr(request, "membership", None)
    if own is not None or not request.user.is_authenticated:
        return own
    return queries.last_or_first(request.user, request.session.get(LAST_WORKSPACE))


def _navigation(request: HttpRequest, here: Any) -> list[navigation.Link]:
    user = request.user
    return list(navigation.links(request.path, here, user)) if here and user.is_authenticated else []


def _memberships(request: HttpRequest) -> list[Any]:
    return list(queries.memberships(request.user)[:SWITCHER_ENTRIES]) if request.user.is_authenticated else []  # type: ignore[arg-type]
