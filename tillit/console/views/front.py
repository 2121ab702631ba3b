"""The front door: to the workspace one worked in last, and the language of pages."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tillit.accounts import actions, queries
from tillit.console.context import LAST_WORKSPACE
from tillit.console.pages import UserRequest, anyone, signed_in

YEAR_S = 365 * 24 * 3600


@signed_in
def home(request: UserRequest) -> HttpResponse:
    """To the overview of the workspace visited last, or of the first one."""
    chosen = queries.last_or_first(request.user, request.session.get(LAST_WORKSPACE))
    if chosen is None:
        return render(request, "console/nowhere.html")
    return redirect("console:overview", chosen.workspace_id)


@anyone
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Show pages in another language from now on, on this device and for this user."""
    code = request.POST.get("language", "")
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = redirect(target)
    if code in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=YEAR_S, samesite="Lax", secure=settings.HTTPS)
        if request.user.is_authenticated:
            actions.choose_language(request.user, code)
    return response


urlpatterns = [
    path("", home, name="home"),
    path("language", language, name="language"),
]
