"""`tillit import`: bring in people from a file, with a bar that shows the rate and the time left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

COUNTED = {
    "rows": "rows read",
    "new": "new people",
    "known": "people known already",
    "changed": "of them, given something new",
    "duplicates": "rows about somebody named before",
    "kept_out": "people who had said no, and stay out",
    "restricted": "people whose processing is restricted, of whom only opt-outs were taken in",
    "suppressed": "people whose address is suppressed: on no list, no mail",
    "suppressed_bounced": "addresses that bounced in the earlier tool, now suppressed",
    "suppressed_complaint": "addresses whose owners reported mail as spam, now suppressed",
    "suppressed_moved": "addresses that were blocked in the earlier tool, now suppressed",
    "opted_out": "opt-outs recorded",
    "granted": "consents recorded",
    "unknown_region": "people whose region is not known (decided as the strictest)",
    "region_kept": "people whose known region the file contradicts (kept)",
    "recoded_lines": "lines in another encoding than the rest",
    "unreadable_values": "values that could not be read",
    "refused": "rows refused",
}


SHOWN = 10  # changes of a trial


class RowsPerSecond(ProgressColumn):
    """Rows a second, over the whole import."""

    def render(self, task: Task) -> Text:
        rows, elapsed = task.fields.get("rows", 0), task.elapsed or 0
        return Text(f"{rows / elapsed:,.0f} rows/s" if rows and elapsed else "", style="progress.data.speed")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--workspace", "workspace_name", help="Workspace, by name or number.  [default: the only one]")
@click.option("--list", "list_name", help="Distribution list the people join; made when missing.")
@click.option("--source", "source_name", required=True, help="Where the file comes from; made with --warranty.")
@click.option("--warranty", help="Who collected it, when, and on which basis; needed for a new source.")
@click.option("--consent", default="", help="A purpose that everybody in the file consented to, e.g. marketing.email.")
@click.option("--purpose", default="", help="purchases.record for what a seller reports.  [default: audience.import]")
@click.option("--sheet", default="", help="The sheet of a workbook.  [default: the first with addresses]")
@click.option(
    "--dates", type=click.Choice(["dmy", "mdy"]), help="How 03/04/2024 is meant.  [default: as its column tells]"
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and bring nobody in.")
@click.option(
    "--mode",
    "ways",
    multiple=True,
    metavar="COLUMN=MODE",
    help="What becomes of values that known people have: overwrite (default), empty (only where there is none), keep.",
)
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="What a column means; empty leaves it out.")
def import_command(
    *,
    file: Path,
    workspace_name: str | None,
    list_name: str | None,
    source_name: str,
    warranty: str | None,
    consent: str,
    purpose: str,
    sheet: str,
    dates: str | None,
    dry_run: bool,
    ways: tuple[str, ...],
    maps: tuple[str, ...],
) -> None:
    """Bring in people from a file: CSV, Excel (.xlsx), JSON Lines, or a ZIP file that a campaign tool exported.

    Whoever unsubscribed, refused or was erased stays so. Rows that cannot be brought in are kept with their reason.
    """
    from tillit.ledger.processing import SYSTEM, Refused  # noqa: PLC0415  Django is set up by now
    from tillit.people.importing.files import NotReadable, refused_path  # noqa: PLC0415
    from tillit.people.importing.mapping import BadMapping  # noqa: PLC0415
    from tillit.people.importing.purposes import CONTACTS  # noqa: PLC0415
    from tillit.people.importing.run import run_import  # noqa: PLC0415
    from tillit.people.importing.start import start_import  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    try:
        item = start_import(
            workspace.pk,
            file,
            source=_source(workspace, source_name, warranty),
            mailing_list=_list(workspace, list_name, make=not dry_run),
            by=SYSTEM,
            now=timezone.now(),
            consent=consent,
            sheet=sheet,
            purpose=purpose or CONTACTS,
            dates=dates or "",
            wanted=_wanted(maps),
            modes=_wanted(ways, option="--mode"),
            defer=False,
            draft_only=dry_run,
        )
        if dry_run:
            _try(item)
            return
        done = _with_bar(run_import, item)
    except (Refused, BadMapping, NotReadable) as error:
        raise click.ClickException(str(error)) from error
    _print(done, refused_path(done.pk))
    if done.state != "done":
        raise click.ClickException(done.error or f"The import is {done.get_state_display().lower()}.")


@click.command("undo-import")
@click.argument("number", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def undo_command(*, number: int, yes: bool) -> None:
    """Undo an import of the last 30 days, by its number.

    What it wrote goes back to how it was. What people or staff did since stays, and is counted.
    """
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415  Django is set up by now
    from tillit.people.importing import undo  # noqa: PLC0415
    from tillit.people.models import Import  # noqa: PLC0415

    item = Import.objects.filter(pk=number).exclude(state=Import.State.DRAFT).first()
    if item is None:
        raise click.ClickException(f"There is no import {number}.")
    try:
        if item.state != Import.State.UNDOING:
            found = undo.preview(item, by=SYSTEM, now=timezone.now())
            _weighed(item, found)
            if not yes:
                click.confirm("Undo it?", abort=True)
            undo.begin(item, by=SYSTEM, now=timezone.now(), defer=False)
    except undo.CannotUndo as refusal:
        raise click.ClickException(str(refusal)) from refusal
    done = _with_undo_bar(undo.run_undo, item)
    table = Table(show_header=False, box=None)
    for name, count in done.undo["counts"].items():
        table.add_row(f"{count:,}", UNDONE.get(name) or f"people stay: {name.removeprefix('kept.')}")
    Console(highlight=False).print(table)


UNDONE = {
    "removed": "people removed whom the import had made",
    "restored": "known people set back",
    "voided": "recorded choices taken back",
    "values_kept": "kinds of information left alone, changed or confirmed since",
    "lists_kept": "places on the list left alone, changed or confirmed since",
    "gone_before": "people erased in the meantime",
}


def _weighed(item: Any, found: Any) -> None:
    """Print what undoing would do."""
    out = Console(highlight=False)
    out.print(f"{item.file_name}: {found.made:,} people made, {found.known:,} known people changed.", markup=False)
    for reason, count in found.staying.items():
        out.print(f"  {count:,} of those made stay ({reason})", markup=False)
    if found.later:
        numbers = ", ".join(str(each.pk) for each in found.later)
        out.print(f"Later imports: {numbers}. Undo those first to take everything back.", markup=False)


def _with_undo_bar(run_undo: Any, item: Any) -> Any:
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task(f"Undoing {item.file_name}", total=item.undo["total"])
        return run_undo(item.pk, lambda running: bar.update(task, completed=running.undo["done"]))


def workspace_named(name: str | None) -> Any:
    """Return the workspace of a name or number, or the only one. Raises ClickException."""
    from tillit.accounts.models import Workspace  # noqa: PLC0415

    found = Workspace.objects.all()
    if name:
        found = found.filter(pk=int(name)) if name.isdigit() else found.filter(name=name)
    rows = list(found.order_by("id")[:2])
    if len(rows) == 1:
        return rows[0]
    problem = f"There is no workspace “{name}”." if name and not rows else "Say which workspace, with --workspace."
    raise click.ClickException(problem if rows or name else "There is no workspace yet.")


def _source(workspace: Any, name: str, warranty: str | None) -> Any:
    from tillit.people.models import Source  # noqa: PLC0415

    if found := Source.objects.filter(workspace=workspace, name=name).first():
        return found
    if not warranty:
        raise click.ClickException(
            f"The source “{name}” is new: say with --warranty who collected the file, when, and on which basis."
        )
    return Source.objects.create(workspace=workspace, name=name, warranty=warranty)


def _list(workspace: Any, name: str | None, *, make: bool) -> Any:
    from tillit.people.models import MailingList  # noqa: PLC0415

    if not make:
        return MailingList.objects.filter(workspace=workspace, name=name).first()  # nobody is on one that is not there
    return MailingList.objects.get_or_create(workspace=workspace, name=name)[0] if name else None


def _wanted(pairs: tuple[str, ...], *, option: str = "--map") -> dict[str, str]:
    wanted = {}
    for pair in pairs:
        column, equals, target = pair.rpartition("=")
        if not equals or not column:
            form = "COLUMN=FIELD" if option == "--map" else "COLUMN=MODE"
            raise click.BadParameter(f"“{pair}” is not {form}.", param_hint=option)
        wanted[column.strip()] = target.strip()
    return wanted


def _with_bar(run_import: Any, item: Any) -> Any:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        RowsPerSecond(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"Importing {item.file_name}", total=item.total_bytes, rows=0)
        return run_import(
            item.pk,
            lambda running: progress.update(bar, **_so_far(running)),
        )


def _so_far(item: Any) -> dict[str, Any]:
    """How far an import, or a trial of one, has read."""
    if item.state == "draft":
        return {"completed": item.trial["read"], "rows": item.trial["counts"].get("rows", 0)}
    return {"completed": item.read_bytes, "rows": item.counts.get("rows", 0)}


def _counted(counts: dict[str, int]) -> Table:
    table = Table(show_header=False, box=None)
    for key, label in COUNTED.items():
        if counts.get(key):
            table.add_row(f"{counts[key]:,}", label)
    for key, number in sorted(counts.items()):
        if key.startswith("refused."):
            table.add_row("", f"{number:,} {key.removeprefix('refused.').replace('_', ' ')}")
    for key, number in sorted(counts.items()):
        why, dot, column = key.partition(".")
        if dot and why in {"unreadable", "ambiguous"}:
            table.add_row("", f"{number:,} {why} in column {escape(column)}")
    return table


def _try(item: Any) -> None:
    """Print what an import would change, and remove the draft."""
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415
    from tillit.people.importing import start, trial  # noqa: PLC0415

    trial.begin(item, by=SYSTEM, now=timezone.now(), defer=False)
    try:
        done = _with_bar(trial.run_trial, item)
        told = done.trial
        if told["state"] != trial.DONE:
            raise click.ClickException(told["error"])
        out = Console(highlight=False)
        out.print("Nothing was brought in. The import would bring:")
        out.print(_counted(told["counts"]))
        for name, (people, over) in sorted(told["fields"].items()):
            out.print(f"  {name}: changed for {people:,} known people, overwritten for {over:,}", markup=False)
        for each in trial.sample_of(done)[:SHOWN]:
            for name, was, now in each["changes"]:
                out.print(f"  {each['who']}: {name}: {was or '–'} → {now}", markup=False)
    finally:
        start.discard(item)


def _print(done: Any, refused: Path) -> None:
    out = Console(highlight=False)
    out.print(f"Import {done.pk}. Within 30 days it is undone by: tillit undo-import {done.pk}", markup=False)
    out.print(_counted(done.counts))
    left_out = [column["name"] for column in done.options["columns"] if not column["target"]]
    if left_out:
        out.print(f"Columns not brought in: {', '.join(left_out)}", markup=False)
    if done.counts.get("refused"):
        out.print(f"Refused rows, for 30 days: {refused}", soft_wrap=True, markup=False)
