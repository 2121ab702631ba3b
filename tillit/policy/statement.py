"""The published statement as one value, made from a policy document and the rules that are executed.

``build`` lays it out; ``statement_markdown`` and ``statement_typst`` write it, and the public pages show it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tillit.policy import statement_parts as parts
from tillit.policy.document import Audience, Document
from tillit.policy.rules import Rule
from tillit.policy.statement_blocks import Line, Prose, Section, Span, Table
from tillit.policy.statement_rows import (
    PurposeRow,
    RecipientRow,
    RetentionRow,
    TrackerRow,
    purpose_rows,
    recipient_rows,
    retention_rows,
    tracker_rows,
)
from tillit.policy.statement_tables import Writing
from tillit.policy.statement_words import Words

__all__ = ["Facts", "Statement", "build", "spoken_to", "turning_day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the version that a statement shows. ``address`` is where it can be read for ever."""

    number: int
    digest: str
    effective_at: datetime
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A whole statement in one language, for one audience or for all."""

    language: str
    title: str
    audience: Audience | None
    audiences: tuple[Audience, ...]
    version: Facts | None
    author: str
    head: Line
    anchors: tuple[str, ...]
    introduction: Prose
    sections: tuple[Section, ...]
    purposes: tuple[PurposeRow, ...]
    recipients: tuple[RecipientRow, ...]
    retention: tuple[RetentionRow, ...]
    trackers: tuple[TrackerRow, ...]

    def walk(self) -> Iterator[Section]:
        """Give every section in reading order."""
        for section in self.sections:
            yield from section.walk()

    def every_anchor(self) -> list[str]:
        """Give every anchor of the statement, in reading order."""
        found = [*self.anchors]
        for section in self.walk():
            found += section.anchors
            for block in section.blocks:
                if isinstance(block, Table):
                    found += [anchor for row in block.rows for anchor in row.anchors]
        return found


def build(
    document: Document,
    rules: Mapping[str, Rule],
    *,
    language: str,
    audience: Audience | None = None,
    version: Facts | None = None,
    on: date | None = None,
) -> Statement:
    """Make the statement of a policy in one language.

    ``rules`` are those compiled from the document. With an ``audience`` only its layer, what is for everyone, and the
    purposes that concern it are shown. Without a ``version`` the statement says that it is a draft. ``on`` is the day
    for which it says which safeguard holds: if nothing is said the version's first, else the first on which
    the earliest safeguard held.

    Source: GDPR art 12(1), 13, 14; California Business and Professions Code 22575; California Civil Code 1798.83.
    """
    every = purpose_rows(document, rules)
    shown = tuple(row for row in every if _concerns(row, audience))
    write = Writing(
        document=document,
        words=Words(language),
        day=on or _day(document, version),
        hidden=frozenset(row.id for row in every) - {row.id for row in shown},
    )
    recipients, retention = recipient_rows(document), retention_rows(document)
    trackers = tracker_rows(document, rules)
    anchors = write.anchors.of(document.statement.clauses)
    sections = (
        parts.short_form(write, purposes=shown, recipients=recipients, retention=retention),
        *parts.layers(write, audience=audience),
        parts.purposes(write, shown),
        parts.categories(write),
        parts.sources(write),
        parts.recipients(write, recipients),
        parts.trackers(write, trackers),
        parts.retention(write, retention),
        parts.measures(write),
        parts.rights(write),
        parts.contact(write),
    )
    return Statement(
        language=language,
        title=write.name(document.statement.title),
        audience=audience,
        audiences=spoken_to(document),
        version=version,
        author=document.operator.name,
        head=_head(write.words, version),
        anchors=anchors,
        introduction=Prose(write.said(document.statement.introduction)),
        sections=tuple(section for section in sections if section is not None),
        purposes=shown,
        recipients=recipients,
        retention=retention,
        trackers=trackers,
    )


def spoken_to(document: Document) -> tuple[Audience, ...]:
    """Give the audiences that a statement speaks to by themselves. Source: docs/clauses.md, A9."""
    spoken = {section.audience for section in document.statement.sections.values()}
    return tuple(each for each in Audience if each in spoken and each is not Audience.EVERYONE)


def turning_day(document: Document, day: date) -> date:
    """Give the latest day up to ``day`` on which a safeguard began or ended: what a statement says is the same since.

    It lets a page be made once and kept, without telling on Tuesday what was true on Monday.
    """
    days = [each.valid_from for each in document.safeguards.values()]
    days += [each.expires for each in document.safeguards.values() if each.expires]
    return max((each for each in days if each <= day), default=date.min)


def _day(document: Document, version: Facts | None) -> date:
    if version is not None:
        return version.effective_at.date()
    return max((each.valid_from for each in document.safeguards.values()), default=date.min)


def _concerns(row: PurposeRow, audience: Audience | None) -> bool:
    role = parts.AUDIENCE_ROLES.get(audience) if audience else None
    return role is None or row.everybody or role in row.roles


def _head(words: Words, version: Facts | None) -> Line:
    if version is None:
        return (Span(words.phrase("draft"), strong=True),)
    return (
        Span(f"{words.phrase('version')} {version.number}", strong=True),
        Span(f" · {words.phrase('applies_from')} {words.day(version.effective_at.date())}"),
        Span(f" · {words.phrase('digest')} "),
        Span(version.digest, code=True),
    )
