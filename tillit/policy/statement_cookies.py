"""The cookie statement: every tracker by what it is for, those that are always there first."""

from collections.abc import Mapping
from datetime import date

from tillit.policy.document import Document
from tillit.policy.rules import Rule
from tillit.policy.statement_blocks import Block, Prose, Section
from tillit.policy.statement_rows import TrackerRow, tracker_rows
from tillit.policy.statement_tables import Writing, tracker_table
from tillit.policy.statement_words import Words


def build(document: Document, rules: Mapping[str, Rule], *, language: str) -> tuple[Section, ...]:
    """Lay out what is stored on or read from devices, grouped by purpose, and what each waits for.

    Anchors are those of the statement, which its links lead to. Source: Directive 2002/58/EC art 5(3).
    """
    write = Writing(document=document, words=Words(language), day=date.min)
    rows = tracker_rows(document, rules)
    essential = [row for row in rows if row.tracker.essential]
    sections = [_section(write, "essential", write.phrase("essential_heading"), essential)] if essential else []
    by_purpose: dict[str | None, list[TrackerRow]] = {}
    for row in rows:
        if not row.tracker.essential:
            by_purpose.setdefault(row.tracker.purpose, []).append(row)
    for purpose_id, mine in by_purpose.items():
        purpose = document.purposes[purpose_id] if purpose_id else None
        title = write.name(purpose.title) if purpose else write.phrase("no_purpose")
        blocks = [Prose(write.said(purpose.description))] if purpose else []
        sections.append(_section(write, f"for-{purpose_id or 'none'}", title, mine, *blocks))
    return tuple(sections)


def _section(write: Writing, anchor: str, title: str, rows: list[TrackerRow], *before: Block) -> Section:
    return Section(title=title, anchors=(anchor,), blocks=(*before, tracker_table(write, rows)))
