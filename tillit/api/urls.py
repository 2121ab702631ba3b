"""The API's addresses, and what each kind of problem means."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _

from tillit.api.described import api
from tillit.api.endpoints.exports import export_file
from tillit.api.problems import KINDS


def problem(request: HttpRequest, kind: str) -> HttpResponse:
    """What a kind of problem is, at the address that names it."""
    if kind not in KINDS:
        raise Http404
    status, title = KINDS[kind]
    return HttpResponse(f"{status} {_(title)}\n", content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("api/v1/", api.urls),
    path("api/files/exports/<str:token>", export_file, name="export_file"),
    path("api/problems/<slug:kind>", problem, name="api_problem"),
]
