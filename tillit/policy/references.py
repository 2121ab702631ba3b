"""References in the texts of a document: ``{{purpose:marketing.email}}`` instead of the words typed again.

A text that names a purpose, a period or a party by reference cannot say something else than what is executed.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tillit.policy.document import Document
from tillit.policy.statement_words import Words
from tillit.policy.values import Texts

_WRITTEN = re.compile(r"\{\{\s*([a-z]+)\s*:\s*([A-Za-z0-9._-]+)\s*\}\}")

#: What of the operator a text may name.
OPERATOR_FACTS = (
    *("name", "address", "country", "email", "phone", "website"),
    *("registration", "seat", "privacy", "objections"),
)


class Reference(NamedTuple):
    """One reference as written: its kind (``purpose``, ``keep`` …) and the id it names."""

    kind: str
    name: str


class UnknownReference(LookupError):
    """A text refers to something that the document does not declare."""


def references(text: str) -> Iterator[Reference]:
    """Give every reference in a text, in its order."""
    return (Reference(*found.groups()) for found in _WRITTEN.finditer(text))


def said(document: Document, texts: Texts, language: str, *, write: Callable[[str], str] = str) -> str:
    """Give a text in a language with its references in words; ``write`` escapes what is put in, such as for Markdown.

    A reference to nothing stays as it is written; ``check`` finds it before a document is published.
    """
    return put_in(document, texts.said(language), language, write=write)


def put_in(document: Document, text: str, language: str, *, write: Callable[[str], str] = str) -> str:
    """Give a text with the references in it in words, as ``said`` does."""

    def put(found: re.Match[str]) -> str:
        try:
            return write(resolved(document, Reference(*found.groups()), language))
        except UnknownReference:
            return found[0]

    return _WRITTEN.sub(put, text)


def resolved(document: Document, reference: Reference, language: str) -> str:
    """Give the words that a reference stands for. Raises UnknownReference."""
    resolve = _KINDS.get(reference.kind)
    words = resolve(document, reference.name, language) if resolve else None
    if words is None:
        raise UnknownReference(f"{reference.kind}:{reference.name}")
    return words


def _title(section: str) -> Callable[[Document, str, str], str | None]:
    def resolve(document: Document, name: str, language: str) -> str | None:
        part = getattr(document, section).get(name)
        return None if part is None else str(part.title.said(language) if part.title else part.name)

    return resolve


def _keep(document: Document, name: str, language: str) -> str | None:
    rule = document.retention.get(name)
    return Words(language).period(rule.keep) if rule else None


def _after(document: Document, name: str, language: str) -> str | None:
    rule = document.retention.get(name)
    return Words(language).trigger(rule.after) if rule else None


def _lapses(document: Document, name: str, language: str) -> str | None:
    purpose = document.purposes.get(name)
    return Words(language).period(purpose.consent_lasts) if purpose and purpose.consent_lasts else None


def _operator(document: Document, name: str, _language: str) -> str | None:
    return getattr(document.operator, name) if name in OPERATOR_FACTS else None


_KINDS: dict[str, Callable[[Document, str, str], str | None]] = {
    "purpose": _title("purposes"),
    "category": _title("categories"),
    "recipient": _title("recipients"),
    "tracker": _title("trackers"),
    "safeguard": _title("safeguards"),
    "measure": _title("measures"),
    "keep": _keep,
    "after": _after,
    "lapses": _lapses,
    "operator": _operator,
}

#: The kinds of reference that there are.
KINDS = frozenset(_KINDS)
