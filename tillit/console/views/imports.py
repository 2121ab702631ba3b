"""Bringing in people from files: the file, what its columns mean, how far it is, what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.activities import purpose_titles
from tillit.console.import_figures import figures, pace, undone
from tillit.console.import_forms import DATE_ORDERS, DELIMITERS, ENCODINGS, MODES, UploadForm, target_choices
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.downloads import download
from tillit.ledger.processing import user_actor
from tillit.people import lists as keeping
from tillit.people import queries
from tillit.people.importing import files, mapping, purposes, reading, reception, refusals, start, trial, undo
from tillit.people.importing.drafts import Begun
from tillit.people.importing.files import NotReadable
from tillit.people.importing.mapping import BadMapping
from tillit.people.importing.names import STANDING
from tillit.people.models import Import

State = Import.State


@page(role=Role.VIEWER)
def imports(request: PageRequest) -> HttpResponse:
    """The imports of the workspace, newest first."""
    listing = Listing(
        request,
        queries.imports(request.workspace.id),
        sorts={"newest": "-id"},
        search=lambda found, text: found.filter(file_name__icontains=text) | found.filter(source__name__icontains=text),
    )
    return render(request, "console/imports/index.html", {"listing": listing})


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_import(request: PageRequest) -> HttpResponse:
    """Upload a file."""
    given = {"list": request.GET.get("list", "")}
    form = UploadForm(request.workspace.id, request.POST or None, request.FILES or None, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            draft = _receive(request, form)
        except NotReadable as unreadable:
            form.add_error("file" if form.cleaned_data["file"] else "pasted", str(unreadable))
        else:
            return _to(request, draft)
    told = {"form": form, "too_large": files.too_large() if "too-large" in request.GET else ""}
    return render(request, "console/imports/new.html", told, status=422 if form.errors else 200)


def _receive(request: PageRequest, form: UploadForm) -> Import:
    """Keep the file, and make the source and the list where they are new."""
    source, wanted, by = form.chosen_source(), form.chosen_list(), _by(request)
    workspace_id = request.workspace.id
    if source.pk is None:
        source = keeping.make_source(workspace_id, name=source.name, warranty=source.warranty, by=by)
    parts, name = form.chosen_parts()
    draft = start.receive(
        parts,
        file_name=name,
        source=source,
        mailing_list=None if isinstance(wanted, str) else wanted,
        by=by,
        now=timezone.now(),
        consent=form.cleaned_data["consent"],
        purpose=form.cleaned_data["purpose"],
        later=True,
    )
    if isinstance(wanted, str):
        start.join(draft, keeping.make_list(workspace_id, name=wanted, public=False, by=by))
    return draft


@page(role=Role.VIEWER)
def one_import(request: PageRequest, import_id: int) -> HttpResponse:
    """One import: its columns before it starts, its progress while it runs, its figures when it is done."""
    item = _import(request, import_id)
    if item.state == State.READING or reading.failed(item):
        return render(request, "console/imports/reading.html", _read(item))
    if item.state == State.DRAFT:
        return _columns(request, item, error=item.error)
    return render(request, "console/imports/import.html", _told(item))


@page(role=Role.VIEWER)
def import_progress(request: PageRequest, import_id: int) -> HttpResponse:
    """How far an import is: a fragment that asks again while it runs."""
    return render(request, "console/imports/_progress.html", _told(_import(request, import_id)))


@page(role=Role.VIEWER)
def reading_progress(request: PageRequest, import_id: int) -> HttpResponse:
    """How far the reading of a file is: a fragment that asks again, and goes to the columns when it is read."""
    item = _import(request, import_id)
    if item.state == State.READING or reading.failed(item):
        return render(request, "console/imports/_reading.html", _read(item))
    return HttpResponse(headers={"HX-Redirect": address("import", request.workspace.id, import_id)})


def _read(item: Import) -> dict[str, Any]:
    reads = item.state == State.READING
    return {"import": item, "running": reads, "rows": item.options["reading"]["rows"] if reads else 0}


def _told(item: Import) -> dict[str, Any]:
    left_out = [column["name"] for column in item.options.get("columns", []) if not column["target"]]
    undoing, now = item.state == State.UNDOING, timezone.now()
    titles = purpose_titles(item.workspace_id)
    running = item.state in {State.QUEUED, State.RUNNING} or (undoing and not item.error)
    return {
        "undone": undone(item),
        "undoable": undo.undoable(item, now=now),
        "undo_until": undo.until(item),
        "import": item,
        "running": running,
        "pace": pace(item, now=now),
        "figures": figures(item.counts),
        "left_out": left_out,
        "consent": titles.get(item.options.get("consent", ""), ""),
        "purpose": titles.get(purpose, "") if (purpose := purposes.purpose_of(item)) != purposes.CONTACTS else "",
        "refused_kept": any(item.counts.get(key) for key in ("refused", "unreadable_values"))
        and files.refused_path(item.pk).exists(),
        "resumable": item.state in {State.FAILED, State.STOPPED} and start.path_of(item).exists(),
    }


def _columns(request: PageRequest, item: Import, *, error: str = "", status: int = 200) -> HttpResponse:
    """The page that shows how the file was read, and asks what its columns mean."""
    purpose = purposes.purpose_of(item)
    try:
        options = item.options
        seen = start.preview(
            start.path_of(item),
            workspace_id=item.workspace_id,
            encoding=options["encoding"],
            delimiter=options["delimiter"],
            purpose=purpose,
        )
    except (NotReadable, FileNotFoundError):
        return render(request, "console/imports/gone.html", {"import": item})
    known = start.known_fields(item.workspace_id, purpose)
    chooses = purposes.chooses(item.workspace_id, purpose)
    told = {
        "import": item,
        "columns": list(zip(seen.columns, start.columns_of(item), strict=True)),
        "rows": seen.rows,
        "tool": seen.tool,
        "said_by_name": next((each.samples[0] for each in seen.columns if _is_said_by_name(item, each)), ""),
        "modes": MODES,
        "as_import": queries.imports(item.workspace_id).filter(pk=options.get("as_import")).first(),
        "says_who_left": any(column.target in mapping.STANDING for column in start.columns_of(item)),
        "chooses": chooses,
        "groups": target_choices(known, chooses=chooses),
        "encodings": ENCODINGS if item.options.get("kind", reception.TEXT) == reception.TEXT else [],
        "delimiters": DELIMITERS,
        "date_orders": DATE_ORDERS if any(field.type == "date" and field.allowed for field in known) else [],
        "error": error,
    }
    return render(request, "console/imports/columns.html", told, status=status)


def _is_said_by_name(item: Import, column: mapping.Column) -> bool:
    """Whether the file's name alone is why a column is there."""
    return column.name == STANDING and bool(column.samples) and not item.options.get("tool")


