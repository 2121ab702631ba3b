"""The published policy: the version in force, every version under its own address, and the one of any past day.

Reading it records nothing about anybody. Source: GDPR art 12-14; docs/clauses.md, J1, J2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import metadata

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response

from tillit.accounts.models import Workspace
from tillit.ledger.models import PolicyVersion
from tillit.ledger.versions import NoPolicy, Version, history, in_force, in_force_at, scheduled, version
from tillit.policy.document import Audience
from tillit.policy.statement import spoken_to
from tillit.policy.statement_words import Words
from tillit.public import limits, statements
from tillit.public.pages import house_workspace, language_of, open_page, problem, show

#: How long a cache may keep what never changes: a day, since an upgrade may mend the words around it.
_A_DAY = "public, max-age=86400"
_ASK_FIRST = "public, no-cache"
_RELEASE = metadata.version("tillit")


@dataclass(frozen=True, slots=True)
class OnDay:
    """That a version is shown because of a day: the day, whether it is today, and what bound earlier on it."""

    day: date
    today: bool
    earlier: tuple[tuple[PolicyVersion, datetime], ...]


@open_page("GET")
def statement(request: HttpRequest, workspace_id: int | None = None, form: str = "") -> HttpResponse:
    """The version in force, of a workspace or of the house."""
    workspace, current = _workspace(workspace_id)
    if workspace is None or current is None:
        return problem(request, "missing", status=404)
    return _answer(request, workspace, current, current=current, form=form, day=timezone.now().astimezone(UTC).date())


@open_page("GET")
def statement_version(
    request: HttpRequest, number: int, workspace_id: int | None = None, form: str = ""
) -> HttpResponse:
    """One version, for ever at its own address."""
    workspace, current = _workspace(workspace_id)
    row = PolicyVersion.objects.only("id").filter(workspace=workspace, number=number).first() if workspace else None
    if workspace is None or row is None:
        return problem(request, "missing", status=404)
    return _answer(request, workspace, version(row.pk), current=current, form=form)


@open_page("GET")
def moved(request: HttpRequest, workspace_id: int, number: int) -> HttpResponse:
    """The address that versions had before; it stands in mails and receipts, so it leads on for ever."""
    query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
    return HttpResponsePermanentRedirect(reverse("public:statement_version", args=[workspace_id, number]) + query)


@open_page("GET")
def statement_on(request: HttpRequest, day: str, workspace_id: int | None = None) -> HttpResponse:
    """The version that was in force at the end of a day, in UTC."""
    workspace, current = _workspace(workspace_id)
    if workspace is None:
        return problem(request, "missing", status=404)
    now = timezone.now()
    asked = _day(day)
    if asked is None or asked > now.astimezone(UTC).date():
        return _no_version(request, workspace, current, "future" if asked else "unreadable", asked)
    end = min(now, datetime.combine(asked + timedelta(days=1), time(), UTC) - timedelta(microseconds=1))
    found = in_force_at(workspace.pk, end)
    if found is None:
        return _no_version(request, workspace, current, "before", asked)
    on_day = OnDay(asked, asked == now.astimezone(UTC).date(), _earlier(workspace, asked, found))
    return _answer(request, workspace, found, current=current, on_day=on_day, day=asked)


@open_page("GET")
def choose_day(request: HttpRequest, workspace_id: int | None = None) -> HttpResponse:
    """Where the date form leads: on to the address of the day."""
    args = [] if workspace_id is None else [workspace_id]
    day = request.GET.get("day", "")
    chosen = day if _day(day) else "unknown"
    tongue = f"?lang={language_of(request)}" if request.GET.get("lang") else ""
    return HttpResponseRedirect(reverse("public:statement_on", args=[*args, chosen]) + tongue)


def _workspace(workspace_id: int | None) -> tuple[Workspace | None, Version | None]:
    """The workspace that an address names, or the house, with its version in force if it has one."""
    found = house_workspace() if workspace_id is None else Workspace.objects.filter(pk=workspace_id).first()
    try:
        return found, in_force(found.pk) if found else None
    except NoPolicy:
        return found, None


def _answer(
    request: HttpRequest,
    workspace: Workspace,
    chosen: Version,
    *,
    current: Version | None,
    form: str = "",
    day: date | None = None,
    on_day: OnDay | None = None,
) -> HttpResponse:
    """Show a version as the form that was asked for; whoever has it already gets told so."""
    wanted = next((each for each in spoken_to(chosen.document) if each.value == request.GET.get("for")), None)
    read = statements.reading(chosen, language=language_of(request), audience=wanted, day=day)
    state = _state(chosen, current)
    form = form or request.GET.get("format", "")
    made = statements.FORMS.get(form)
    lasting = bool(made) and day is None and state in ("in-force", "earlier")
    etag = _etag(chosen, read, form if made else _moment(workspace, state, on_day))
    seen = get_conditional_response(request, etag=etag)
    if seen is not None:
        seen._csp_exempt = True  # type: ignore[attr-defined]  # else the kept page would lose the nonce of its style
        response = seen
    elif form == "pdf" and not limits.allow(request, what="pdf", most=limits.FILES):
        return problem(request, "too-much", status=429)  # there are more readings of all versions than are kept
    elif made:
        response = HttpResponse(made.made(read), content_type=made.kind)
        response["Content-Disposition"] = f'inline; filename="{_file_name(chosen, read, form)}"'
    else:
        response = _page(request, workspace, chosen, read, current=current, state=state, on_day=on_day)
    response["ETag"] = etag
    response["Cache-Control"] = _A_DAY if lasting else _ASK_FIRST
    response["Vary"] = "Accept-Language, Cookie"
    response["Link"] = f'<{statements.permanent_address(chosen)}>; rel="canonical"'
    if state == "in-force" and not made:
        response["X-Robots-Tag"] = "all"
    return response


def _page(
    request: HttpRequest,
    workspace: Workspace,
    chosen: Version,
    read: statements.Reading,
    *,
    current: Version | None,
    state: str,
    on_day: OnDay | None,
) -> HttpResponse:
    contents, body = statements.page(read)
    words = Words(read.language)
    return show(
        request,
        "statement",
        version=chosen,
        workspace=workspace,
        current=current,
        state=state,
        on_day=on_day,
        waiting=scheduled(workspace.pk, now=timezone.now()),
        versions=_versions(workspace),
        contents=contents,
        body=body,
        audiences=[(each.value, words.audience(each), each is read.audience) for each in spoken_to(chosen.document)],
        audience=read.audience,
        forms=[(ending, form.name) for ending, form in statements.FORMS.items()],
        today=timezone.now().astimezone(UTC).date(),
        permanent=statements.permanent_address(chosen),
    )


def _state(chosen: Version, current: Version | None) -> str:
    """Whether a version binds, bound, will bind or never did."""
    if current and chosen.id == current.id:
        return "in-force"
    if PolicyVersion.objects.filter(pk=chosen.id, withdrawal__isnull=False).exists():
        return "withdrawn"
    return "scheduled" if chosen.effective_at > timezone.now() else "earlier"


def _versions(workspace: Workspace) -> list[PolicyVersion]:
    """Every version with its dates, newest first; also those that were withdrawn."""
    rows = PolicyVersion.objects.filter(workspace=workspace).select_related("withdrawal")
    return list(rows.only("number", "effective_at", "withdrawal__at").order_by("-number"))


def _earlier(workspace: Workspace, day: date, found: Version) -> tuple[tuple[PolicyVersion, datetime], ...]:
    """The versions that bound during a day before the one at its end, each with the moment until which it did."""
    begin = datetime.combine(day, time(), UTC)
    rows = history(workspace.pk).filter(effective_at__lte=found.effective_at).only("number", "effective_at")
    bound: list[tuple[PolicyVersion, datetime]] = []
    until: datetime | None = None
    for row in rows:
        if until is not None and until > begin:
            bound.append((row, until))
        if until is not None and until <= begin:
            break
        until = row.effective_at
    return tuple(reversed(bound))


def _no_version(
    request: HttpRequest, workspace: Workspace, current: Version | None, why: str, day: date | None
) -> HttpResponse:
    """Say in words why no version answers to a day, and what can be read instead."""
    now = timezone.now()
    first = history(workspace.pk).filter(effective_at__lte=now).only("number", "effective_at").last()
    return show(
        request,
        "no_version",
        version=current,
        workspace=workspace,
        why=why,
        day=day,
        first=first,
        waiting=scheduled(workspace.pk, now=now),
        today=now.astimezone(UTC).date(),
        status=404,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(workspace: Workspace, state: str, on_day: OnDay | None) -> str:
    """What of a page depends on more than its version: its state, the newer versions, the day asked for."""
    count = PolicyVersion.objects.filter(workspace=workspace).count()
    taken_back = PolicyVersion.objects.filter(workspace=workspace, withdrawal__isnull=False).count()
    return f"page-{workspace.pk}-{state}-{count}-{taken_back}-{on_day.day if on_day else ''}"


def _etag(chosen: Version, read: statements.Reading, form: str) -> str:
    audience = read.audience.value if read.audience else "all"
    return f'"{chosen.digest}-{chosen.number}-{read.language}-{audience}-{read.day}-{form}-{_RELEASE}"'


def _file_name(chosen: Version, read: statements.Reading, form: str) -> str:
    layer = f"-{read.audience}" if isinstance(read.audience, Audience) else ""
    return f"privacy-policy-v{chosen.number}-{read.language}{layer}.{form}"
