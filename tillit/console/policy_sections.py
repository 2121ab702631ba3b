"""The sections of a policy document as the editor shows them: in which order, with which model, named how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tillit.policy import document as parts
from tillit.policy import keeping
from tillit.policy.document import Path
from tillit.policy.values import Part

Text = str | Promise

#: The entry of the statement that holds its title and introduction; no id of a section looks like this.
HEAD = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section. ``kind`` is ``one`` (a single part), ``ids`` (entries by id) or ``list`` (entries by number)."""

    name: str
    title: Text
    about: Text
    new: Text = ""
    model: type[Part]
    kind: str = "ids"
    icon: str

    @property
    def path(self) -> Path:
        """Where the section's entries lie in the document."""
        return ("statement", "sections") if self.name == "statement" else (self.name,)

    def entry_path(self, entry: str) -> Path:
        """Where an entry lies, by its name in an address. Raises ValueError for a number that is none."""
        if self.kind == "one":
            return (self.name,)
        if self.name == "statement" and entry == HEAD:
            return ("statement",)
        return (*self.path, int(entry) - 1) if self.kind == "list" else (*self.path, entry)

    def model_of(self, entry: str) -> type[Part]:
        """The model of an entry: the statement's head has one of its own."""
        return parts.Statement if self.name == "statement" and entry == HEAD else self.model


SECTIONS: Mapping[str, Section] = {
    section.name: section
    for section in (
        Section(
            name="operator",
            title=_("Operator"),
            about=_("The company behind the policy, and where people write to it."),
            model=parts.Operator,
            kind="one",
            icon="building",
        ),
        Section(
            name="officers",
            title=_("Officers"),
            about=_("Who answers for data protection, by region."),
            new=_("New officer"),
            model=parts.Officer,
            kind="list",
            icon="user-check",
        ),
        Section(
            name="categories",
            title=_("Kinds of data"),
            about=_("What you know about people. A purpose sees only the kinds it names."),
            new=_("New kind of data"),
            model=parts.Category,
            icon="folder",
        ),
        Section(
            name="purposes",
            title=_("Purposes"),
            about=_(
                "What data is used for, and on which ground. Keep the id of a purpose that still means the same:"
                " people’s choices hang on it. A purpose that means something else is a new one."
            ),
            new=_("New purpose"),
            model=parts.Purpose,
            icon="target",
        ),
        Section(
            name="recipients",
            title=_("Recipients"),
            about=_("Who receives data, where they are, and what they may do."),
            new=_("New recipient"),
            model=parts.Recipient,
            icon="users-group",
        ),
        Section(
            name="safeguards",
            title=_("Safeguards"),
            about=_("What protects data outside the EEA, until when, and what comes then."),
            new=_("New safeguard"),
            model=parts.Safeguard,
            icon="shield-lock",
        ),
        Section(
            name="sources",
            title=_("Sources"),
            about=_("Where data comes from, and why it may."),
            new=_("New source"),
            model=parts.Source,
            icon="database-import",
        ),
        Section(
            name="trackers",
            title=_("Cookies and trackers"),
            about=_("What is stored on or read from devices."),
            new=_("New tracker"),
            model=parts.Tracker,
            icon="click",
        ),
        Section(
            name="retention",
            title=_("Retention"),
            about=_("How long each kind of data is kept, and why. One entry for each kind."),
            new=_("New period"),
            model=keeping.Retention,
            icon="clock",
        ),
        Section(
            name="duties",
            title=_("Duties to keep"),
            about=_("Laws that say how long something must be kept. Retention may not be shorter."),
            new=_("New duty"),
            model=keeping.Duty,
            icon="gavel",
        ),
        Section(
            name="measures",
            title=_("Security measures"),
            about=_("What protects the data, technically or by how people work."),
            new=_("New measure"),
            model=keeping.Measure,
            icon="lock",
        ),
        Section(
            name="rights",
            title=_("Rights"),
            about=_("What people can ask for, by the law of where they are."),
            new=_("New regime of rights"),
            model=parts.Regime,
            icon="flag",
        ),
        Section(
            name="statement",
            title=_("Statement"),
            about=_("The prose of the published statement. Its tables come from the other sections by themselves."),
            new=_("New section"),
            model=parts.Section,
            icon="file-text",
        ),
    )
}


def entries(section: Section, tree: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a section in a text's plain values, by their names in addresses."""
    value: Any = tree
    for step in section.path:
        value = value.get(step) if isinstance(value, Mapping) else None
    if section.kind == "list":
        return {str(number): each for number, each in enumerate(value or [], 1)} if isinstance(value, list) else {}
    return dict(value) if isinstance(value, Mapping) else {}


def titles(section: Section, tree: Mapping[str, Any], language: str) -> dict[str, str]:
    """What the entries of a section are called in a language, by their names in addresses.

    A retention period has no title of its own: it is called what its kind of data is called.
    """
    known = SECTIONS["categories"] if section.name == "retention" else section
    said = {name: title_of(entry, language) for name, entry in entries(known, tree).items()}
    return {name: said.get(name, "") or name for name in entries(section, tree)}


def title_of(entry: Any, language: str) -> str:
    """What an entry is called in the reader's language, or nothing."""
    if not isinstance(entry, Mapping):
        return ""
    title = entry.get("title")
    if isinstance(title, Mapping) and title:
        said = title.get(language) or title.get(language.partition("-")[0]) or next(iter(title.values()))
        return str(said or "")
    return str(entry.get("name") or "")
