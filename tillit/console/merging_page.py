"""What the pages of duplicates show, in words: why two records may be one, what merging and splitting make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.console.people_listing import REGIONS
from tillit.ledger.versions import in_force
from tillit.people.duplicates.likeness import Reason
from tillit.people.duplicates.queries import Suggested
from tillit.people.models import Field, Identity, MailingList, Person, Subscription
from tillit.people.queries import Record
from tillit.people.search import Found, Wanted, find, name_of
from tillit.people.values import shown
from tillit.rights.merging.actions import Parted
from tillit.rights.merging.queries import ListLine, Preview, ValueLine

ADMINISTER = "audience.administer"
MOST_FOUND = 10
REASONS: dict[Reason, str | Promise] = {
    Reason.PHONE: gettext_lazy("Same telephone number"),
    Reason.DOMAIN: gettext_lazy("Mail at the same organisation"),
    Reason.LOCAL_PART: gettext_lazy("Same beginning of the address"),
    Reason.NAME: gettext_lazy("Name alike"),
}
STATES = dict(Subscription.State.choices)


@dataclass(frozen=True, slots=True)
class SuggestedRow:
    """A pair with why it is one, in words."""

    pair: Suggested
    reasons: list[str | Promise]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison: a name, what each record says, and what both say together.

    `tone` is `gain` for what the kept record gains, `lost` for a word of the other that is kept for a split alone, and
    `mail` for the address that mail will go to.
    """

    label: str
    kept: str
    gone: str
    after: str
    tone: str = ""


def suggested_rows(pairs: list[Suggested]) -> list[SuggestedRow]:
    return [SuggestedRow(pair, [REASONS[reason] for reason in pair.reasons]) for pair in pairs]


def found_for(workspace_id: int, person_id: UUID, text: str) -> list[Found]:
    """The people whom a typed text means, but for one; none for no text. In the caller's context."""
    if not text:
        return []
    page = find(workspace_id, Wanted(text=text[:200], limit=MOST_FOUND + 1))
    return [row for row in page.rows if row.person.pk != person_id][:MOST_FOUND]


def side_by_side(found: Preview) -> dict[str, Any]:
    """What the page of a comparison shows."""
    language = get_language() or "en"
    types = {field.name: field.type for field in found.kept.fields}
    changed = [line for line in found.purposes if not line.alike]
    return {
        "kept": found.kept,
        "gone": found.gone,
        "kept_name": _called(found.kept),
        "gone_name": _called(found.gone),
        "sections": [
            (_("Addresses and numbers"), _identities(found)),
            (_("What is known"), [_value_line(line, types) for line in found.values]),
            (_("Lists"), [_list_line(line) for line in found.lists]),
            (_("Where and in which language"), list(_place_lines(found))),
        ],
        "purposes": [
            (line.purpose.title.said(language), line.kept, line.gone, line.after)
            for line in sorted(changed, key=lambda line: (line.after, line.id))
        ],
        "same": len(found.purposes) - len(changed),
    }


def _called(record: Record) -> str:
    return name_of(record.values) or record.address or str(record.person.pk)


def _identities(found: Preview) -> list[Line]:
    lines = [_identity(found, each, each.value or "", "", "") for each in found.kept.identities]
    return lines + [_identity(found, each, "", each.value or "", "gain") for each in found.gone.identities]


def _identity(found: Preview, each: Identity, kept: str, gone: str, tone: str) -> Line:
    mailed = each.kind == Identity.Kind.EMAIL and each.value == found.mailed
    return Line(str(each.get_kind_display()), kept, gone, kept or gone, "mail" if mailed else tone)


def _value_line(line: ValueLine, types: dict[str, str]) -> Line:
    kind = types.get(line.name, Field.Type.TEXT)
    mine, theirs = (shown(kind, value) for value in (line.kept, line.gone))
    if line.fills:
        return Line(line.label, mine, theirs, theirs, "gain")
    return Line(line.label, mine, theirs, mine, "lost" if theirs and theirs != mine else "")


def _list_line(line: ListLine) -> Line:
    kept, gone, after = (str(STATES[state]) if state else "" for state in (line.kept, line.gone, line.after))
    tone = "changed" if line.kept != line.after else "lost" if line.gone and line.gone != line.after else ""
    return Line(str(line.list), kept, gone, after, tone if line.kept else "gain")


def _place_lines(found: Preview) -> Iterator[Line]:
    kept, gone, after = found.kept.person, found.gone.person, found.standing
    mine, theirs, both = (str(REGIONS.get(region, "")) for region in (kept.region, gone.region, after["region"]))
    yield Line(_("Region"), mine, theirs, both, "changed" if mine != both else "")
    together = after["language"]
    yield Line(_("Language"), kept.language, gone.language, together, "changed" if kept.language != together else "")
    for flag, words in (
        (Person.RESTRICTED, _("Processing restricted")),
        (Person.SUPPRESSED, _("Suppressed")),
        (Person.UNREACHABLE, _("Cannot be reached")),
    ):
        if after["flags"] & flag:
            mine, theirs = (_("Yes") if flags & flag else _("No") for flags in (kept.flags, gone.flags))
            yield Line(words, mine, theirs, _("Yes"), "" if kept.flags & flag else "changed")


def split_in_words(workspace_id: int, parted: Parted) -> str:
    """What splitting did, and what it left with the record that was kept, as far as staff may see it."""
    said = [_("The records are two again.")]
    seen = in_force(workspace_id).document.purposes[ADMINISTER].categories
    fields = [name for category in seen for name in parted.fields.get(category, ())]
    if fields:
        labels = {each.name: each.said() for each in Field.objects.filter(workspace_id=workspace_id).in_use()}
        names = ", ".join(labels.get(name, name) for name in fields)
        said.append(_("Changed since the merge, and left with the other record: %(fields)s.") % {"fields": names})
    if parted.lists:
        found = MailingList.objects.filter(workspace_id=workspace_id, pk__in=parted.lists)
        names = ", ".join(found.values_list("name", flat=True))
        said.append(_("Changed since on these lists: %(lists)s.") % {"lists": names})
    if parted.refusals:
        said.append(_("What was refused since counts for both."))
    return " ".join(said)
