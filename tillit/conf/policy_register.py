"""`tillit policy register`: the register of processing of a workspace, as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tillit.conf.policy_publishing import found, workspace_option
from tillit.conf.terminal import Failed, database, out

FORMATS = ("xlsx", "csv", "json")


@click.command("register")
@workspace_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="[default: as the file's name ends]")
@click.option(
    "--version", "number", type=click.IntRange(min=1), help="Number of a version.  [default: that of the day]"
)
@click.option("--on", "day", type=click.DateTime(formats=["%Y-%m-%d"]), help="Day it is told for.  [default: today]")
@click.option("--language", type=click.Choice(["en", "sv"]), help="[default: the workspace's]")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
def register_command(
    *, workspace: str, form: str | None, number: int | None, day: datetime | None, language: str | None, output: Path
) -> None:
    """Write the register of processing (GDPR article 30), made from the rules that the database executes.

    Example: tillit policy register --workspace 1 --on 2027-01-31 -o register.xlsx
    """
    with database():
        from tillit.governance.register import UnknownFormat, UnknownVersion, write
        from tillit.ledger.versions import NoPolicy

        chosen = found(workspace)
        try:
            made = write(
                output,
                form or "",
                workspace_id=chosen.pk,
                number=number,
                language=language or "",
                day=day.date() if day else None,
            )
        except (UnknownFormat, NoPolicy) as error:
            raise Failed(str(error)) from error
        except UnknownVersion as error:
            asked = f"version {number}" if number else f"policy in force on {day:%Y-%m-%d}"
            raise Failed(f"“{chosen.name}” has no {asked}. See `tillit policy versions`.") from error
        except OSError as error:
            raise Failed(f"{output} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    said = f"{len(made.register.records)} purposes of version {made.version.number}, as of {made.register.day}"
    out.print(f"[green]✓[/] {output}: {said}.", soft_wrap=True)
