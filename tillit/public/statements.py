"""The statement of a version in every form it is read in, each made once a process, language and audience."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from tillit.ledger.versions import Version, version
from tillit.policy import dpv, statement_cookies, statement_markdown, statement_typst
from tillit.policy.document import Audience
from tillit.policy.statement import Facts, Statement, build, turning_day
from tillit.public.pdf import compiled


@dataclass(frozen=True, slots=True)
class Reading:
    """Which version is read in which language, for whom, and as of which day."""

    version_id: int
    language: str
    audience: Audience | None
    day: date


def reading(chosen: Version, *, language: str, audience: Audience | None, day: date | None = None) -> Reading:
    """Name what is read; without a `day` it is read as of the version's first.

    The day is moved back to the last on which anything that depends on the day changed, so that one rendering serves.
    """
    day = day or chosen.effective_at.astimezone(UTC).date()
    return Reading(chosen.id, language, audience, turning_day(chosen.document, day))


def permanent_address(chosen: Version) -> str:
    """Where a version can be read for ever."""
    return settings.BASE_URL + reverse("public:statement_version", args=[chosen.workspace_id, chosen.number])


def facts(chosen: Version) -> Facts:
    """What the statement says of its version."""
    return Facts(
        number=chosen.number,
        digest=chosen.digest,
        effective_at=chosen.effective_at.astimezone(UTC),
        address=permanent_address(chosen),
    )


def _statement(read: Reading) -> tuple[Version, Statement]:
    chosen: Version = version(read.version_id)
    made = build(
        chosen.document,
        chosen.rules,
        language=read.language,
        audience=read.audience,
        version=facts(chosen),
        on=read.day,
    )
    return chosen, made


@lru_cache(maxsize=64)
def page(read: Reading) -> tuple[SafeString, SafeString]:
    """The statement as HTML: its contents, and itself."""
    _, made = _statement(read)
    context = {"statement": made, "home": ""}
    return (
        render_to_string("public/_statement_contents.html", context),
        render_to_string("public/_statement.html", context),
    )


@lru_cache(maxsize=64)
def cookies(read: Reading) -> SafeString:
    """The cookie statement as HTML; its links lead into the statement."""
    chosen: Version = version(read.version_id)
    sections = statement_cookies.build(chosen.document, chosen.rules, language=read.language)
    home = reverse("public:statement_version", args=[chosen.workspace_id, chosen.number])
    return render_to_string("public/_cookies.html", {"sections": sections, "home": f"{home}?lang={read.language}"})


@lru_cache(maxsize=64)
def markdown(read: Reading) -> bytes:
    """The statement as Markdown."""
    return statement_markdown.write(_statement(read)[1]).encode()


@lru_cache(maxsize=64)
def json_ld(read: Reading) -> bytes:
    """The policy as JSON-LD."""
    chosen: Version = version(read.version_id)
    told = dpv.describe(chosen.document, chosen.rules, language=read.language, version=facts(chosen))
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


@lru_cache(maxsize=64)
def pdf(read: Reading) -> bytes:
    """The statement as PDF."""
    chosen, made = _statement(read)
    return compiled(statement_typst.write(made), made_at=chosen.effective_at)


def yaml(read: Reading) -> bytes:
    """The document itself, as it was published."""
    return str(version(read.version_id).text).encode()


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the statement beside the page: how it is made, and what it is."""

    name: str
    made: Callable[[Reading], bytes]
    kind: str


FORMS: Mapping[str, Form] = {
    "pdf": Form("PDF", pdf, "application/pdf"),
    "md": Form("Markdown", markdown, "text/markdown; charset=utf-8"),
    "json": Form("JSON-LD", json_ld, "application/ld+json"),
    "yaml": Form("YAML", yaml, "application/yaml; charset=utf-8"),
}
