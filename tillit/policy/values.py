"""The small values a policy document is made of: texts in several languages, and spans of time."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    model_serializer,
    model_validator,
)

#: A text that says something: neither empty nor longer than a page of the statement needs.
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]

#: A language tag as BCP 47 writes it: ``sv``, ``en``, ``pt-BR``.
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?$")]

#: An id of a purpose, a category or a recipient: lower-case words joined by dots or hyphens.
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([.-][a-z0-9]+)*$", max_length=60)]

#: A row of the policy's list of promises, such as ``E5``.
Clause = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{1,3}$")]

Clauses = tuple[Clause, ...]


def one_word_for_all(value: Any) -> Any:
    return (value,) if value in ("everyone", "all") else value


#: Ids of categories, at least one, or the one word ``all``.
CategoryIds = Annotated[tuple[Identifier, ...], Field(min_length=1), BeforeValidator(one_word_for_all)]

_PERIOD = re.compile(r"^(\d{1,4}) (day|week|month|year)s?$")
_UNITS: dict[str, tuple[Literal["months", "days"], int]] = {
    "day": ("days", 1),
    "week": ("days", 7),
    "month": ("months", 1),
    "year": ("months", 12),
}


class Part(BaseModel):
    """A piece of a policy document: unchangeable, and strict about words it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Texts(RootModel[dict[Language, Line]]):
    """One text in several languages."""

    model_config = ConfigDict(frozen=True)

    def said(self, language: str) -> str:
        """Give the text in a language, else in the language without its region, else in the first."""
        texts = self.root
        return texts.get(language) or texts.get(language.partition("-")[0]) or next(iter(texts.values()))

    @model_validator(mode="after")
    def _says_something(self) -> "Texts":
        if not self.root:
            raise ValueError("the text is missing in every language")
        return self


class Period(BaseModel):
    """A span of time as people write it: ``24 months``, ``30 days``, ``7 years``.

    ``months`` and ``days`` are kept apart, since a month has no fixed number of days; one of them is 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    months: int = 0
    days: int = 0

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("a period is written as a number and a unit")
        found = _PERIOD.match(value.strip())
        if not found:
            raise ValueError(f"“{value}” is no period")
        unit, factor = _UNITS[found[2]]
        return {unit: int(found[1]) * factor}

    @model_serializer
    def _in_words(self) -> str:
        return str(self)

    def __str__(self) -> str:
        """Write the period in the largest whole unit, as the document accepts it."""
        if self.months:
            count, unit = (self.months // 12, "year") if self.months % 12 == 0 else (self.months, "month")
        else:
            count, unit = self.days, "day"
        return f"{count} {unit}{'' if count == 1 else 's'}"
