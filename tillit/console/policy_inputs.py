"""The fields of a part of the policy document as inputs of a form, made from the pydantic model.

What a field refers to is known by its name, everything else by its type. A test finds a field that has no input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.console.policy_input import Input, Known, Option
from tillit.console.policy_shown import regions
from tillit.console.policy_words import help_text, label, value_words
from tillit.policy.bases import Basis
from tillit.policy.document import Assertion, Party, Right
from tillit.policy.merge import ABSENT
from tillit.policy.problems import Problem
from tillit.policy.values import Part, Period, Texts

#: Fields that name entries of another section, by field.
REFERENCES = {
    "categories": "categories",
    "recipients": "recipients",
    "recipient": "recipients",
    "safeguard": "safeguards",
    "fallback": "safeguards",
    "purpose": "purposes",
}

#: The one word that stands for every entry, by field.
EVERYTHING = {"roles": "everyone", "categories": "all"}

#: Lists of short codes, written in one line.
CODES = {"clauses", "countries"}

#: Fields whose parts are entries with forms of their own.
ENTRIES_OF_THEIR_OWN = {"sections"}

#: Texts of a line; the others are paragraphs.
SHORT_TEXTS = {"title"}

#: Texts in Markdown of the published statement.
MARKDOWN = {"text", "introduction"}


def inputs_of(model: type[Part], raw: Any, *, known: Known, prefix: str = "") -> list[Input]:
    """The inputs of a part in the order of its model, filled with a raw value."""
    values = raw if isinstance(raw, Mapping) else {}
    names = [name for name in model.model_fields if name not in ENTRIES_OF_THEIR_OWN]
    return [_input(model, name, values.get(name, ABSENT), known=known, prefix=prefix) for name in names]


def with_problems(each: Input, problems: Iterable[Problem], path: str) -> Input:
    """The input with the problems that lie in it; `path` is that of its part."""
    own = f"{path}/{each.name}" if path else each.name
    mine = tuple(problem for problem in problems if problem.path == own or problem.path.startswith(f"{own}/"))
    return replace(each, problems=mine)


def language_name(code: str) -> str:
    """A language in its own words, as far as they are known."""
    try:
        name = Locale.parse(code.replace("-", "_")).get_display_name(get_language() or "en")
    except (UnknownLocaleError, ValueError):
        return code
    return (name or code).capitalize()


def _input(model: type[Part], name: str, value: Any, *, known: Known, prefix: str) -> Input:
    info = model.model_fields[name]
    owner = model.__name__
    kinds = _kinds(info.annotation)
    made = Input(
        name=name,
        key=f"{prefix}{name}",
        kind="line",
        label=label(owner, name),
        help=help_text(owner, name),
        required=info.is_required(),
        value=value,
        default=_default(info.get_default(call_default_factory=True)) if not info.is_required() else ABSENT,
    )
    return _of_kind(made, owner, kinds, known=known)


def _of_kind(made: Input, owner: str, kinds: tuple[Any, ...], *, known: Known) -> Input:
    """The input with its kind: by what it refers to, else by its type. Raises TypeError for a type without input."""
    more = _by_name(made, owner, kinds, known=known) or _by_type(made, owner, kinds, known=known)
    if not more:
        raise TypeError(f"{owner}.{made.name} has a type that no input shows: {kinds}")
    return replace(made, **more)


def _by_name(made: Input, owner: str, kinds: tuple[Any, ...], *, known: Known) -> dict[str, Any]:
    name, more = made.name, {}
    if name in REFERENCES:
        options = _options(known.titles.get(REFERENCES[name], {}))
        if get_origin(kinds[0]) is tuple:
            everything = ((EVERYTHING[name], _("All of them")),) if name in EVERYTHING else ()
            more = {"kind": "many", "options": (*everything, *options)}
        else:
            more = {"kind": "choice", "options": _or_none(made, options)}
    elif name == "roles":
        more = {"kind": "many", "options": tuple(value_words(owner, name).items())}
    elif name == "regions":
        more = {"kind": "many", "options": regions()}
    elif name in CODES:
        more = {"kind": "codes"}
    return more


def _by_type(made: Input, owner: str, kinds: tuple[Any, ...], *, known: Known) -> dict[str, Any]:
    kind, inner = kinds[0], get_args(kinds[0])
    more: dict[str, Any] = {}
    if kind is Texts:
        long, markdown = made.name not in SHORT_TEXTS, made.name in MARKDOWN
        more = {"kind": "texts", "languages": known.languages, "long": long, "markdown": markdown}
    elif kind is Period:
        more = {"kind": "period", "options": _units(session=Literal["session"] in kinds)}
    elif kind in _SIMPLE:
        more = {"kind": _SIMPLE[kind]}
    elif get_origin(kind) is Literal or _is(kind, StrEnum):
        more = {"kind": "choice", "options": _or_none(made, tuple(value_words(owner, made.name).items()))}
    elif _is(kind, Party):
        value = made.value if made.value is not ABSENT else {}
        more = {"kind": "party", "inner": tuple(inputs_of(kind, value, known=known, prefix=f"{made.key}."))}
    elif get_origin(kind) is tuple and inner[0] is Assertion:
        more = {"kind": "assertions", "options": _options(known.titles.get("purposes", {}))}
    elif get_origin(kind) is tuple:
        more = {"kind": "lines"}
    elif inner and _is(inner[-1], Basis):
        more = {"kind": "grounds", "options": tuple(value_words(owner, made.name).items())}
    elif inner and inner[0] is Right:
        words = tuple(value_words(owner, made.name).items())
        more = {"kind": "rights", "options": words, "languages": known.languages}
    return more


_SIMPLE = {str: "line", bool: "flag", date: "date"}


def _is(kind: Any, parent: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, parent)


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """The types of an annotation, without None and without what validates them."""
    if get_origin(annotation) in (Union, UnionType):
        return tuple(_bare(each) for each in get_args(annotation) if each is not NoneType)
    return (_bare(annotation),)


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _default(value: Any) -> Any:
    if value is None or value == ():
        return ABSENT
    return str(value) if isinstance(value, StrEnum) else value


def _options(titles: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple((name, f"{title} ({name})" if title and title != name else name) for name, title in titles.items())


def _or_none(made: Input, options: tuple[Option, ...]) -> tuple[Option, ...]:
    """The options, with an empty one where the field may be left out and has no other default."""
    if made.required:
        return options if made.value is not ABSENT else (("", _("Choose …")), *options)
    if made.name == "objection":
        return (("", _("As the grounds imply")), *options)
    return options if made.default is not ABSENT else (("", "–"), *options)


def _units(*, session: bool) -> tuple[Option, ...]:
    units = tuple(value_words("", "unit").items())
    return (*units, ("session", _("as long as the browser is open"))) if session else units
