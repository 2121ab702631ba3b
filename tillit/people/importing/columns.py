"""Which columns of a file become values of fields, and how their cells are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillit.people.importing import mapping
from tillit.people.importing.forms import in_form
from tillit.people.importing.mapping import FIELD, Column
from tillit.people.importing.names import parted_name
from tillit.people.values import reader


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """A column whose cells become values of a field."""

    place: int
    name: str
    type: str
    category: str
    choices: Sequence[str] = ()
    checks: Mapping[str, Any] = field(default_factory=dict)
    mode: str = mapping.OVERWRITE
    form: str = ""  # of local dates and numbers, as the column tells (forms.py)

    def reader(self) -> Callable[[str], str] | None:
        """The function from a cell to a value as staged, "" for what is none; None where every text is one."""
        if self.form in mapping.NAME_PARTS:
            place = mapping.NAME_PARTS.index(self.form)
            return lambda text: parted_name(text)[place]
        read = reader(self)
        return in_form(self.type, self.form, read) if read else None


def fields_of(
    columns: Sequence[Column], known: Sequence[mapping.KnownField], told: Mapping[str, str] | None = None
) -> tuple[FieldColumn, ...]:
    """Return the columns that become fields, a country's name too, beside its region, where there is one for it.

    `told` are the local forms of columns, by place.
    """
    by_name = {field.name: field for field in known if field.allowed}
    found = []
    for place, column in enumerate(columns):
        form = (told or {}).get(str(place), "")
        names = {column.target.removeprefix(FIELD): form} if column.target.startswith(FIELD) else {}
        if column.target == mapping.WHOLE_NAME:
            names = {part: part for part in mapping.NAME_PARTS}
        if column.target == mapping.COUNTRY and not any(other.target == FIELD + "country" for other in columns):
            names = {"country": form}
        for name in [name for name in names if name in by_name]:
            known_as = by_name[name]
            told_as = (known_as.type, known_as.category, known_as.choices, known_as.checks, column.mode, names[name])
            found.append(FieldColumn(place, name, *told_as))
    return tuple(found)
