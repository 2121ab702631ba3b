"""What every page for people has in common: the token, the language, and that nothing is stored or passed on.

A person comes by a link in a mail and is not signed in. The token is what they know, so a page sets no cookie and needs
no CSRF token: who can make the request has the token already.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from typing import Any, cast
from uuid import UUID

from csp.constants import NONCE, NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from tillit.accounts.models import Workspace
from tillit.consent.actions import NobodyThere
from tillit.edge.tokens import BadToken, Expired, Forged, Kind, Token, Tokens
from tillit.governance.banner import banner
from tillit.ledger.processing import Refused
from tillit.ledger.versions import NoPolicy, Version, in_force
from tillit.people.merges import present_id

LANGUAGES = tuple(code for code, _ in settings.LANGUAGES)
MAX_BODY_BYTES = 64 * 1024
View = Callable[..., HttpResponse]

_CSP = {
    "default-src": [NONE],
    "style-src": [NONCE],
    "img-src": ["data:"],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came, by which link, and under which policy. `expired` is set where a page lets old links in.

    `person_id` is who they are now: a record that went into another's is found there. The links that a page makes are
    still those of the record that got the mail, which is itself again if the two are split.
    """

    token: Token
    text: str
    person_id: UUID
    workspace: Workspace
    version: Version
    today: date
    expired: bool = False

    def link(self, kind: Kind, name: str) -> str:
        """The address of another page for the same person; its token is as old as the one that led here."""
        return reverse(f"public:{name}", args=[self.issue(kind)])

    @property
    def preferences(self) -> str:
        """The address of the person's preference centre."""
        return self.link(Kind.PREFERENCES, "preferences")

    @property
    def why(self) -> str:
        """The address of the page that says why the person got a mail."""
        return self.link(Kind.WHY, "why")

    @property
    def unsubscribe(self) -> str:
        """The address of the page that takes the person off the lists of the mail."""
        return self.link(Kind.UNSUBSCRIBE, "unsubscribe")

    def receipt(self, choice: UUID) -> str:
        """The address of the receipt of one of the person's choices."""
        return reverse("public:receipt", args=[choice, self.issue(Kind.PREFERENCES)])

    def issue(self, kind: Kind) -> str:
        """A token of another kind for the same person, no younger than the one that led here."""
        return tokens().issue(
            kind,
            workspace=self.token.workspace,
            campaign=self.token.campaign,
            person=self.token.person,
            day=self.token.issued,
        )


def tokens() -> Tokens:
    """The installation's tokens."""
    return Tokens(settings.TOKEN_KEY)


def open_page(*methods: str) -> Callable[[View], View]:
    """Declare a page for everybody: no cookies, nothing passed on, errors in plain words."""

    def declare(view: View) -> View:
        @csp(_CSP)
        @csrf_exempt
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in _with_head(methods):
                return quiet(HttpResponseNotAllowed(_with_head(methods)))
            if _too_big(request):
                return quiet(problem(request, "too-big", status=413))
            with translation.override(language_of(request)):
                return quiet(_answer(view, request, *args, **kwargs))

        return cast(View, opened)

    return declare


