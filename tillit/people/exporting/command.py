"""`tillit export`: take people out as a file, with a bar."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tillit.people.command import workspace_named

SUFFIXES = {".csv": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--workspace", "workspace_name", help="Workspace, by name or number.  [default: the only one]")
@click.option("--list", "list_name", help="People of this list.")
@click.option("--segment", "segment_name", help="People of this segment.")
@click.option("--state", default="", help="Their standing on the list, or: restricted, unreachable, suppressed.")
@click.option("--search", default="", help="People whom this text means.")
@click.option("--person", "person_ids", type=click.UUID, multiple=True, help="This person; may be repeated.")
@click.option(
    "--purpose", default="audience.administer", show_default=True, help="The purpose of the policy it is for."
)
@click.option("--recipient", default="", help="The recipient of the policy who gets it.  [default: ourselves]")
@click.option("--columns", help="Names of columns, with commas between them.  [default: the usual ones]")
@click.option("--format", "kind", type=click.Choice(["csv", "xlsx", "jsonl"]), help="[default: by the file's name]")
def export_command(
    *,
    file: Path,
    workspace_name: str | None,
    list_name: str | None,
    segment_name: str | None,
    state: str,
    search: str,
    person_ids: tuple[UUID, ...],
    purpose: str,
    recipient: str,
    columns: str | None,
    kind: str | None,
) -> None:
    """Take people out as CSV, as an Excel workbook, or as JSON Lines.

    Only people for whom the policy permits the purpose, with what it uses; the ledger keeps for what and for whom.
    """
    from tillit.ledger.processing import SYSTEM, Refused  # noqa: PLC0415  Django is set up by now
    from tillit.people.exporting import files, start  # noqa: PLC0415
    from tillit.people.exporting.run import run_export  # noqa: PLC0415
    from tillit.people.models import MailingList, Segment  # noqa: PLC0415
    from tillit.people.selection import Selection  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    wanted = Selection(
        text=search,
        list_id=_number(MailingList, workspace, list_name, "list"),
        segment_id=_number(Segment, workspace, segment_name, "segment"),
        state=state,
        ids=person_ids,
    )
    order = start.Order(
        selection=wanted,
        purpose=purpose,
        recipient=recipient,
        format=kind or SUFFIXES.get(file.suffix.lower(), "csv"),
        columns=tuple(name.strip() for name in columns.split(",")) if columns else None,
    )
    try:
        item = start.start(workspace.pk, order, by=SYSTEM, now=timezone.now(), defer=False)
        done = _with_bar(run_export, item)
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    found = files.path_of(done)
    if done.state != "done" or found is None:
        raise click.ClickException(done.error or f"The export is {done.get_state_display().lower()}.")
    shutil.copyfile(found, file)
    files.remove(done)
    Console(highlight=False).print(f"{done.written:,} people written to {file}.", markup=False, soft_wrap=True)


def _number(model: Any, workspace: Any, name: str | None, what: str) -> int | None:
    if not name:
        return None
    found = model.objects.filter(workspace=workspace, name=name).first()
    if found is None:
        raise click.ClickException(f"There is no {what} “{name}”.")
    return int(found.pk)


def _with_bar(run_export: Any, item: Any) -> Any:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("Exporting", total=item.total or None)
        return run_export(item.pk, lambda written: progress.update(bar, completed=written))
