"""`tillit policy publish` and its sisters: the policies of a workspace, over its database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tillit.conf.policy_terminal import A_FILE, read, tell, tell_changes
from tillit.conf.terminal import Failed, database, err, out
from tillit.policy.rules import Place, TooManyPurposes

if TYPE_CHECKING:
    from tillit.accounts.models import Workspace
    from tillit.ledger.versions import Version
    from tillit.policy.diff import Changes

workspace_option = click.option("--workspace", required=True, help="Number or name of the workspace.")


class Moment(click.ParamType):
    """A day or a moment as ISO 8601 writes it; without a zone it is in the zone of this machine."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return datetime.fromisoformat(str(value)).astimezone(UTC)
        except (ValueError, OverflowError):  # the latter at either end of the calendar
            self.fail(f"“{value}” is no moment. Write 2027-01-31 or 2027-01-31T08:00.", param, ctx)


def found(name: str) -> Workspace:
    """Give the workspace of that number or name. Raises Failed with the names there are."""
    from tillit.accounts.models import Workspace

    rows = Workspace.objects.order_by("pk")
    matching = rows.filter(pk=int(name)) if name.isdecimal() and len(name) < 10 else rows.filter(name=name)
    if len(matching) == 1:
        return matching[0]
    known = ", ".join(f"{each.pk} “{each.name}”" for each in (matching or rows)[:20]) or "none: `tillit user` makes one"
    what = f"Several workspaces are called “{name}”" if matching else f"There is no workspace “{name}”"
    raise Failed(f"{what}. There are: {known}.")


def places_of(workspace: str) -> Mapping[str, Place]:
    """Give the places for purposes that a workspace has used up."""
    with database():
        from tillit.ledger.versions import places

        return places(found(workspace).pk)


@click.command("publish")
@click.argument("file", type=A_FILE)
@workspace_option
@click.option("--at", type=Moment(), help="Moment from which it binds, such as 2027-01-31T08:00.  [default: now]")
@click.option("--note", default="", help="What you say of the change; people read it.")
@click.option("--without-notice", default="", metavar="BECAUSE", help="Why people are not told before; they read it.")
@click.option("--keep-consent", multiple=True, metavar="PURPOSE", help="Do not ask anew, where you may decide that.")
@click.option("--yes", is_flag=True, help="Do not ask whether to publish.")
def publish_command(
    *,
    file: Path,
    workspace: str,
    at: datetime | None,
    note: str,
    without_notice: str,
    keep_consent: tuple[str, ...],
    yes: bool,
) -> None:
    """Publish a document as the policy of a workspace, after telling what changes and for how many people.

    A change that people must be told of before takes effect at once only with a reason, which stays with the version.

    Example: tillit policy publish my-policy.yaml --workspace 1 --at 2027-01-31T08:00 --note "A new mail service."
    """
    read(file)
    with database():
        from django.utils import timezone

        from tillit.ledger.actions import publish
        from tillit.ledger.processing import Refused

        chosen, text = found(workspace), file.read_text(encoding="utf-8-sig")
        old = _in_force(chosen)
        asked, changes = _told(chosen, file, text, old=old, keep_consent=keep_consent)
        note = _note(changes, at, note=note, because=without_notice.strip())
        if not yes and not click.confirm(f"Publish it in “{chosen.name}”?", err=True):
            raise Failed("Nothing was published.")
        try:
            made = publish(
                chosen.pk,
                text,
                by=None,
                now=timezone.now(),
                effective_at=at,
                ask_again=asked,
                note=note,
                based_on=old.id if old else None,
            )
        except (Refused, TooManyPurposes) as error:
            raise Failed(str(error)) from error
    out.print(f"[green]✓[/] Version {made.number} {_binds(made.effective_at)}. Digest {made.digest}.", soft_wrap=True)


def _note(changes: Changes, at: datetime | None, *, note: str, because: str) -> str:
    """What is kept of the change for ever, with why people were not told before. Raises Failed without a reason."""
    from django.utils import timezone

    from tillit.governance.notices import needed, without_notice

    at_once = needed(changes, at, timezone.now())
    if at_once.reason_required and not because:
        raise Failed(
            "People must be told before such a change. Choose a later moment with --at, or say why they are not with"
            ' --without-notice "…"; everybody can read that. Nothing was published.'
        )
    return without_notice(note, because) if at_once.reason_required else note.strip()


