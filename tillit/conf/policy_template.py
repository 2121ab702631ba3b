"""`tillit policy new`: a template with the facts of whoever publishes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tillit.conf.terminal import Failed, err, out
from tillit.policy.law import authorities
from tillit.policy.load import check_file
from tillit.policy.regions import COUNTRIES, Region, region_of
from tillit.policy.templates import BUSINESS, TEMPLATES, Company, Facts, filled, seat_of


def a_country(value: str) -> str:
    """Give a country code in capital letters. Raises BadParameter."""
    code = value.strip().upper()
    if code not in COUNTRIES:
        raise click.BadParameter(f"“{value}” is no country code. Use two letters as in ISO 3166-1, such as SE or US.")
    return code


def an_email(value: str) -> str:
    """Give an email address. Raises BadParameter."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise click.BadParameter(f"“{value}” is no email address. {error}") from error


def words(value: str) -> str:
    """Give a text in one line. Raises BadParameter when nothing is said, or that it is yet to be filled in."""
    line = " ".join(value.split())
    if not line or "FILL IN" in line:
        raise click.BadParameter("Write what is true of you.")
    return line


def _checked(read: Callable[[str], str]) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    return lambda _context, _option, value: None if value is None else read(value)


@click.command("new")
@click.option("--template", type=click.Choice(sorted(TEMPLATES)), help="Which template.  [asked for]")
@click.option("--name", callback=_checked(words), help="Who publishes it: the name of the company or person.")
@click.option("--address", callback=_checked(words), help="Postal address: street, postal code and town.")
@click.option("--country", callback=_checked(a_country), help="Two letters as in ISO 3166-1, such as SE.")
@click.option("--email", callback=_checked(an_email), help="Address for questions, requests and objections.")
@click.option("--seat", callback=_checked(words), help="Town of the registered seat.  [default: from the address]")
@click.option("--business", callback=_checked(words), help="What you do, in English.")
@click.option("--business-sv", callback=_checked(words), help="What you do, in Swedish.")
@click.option("--processor", callback=_checked(words), help="Who runs the service for you, if not you yourself.")
@click.option("--processor-address", callback=_checked(words), help="Its postal address.")
@click.option("--processor-country", callback=_checked(a_country), help="Its country.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def new_command(template: str | None, output: Path, force: bool, **given: str | None) -> None:
    """Make a policy from a template; what is not given as an option is asked for.

    \b
    newsletter-only  one newsletter, and nothing that a newsletter does not need
    member-default   lists, campaigns and sign-up forms in a service that somebody else runs

    Example: tillit policy new --template newsletter-only --name "Byabladet" --address "Storgatan 1, 223 50 Lund"
    --country SE --email hej@byabladet.example -o my-policy.yaml
    """
    if output.exists() and not force:
        raise Failed(f"{output} is there already. Choose another name, or say --force.")
    try:
        chosen = template or click.prompt("Template", type=click.Choice(sorted(TEMPLATES)))
        facts = _facts(chosen, given)
    except click.Abort as error:
        raise Failed("Not everything was answered. Give the rest as options; see tillit policy new --help.") from error
    try:
        output.write_text(filled(chosen, facts), encoding="utf-8")
    except OSError as error:
        raise Failed(f"{output} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    _tell(output, facts)


def _facts(template: str, given: dict[str, str | None]) -> Facts:
    def ask(option: str, question: str, read: Callable[[str], str] = words, **more: Any) -> str:
        known = given[option]
        return known if known is not None else str(click.prompt(question, value_proc=read, err=True, **more))

    name, address = ask("name", "Name of who publishes it"), ask("address", "Postal address")
    country, email = ask("country", "Country, as two letters", a_country), ask("email", "Email address", an_email)
    business = BUSINESS.get(template)
    return Facts(
        name=name,
        address=address,
        country=country,
        email=email,
        seat=given["seat"] or seat_of(address) or address,
        business=given["business"] or (business[0] if business else ask("business", "What you do, in English")),
        business_sv=given["business_sv"]
        or (business[1] if business else ask("business_sv", "What you do, in Swedish")),
        processor=_processor(template, given, ask),
    )


def _processor(template: str, given: dict[str, str | None], ask: Callable[..., str]) -> Company | None:
    """Who runs the service; a newsletter may run its own, a member of an agency does not."""
    if given["processor"] is None and template != "member-default":
        return None
    return Company(
        name=ask("processor", "Who runs the service for you"),
        address=ask("processor_address", "Its postal address"),
        country=ask("processor_country", "Its country, as two letters", a_country),
    )


def _tell(output: Path, facts: Facts) -> None:
    """Say what was made and what is left for the user to see to."""
    problems = check_file(output)
    for problem in problems:
        err.print(f"{output}:{problem.line}: {problem.message}\n    {problem.mend}", markup=False, soft_wrap=True)
    out.print(f"[green]✓[/] {output} is ready to be read, changed and checked.")
    if facts.processor is None:
        out.print("It names no recipient. If somebody else runs your server or carries your mail, add them to it.")
    elif region_of(facts.processor.country) is not Region.EEA:
        out.print(f"{facts.processor.name} is outside the EEA: it stands under standard contractual clauses, which")
        out.print("you must have signed with it. Name another safeguard if that is what you have.")
    if facts.country not in authorities():
        out.print("It names no supervisory authority. Add yours under rights/gdpr if the GDPR binds you.")
