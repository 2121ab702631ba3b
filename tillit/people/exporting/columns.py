"""What may stand in an export: the columns of those categories that the purpose uses and the recipient may have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tillit.ledger.processing import Refused
from tillit.people import queries
from tillit.people.segments.queries import check_disclosed, compiled_here
from tillit.people.selection import FLAGS, Selection

NOTHING = _("The purpose and the recipient leave no column to write.")
EXPIRED = _("The file is no longer there: it is kept for three days. Make the export again.")
CONTACT, PREFERENCES, IDENTITY = "contact", "preferences", "identity"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `field` is the workspace's field that it holds, if any; a `usual` one is there unless told."""

    name: str
    label: str | Promise
    category: str
    field: str = ""
    usual: bool = False


FIXED = (
    Column("email", _("Email address"), CONTACT, usual=True),
    Column("phone", _("Telephone"), CONTACT),
    Column("customer", _("Customer number"), CONTACT),
    Column("region", _("Region"), CONTACT),
    Column("created", _("Here since"), CONTACT),
    Column("language", _("Language"), PREFERENCES, usual=True),
    Column("lists", _("Lists, each with the standing on it"), PREFERENCES, usual=True),
    Column("marketing", _("Permitted for marketing mail"), PREFERENCES),
    Column("why", _("Why it is permitted or not"), PREFERENCES),
)
#: Of the one list that people are taken from.
ON_LIST = (
    Column("status", _("Standing on the list"), PREFERENCES, usual=True),
    Column("since", _("Since when"), PREFERENCES, usual=True),
)


def offered(workspace_id: int, wanted: Selection, categories: Collection[str]) -> list[Column]:
    """The columns that an export of a selection may have under categories, in the order of the file."""
    of_list = ON_LIST if wanted.list_id is not None else ()
    names = {each.name for each in (*FIXED, *ON_LIST)}
    own = [
        # a field that is called like one of our columns gives way
        Column(f"field_{each.name}" if each.name in names else each.name, each.said(), each.category, each.name, True)
        for each in queries.fields(workspace_id)
    ]
    fixed = {each.name: each for each in FIXED}
    order = [fixed["email"], *own, *of_list, *(each for each in FIXED if each.name != "email")]
    return [each for each in order if each.category in categories]


def chosen(names: Sequence[str] | None, possible: Sequence[Column]) -> list[Column]:
    """The columns that somebody asked for, or the usual ones. Raises Refused for those that may not stand there."""
    known = {each.name: each for each in possible}
    if names is None:
        names = [each.name for each in possible if each.usual]
    if unknown := [name for name in names if name not in known]:
        raise Refused(
            _("The purpose or the recipient does not allow these columns, or there are none of that name: %(names)s.")
            % {"names": ", ".join(unknown)},
            clause="A6",
        )
    return [known[name] for name in dict.fromkeys(names)]


def check(wanted: Selection, categories: Collection[str]) -> None:
    """Raise Refused where choosing these people would use a category that the purpose has not."""
    for category, what in _asks(wanted):
        if category not in categories:
            text = _("This purpose does not use “%(category)s”, so people cannot be chosen by %(what)s.")
            raise Refused(text % {"category": category, "what": what}, clause="A6")


def check_recipient(wanted: Selection, categories: Collection[str]) -> None:
    """Raise Refused where whom a recipient asks for would tell them of a category that they may not have.

    Each answer to such a question says it of whoever is in it. In the caller's context.
    """
    check(wanted, categories)
    if wanted.segment_id is not None:
        check_disclosed(compiled_here(wanted.segment_id).categories, categories)


def _asks(wanted: Selection) -> Iterator[tuple[str, str | Promise]]:
    if wanted.list_id is not None or (wanted.state and wanted.state not in FLAGS):
        yield PREFERENCES, _("a list")
    if wanted.text:
        yield CONTACT, _("an address")
        yield IDENTITY, _("a name")
    if wanted.region is not None:
        yield CONTACT, _("a region")
