"""What every version of the policy changed, in plain sentences: as a page, as a feed, and for other sites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from tillit.accounts.models import Workspace
from tillit.governance.banner import banner
from tillit.governance.compared import Told, told
from tillit.ledger.versions import Version, history, version
from tillit.policy.references import said
from tillit.public.pages import LANGUAGES, house_workspace, language_of, open_page, problem, show

SHOWN = 50  # on the page and in the feed; each earlier version is still readable at its own address
KEPT = "public, max-age=300"

#: Characters that no XML document can hold. Source: XML 1.0, 2.2.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One version with what it changed, and the purposes whose consent it asks for anew."""

    version: Version
    coming: bool
    groups: tuple[Told, ...]
    asked: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """The place of the version on the page."""
        return f"v{self.version.number}"


@open_page("GET")
def changes(request: HttpRequest, workspace_id: int | None = None) -> HttpResponse:
    """Every version with its date, the operator's note, and what it changed. Source: CLAUSES J1, J2."""
    workspace = _workspace(workspace_id)
    entries = list(_entries(workspace, language_of(request))) if workspace else []
    if not entries:
        return problem(request, "missing", status=404)
    current = next((entry.version for entry in entries if not entry.coming), entries[-1].version)
    return show(
        request, "changes", workspace=workspace, version=current, entries=entries, announcement=None, home=request.path
    )


@open_page("GET")
def feed(request: HttpRequest, workspace_id: int | None = None) -> HttpResponse:
    """The same as an Atom feed. Source: RFC 4287."""
    workspace, language = _workspace(workspace_id), language_of(request)
    entries = list(_entries(workspace, language)) if workspace else []
    if workspace is None or not entries:
        return problem(request, "missing", status=404)
    page = settings.BASE_URL + reverse("public:changes", args=[workspace.pk])
    with translation.override(language):
        atom = Atom1Feed(
            title=_UNWRITABLE.sub("", _("Changes of the privacy policy of %(name)s") % {"name": workspace.name}),
            link=page,
            description="",
            language=language,
            feed_url=settings.BASE_URL + request.path,
        )
        for entry in entries:
            atom.add_item(
                title=_("Version %(number)d") % {"number": entry.version.number},
                link=f"{page}#{entry.anchor}",
                description=_in_html(entry),
                pubdate=entry.version.published_at,
                updateddate=entry.version.published_at,
                unique_id=f"urn:sha256:{entry.version.digest}:{entry.version.number}",
            )
        text = atom.writeString("utf-8")
    response = HttpResponse(text, content_type="application/atom+xml; charset=utf-8")
    response["Cache-Control"] = KEPT
    return response


def _in_html(entry: Entry) -> str:
    note = "".join(f"<p>{escape(line)}</p>" for line in entry.version.note.splitlines() if line.strip())
    groups = "".join(
        f"<h3>{escape(group.heading)}</h3><ul>{''.join(f'<li>{escape(each)}</li>' for each in group.sentences)}</ul>"
        for group in entry.groups
    )
    return _UNWRITABLE.sub("", note + groups)


@open_page("GET")
def announcement(request: HttpRequest, workspace_id: int) -> HttpResponse:
    """What is announced now, for the banners of the operator's own sites; ``{"notice": null}`` when nothing is.

    Any site may read it, since it says what everybody may know and asks for no credentials.
    """
    workspace = _workspace(workspace_id)
    told_now = _announced(workspace) if workspace else None
    response = JsonResponse({"notice": told_now}, status=200 if workspace else 404)
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = KEPT
    return response


def _announced(workspace: Workspace) -> dict[str, object] | None:
    found = banner(workspace.pk, now=timezone.now())
    if found is None:
        return None
    return {
        "version": found.version.number,
        "published": found.version.published_at.isoformat(),
        "effective": found.version.effective_at.isoformat(),
        "coming": found.coming,
        "text": {code: found.text(code) for code in LANGUAGES},
        "changes": {code: found.sentences(code) for code in LANGUAGES},
        "url": settings.BASE_URL + reverse("public:changes", args=[workspace.pk]),
    }


def _workspace(workspace_id: int | None) -> Workspace | None:
    return house_workspace() if workspace_id is None else Workspace.objects.filter(pk=workspace_id).first()


def _entries(workspace: Workspace, language: str) -> Iterator[Entry]:
    """The versions, newest first, each against the one before it."""
    now = timezone.now()
    versions = [version(pk) for pk in history(workspace.pk).values_list("id", flat=True)[: SHOWN + 1]]
    for place, each in enumerate(versions[:SHOWN]):
        before = versions[place + 1] if place + 1 < len(versions) else None
        purposes = [each.document.purposes[name] for name in each.asks_again if name in each.document.purposes]
        asked = tuple(said(each.document, purpose.title, language) for purpose in purposes)
        yield Entry(each, each.effective_at > now, told(before, each, language), asked)
