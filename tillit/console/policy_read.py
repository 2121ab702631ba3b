"""What somebody entered on a form, as plain values of the policy document.

What was left alone is given back as it stood, so a value that the form would write otherwise stays as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.http import QueryDict

from tillit.console.policy_input import Input
from tillit.console.policy_shown import shown
from tillit.policy.edit import normalised
from tillit.policy.merge import ABSENT


def read_part(inputs: Iterable[Input], raw: Any, data: QueryDict) -> dict[str, Any]:
    """The part that a form says, with what the form does not know kept, and new fields in the order of the model."""
    part = dict(raw) if isinstance(raw, Mapping) else {}
    order = list(part)
    last: str | None = None
    for each in inputs:
        value = read(each, data)
        known = each.name in part
        if known and value != part[each.name]:
            part[each.name] = ABSENT if value == each.default else value
        elif not known and value is not ABSENT and value != each.default:
            part[each.name] = value
            order.insert(order.index(last) + 1 if last else 0, each.name)
        last = each.name if each.name in part else last
    return {name: part[name] for name in order if part[name] is not ABSENT}


def read(each: Input, data: QueryDict) -> Any:
    """The plain value that was entered, or ABSENT."""
    entered = _READ[each.kind](each, data)
    return each.value if entered == _READ[each.kind](each, _as_sent(each)) else entered


def _as_sent(each: Input) -> QueryDict:
    """What a browser sends when nobody touched the input."""
    sent = QueryDict(mutable=True)
    for key, value in _sent(each):
        sent.appendlist(key, value)
    return sent


def _sent(each: Input) -> Iterable[tuple[str, str]]:
    value = shown(each)
    match each.kind:
        case "texts":
            yield from ((key, text) for key, _code, text in value)
        case "flag":
            yield from [(each.key, "on")] if value else []
        case "choice":
            yield each.key, _selected(value)
        case "many":
            yield from ((each.key, name) for name, _title, chosen in value if chosen)
        case "period":
            yield f"{each.key}.number", str(value["number"])
            yield f"{each.key}.unit", _selected(value["units"])
        case "grounds":
            yield from ((row["key"], _selected(row["options"])) for row in value)
        case "rights":
            yield from ((key, text) for row in value for key, _code, text in row["texts"])
        case "party":
            for inner in each.inner:
                yield from _sent(inner)
        case "assertions":
            for row in value:
                yield f"{row['key']}.purpose", _selected(row["purposes"])
                yield f"{row['key']}.says", _selected(row["facts"])
                yield f"{row['key']}.regions", row["regions"]
                yield f"{row['key']}.categories", row["categories"]
        case _:
            yield each.key, str(value)


def _selected(options: Iterable[tuple[str, Any, bool]]) -> str:
    """The value of a select: the chosen option, else the first, as browsers have it."""
    every = list(options)
    return next((name for name, _title, chosen in every if chosen), every[0][0] if every else "")


def _text(data: QueryDict, key: str) -> str:
    return normalised(data.get(key, "")).strip()


def _line(each: Input, data: QueryDict) -> Any:
    return _text(data, each.key) or ABSENT


def _texts(each: Input, data: QueryDict) -> Any:
    return _said(each.key, data) or ABSENT


def _said(key: str, data: QueryDict) -> dict[str, str]:
    codes = [name.removeprefix(f"{key}.") for name in data if name.startswith(f"{key}.")]
    return {code: text for code in codes if "." not in code and (text := _text(data, f"{key}.{code}"))}


def _many(each: Input, data: QueryDict) -> Any:
    chosen = data.getlist(each.key)
    for word in ("everyone", "all"):
        if word in chosen and any(name == word for name, _title in each.options):
            return word
    before = [str(value) for value in each.value] if isinstance(each.value, list) else []
    kept = [value for value in before if value in chosen]
    return [*kept, *(value for value in chosen if value not in kept)] or ABSENT


def _period(each: Input, data: QueryDict) -> Any:
    number, unit = _text(data, f"{each.key}.number"), _text(data, f"{each.key}.unit")
    if unit == "session":
        return unit
    if not number:
        return ABSENT
    return f"{number} {unit.removesuffix('s') if number == '1' else unit}"


def _grounds(each: Input, data: QueryDict) -> Any:
    chosen = {row["code"]: data.get(row["key"], "") for row in shown(each)}
    return {code: ground for code, ground in chosen.items() if ground} or ABSENT


def _rights(each: Input, data: QueryDict) -> Any:
    given = {name: _said(f"{each.key}.{name}", data) for name, _title in each.options}
    return {name: texts for name, texts in given.items() if texts} or ABSENT


def _party(each: Input, data: QueryDict) -> Any:
    before = each.value if isinstance(each.value, Mapping) else {}
    return read_part(each.inner, before, data) or ABSENT


def _assertions(each: Input, data: QueryDict) -> Any:
    rows: list[dict[str, Any]] = []
    number = 0
    while f"{each.key}.{number}.purpose" in data:
        key = f"{each.key}.{number}"
        row: dict[str, Any] = {name: _text(data, f"{key}.{name}") for name in ("purpose", "says")}
        if row["purpose"]:
            lists = {name: _codes_in(_text(data, f"{key}.{name}")) for name in ("regions", "categories")}
            rows.append({**row, **{name: codes for name, codes in lists.items() if codes}})
        number += 1
    return rows or ABSENT


def _codes_in(text: str) -> list[str]:
    return text.replace(",", " ").split()


_READ: dict[str, Callable[[Input, QueryDict], Any]] = {
    "line": _line,
    "date": _line,
    "choice": _line,
    "texts": _texts,
    "flag": lambda each, data: each.key in data,
    "many": _many,
    "period": _period,
    "grounds": _grounds,
    "rights": _rights,
    "party": _party,
    "assertions": _assertions,
    "codes": lambda each, data: _codes_in(_text(data, each.key)) or ABSENT,
    "lines": lambda each, data: [line.strip() for line in _text(data, each.key).split("\n") if line.strip()] or ABSENT,
}