@verb(role=Role.EDITOR)
def read_again(request: PageRequest, import_id: int) -> HttpResponse:
    """Read an uploaded file with another encoding or separator, another sheet of it, or its dates in another order."""
    item = _import(request, import_id, State.DRAFT)
    sheet, dates = request.POST.get("sheet", ""), request.POST.get("dates", "")
    encoding, delimiter = request.POST.get("encoding", ""), request.POST.get("delimiter", "")
    if dates not in dict(DATE_ORDERS) or (encoding and encoding not in dict(ENCODINGS)):
        raise Http404
    if encoding and delimiter not in dict(DELIMITERS):
        raise Http404
    try:
        start.say_dates(item, order=dates)
        if sheet and sheet != item.options.get("sheet"):
            reading.choose_sheet(item, sheet=sheet, now=timezone.now())
        elif encoding:
            start.relayout(item, encoding=encoding, delimiter=delimiter)
    except NotReadable as unreadable:
        return _columns(request, item, error=str(unreadable), status=422)
    except Begun:  # by another page: it shows how far it is
        pass
    return _to(request, item)


@verb(role=Role.EDITOR)
def start_import(request: PageRequest, import_id: int) -> HttpResponse:
    """Start an import with the meanings that were chosen for its columns, or see first what it would change."""
    item = _import(request, import_id, State.DRAFT)
    places, now = range(len(item.options["columns"])), timezone.now()
    targets = modes = None
    if request.POST.get("as") != "mapped":
        targets = [request.POST.get(f"column-{place}", "") for place in places]
        modes = [request.POST.get(f"mode-{place}", mapping.OVERWRITE) for place in places]
    try:
        if request.POST.get("as") == "trial":
            start.map_columns(item, targets, modes, now=now)
            trial.begin(item, by=_by(request), now=now)
            return redirect(address("import_trial", request.workspace.id, item.pk))
        start.start(item, targets, modes, now=now)
    except BadMapping as wrong:
        return _columns(request, item, error=str(wrong), status=422)
    except Begun:
        pass
    return _to(request, item)


