"""Reading JSON: one object a person, on lines or in a list, as the cells of a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _

from tillit.people.importing.files import NotReadable

BLOCK_CHARS = 256 * 1024
MAX_OBJECT_CHARS = 1024 * 1024
MAX_DEPTH = 5
_BETWEEN = " \t\r\n,"


def people(path: Path) -> Iterator[dict[str, str]]:
    """Yield each object of a file as cells by name; names of nested objects are joined with dots.

    Raises NotReadable with the line for what is no object. Memory does not grow with the file.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line, value in _values(file):
                if not isinstance(value, dict):
                    raise _broken(line, _("one object a person is expected"))
                yield cells(value)
    except UnicodeDecodeError as error:
        raise NotReadable(_("The file is JSON, but not in UTF-8. Save it as UTF-8 and try again.")) from error


def _values(file: TextIO) -> Iterator[tuple[int, Any]]:
    """Yield each value with the line it begins on. A list around them all is looked through."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
    text, at, line, ends, first = "", 0, 1, False, True
    while True:
        while at < len(text) and text[at] in _BETWEEN:
            line += text[at] == "\n"
            at += 1
        if at < len(text) and (text[at] == "]" or (first and text[at] == "[")):
            at, first = at + 1, False
            continue
        if at == len(text) and ends:
            return
        first = first and at == len(text)
        try:
            value, after = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if ends or len(text) - at > MAX_OBJECT_CHARS:
                raise _broken(line, getattr(error, "msg", str(error))) from error
            fresh = file.read(BLOCK_CHARS)
            text, at, ends = text[at:] + fresh, 0, not fresh
            continue
        yield line, value
        line += text.count("\n", at, after)
        at = after


def _broken(line: int, why: str) -> NotReadable:
    return NotReadable(_("Line %(line)s is no JSON that can be read: %(why)s.") % {"line": line, "why": why})


def cells(value: Mapping[str, Any]) -> dict[str, str]:
    """Return an object's values as texts by dotted name; what is null is left out."""
    found: dict[str, str] = {}
    _flatten(value, "", found, 0)
    return found


def _flatten(value: Mapping[str, Any], prefix: str, found: dict[str, str], depth: int) -> None:
    for name, inner in value.items():
        if isinstance(inner, dict) and depth < MAX_DEPTH:
            _flatten(inner, f"{prefix}{name}.", found, depth + 1)
        elif inner is not None:
            found[prefix + name] = text_of(inner)


def text_of(value: Any) -> str:
    """One value as a cell: a list of plain values with commas, anything deeper as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(each, list | dict) for each in value):
        return ", ".join(text_of(each) for each in value if each is not None)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
