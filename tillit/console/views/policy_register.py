"""The register of processing: what is done with whose data, on which ground, for any version and day."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page
from tillit.console.register_rows import FILTERS, Wanted, choices, lines
from tillit.governance.register import FORMATS, Made, UnknownVersion, make, published
from tillit.ledger import versions
from tillit.ledger.processing import user_actor
from tillit.policy.register_json import schema

LANGUAGES = {"en": "English", "sv": "Svenska"}


@page(role=Role.VIEWER)
def register(request: PageRequest) -> HttpResponse:
    """List the purposes of a version as the law wants them recorded; or give them as a file."""
    day, trouble = _day(request)
    language = request.GET.get("language", "")
    if language not in LANGUAGES:
        language = get_language() or "en"
    try:
        made = make(
            request.workspace, language=language, day=day, number=_number(request), by=user_actor(request.user.pk)
        )
    except versions.NoPolicy:
        return render(request, "console/policy/register_none.html")
    except UnknownVersion:
        if "version" in request.GET:
            raise Http404 from None
        trouble = trouble or _("No version of the policy was in force on that day.")
        return render(request, "console/policy/register_none.html", {"trouble": trouble, "day": day}, status=404)
    wanted = request.GET.get("format", "")
    return _file(made, wanted) if wanted in FORMATS else _table(request, made, trouble)


@page(role=Role.VIEWER)
def register_schema(request: PageRequest) -> HttpResponse:
    """Give the JSON Schema of the register as JSON."""
    response = HttpResponse(schema(), content_type="application/schema+json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="register.schema.json"'
    return response


def _table(request: PageRequest, made: Made, trouble: str) -> HttpResponse:
    wanted = Wanted.read(request.GET)
    found = lines(made, wanted)
    return render(
        request,
        "console/policy/register.html",
        {
            "made": made,
            "wanted": wanted,
            "chosen": {name: wanted.chosen.get(name, "") for name in FILTERS},
            "choices": choices(made),
            "controller": [line for line in found if not line.record.as_processor],
            "processor": [line for line in found if line.record.as_processor],
            "found": found,
            "versions": published(request.workspace.pk).only("number", "effective_at"),
            "day": made.register.day,
            "language": made.register.language,
            "languages": LANGUAGES,
            "trouble": trouble,
            "files": [(kind.upper(), _href(request, made, kind)) for kind in FORMATS],
            "lacking": sum(len(line.lacking) for line in found),
        },
    )


def _file(made: Made, wanted: str) -> HttpResponse:
    written, media = FORMATS[wanted]
    response = HttpResponse(written(made), content_type=media)
    name = f"register-{made.workspace.pk}-v{made.version.number}-{made.register.day}.{wanted}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _href(request: PageRequest, made: Made, kind: str) -> str:
    """The whole register of the version and day that is shown, as a file: a filter narrows the page alone."""
    values = {
        "format": kind,
        "version": made.version.number,
        "on": made.register.day.isoformat(),
        "language": made.register.language,
    }
    return f"{address('register', request.workspace.pk)}?{urlencode(values)}"


def _number(request: PageRequest) -> int | None:
    """The version that was asked for. Raises Http404 for what is no number."""
    asked = request.GET.get("version", "")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or len(asked) > 6:
        raise Http404
    return int(asked)


def _day(request: PageRequest) -> tuple[date, str]:
    """The day that was asked for, else today with the reason."""
    asked = request.GET.get("on", "")
    if not asked:
        return timezone.localdate(), ""
    try:
        found = parse_date(asked)
    except ValueError:
        found = None
    if found is None:
        return timezone.localdate(), _("“%(day)s” is no date, so this is the register of today.") % {"day": asked[:40]}
    return found, ""


urlpatterns = [
    path("policy/register", register, name="register"),
    path("policy/register/schema", register_schema, name="register_schema"),
]
