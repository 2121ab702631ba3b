"""What every console view declares: who may see it. A test fails for a view that declares nothing.

`page(role=…)` is for pages of a workspace, whose route starts with ``w/<int:workspace_id>/``: it resolves the workspace
and the caller's membership, so a view finds `request.workspace` and `request.membership`. `signed_in` and `anyone` are
for the few pages outside a workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Literal

from csp.decorators import csp_update
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, retarget

from tillit.accounts import queries
from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.accounts.roles import allows
from tillit.ledger.processing import Refused

View = Callable[..., HttpResponseBase]
Guard = Role | Literal["signed in", "anyone"]


class UserRequest(HttpRequest):
    """The request that a view behind `signed_in` receives."""

    user: User


class PageRequest(UserRequest):
    """The request that a view behind `page` receives."""

    workspace: Workspace
    membership: Membership


def page(*, role: Role, methods: Iterable[str] = ("GET",)) -> Callable[[View], View]:
    """Let members of the workspace with at least `role` through; the view is called without `workspace_id`.

    Strangers are sent to sign in, others get 404 for a workspace that is not theirs and a page in plain words (403) for
    a role that is too low. A `Refused` from an action becomes a page that shows the reason.
    """
    allowed = _with_head(methods)

    def declare(view: View) -> View:
        @wraps(view)
        def opened(request: PageRequest, workspace_id: int, **arguments: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            found = queries.membership(request.user, workspace_id)
            if found is None:
                raise Http404
            request.membership, request.workspace = found, found.workspace
            if not allows(found, role):
                return role_too_low(request, role)
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            return _private(_answer(view, request, arguments))

        opened.methods = allowed  # type: ignore[attr-defined]
        return _guarded(opened, role)

    return declare


def verb(*, role: Role) -> Callable[[View], View]:
    """Declare a POST-only resource, such as ``POST …/pause``."""
    return page(role=role, methods=("POST",))


def signed_in(view: View) -> View:
    """Declare a page for everybody who is signed in, outside any workspace."""

    @wraps(view)
    def opened(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return _private(view(request, **arguments))

    return _guarded(opened, "signed in")


def anyone(view: View) -> View:
    """Declare a page for everybody, signed in or not."""
    return _guarded(view, "anyone")


def shows_pictures(view: View) -> View:
    """Let a page show pictures from elsewhere, as the mail does that it shows; stands below `page`."""
    pictured: Any = csp_update({"img-src": ["https:", "http:"]})  # its annotation knows views without arguments only
    return pictured(view)


def guard_of(view: View) -> Guard | None:
    """What a view declared, or None."""
    return getattr(view, "guard", None)


def _guarded(view: View, guard: Guard) -> View:
    view.guard = guard  # type: ignore[attr-defined]
    return view


def _with_head(methods: Iterable[str]) -> list[str]:
    return [*methods, "HEAD"] if "GET" in methods else [*methods]


def _answer(view: View, request: PageRequest, arguments: dict[str, Any]) -> HttpResponseBase:
    try:
        return view(request, **arguments)
    except Refused as refused:
        return _refusal(request, refused)


def _refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    if getattr(request, "htmx", False):
        fragment = render(request, "console/components/refused.html", {"refused": refused}, status=409)
        return retarget(fragment, "#flash")
    return render(request, "console/refused.html", {"refused": refused}, status=409)


def role_too_low(request: PageRequest, role: Role) -> HttpResponse:
    """The page (403) for somebody whose role in the workspace is too low."""
    text = _("This needs the role “%(needed)s”; yours in %(workspace)s is “%(role)s”. An owner can change it.") % {
        "needed": role.label,
        "workspace": request.workspace.name,
        "role": request.membership.get_role_display(),
    }
    return render(request, "403.html", {"text": text}, status=403)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(resolve_url("account_login"))
    return redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else "/")


def _private(response: HttpResponseBase) -> HttpResponseBase:
    patch_cache_control(response, private=True, no_store=True)
    return response
