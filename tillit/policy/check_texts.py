"""Checks of every text: languages, references that resolve, places somebody forgot to fill in."""

import re
from collections.abc import Iterator, Mapping

from tillit.policy.document import Document, Path, parts
from tillit.policy.findings import Finding, unknown
from tillit.policy.references import KINDS, OPERATOR_FACTS, Reference, UnknownReference, references, resolved
from tillit.policy.values import Part, Texts

#: What a template leaves for its user to write.
PLACEHOLDER = re.compile(r"\bFILL IN\b|\bFYLL I\b")

#: Something between double braces, whether or not it is a reference.
_BRACES = re.compile(r"\{\{.*?(?:\}\}|$)", re.DOTALL)
_REFERENCE = re.compile(r"\{\{\s*[a-z]+\s*:\s*[A-Za-z0-9._-]+\s*\}\}")

#: Where the names that a kind of reference may use are declared.
_DECLARED = {
    "purpose": "purposes",
    "category": "categories",
    "recipient": "recipients",
    "tracker": "trackers",
    "safeguard": "safeguards",
    "measure": "measures",
    "keep": "retention",
    "after": "retention",
    "lapses": "purposes",
}

#: Shorter texts are often the same in two languages: names, “Marketing”, “Support”.
_LONG_WORDS = 5


def text_findings(document: Document) -> Iterator[Finding]:
    """Find texts that miss a language, refer to nothing, or were never filled in."""
    for path, part in parts(document):
        if isinstance(part, Texts):
            yield from _languages(document, part, path=path)
            for language, text in part.root.items():
                yield from _references(document, text, path=path, language=language)
    yield from placeholder_findings(document)


def _languages(document: Document, texts: Texts, *, path: Path) -> Iterator[Finding]:
    for language in document.languages:
        if language not in texts.root:
            yield Finding(
                path,
                f"The text is missing in the language “{language}”.",
                f"Add “{language}:” with the text, or take {language} out of “languages”.",
            )
    for language in texts.root:
        if language not in document.languages:
            yield Finding(
                (*path, language),
                f"The language “{language}” is not one of the document's.",
                f"Add {language} to “languages”, or delete this text.",
            )


def _references(document: Document, text: str, *, path: Path, language: str) -> Iterator[Finding]:
    place = (*path, language)
    if "{{" not in text:
        return
    if path[-1] == "title":
        mend = "Write the words out; other texts can refer to this title."
        yield Finding(place, "A title cannot refer to another part.", mend)
        return
    for braces in _BRACES.findall(text):
        if not _REFERENCE.fullmatch(braces):
            mend = "Write it as {{purpose:marketing.email}}: a kind, a colon, an id."
            yield Finding(place, f"“{' '.join(braces.split())[:60]}” is no reference.", mend)
    for reference in references(text):
        try:
            resolved(document, reference, language)
        except UnknownReference:
            yield _unresolved(document, reference, path=place)


def _unresolved(document: Document, reference: Reference, *, path: Path) -> Finding:
    kind, name = reference
    if kind not in KINDS:
        return unknown(path, "kind of reference", kind, KINDS)
    if kind == "operator":
        if name in OPERATOR_FACTS:
            return Finding(
                path, f"The operator has no “{name}”.", f"Add “{name}:” to “operator”, or do not refer to it."
            )
        return unknown(path, "fact of the operator", name, OPERATOR_FACTS)
    declared = getattr(document, _DECLARED[kind])
    if kind == "lapses" and name in declared:
        mend = f"Add “consent_lasts:” to purposes/{name}, or do not say that it ends."
        return Finding(path, f"The consent to “{name}” does not lapse.", mend)
    return unknown(path, _NOUNS.get(kind, kind), name, declared)


_NOUNS = {"keep": "retention of the category", "after": "retention of the category", "lapses": "purpose"}


def placeholder_findings(value: object, path: Path = ()) -> Iterator[Finding]:
    """Find what a template left to be written, in any value of a document or of the tree it is read from."""
    if isinstance(value, str):
        if PLACEHOLDER.search(value):
            mend = "Write what is true here, or run “tillit policy new” to be asked for it."
            yield Finding(path, f"“{value[:60]}” was never filled in.", mend)
    elif isinstance(value, Texts):
        yield from placeholder_findings(value.root, path)
    elif isinstance(value, Part):
        for name in type(value).model_fields:
            yield from placeholder_findings(getattr(value, name), (*path, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from placeholder_findings(item, (*path, str(key)))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from placeholder_findings(item, (*path, index))


def same_in_two_languages(document: Document) -> Iterator[Finding]:
    """Find longer texts that are word for word the same in two languages: one of them was never translated."""
    for path, part in parts(document):
        if not isinstance(part, Texts):
            continue
        first: dict[str, str] = {}
        for language, text in part.root.items():
            plain = " ".join(_BRACES.sub("", text).split())
            if len(plain.split()) < _LONG_WORDS:
                continue
            if plain in first:
                mend = f"Translate it, or take {language} out of “languages”."
                place = (*path, language)
                what = f"The text is the same in “{language}” as in “{first[plain]}”."
                yield Finding(place, what, mend, "advice")
            first.setdefault(plain, language)
