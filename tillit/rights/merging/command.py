"""`tillit duplicates`: find records of one person, make two of them one, and split them again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from tillit.people.command import workspace_named

out = Console(highlight=False)
_workspace = click.option(
    "--workspace", "workspace_name", help="Workspace, by name or number.  [default: the only one]"
)
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
ADMINISTER = "audience.administer"
WHY = {1: "telephone number", 2: "organisation", 4: "beginning of the address", 8: "name"}


@click.group("duplicates")
def duplicates_command() -> None:
    """Records that may be of one person. A person is named by number or by address."""


@duplicates_command.command()
@_workspace
def find(*, workspace_name: str | None) -> None:
    """Search a workspace for pairs, in place of those that the last search found."""
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415  Django is set up by now
    from tillit.people.duplicates.finding import search  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    with Console(stderr=True).status("Searching"):
        counts = search(workspace.pk, by=SYSTEM, now=timezone.now())
    out.print(f"{counts['pairs']:,} pairs. `tillit duplicates list` shows them.")


@duplicates_command.command("list")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page of 25.")
@_workspace
def list_pairs(*, page: int, workspace_name: str | None) -> None:
    """List the pairs that the last search found, the likeliest first."""
    from tillit.ledger.processing import SYSTEM, processing  # noqa: PLC0415
    from tillit.people.duplicates.queries import suggestions  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    with processing(workspace.pk, ADMINISTER, by=SYSTEM, act="duplicate.read") as activity:
        found = suggestions(page=page)
        activity.count(pairs=len(found.pairs))
    table = Table("one", "the other", "share", box=None)
    for pair in found.pairs:
        shared = ", ".join(WHY[reason] for reason in pair.reasons)
        table.add_row(*(_text(each.address or str(each.person.pk)) for each in (pair.one, pair.other)), shared)
    if found.pairs:
        out.print(table)
    else:
        out.print("No pairs here. `tillit duplicates find` searches.")
    if found.more:
        out.print(f"More: --page {page + 1}")


@duplicates_command.command()
@click.argument("kept")
@click.argument("other")
@_yes
@_workspace
def merge(*, kept: str, other: str, yes: bool, workspace_name: str | None) -> None:
    """Make the records KEPT and OTHER one, under the number of the first. A no of either counts for both."""
    from tillit.ledger.processing import SYSTEM, Refused, processing  # noqa: PLC0415
    from tillit.rights.merging import actions, queries  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    one, two = (_person(workspace.pk, text) for text in (kept, other))
    now = timezone.now()
    with processing(workspace.pk, ADMINISTER, by=SYSTEM, act="duplicate.read", subject=one):
        found = queries.preview(workspace.pk, one, two, now=now)
    if found is not None:
        _preview(found)
    if not yes:
        click.confirm("Merge them?", abort=True)
    try:
        made = actions.merge(workspace.pk, one, two, by=SYSTEM, now=now)
    except Refused as refused:
        raise click.ClickException(refused.reason) from refused
    out.print(f"Merged into {made.kept_id}. `tillit duplicates split {made.kept_id}` undoes it.", soft_wrap=True)


@duplicates_command.command()
@click.argument("person")
@_yes
@_workspace
def split(*, person: str, yes: bool, workspace_name: str | None) -> None:
    """Split the record off that went into a PERSON's last."""
    from tillit.ledger.processing import SYSTEM, Refused, processing  # noqa: PLC0415
    from tillit.rights.merging import actions, queries  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    person_id = _person(workspace.pk, person)
    with processing(workspace.pk, ADMINISTER, by=SYSTEM, act="duplicate.read", subject=person_id):
        found = queries.merges_of(person_id)
    if not found:
        raise click.ClickException("No record went into this one.")
    brought = ", ".join(found[0].brought) or str(found[0].merge.gone_id)
    out.print(f"Merged on {found[0].merge.at:%Y-%m-%d}: {brought}", markup=False, soft_wrap=True)
    if not yes:
        click.confirm("Split it off?", abort=True)
    try:
        parted = actions.split(workspace.pk, found[0].merge.pk, by=SYSTEM, now=timezone.now())
    except Refused as refused:
        raise click.ClickException(refused.reason) from refused
    out.print(f"Two records again: {parted.kept_id} and {parted.gone_id}.", soft_wrap=True)
    if parted.fields:
        names = ", ".join(name for names in parted.fields.values() for name in names)
        out.print(f"Changed since, and left with the first: {names}.", markup=False, soft_wrap=True)
    if parted.refusals:
        out.print("What was refused since counts for both.")


@duplicates_command.command()
@click.argument("one")
@click.argument("other")
@_workspace
def differ(*, one: str, other: str, workspace_name: str | None) -> None:
    """Remember that two records are different people: they are not suggested again."""
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415
    from tillit.rights.merging import actions  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    both = [_person(workspace.pk, text) for text in (one, other)]
    actions.call_different(workspace.pk, *both, by=SYSTEM, now=timezone.now())
    out.print("Remembered as two people.")


def _preview(found: Any) -> None:
    """Print what two records make together."""
    table = Table("", "kept", "other", "together", box=None)
    for line in found.values:
        if line.kept != line.gone:
            after = line.gone if line.fills else line.kept
            table.add_row(*(_text(each) for each in (line.label, line.kept, line.gone, after)))
    for line in found.lists:
        table.add_row(*(_text(each) for each in (line.list, line.kept, line.gone, line.after)))
    for line in found.purposes:
        if not line.alike:
            table.add_row(line.id, *("permitted" if each else "no" for each in (line.kept, line.gone, line.after)))
    out.print(table)


def _text(value: object) -> Any:
    """A value as it is: no brackets of anybody's name are read as a style."""
    from rich.text import Text  # noqa: PLC0415

    return Text("" if value is None else str(value))


def _person(workspace_id: int, text: str) -> UUID:
    """Whose number or address a text is, under the id of today. Raises ClickException."""
    from tillit.ledger.processing import SYSTEM, processing  # noqa: PLC0415
    from tillit.people.actions import identity_key  # noqa: PLC0415
    from tillit.people.identity import InvalidIdentifier  # noqa: PLC0415
    from tillit.people.merges import present_id  # noqa: PLC0415
    from tillit.people.models import Identity, Person  # noqa: PLC0415

    with processing(workspace_id, ADMINISTER, by=SYSTEM, act="person.read"):
        try:
            found = Person.objects.filter(pk=present_id(workspace_id, UUID(text))).values_list("pk", flat=True).first()
        except ValueError:
            try:
                key, _normal = identity_key(workspace_id, Identity.Kind.EMAIL, text)
            except InvalidIdentifier as error:
                raise click.BadParameter(f"“{text}” is neither a number of a person nor an address.") from error
            found = Identity.objects.filter(key=key).values_list("person_id", flat=True).first()
    if found is None:
        raise click.ClickException(f"Nobody is here as {text}.")
    return UUID(str(found))
