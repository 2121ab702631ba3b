"""`tillit policy explain`: what was permitted for a person, why, and by which rule, choice and version."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from tillit.people.command import workspace_named

if TYPE_CHECKING:  # Django is not set up when the command line is read
    from tillit.governance.explain import Past, Period


@click.command("explain")
@click.option("--workspace", "workspace_name", help="Workspace, by name or number.  [default: the only one]")
@click.option("--person", required=True, help="Number of the person, or their mail address (which is not recorded).")
@click.option("--purpose", help="Such as marketing.email.  [default: every purpose, in a table]")
@click.option("--at", "at", default="", metavar="MOMENT", help="Such as 2026-03-01T12:00.  [default: now]")
@click.option("--language", type=click.Choice(["en", "sv"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Say it for programs.")
def explain_command(
    *, workspace_name: str | None, person: str, purpose: str | None, at: str, language: str, as_json: bool
) -> None:
    """Say whether a purpose was permitted for a person, now or at any past moment, and why.

    Recorded in the ledger, as every look at a person is.
    """
    from django.utils import timezone, translation  # noqa: PLC0415  Django is set up by now

    from tillit.governance.explain import NoMoment, moment_of, past_of  # noqa: PLC0415
    from tillit.ledger.processing import SYSTEM, Refused  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    with translation.override(language):
        try:
            moment = moment_of(at, now=timezone.now())
            person_id = _person(workspace.pk, person)
            past = past_of(workspace.pk, person_id, by=SYSTEM, purpose=purpose or "")
        except NoMoment as error:
            raise click.BadParameter(str(error), param_hint="--at") from error
        except Refused as error:
            raise click.ClickException(error.reason) from error
        if past is None:
            raise click.ClickException("There is nobody: the person was erased, or never was in this workspace.")
        names = [purpose] if purpose else past.purposes_at(moment)
        now = timezone.now()
        told = [_told(past, name, moment, now=now) for name in names]
        if as_json:
            click.echo(json.dumps(told if purpose is None else told[0], ensure_ascii=False, indent=1))
        elif purpose:
            _print_chain(told[0], past.periods(purpose, until=now))
        else:
            _print_table(told, moment)


def _person(workspace_id: int, text: str) -> UUID:
    """The person with a number or an address. What was typed is repeated nowhere."""
    from tillit.governance.explain import person_with  # noqa: PLC0415
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415
    from tillit.people.identity import InvalidIdentifier  # noqa: PLC0415

    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        found = person_with(workspace_id, text, by=SYSTEM)
    except InvalidIdentifier as error:
        raise click.BadParameter(
            "This is neither a person's number nor a mail address.", param_hint="--person"
        ) from error
    if found is None:
        raise click.ClickException("There is nobody with that address in this workspace.")
    return found


def _told(past: Past, purpose: str, moment: datetime, *, now: datetime) -> dict[str, Any]:
    from tillit.governance.explain_words import as_json, short  # noqa: PLC0415

    explanation = past.at(purpose, moment)
    told = as_json(explanation, past.periods(purpose, until=now))
    return {**told, "why": short(explanation)}


def _print_chain(told: dict[str, Any], periods: list[Period]) -> None:
    from tillit.governance.explain_words import events_in_words, short, when  # noqa: PLC0415

    out = Console(highlight=False, markup=False)
    out.print(f"{told['title']} ({told['purpose']}), {when(datetime.fromisoformat(told['at']))}")
    chain = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for step in told["steps"]:
        mark = ("✓ " if told["permitted"] else "✗ ") if step["kind"] == "verdict" else ""
        chain.add_row(step["title"], f"{mark}{step['text']}")
    for clause, promise in told["clauses"].items():
        chain.add_row(clause, promise)
    if told["choice"]:
        chain.add_row(_("Receipt"), told["choice"]["id"])
    if told["doubt"]:
        chain.add_row("!", told["doubt"])
    out.print(chain)
    if periods:
        spans = _table(_("From"), _("To"), _("Permitted"), _("Why"), _("It began when"))
        for each in periods:
            end = when(each.end) if each.end else "…"
            permitted = _("Yes") if each.permitted else _("No")
            spans.add_row(when(each.start), end, permitted, short(each.explanation), events_in_words(each))
        out.print(spans)


def _print_table(told: list[dict[str, Any]], moment: datetime) -> None:
    from tillit.governance.explain_words import when  # noqa: PLC0415

    out = Console(highlight=False, markup=False)
    out.print(when(moment))
    table = _table(_("Purpose"), _("Permitted"), _("Why"), _("Clause"))
    for each in told:
        permitted = _("Yes") if each["permitted"] else _("No")
        table.add_row(each["purpose"], permitted, each["why"], each["clause"] or "")
    out.print(table if told else _("No policy was in force then"))


def _table(*headings: str) -> Table:
    return Table(*headings, box=None, padding=(0, 2, 0, 0))
