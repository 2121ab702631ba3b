"""The mail catcher: mail that did not leave this machine, to read in the demo."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.navigation import address, shows_caught_mail
from tillit.console.pages import PageRequest, page, verb
from tillit.delivery.backend import caught_mail
from tillit.env import env

SHOWN = 200
SOURCE_BYTES = 200_000
FRAME_POLICY = {
    "default-src": [NONE],
    "script-src": [NONE],
    "img-src": [SELF, "data:", "https:", "http:"],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@dataclass(frozen=True, slots=True)
class Caught:
    """One mail of the folder."""

    key: str
    at: datetime
    mail: EmailMessage

    @property
    def html(self) -> str:
        """The HTML part, made so that its links open in a tab of their own."""
        part = self.mail.get_body(("html",))
        return f'<base target="_blank">{part.get_content()}' if part else ""

    @property
    def text(self) -> str:
        part = self.mail.get_body(("plain",))
        return part.get_content() if part else ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.mail.items()]


@page(role=Role.VIEWER)
def caught(request: PageRequest) -> HttpResponse:
    """List the newest mails."""
    _only_where_shown(request)
    box = caught_mail(env().data)
    newest = sorted(_files(box), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    told = {"mails": [_read(file, headers_only=True) for file in newest[:SHOWN]], "total": len(newest), "shown": SHOWN}
    return render(request, "console/caught/index.html", told)


@page(role=Role.VIEWER)
def caught_one(request: PageRequest, key: str) -> HttpResponse:
    """Show one mail: as a mail program would, as text, its headers and its source."""
    _only_where_shown(request)
    file = _file(key)
    source = file.read_bytes()[:SOURCE_BYTES].decode("utf-8", "replace")
    return render(request, "console/caught/mail.html", {"caught": _read(file), "source": source})


@page(role=Role.VIEWER)
def caught_html(request: PageRequest, key: str) -> HttpResponse:
    """The HTML of one mail, for a frame without rights: no script runs in it, and it may fetch pictures only."""
    _only_where_shown(request)
    response = HttpResponse(_read(_file(key)).html)
    response["X-Frame-Options"] = "SAMEORIGIN"
    setattr(response, "_csp_replace", FRAME_POLICY)  # noqa: B010  what django-csp's decorator does
    return response


@verb(role=Role.OWNER)
def empty_caught(request: PageRequest) -> HttpResponse:
    """Delete all caught mail."""
    _only_where_shown(request)
    box = caught_mail(env().data)
    number = len(box)
    box.clear()
    messages.success(request, _("%(number)d mails were deleted.") % {"number": number})
    return redirect(address("caught", request.workspace.id))


def _only_where_shown(request: PageRequest) -> None:
    """Raise Http404 where the folder, which holds the mail of every workspace, is not this user's to read."""
    if not shows_caught_mail(request.user):
        raise Http404


def _files(box: mailbox.Maildir) -> Iterator[Path]:
    folder = Path(box._path)  # type: ignore[attr-defined]
    for part in ("new", "cur"):
        yield from (folder / part).iterdir()


def _file(key: str) -> Path:
    for file in _files(caught_mail(env().data)):
        if file.name.split(":")[0] == key:
            return file
    raise Http404


def _read(file: Path, *, headers_only: bool = False) -> Caught:
    with file.open("rb") as stream:
        mail = BytesParser(policy=policy.default).parse(stream, headersonly=headers_only)
    try:
        at = parsedate_to_datetime(mail["Date"])
    except (TypeError, ValueError):
        at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return Caught(file.name.split(":")[0], at if at.tzinfo else at.replace(tzinfo=UTC), mail)  # type: ignore[arg-type]


urlpatterns = [
    path("caught", caught, name="caught"),
    path("caught/delete", empty_caught, name="empty_caught"),
    path("caught/<str:key>", caught_one, name="caught_one"),
    path("caught/<str:key>/html", caught_html, name="caught_html"),
]
