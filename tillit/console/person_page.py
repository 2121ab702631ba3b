"""What the page of one person shows: what is held, what may be done with it, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.consent.lineage import choices_of
from tillit.consent.models import Choice, ChoiceEvidence
from tillit.console.activities import actors_in_words
from tillit.console.pages import PageRequest
from tillit.console.people_listing import MARKETING, REASONS, REGIONS
from tillit.console.person_timeline import lines
from tillit.ledger import queries as ledger
from tillit.ledger.processing import processing
from tillit.ledger.versions import Version, in_force
from tillit.people import queries
from tillit.people.models import Edit, Field, Note, Source
from tillit.people.provenance import Because, edits_of, region_reason, written_by
from tillit.people.queries import Known, Permission, Record
from tillit.people.search import name_of
from tillit.people.values import shown
from tillit.policy.bases import Basis
from tillit.policy.decide import explain
from tillit.policy.outcomes import Reason
from tillit.rights.merging.queries import MergeLine, merges_of

ADMINISTER = "audience.administer"
READ = "person.read"
MOMENTS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """One purpose as it stands for a person, in words."""

    id: str
    title: str
    permitted: bool
    reason: str | Promise
    because: str
    clause: str


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One choice of the past, with the purpose in words and the version of the policy it was made under."""

    choice: Choice
    title: str
    version: int | None
    source: str = ""
    obtained: str = ""


def person_page(request: PageRequest, person_id: UUID, *, by: str) -> dict[str, Any] | None:
    """Return what the page shows, or None when nobody is there."""
    workspace_id = request.workspace.id
    version = in_force(workspace_id)
    language = get_language() or "en"
    with processing(workspace_id, ADMINISTER, by=by, act=READ, subject=person_id):
        record = queries.record(workspace_id, person_id)
        if record is None:
            return None
        permissions = queries.permissions(version, record.person)
        choices = list(reversed(choices_of([person_id]).choices))
        evidence = dict(ChoiceEvidence.objects.filter(person_id=person_id).values_list("choice_id", "obtained"))
        notes = list(Note.objects.filter(person_id=person_id).order_by("-id"))
        edits = edits_of(person_id)
        told = lines(workspace_id, person_id, limit=MOMENTS_SHOWN)
        merges = merges_of(person_id)
    joined = {standing.list.pk for standing in record.standings if standing.subscription.state != "unsubscribed"}
    return {
        "record": record,
        "name": name_of(record.values),
        "known": _known_rows(workspace_id, version, record, edits, language),
        "region": REGIONS.get(record.person.region),
        "because": _because(record, edits),
        **_verdicts(permissions, language),
        "choosable": _choosable(version, permissions, record.person.region, language),
        "choice_states": Choice.State.choices,
        "choices": _choice_rows(workspace_id, version, choices, evidence, language),
        "sources": _valid_sources(workspace_id),
        "notes": _note_rows(notes),
        "timeline": told,
        "merges": list(zip(merges, _actors(merges), strict=True)),
        "free_lists": [each for each in queries.lists(workspace_id) if each.pk not in joined],
        "today": timezone.localdate().isoformat(),
    }


def _actors(merges: list[MergeLine]) -> list[str]:
    """Who made each merge, in words."""
    known = actors_in_words({each.merge.by for each in merges})
    return [known[each.merge.by] for each in merges]


def _because(record: Record, edits: list[Edit]) -> str:
    """What the region rests on, in words."""
    reason, told = region_reason(record, edits)
    words = {
        Because.UNKNOWN: _("nothing tells where the person is: the strictest law counts"),
        Because.EDIT: _("set by hand"),
        Because.COUNTRY: _("from the country “%(told)s”"),
        Because.PHONE: _("from the telephone number %(told)s"),
        Because.SOURCE: _("from the source “%(told)s”"),
        Because.RECORDED: _("as it was recorded"),
    }
    return words[reason] % {"told": told}


