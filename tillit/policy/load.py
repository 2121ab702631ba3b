"""Read a policy document, or say everything that is wrong with it, each thing with its line."""

import json
from collections.abc import Collection, Mapping
from datetime import date
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tillit.policy.check import check
from tillit.policy.check_texts import placeholder_findings
from tillit.policy.document import Document
from tillit.policy.problems import Lines, Path, PolicyErrors, Problem, written
from tillit.policy.reading import read_text, read_tree
from tillit.policy.rules import Place
from tillit.policy.values import Part

__all__ = ["PolicyErrors", "Problem", "canonical", "check_file", "digest", "load", "parse"]


def load(source: str | FilePath) -> Document:
    """Read and check a policy document from a path, or from a string that holds the YAML itself.

    Raises PolicyErrors with every problem found. What depends on the day (a safeguard that has
    expired) is left to ``check_file``, so that an old version can always be read again.
    """
    document, lines = parse(source)
    problems = check(document, lines=lines, advice=False)
    if problems:
        raise PolicyErrors(problems)
    return document


def check_file(
    path: FilePath | str,
    *,
    today: date | None = None,
    places: Mapping[str, Place] | None = None,
    ask_again: Collection[str] = (),
) -> list[Problem]:
    """Give everything wrong with a policy file, by line; without errors it can be published.

    With ``today``, safeguards, sources and reviews that have run out are problems too. ``places`` and ``ask_again``
    count against the limit of purposes, as ``check`` says.
    """
    try:
        document, lines = parse(FilePath(path))
    except PolicyErrors as errors:
        return errors.problems
    return check(document, lines=lines, today=today, places=places, ask_again=ask_again)


def parse(source: str | FilePath) -> tuple[Document, Lines]:
    """Read a document whose parts are valid each by itself, with the line of every part.

    Raises PolicyErrors. The document may still contradict itself: ``check`` finds that.
    """
    tree, lines = read_tree(read_text(source))
    try:
        return Document.model_validate(tree), lines
    except ValidationError as errors:
        raise PolicyErrors(_problems(errors, tree=tree, lines=lines)) from errors


def canonical(document: Document) -> str:
    """Write a document as canonical JSON: sorted keys, no spaces, nothing that is a default.

    Two files that say the same give the same text, whatever their comments, order of keys and layout.
    """
    content = document.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(document: Document) -> str:
    """Give the SHA-256 of the canonical JSON in hexadecimal: the name of this policy version."""
    return sha256(canonical(document).encode()).hexdigest()


def _problems(errors: ValidationError, *, tree: dict[str, Any], lines: Lines) -> list[Problem]:
    """Map each pydantic error to a problem; several errors about one value become one.

    A value that was never filled in is told as that, and not as no country or no date.
    """
    found: dict[Path, Problem] = {}
    empty = {each.path: each for each in placeholder_findings(tree)}
    for error in errors.errors(include_url=False, include_context=True):
        path = tuple(step for step in error["loc"] if step != "[key]")
        known = lines.known(path)
        shown = path if error["type"] == "missing" else known
        if any(place[: len(shown)] == shown for place in empty):
            continue
        message, mend = _in_words(error, name=str(path[-1]) if path else "")
        found.setdefault(shown, Problem(lines.of(known), written(shown), message, mend))
    unwritten = [Problem(lines.of(each.path), written(each.path), each.message, each.mend) for each in empty.values()]
    return [*found.values(), *unwritten]


def _in_words(error: ErrorDetails, *, name: str) -> tuple[str, str]:
    """Say a pydantic error in the words of somebody who writes policies: what is wrong, how to mend it."""
    context = error.get("ctx", {})
    given = _shown(error["input"])
    words: tuple[str, str]
    match error["type"]:
        case "missing":
            words = f"“{name}” is missing.", f"Add “{name}:” here."
        case "extra_forbidden":
            words = f"“{name}” is no word of the policy document.", _did_you_mean(name, _FIELDS)
        case "enum" | "literal_error":
            words = f"{given} is not one of the words allowed here.", f"Use {context['expected']}."
        case "too_short":
            words = "The list is empty.", "Name at least one."
        case "string_too_short":
            words = "The text is empty.", "Write it, or leave the whole entry out."
        case "string_too_long":
            words = "The text is too long.", f"Keep it within {context['max_length']} characters."
        case "string_pattern_mismatch":
            words = f"{given} is not written as an id.", _COMMA_MEND if " " in given else _PATTERN_MEND
        case "value_error":
            message = str(context["error"])
            words = f"{message[:1].upper()}{message[1:]}.", _value_mend(message)
        case "string_type" if error["input"] is None:
            words = "The text is missing.", "Write it after the colon."
        case kind:
            words = f"{given} does not fit here.", _TYPE_MENDS.get(kind, f"Mend it: {error['msg']}.")
    return words


def _shown(value: Any) -> str:
    text = "Nothing" if value is None else f"“{value}”" if isinstance(value, str | int) else "What is written"
    return text if len(text) <= 80 else f"{text[:78]}…”"


def _value_mend(message: str) -> str:
    for words, mend in _VALUE_MENDS.items():
        if words in message:
            return mend
    return "Compare it with the reference policy."


def _did_you_mean(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"Did you mean “{near[0]}”?" if near else "Delete it, or look the word up in docs/policy-document.md."


def _field_names(part: type[Part]) -> set[str]:
    names = set(part.model_fields)
    return names.union(*(_field_names(child) for child in part.__subclasses__()))


_FIELDS = frozenset(_field_names(Part))

_PATTERN_MEND = (
    "Ids are lower-case words joined by dots or hyphens (marketing.email), languages two letters (sv), "
    "clauses a letter and a number (C9)."
)

_COMMA_MEND = "If it is part of a text with a comma or colon in it, put the whole text in quotes."

_VALUE_MENDS = {
    "no country code": "Use two capital letters as in ISO 3166-1, such as SE or US.",
    "no region": "Use a region code such as EEA, UK, CH, US-CA, US, CA or OTHER.",
    "no role": "Use contact, visitor, member, partner, applicant, customer or everyone.",
    "period": "Write a number and a unit, such as 30 days, 24 months or 7 years.",
    "missing in every language": "Write it in each of the document's languages.",
}

_TYPE_MENDS = {
    "string_type": "Write a text; put it in quotes if it looks like a number.",
    "bool_parsing": "Write true or false.",
    "bool_type": "Write true or false.",
    "tuple_type": "Write a list: [one, two].",
    "dict_type": "Write entries of a key and a value.",
    "mapping_type": "Write entries of a key and a value.",
    "model_type": "Write the entries that belong here, indented below it.",
    "model_attributes_type": "Write the entries that belong here, indented below it.",
    "date_from_datetime_parsing": "Write a date as 2026-01-31.",
    "date_parsing": "Write a date as 2026-01-31.",
    "date_type": "Write a date as 2026-01-31.",
}
