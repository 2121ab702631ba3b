"""The `tillit` command."""

from __future__ import annotations

from functools import wraps
from typing import Any

import click
from pydantic import ValidationError

from tillit.conf.policy_cli import policy
from tillit.conf.supervisor import end_with_supervisor, supervise
from tillit.conf.terminal import Failed, database, err, out
from tillit.consent.command import receipt_command
from tillit.env import env
from tillit.governance.command import explain_command
from tillit.keys import SecretTooShort
from tillit.people.command import import_command, undo_command
from tillit.people.exporting.command import export_command
from tillit.people.hygiene.command import hygiene_command
from tillit.people.segments.command import segment_command
from tillit.people.suppression.command import suppression_command
from tillit.rights.merging.command import duplicates_command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tillit")
@click.pass_context
def main(context: click.Context) -> None:
    """Tillit: an audience platform whose privacy policy is the program.

    Start with `tillit demo`, or with `tillit serve` for an installation of your own.
    """
    if context.invoked_subcommand == receipt_command.name:
        return  # works without an installation: on the machine of whoever got a receipt, and leaves no file there
    try:
        env().keys  # noqa: B018  reads the settings and the secret, to complain now
    except ValidationError as error:
        wrong = "; ".join(f"TILLIT_{str(part['loc'][0]).upper()}: {part['msg']}" for part in error.errors())
        raise Failed(f"A setting makes no sense. {wrong}. See docs/settings.md.") from error
    except (SecretTooShort, OSError) as error:
        raise Failed(f"The master secret cannot be had. {error}") from error


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: TILLIT_PORT or 8000]")
def demo(port: int | None) -> None:
    """Serve everything with sample data; no mail leaves this machine."""
    supervise(port=port, demo=True)


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: TILLIT_PORT or 8000]")
def serve(port: int | None) -> None:
    """Serve everything on one machine: pages, edge, jobs and senders."""
    supervise(port=port, demo=False)


@main.command()
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
def web(workers: int) -> None:
    """Serve the pages and the edge (needs a migrated database that runs)."""
    _granian("tillit.conf.asgi:application", workers)


@main.command()
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
def edge(workers: int) -> None:
    """Serve opens and clicks alone."""
    _granian("tillit.conf.edge_alone:application", workers)


def _granian(target: str, workers: int) -> None:
    end_with_supervisor()
    from granian import Granian
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels

    Granian(
        target,
        address=env().host,
        port=env().port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop,
        backpressure=512,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()


@main.command()
def worker() -> None:
    """Work on jobs: imports, preparation of campaigns, seals."""
    _setup()
    from tillit.conf.worker import run

    run()


@main.command()
@click.option("--once", is_flag=True, help="Stop when nothing is left to send.")
def sender(once: bool) -> None:
    """Send what campaigns have queued; start as many as you like."""
    _setup()
    from tillit.delivery.sender import run

    run(once=once)


def _setup() -> None:
    import django

    end_with_supervisor()
    django.setup()


@main.command()
@click.argument("email")
@click.option("--name", default="", help="Name shown in the console.")
@click.option("--workspace", default="", help="Workspace to own; made when there is none of that name.")
@click.password_option(help="Asked for when not given.")
def user(email: str, name: str, workspace: str, password: str) -> None:
    """Make a user who signs in to the console, and the workspace they own."""
    with database():
        from tillit.conf.database import migrate as bring_up_to_date
        from tillit.conf.first_user import make_user

        bring_up_to_date(env())
        made = make_user(email=email, password=password, name=name, workspace=workspace or "House")
    out.print(f"{email} owns the workspace “{made}” and can sign in at {env().base_url}.", soft_wrap=True)


@main.command()
def migrate() -> None:
    """Bring the schema, roles, grants and row-level security up to date."""
    with database():
        from tillit.conf.database import migrate as bring_up_to_date

        bring_up_to_date(env(), verbosity=1)
    out.print("The database is up to date.")


@main.command()
def check() -> None:
    """Verify declarations, row-level security, grants and migrations against the running database."""
    with database():
        from tillit.conf.verify import findings

        found = findings()
    for finding in found:
        err.print(f"[red]✗[/] {finding}")
    if found:
        raise Failed(f"{len(found)} finding(s). `tillit migrate` mends grants and row-level security.")
    out.print("[green]✓[/] Every table is declared, protected and granted as declared.")


def _over_the_database(command: click.Command) -> click.Command:
    """Let a package's own command run with Django set up over a database that runs."""
    inner = command.callback or (lambda: None)

    @wraps(inner)
    def run(*arguments: Any, **options: Any) -> Any:
        with database():
            return inner(*arguments, **options)

    command.callback = run
    return command


main.add_command(_over_the_database(import_command))
main.add_command(_over_the_database(undo_command))
main.add_command(_over_the_database(hygiene_command))
main.add_command(_over_the_database(export_command))
main.add_command(receipt_command)
for group in (suppression_command, segment_command, duplicates_command):
    for each in group.commands.values():
        _over_the_database(each)
    main.add_command(group)


main.add_command(policy)


policy.add_command(_over_the_database(explain_command))


@main.group()
def ledger() -> None:
    """Work with the ledger of activities."""


@ledger.command("seal")
def ledger_seal() -> None:
    """Seal what is not sealed yet (the worker does so every minute)."""
    from django.utils import timezone

    with database():
        from tillit.ledger.seal import seal

        out.print(f"{seal(env().keys, now=timezone.now(), head=env().ledger_head):,} rows sealed.")


@ledger.command("verify")
def ledger_verify() -> None:
    """Recompute every hash, root and signature; exit 1 when a row was changed, removed or added."""
    from rich.progress import Progress

    with database(), Progress(console=err, transient=True) as progress:
        from tillit.ledger.models import Activity, Seal
        from tillit.ledger.seal import verify

        bar = progress.add_task("Verifying seals", total=None)
        found = verify(
            env().keys,
            head=env().ledger_head,
            progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )
        seals, rows = Seal.objects.count(), Activity.objects.count()
    for finding in found[:50]:
        err.print(f"[red]✗[/] {finding.what}: {finding.where}", soft_wrap=True)
    if found:
        raise Failed(f"The ledger is not as it was written: {len(found)} finding(s).")
    out.print(f"[green]✓[/] {seals:,} seals and {rows:,} activities are as they were written.")