@verb(role=Role.EDITOR)
def stop_import(request: PageRequest, import_id: int) -> HttpResponse:
    """Stop an import; what is written stays."""
    item = _import(request, import_id)
    if start.stop(item, now=timezone.now()):
        messages.success(request, _("The import stops. What was brought in stays; you can go on later."))
    return _to(request, item)


@verb(role=Role.EDITOR)
def resume_import(request: PageRequest, import_id: int) -> HttpResponse:
    """Go on with an import that was stopped or failed."""
    item = _import(request, import_id, State.STOPPED, State.FAILED)
    if not start.path_of(item).exists():
        messages.error(request, _("The file is no longer there. Upload it again."))
    else:
        start.resume(item)
        messages.success(request, _("The import goes on where it ended."))
    return _to(request, item)


@verb(role=Role.EDITOR)
def discard_import(request: PageRequest, import_id: int) -> HttpResponse:
    """Remove an uploaded file that was not imported."""
    item = _import(request, import_id)
    if not start.discard(item):
        messages.error(request, _("The import has begun already."))
        return _to(request, item)
    messages.success(request, _("The file was removed. Nothing was brought in."))
    return redirect(address("imports", request.workspace.id))


@page(role=Role.EDITOR)
def refused_rows(request: PageRequest, import_id: int) -> HttpResponseBase:
    """The refused rows with their reasons, as a file."""
    item = _import(request, import_id)
    report = refusals.whole(item, by=_by(request))
    if report is None:
        raise Http404
    size = report.stat().st_size
    name = f"refused-{item.pk}.csv"
    return download(request, report.open("rb"), name=name, kind="text/csv; charset=utf-8", size_bytes=size)


def _import(request: PageRequest, import_id: int, *states: str) -> Import:
    found = queries.imports(request.workspace.id)
    return get_object_or_404(found.filter(state__in=states) if states else found, pk=import_id)


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


def _to(request: PageRequest, item: Import) -> Any:
    return redirect(address("import", request.workspace.id, item.pk))


urlpatterns = [
    path("imports", imports, name="imports"),
    path("imports/new", new_import, name="new_import"),
    path("imports/<int:import_id>", one_import, name="import"),
    path("imports/<int:import_id>/progress", import_progress, name="import_progress"),
    path("imports/<int:import_id>/reading", reading_progress, name="reading_progress"),
    path("imports/<int:import_id>/layout", read_again, name="read_import_again"),
    path("imports/<int:import_id>/start", start_import, name="start_import"),
    path("imports/<int:import_id>/stop", stop_import, name="stop_import"),
    path("imports/<int:import_id>/resume", resume_import, name="resume_import"),
    path("imports/<int:import_id>/discard", discard_import, name="discard_import"),
    path("imports/<int:import_id>/refused", refused_rows, name="refused_rows"),
]