def token_page(*methods: str, kinds: Collection[Kind], lets_old_in: bool = False) -> Callable[[View], View]:
    """Declare a page behind a token of some kinds; the view gets a Visit instead of the token's text."""

    def declare(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponse:
            today = timezone.now().date()
            try:
                found, expired = tokens().read(token, kind=kinds, today=today), False
            except Expired as old:
                if not lets_old_in:
                    raise
                found, expired = old.token, True
            workspace = Workspace.objects.filter(pk=found.workspace).first()
            if workspace is None:
                raise Forged(Forged.__doc__)
            person_id = present_id(workspace.pk, found.person)
            visit = Visit(found, token, person_id, workspace, in_force(workspace.pk), today, expired)
            response = _visited(view, request, visit, *args, **kwargs)
            if request.method == "POST" and (now_id := present_id(workspace.pk, found.person)) != person_id:
                # Merged at this very moment: what they asked for may have met nobody, and is asked again.
                return _visited(view, request, replace(visit, person_id=now_id), *args, **kwargs)
            return response

        return open_page(*methods)(opened)

    return declare


def _visited(view: View, request: HttpRequest, visit: Visit, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        return view(request, visit, *args, **kwargs)
    except NobodyThere:
        return gone(request, visit)


def show(
    request: HttpRequest,
    template: str,
    *,
    visit: Visit | None = None,
    person_language: str = "",
    home: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Render a page inside the layout that names the operator.

    `home` is where the language switch leads from a page that is only the answer to a form.
    Source: CLAUSES A1; GDPR art 13(1)(a)-(b).
    """
    version = visit.version if visit else more.pop("version", None)
    language = language_of(request, person_language)
    context = {
        "visit": visit,
        "version": version,
        "workspace": visit.workspace if visit else None,
        "operator": version.document.operator if version else None,
        "heading": _heading(visit.workspace if visit else more.get("workspace"), version),
        "language": language,
        "home": home,
        "tongue": f"?lang={language}" if request.GET.get("lang") else "",
        "languages": [(code, _address_in(request, code, home)) for code in LANGUAGES],
        **_announced(version, language),
        **more,
    }
    with translation.override(language):
        return render(request, f"public/{template}.html", context, status=status)


def _announced(version: Version | None, language: str) -> dict[str, Any]:
    """The banner that stands on every page of a workspace while a change of its policy is announced."""
    found = banner(version.workspace_id, now=timezone.now()) if version else None
    return {"announcement": found, "announcement_text": found.text(language) if found else ""}


def _heading(workspace: Workspace | None, version: Version | None) -> str:
    """Whose page it is: the workspace's, else the operator's."""
    return workspace.name if workspace else version.document.operator.name if version else ""


def gone(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The page for somebody of whom nothing is held any more."""
    return show(request, "gone", visit=visit, status=410)


def problem(request: HttpRequest, what: str, *, status: int, **more: Any) -> HttpResponse:
    """A page that says what is wrong with the link and what to do next."""
    version = more.pop("version", None) or house_policy()
    return show(request, "problem", what=what, status=status, version=version, **more)


def house_workspace() -> Workspace | None:
    """The operator's own workspace."""
    return Workspace.objects.order_by("-kind", "id").filter(kind=Workspace.Kind.HOUSE).first()


def house_policy() -> Version | None:
    """The operator's own policy: who stands behind a page whose link says nothing."""
    house = house_workspace()
    try:
        return in_force(house.pk) if house else None
    except NoPolicy:
        return None


def _policy_of(token: Token) -> Version | None:
    try:
        return in_force(token.workspace)
    except NoPolicy:
        return None


def language_of(request: HttpRequest, person: str = "") -> str:
    """The page's language: the switch, else the person's, else the browser's, else the installation's."""
    for code in (request.GET.get("lang", ""), person):
        if code[:2] in LANGUAGES:
            return code[:2]
    return translation.get_language_from_request(request)[:2]


def quiet(response: HttpResponse) -> HttpResponse:
    """Keep a page out of caches, search engines and other sites' logs, unless the view said otherwise."""
    response["Referrer-Policy"] = "no-referrer"
    response.setdefault("X-Robots-Tag", "noindex, nofollow")
    response.setdefault("Cache-Control", "no-store")
    return response


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except Expired as old:
        return problem(request, "expired", status=410, version=_policy_of(old.token))
    except BadToken:
        return problem(request, "forged", status=404)
    except Refused as refused:
        return problem(request, "refused", status=409, refused=refused)
    except RequestDataTooBig:
        return problem(request, "too-big", status=413)


def _too_big(request: HttpRequest) -> bool:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES
    except ValueError:
        return True


def _with_head(methods: Collection[str]) -> list[str]:
    return [*methods, "HEAD"] if "GET" in methods else [*methods]


def _address_in(request: HttpRequest, language: str, home: str) -> str:
    query = request.GET.copy()
    query["lang"] = language
    return f"{home}?{query.urlencode()}"
