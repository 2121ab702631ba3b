"""`tillit segment`: list, show, count and keep segments in the shell."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from tillit.people.command import workspace_named

out = Console(highlight=False)
_workspace = click.option(
    "--workspace", "workspace_name", help="Workspace, by name or number.  [default: the only one]"
)


@click.group("segment")
def segment_command() -> None:
    """People found by conditions on fields, lists and campaigns."""


@segment_command.command("list")
@_workspace
def list_segments(*, workspace_name: str | None) -> None:
    """List the segments with their conditions."""
    from tillit.people.segments import queries  # noqa: PLC0415  Django is set up by now
    from tillit.people.segments.conditions import vocabulary  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    words, found = vocabulary(workspace.pk), list(queries.segments(workspace.pk))
    for segment in found:
        out.print(f"{segment.pk}. {segment.name}: {queries.text_of(segment, words)}", markup=False, soft_wrap=True)
    if not found:
        out.print("There is no segment yet.")


@segment_command.command()
@click.argument("name")
@_workspace
def text(*, name: str, workspace_name: str | None) -> None:
    """Print the conditions of a segment as text."""
    from tillit.people.segments.queries import text_of  # noqa: PLC0415

    found = _named(workspace_named(workspace_name).pk, name)
    out.print(text_of(found), markup=False, soft_wrap=True)


@segment_command.command()
@click.argument("name", required=False)
@click.option("--text", "conditions", help="Conditions to count instead of a kept segment.")
@click.option("--purpose", default="audience.administer", show_default=True, help="Count whom this purpose permits.")
@click.option("--limit", type=click.FloatRange(0.1, 3600), default=60.0, show_default=True, help="Seconds to wait.")
@_workspace
def count(*, name: str | None, conditions: str | None, purpose: str, limit: float, workspace_name: str | None) -> None:
    """Count the people of a segment, by name or number."""
    from tillit.ledger.processing import SYSTEM, Refused  # noqa: PLC0415
    from tillit.people.segments import queries  # noqa: PLC0415
    from tillit.people.segments.tree import from_json  # noqa: PLC0415

    if (name is None) == (conditions is None):
        raise click.UsageError("Name a segment, or give conditions with --text.")
    workspace = workspace_named(workspace_name)
    tree = _parsed(workspace.pk, conditions) if conditions else from_json(_named(workspace.pk, name or "").tree)
    try:
        found = queries.count(workspace.pk, tree, by=SYSTEM, purpose=purpose, limit_s=limit)
    except Refused as refused:
        raise click.ClickException(refused.reason) from refused
    except queries.TooSlow as slow:
        raise click.ClickException(f"Counting takes longer than {limit:g} seconds. Raise --limit.") from slow
    about = "" if found.exact else "about "
    out.print(f"{about}{found.number:,} of {found.everybody:,} people ({found.seconds:.2f} s)")


@segment_command.command()
@click.argument("name")
@click.argument("conditions")
@_workspace
def save(*, name: str, conditions: str, workspace_name: str | None) -> None:
    """Keep conditions under a name; a segment of that name is changed."""
    from tillit.ledger.processing import SYSTEM  # noqa: PLC0415
    from tillit.people.segments import actions, queries  # noqa: PLC0415

    workspace = workspace_named(workspace_name)
    tree = _parsed(workspace.pk, conditions)
    known = queries.segments(workspace.pk).filter(name=name).first()
    if known is None:
        made = actions.make_segment(workspace.pk, name=name, tree=tree, by=SYSTEM)
    else:
        made = actions.change_segment(known, name=name, tree=tree, description=known.description, by=SYSTEM)
    out.print(queries.text_of(made), markup=False, soft_wrap=True)


def _named(workspace_id: int, name: str) -> Any:
    """The segment of a name or number. Raises ClickException."""
    from tillit.people.segments.queries import segments  # noqa: PLC0415

    known = segments(workspace_id)
    found = known.filter(name=name).first() or (known.filter(pk=int(name)).first() if name.isdecimal() else None)
    if found is None:
        raise click.ClickException(f"There is no segment “{name}”. `tillit segment list` shows those there are.")
    return found


def _parsed(workspace_id: int, conditions: str) -> Any:
    """The tree of a text. Raises ClickException that shows the place."""
    from tillit.people.segments.conditions import vocabulary  # noqa: PLC0415
    from tillit.people.segments.language import parse  # noqa: PLC0415
    from tillit.people.segments.tree import Mistake  # noqa: PLC0415

    try:
        return parse(conditions, vocabulary(workspace_id))
    except Mistake as mistake:
        before, wrong, after = mistake.shown
        pointer = " " * len(before) + "^" * max(1, len(wrong))
        where = f"line {mistake.line}, column {mistake.column}"
        raise click.ClickException(
            f"{mistake.message} ({where})\n  {before}{wrong}{after}\n  {pointer}\n{mistake.mend}"
        ) from mistake
