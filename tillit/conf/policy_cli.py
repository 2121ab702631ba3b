"""`tillit policy`: make, check, compare and render policy documents; they are files, and no database is needed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import click

from tillit.conf.policy_publishing import publish_command, show_command, versions_command, withdraw_command
from tillit.conf.policy_register import register_command
from tillit.conf.policy_template import new_command
from tillit.conf.policy_terminal import A_FILE, read, tell, tell_changes, write
from tillit.conf.terminal import Failed, err, out
from tillit.policy.document import Audience, Document
from tillit.policy.load import check_file

A_DAY = click.DateTime(formats=["%Y-%m-%d"])
FORMATS = ("md", "html", "json", "pdf")


@click.group()
def policy() -> None:
    """Make, check, compare, render and publish policy documents."""


@policy.command("check")
@click.argument("file", type=A_FILE)
@click.option("--today", type=A_DAY, help="Day for which it is checked, such as 2027-01-31.  [default: today]")
@click.option("--strict", is_flag=True, help="Let advice count as an error.")
@click.option("--workspace", help="Number or name: also count the places for purposes that it has used up.")
def policy_check(file: Path, today: datetime | None, strict: bool, workspace: str | None) -> None:
    """Check a policy document: errors and advice with line, path and what to do about them.

    Exit status 1 with errors, 0 with advice alone.

    Example: tillit policy check my-policy.yaml --strict
    """
    places = None
    if workspace:
        from tillit.conf.policy_publishing import places_of

        places = places_of(workspace)
    problems = check_file(file, today=today.date() if today else _today(), places=places)
    errors = [problem for problem in problems if problem.level == "error" or strict]
    advice = [problem for problem in problems if problem not in errors]
    tell(file, errors)
    if advice:
        err.print("Advice:")
        tell(file, advice)
    if errors:
        raise Failed(f"{len(errors)} problem(s) in {file}.")
    out.print(f"[green]✓[/] {file} holds together." + (f" {len(advice)} piece(s) of advice." if advice else ""))


@policy.command("diff")
@click.argument("old", type=A_FILE)
@click.argument("new", type=A_FILE)
@click.option("--language", type=click.Choice(["en", "sv"]), default="en", show_default=True)
def policy_diff(old: Path, new: Path, language: str) -> None:
    """Tell in plain words what becomes permitted, what stops and what else changes.

    Example: tillit policy diff policy-2026.yaml policy-2027.yaml
    """
    from tillit.policy.diff import compare

    changes = compare(read(old), read(new))
    if not len(changes):
        out.print("Nothing changes: the documents say the same.")
    tell_changes(changes, language)


@policy.command("render")
@click.argument("file", type=A_FILE)
@click.option("--format", "form", type=click.Choice(FORMATS), default="md", show_default=True)
@click.option("--language", help="Language of the statement.  [default: the document's first]")
@click.option("--audience", type=click.Choice([each.value for each in Audience]), help="Whom it speaks to.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
def policy_render(file: Path, form: str, language: str | None, audience: str | None, output: Path | None) -> None:
    """Render the statement of a document as a draft; printed unless a file is named.

    Example: tillit policy render my-policy.yaml --format pdf --language sv -o policy.pdf
    """
    document = read(file)
    chosen = language or document.languages[0]
    if chosen not in document.languages:
        raise Failed(f"The document has no “{chosen}”. Choose one of {', '.join(document.languages)}.")
    if form == "pdf" and output is None:
        raise Failed("A PDF cannot be printed here. Name a file with -o.")
    made = _rendered(document, form, language=chosen, audience=Audience(audience) if audience else None)
    if output is None:
        click.echo(made.decode(), nl=False)
        return
    write(output, made)
    out.print(f"[green]✓[/] {output}, {len(made):,} bytes.")


def _rendered(document: Document, form: str, *, language: str, audience: Audience | None) -> bytes:
    from tillit.policy import dpv, statement_markdown, statement_typst
    from tillit.policy.rules import compile_rules
    from tillit.policy.statement import build

    rules = compile_rules(document)
    if form == "json":
        return json.dumps(dpv.describe(document, rules, language=language), ensure_ascii=False, indent=1).encode()
    statement = build(document, rules, language=language, audience=audience, on=_today())
    if form == "pdf":
        from tillit.public.pdf import compiled

        return compiled(statement_typst.write(statement), made_at=datetime.now(UTC))
    markdown = statement_markdown.write(statement)
    return (_page(markdown, title=statement.title, language=language) if form == "html" else markdown).encode()


_PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
body {{ overflow-wrap: anywhere }}
.scroll {{ overflow-x: auto }} table {{ border-collapse: collapse; font-size: .9rem }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .6rem; min-width: 6rem }}
th, td {{ border-bottom: 1px solid #8886 }}
</style>
<main>
{body}
</main>
</html>
"""


def _page(markdown: str, *, title: str, language: str) -> str:
    from html import escape

    from tillit.public.markdown import as_html

    return _PAGE.format(language=language, title=escape(title), body=as_html(markdown))


def _today() -> date:
    return datetime.now(UTC).date()


for _command in (new_command, publish_command, versions_command, show_command, withdraw_command, register_command):
    policy.add_command(_command)
