"""`tillit suppression`: addresses and domains that nothing is sent to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from django.utils import timezone
from rich.console import Console

from tillit.people.command import workspace_named

REASONS = ("asked", "complaint", "bounced", "trap", "excluded", "moved", "other")
out = Console(highlight=False)


@click.group("suppression")
def suppression_command() -> None:
    """Addresses and domains that nothing is sent to, in a workspace or everywhere."""


def _scoped(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--workspace` and `--everywhere`; it is called with the workspace's id, or None."""

    @click.option("--workspace", "workspace_name", help="Workspace, by name or number.  [default: the only one]")
    @click.option("--everywhere", is_flag=True, help="In every workspace of this installation.")
    @wraps(command)
    def run(*, workspace_name: str | None, everywhere: bool, **more: Any) -> None:
        if everywhere and workspace_name:
            raise click.UsageError("Say --workspace or --everywhere, not both.")
        command(workspace_id=None if everywhere else workspace_named(workspace_name).pk, **more)

    return run


def _reasoned(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--reason` and `--note`."""
    reason = click.option("--reason", type=click.Choice(REASONS), default="asked", show_default=True)
    note = click.option("--note", default="", help="Why, in a few words without anybody's name.")
    return reason(note(command))


@suppression_command.command()
@click.argument("what", nargs=-1, required=True)
@_reasoned
@_scoped
def add(*, workspace_id: int | None, what: tuple[str, ...], reason: str, note: str) -> None:
    """Suppress addresses and domains; a domain covers its subdomains."""
    from tillit.people.suppression.actions import suppress  # noqa: PLC0415  Django is set up by now

    done = suppress(workspace_id, [_read(text) for text in what], _why(reason, note))
    out.print(f"{done.entries:,} added; {done.people:,} people get no more mail.")


@suppression_command.command()
@click.argument("what", nargs=-1, required=True)
@click.option(
    "--because", default="", help="When and how the person said that they want mail again; kept. Names nobody."
)
@_scoped
def lift(*, workspace_id: int | None, what: tuple[str, ...], because: str) -> None:
    """Lift suppressions of addresses and domains; what people themselves wanted needs --because."""
    from tillit.ledger.processing import SYSTEM, Refused  # noqa: PLC0415
    from tillit.people.suppression import actions  # noqa: PLC0415
    from tillit.people.suppression.known import keyring, of  # noqa: PLC0415
    from tillit.people.suppression.lifted import Leave  # noqa: PLC0415

    keys = [keyring().key(*_read(text)) for text in what]
    found = of(workspace_id).filter(key__in=keys)
    leave = Leave(by=SYSTEM, now=timezone.now(), because=because, administers=True)
    try:
        done = actions.lift(workspace_id, list(found.values_list("pk", flat=True)), leave)
    except Refused as refused:
        raise click.ClickException(f"{refused} Say it with --because.") from refused
    out.print(f"{done.entries:,} lifted; {done.people:,} people can get mail again.")
    if done.entries < len(what):
        raise click.ClickException(f"{len(what) - done.entries} of them were not suppressed there.")


@suppression_command.command()
@click.argument("address")
@click.option("--workspace", "workspace_name", help="Workspace, by name or number.  [default: the only one]")
def check(*, address: str, workspace_name: str | None) -> None:
    """Say whether an address is suppressed, by what, and why; exit 1 when it is not."""
    from tillit.people.suppression.keys import EMAIL  # noqa: PLC0415
    from tillit.people.suppression.known import covering  # noqa: PLC0415

    kind, value = _read(address)
    found = covering(workspace_named(workspace_name).pk, value if kind == EMAIL else f"@{value}")
    for each in found:
        where = "here" if each.workspace_id else "everywhere"
        what = f"the domain {each.domain}" if each.domain else "the address"
        note = f" ({each.note})" if each.note else ""
        out.print(
            f"{what} is suppressed {where} since {each.created_at:%Y-%m-%d}: {each.get_reason_display()}{note}",
            markup=False,
        )
    if not found:
        raise click.ClickException("It is not suppressed.")


@suppression_command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_reasoned
@_scoped
def import_list(*, workspace_id: int | None, file: Path, reason: str, note: str) -> None:
    """Suppress every address and domain in a file: one a line, or a CSV table with a column of them."""
    from tillit.people.importing.files import parts_of  # noqa: PLC0415
    from tillit.people.suppression.files import bring  # noqa: PLC0415

    with Console(stderr=True).status("Reading") as status:
        report = bring(
            workspace_id,
            parts_of(file),
            _why(reason, note),
            progress=lambda so_far: status.update(f"{so_far.entries:,} entries"),
        )
    out.print(
        f"{report.entries:,} entries: {report.done.entries:,} added, {report.known:,} known already;"
        f" {report.done.people:,} people get no more mail."
    )
    for kind, number in report.refused.items():
        told = {"unreadable": "neither addresses nor domains", "foreign": "keys of another installation"}[kind]
        out.print(f"{number:,} lines left out: {told}. The first: {', '.join(map(str, report.lines))}.")


@suppression_command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@_scoped
def export_list(*, workspace_id: int | None, file: Path) -> None:
    """Write the list to a file: domains in clear, addresses as keys that only this installation knows again."""
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415
    from tillit.people.suppression.files import take  # noqa: PLC0415

    with file.open("w", encoding="utf-8", newline="") as handle:
        handle.writelines(take(workspace_id, by=SYSTEM))
    out.print(f"Written to {file}.", markup=False, soft_wrap=True)


def _read(text: str) -> tuple[str, str]:
    from tillit.people.identity import InvalidIdentifier  # noqa: PLC0415
    from tillit.people.suppression.known import keyring  # noqa: PLC0415

    try:
        return keyring().read(text)
    except InvalidIdentifier as error:
        raise click.BadParameter(f"“{text}” is neither an address nor a domain.") from error


def _why(reason: str, note: str) -> Any:
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415
    from tillit.people.suppression.actions import Why  # noqa: PLC0415

    return Why(reason=reason, note=note[:200], by=SYSTEM, now=timezone.now())
