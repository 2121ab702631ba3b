"""`tillit hygiene`: look through a list, take people off it, mend mistyped addresses."""

from __future__ import annotations

from typing import Any

import click
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from tillit.people.command import workspace_named

KINDS = {
    "bouncing": "whose address bounces",
    "dormant": "who have not looked at any mail for half a year",
    "role": "addresses of a function, such as info@",
    "disposable": "addresses for a short while",
    "typo": "addresses that look mistyped",
}


@click.command("hygiene")
@click.argument("list_name", metavar="LIST")
@click.option("--workspace", "workspace_name", help="Workspace, by name or number.  [default: the only one]")
@click.option("--remove", type=click.Choice(list(KINDS)), help="Take everybody of a kind off the list.")
@click.option("--mend", metavar="DOMAIN", help="Mend the addresses of a mistyped domain; “all” mends every one.")
@click.option("--yes", is_flag=True, help="Do not ask before anything is changed.")
def hygiene_command(
    *, list_name: str, workspace_name: str | None, remove: str | None, mend: str | None, yes: bool
) -> None:
    """Look through LIST, and do something about what is found.

    Without an option it only counts. What is changed can be undone on the list's page for thirty days.
    """
    from tillit.ledger.processing import SYSTEM, Refused  # noqa: PLC0415  Django is set up by now
    from tillit.people.hygiene import looking  # noqa: PLC0415

    mailing_list = _list(workspace_named(workspace_name), list_name)
    now = timezone.now()
    looking.ListCheck.objects.update_or_create(list=mailing_list, defaults={"begun_at": now, "by": SYSTEM})
    found = looking.look_through(mailing_list.pk, now=now).found
    try:
        if remove:
            _remove(mailing_list, remove, found, yes=yes)
        elif mend:
            _mend(mailing_list, mend, found, yes=yes)
        else:
            _print(found)
    except Refused as error:
        raise click.ClickException(str(error)) from error


def _list(workspace: Any, name: str) -> Any:
    from tillit.people.queries import every_list  # noqa: PLC0415

    if found := every_list(workspace.pk).filter(name=name).first():
        return found
    raise click.ClickException(f"There is no list “{name}”.")


def _print(found: dict[str, Any]) -> None:
    out = Console(highlight=False)
    table = Table(show_header=False, box=None)
    table.add_row(f"{found['people']:,}", "people on the list")
    for kind, words in KINDS.items():
        table.add_row(f"{found.get(kind, 0):,}", words)
    for domain, meant, number in found["typos"]:
        table.add_row("", f"{number:,} @{domain}, probably @{meant}")
    out.print(table)


def _remove(mailing_list: Any, kind: str, found: dict[str, Any], *, yes: bool) -> None:
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415
    from tillit.people.hygiene import mending  # noqa: PLC0415

    number = found.get(kind, 0)
    if number and (yes or click.confirm(f"Take {number:,} people off “{mailing_list.name}”?", abort=True)):
        done = mending.run(mending.queued_removal(mailing_list, kind, by=SYSTEM, now=timezone.now(), total=number).pk)
        number = done.counts.get("removed", 0)
    click.echo(f"{number:,} taken off.")


def _mend(mailing_list: Any, domain: str, found: dict[str, Any], *, yes: bool) -> None:
    from tillit.ledger.processing import SYSTEM, Refused  # noqa: PLC0415
    from tillit.people.hygiene import mending  # noqa: PLC0415

    chosen = [typo for typo in found["typos"] if domain in {"all", typo[0]}]
    if not chosen and domain != "all":
        raise Refused(f"Nobody on the list has an address at “{domain}” that looks mistyped.")
    for typo, meant, number in chosen:
        if yes or click.confirm(f"Write @{meant} instead of @{typo} for {number:,} people?"):
            queued = mending.queued_mend(mailing_list, typo, by=SYSTEM, now=timezone.now(), total=number)
            counts = mending.run(queued.pk).counts
            left = counts.get("taken", 0) + counts.get("barred", 0)
            click.echo(f"{counts.get('mended', 0):,} mended, {left:,} left as they are.")
