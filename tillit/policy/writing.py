"""Values as YAML text, in the manner of the policy documents that ship: short things in a line, long texts folded."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tillit.policy.problems import PolicyErrors
from tillit.policy.reading import read_tree

#: The longest line that is written, so that a document reads without scrolling sideways.
WIDTH = 118

_WORD = re.compile(r"[A-Za-z_][\w.-]*\Z", re.ASCII)
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_NEVER_IN_BLOCK = re.compile("[\x00-\x08\x0b-\x1f\t\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_FOLD = re.compile(r"(?<! ) (?! )")


def written_value(value: Any, *, indent: int, column: int, item: bool = False) -> str:
    """Write a value as it stands after ``key:`` (or, for an ``item``, after ``-``) of a line indented by ``indent``.

    ``column`` is where the value may begin. The text starts with a space, or with a line break for a block. It reads
    back as the same value by ``reading.read_tree``.
    """
    if isinstance(value, Mapping):
        return _mapping(value, indent=indent, column=column, item=item)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _list(value, indent=indent, column=column, item=item)
    return _scalar_or_block(value, indent=indent, column=column)


def written_entry(key: str, value: Any, *, indent: int) -> str:
    """Write ``key: value`` as whole lines, without the last line break."""
    begin = f"{' ' * indent}{written_key(key)}:"
    return begin + written_value(value, indent=indent, column=len(begin))


def written_key(key: str) -> str:
    """Write a key; quoted unless it is a plain word."""
    return key if _WORD.match(key) else _quoted(key)


def _mapping(value: Mapping[str, Any], *, indent: int, column: int, item: bool) -> str:
    if not value:
        return " {}"
    if all(_is_scalar(each) for each in value.values()):
        flow = ", ".join(f"{written_key(key)}: {_scalar(each, flow=True)}" for key, each in value.items())
        if column + len(flow) + 3 <= WIDTH:
            return f" {{{flow}}}"
    lines = "\n".join(written_entry(key, each, indent=indent + 2) for key, each in value.items())
    return f" {lines.lstrip(' ')}" if item else f"\n{lines}"


def _list(value: Sequence[Any], *, indent: int, column: int, item: bool) -> str:
    if list(value) in (["everyone"], ["all"]):
        return f" {value[0]}"
    if all(_is_scalar(each) for each in value):
        return _flow_list([_scalar(each, flow=True) for each in value], column=column)
    begin = " " * (indent + 2)
    lines = "\n".join(
        f"{begin}-{written_value(each, indent=indent + 2, column=indent + 3, item=True)}" for each in value
    )
    return f" {lines.lstrip(' ')}" if item else f"\n{lines}"


def _flow_list(items: list[str], *, column: int) -> str:
    lines, line = [], " ["
    for index, each in enumerate(items):
        piece = each + ("," if index < len(items) - 1 else "]")
        if line.strip(" [") and column + len(line) + len(piece) + 1 > WIDTH:
            lines.append(line.rstrip())
            line = " " * (column + 2)
        line += piece + " "
    return "\n".join([*lines, line.rstrip() if items else " []"])


def _scalar_or_block(value: Any, *, indent: int, column: int) -> str:
    plain = _scalar(value, flow=False)
    short = column + len(plain) + 1 <= WIDTH and "\n" not in str(value)
    if short or not isinstance(value, str) or not _fits_block(value):
        return f" {plain}"
    begin = " " * (indent + 2)
    if re.search(r"(?<!\n)\n(?!\n)", value):
        kind, lines = "|-", value.split("\n")
    else:
        kind, lines = ">-", _folded(value, width=WIDTH - len(begin))
    return f" {kind}\n" + "\n".join(begin + line if line else "" for line in lines)


def _fits_block(text: str) -> bool:
    """Whether a text survives a block scalar: nothing unprintable, no line that begins or ends with a space."""
    return (
        not _NEVER_IN_BLOCK.search(text)
        and not text.endswith("\n")
        and all(line == line.strip(" ") for line in text.split("\n"))
        and not text.startswith("\n")
    )


def _folded(text: str, *, width: int) -> list[str]:
    """Lines of a folded scalar: a line break in the text is an empty line, a space may become a line break."""
    lines: list[str] = []
    for index, paragraph in enumerate(text.split("\n")):
        if index:
            lines.append("")
        line = ""
        for word in _FOLD.split(paragraph):
            if line and len(line) + 1 + len(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.extend([line] if line else [])
    return lines


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | bool)


def _scalar(value: Any, *, flow: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return text if _is_plain(text, flow=flow) else _quoted(text)


def _is_plain(text: str, *, flow: bool) -> bool:
    """Whether a text can stand without quotes and still be read as this text."""
    if not text or text != text.strip() or "\n" in text or _NEVER_IN_BLOCK.search(text) or ": " in text:
        return False
    if text[0] in "&*!":  # an anchor, an alias or a tag
        return False
    try:
        tree, _lines = read_tree(f"k: {{a: {text}, b: [{text}, {text}]}}" if flow else f"k: {text}")
    except PolicyErrors:
        return False
    return bool(tree["k"] == ({"a": text, "b": [text, text]} if flow else text))


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