def _verdicts(permissions: list[Permission], language: str) -> dict[str, Any]:
    """The purposes that concern the person, not permitted and permitted, and marketing mail by itself."""
    rows = [_purpose_row(each, language) for each in permissions if each.decision.reason != Reason.NOT_FOR_THIS_ROLE]
    return {
        "marketing": next((row for row in rows if row.id == MARKETING), None),
        "verdicts": [
            (_("Not permitted"), [row for row in rows if not row.permitted]),
            (_("Permitted"), [row for row in rows if row.permitted]),
        ],
    }


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A value in words; `edit` is the correction that wrote it, `actor` and `word` who made it and on whose word."""

    label: str
    value: str
    edit: Edit | None
    actor: str
    word: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note and who wrote it."""

    note: Note
    actor: str


def _known_rows(
    workspace_id: int, version: Version, record: Record, edits: list[Edit], language: str
) -> list[tuple[str, Known, list[ValueRow]]]:
    """What is known by category: its title, its source, and each value with the correction that wrote it."""
    written = written_by(edits, record.known)
    actors = actors_in_words({edit.by for edit in written.values()})
    numbers = {edit.source_id for edit in written.values() if edit.source_id}
    sources = dict(Source.objects.filter(workspace_id=workspace_id, pk__in=numbers).values_list("pk", "name"))
    types = {field.name: field.type for field in record.fields}

    def row(category: str, label: str, name: str, value: object) -> ValueRow:
        edit = written.get((category, name))
        said = shown(types.get(name, Field.Type.TEXT), value)
        if edit is None:
            return ValueRow(label, said, None, "", "")
        word = _("said by the person") if edit.word == Edit.Word.PERSON else ""
        if edit.source_id:
            word = _("said by “%(source)s”") % {"source": sources.get(edit.source_id, "")}
        return ValueRow(label, said, edit, actors[edit.by], word)

    return [
        (
            _category_title(version, known.category, language),
            known,
            [row(known.category, label, name, value) for label, name, value in known.values],
        )
        for known in record.known
    ]


def _note_rows(notes: list[Note]) -> list[NoteRow]:
    actors = actors_in_words({note.by for note in notes})
    return [NoteRow(note, actors[note.by]) for note in notes]


def _purpose_row(permission: Permission, language: str) -> PurposeRow:
    title, decision = permission.purpose.title.said(language), permission.decision
    because = explain(decision, language, purpose=title)
    return PurposeRow(permission.id, title, decision.permitted, REASONS[decision.reason], because, decision.clause)


def _category_title(version: Version, category: str, language: str) -> str:
    known = version.document.categories.get(category)
    return known.title.said(language) if known else category


def _choosable(version: Version, permissions: list[Permission], region: int, language: str) -> list[tuple[str, str]]:
    """The purposes that a person can say yes or no to, where they are."""
    found = []
    for each in permissions:
        rule = version.rules[each.id]
        applies = each.decision.reason not in {Reason.NOT_FOR_THIS_ROLE, Reason.NO_BASIS_IN_REGION}
        if applies and (rule.refusable or rule.bases[region] is Basis.CONSENT):
            found.append((each.id, each.purpose.title.said(language)))
    return found


def _valid_sources(workspace_id: int) -> list[Source]:
    """The sources whose warranty holds today."""
    found = Source.objects.filter(workspace_id=workspace_id).exclude(warranty="").order_by("name")
    today = timezone.localdate()
    return [each for each in found if each.valid_until is None or each.valid_until >= today]


def _choice_rows(
    workspace_id: int, version: Version, choices: list[Choice], evidence: Mapping[UUID, str], language: str
) -> list[ChoiceRow]:
    named = {each.source_id for each in choices if each.source_id}
    sources = dict(Source.objects.filter(workspace_id=workspace_id, pk__in=named).values_list("pk", "name"))
    numbers = ledger.version_numbers(workspace_id)
    purposes = version.document.purposes
    return [
        ChoiceRow(
            each,
            purposes[each.purpose].title.said(language) if each.purpose in purposes else each.purpose,
            numbers.get(each.policy_version_id),
            sources.get(each.source_id or 0, ""),
            evidence.get(each.pk, ""),
        )
        for each in choices
    ]