def _told(
    workspace: Workspace, file: Path, text: str, *, old: Version | None, keep_consent: tuple[str, ...]
) -> tuple[tuple[str, ...], Changes]:
    """Tell what would change, for how many; return the purposes whose consent is asked for anew, and what changes."""
    from django.utils import timezone

    from tillit.governance.compared import differences
    from tillit.ledger.versions import places
    from tillit.policy.diff import asks
    from tillit.policy.load import check_file

    now = timezone.now()
    changes = differences(old.text if old else None, text)
    if old and not len(changes):
        raise Failed(f"The document says what version {old.number} says already. Nothing was published.")
    must, may = asks(changes)
    if unknown := set(keep_consent) - set(may):
        forced = sorted(unknown & set(must))
        why = "its consent does not cover the change" if forced else "nothing asks for its consent anew"
        raise Failed(f"--keep-consent {(forced or sorted(unknown))[0]}: {why}.")
    asked = tuple(name for name in (*must, *may) if name not in keep_consent)
    problems = check_file(file, today=now.date(), places=places(workspace.pk), ask_again=asked)
    tell(file, problems)
    if any(problem.level == "error" for problem in problems):
        raise Failed(f"{file} cannot be published.")
    tell_changes(changes, "en")
    if old:
        _count(workspace, old, changes, asked=asked, now=now)
    return asked, changes


def _count(workspace: Workspace, old: Version, changes: Changes, *, asked: tuple[str, ...], now: datetime) -> None:
    from tillit.governance.impact import measure, rules_between
    from tillit.ledger.processing import SYSTEM

    rules = rules_between(workspace.pk, old, changes)
    counts = measure(workspace.pk, changes, rules, by=SYSTEM, now=now, asked=asked)
    out.print(f"\n[bold]Of {counts.people:,} people now[/]")
    out.print(f"  {counts.gaining:,} come under a use that was not permitted, {counts.losing:,} leave one.")
    out.print(f"  {counts.asked:,} are asked anew for their consent" + (f" to {', '.join(asked)}." if asked else "."))
    out.print(f"  {counts.told:,} should be told before it takes effect.")


def _in_force(workspace: Workspace) -> Version | None:
    from tillit.ledger.versions import NoPolicy, in_force

    try:
        return in_force(workspace.pk)
    except NoPolicy:
        return None


def _binds(moment: datetime) -> str:
    past = moment <= datetime.now(UTC)
    return f"binds {'since' if past else 'from'} {moment.astimezone():%Y-%m-%d %H:%M %Z}"


@click.command("versions")
@workspace_option
def versions_command(workspace: str) -> None:
    """List the versions of a workspace's policy, newest first.

    Example: tillit policy versions --workspace 1
    """
    with database():
        from tillit.ledger.models import PolicyVersion

        chosen = found(workspace)
        rows = PolicyVersion.objects.filter(workspace=chosen).select_related("withdrawal").order_by("-number")
        if not rows:
            err.print(f"“{chosen.name}” has published no policy. Start with `tillit policy new`.")
        for row in rows:
            state = "was withdrawn" if hasattr(row, "withdrawal") else _binds(row.effective_at)
            out.print(f"{row.number:>4}  {row.digest[:12]}  {state}  {row.note}".rstrip(), markup=False, soft_wrap=True)


@click.command("show")
@workspace_option
@click.option("--at", type=Moment(), help="The version that bound at a day or moment.")
@click.option("--version", "number", type=click.IntRange(min=1), help="The version of that number.")
def show_command(workspace: str, at: datetime | None, number: int | None) -> None:
    """Print a published document as it was written; without --at and --version the one in force.

    Example: tillit policy show --workspace 1 --at 2026-05-01 > policy-of-that-day.yaml
    """
    if at and number:
        raise click.UsageError("Choose --at or --version, not both.")
    with database():
        from tillit.ledger.models import PolicyVersion
        from tillit.ledger.versions import in_force_at, version

        chosen = found(workspace)
        if number:
            row = PolicyVersion.objects.filter(workspace=chosen, number=number).first()
            shown = version(row.pk) if row else None
        else:
            shown = in_force_at(chosen.pk, at) if at else _in_force(chosen)
        if shown is None:
            asked = (
                f"version {number}"
                if number
                else f"policy on {at.astimezone():%Y-%m-%d %H:%M %Z}"
                if at
                else "policy in force"
            )
            raise Failed(f"“{chosen.name}” has no {asked}. `tillit policy versions` lists what there is.")
    err.print(f"Version {shown.number}, {_binds(shown.effective_at)}, digest {shown.digest}", soft_wrap=True)
    click.echo(shown.text, nl=not shown.text.endswith("\n"))


@click.command("withdraw")
@workspace_option
@click.option("--yes", is_flag=True, help="Do not ask whether to withdraw it.")
def withdraw_command(workspace: str, yes: bool) -> None:
    """Take back the version that waits to take effect; it stays readable.

    Example: tillit policy withdraw --workspace 1
    """
    with database():
        from django.utils import timezone

        from tillit.ledger.actions import withdraw
        from tillit.ledger.processing import Refused
        from tillit.ledger.versions import scheduled

        chosen = found(workspace)
        waiting = scheduled(chosen.pk, now=timezone.now())
        what = f"Withdraw version {waiting.number} of “{chosen.name}”?" if waiting else ""
        if what and not yes and not click.confirm(what, err=True):
            raise Failed("Nothing was withdrawn.")
        try:
            taken = withdraw(chosen.pk, by=None, now=timezone.now())
        except Refused as error:
            raise Failed(str(error)) from error
    out.print(f"[green]✓[/] Version {taken.number} was withdrawn, and will not take effect.")
