"""Words of the statement that repeat by hand what the document says elsewhere, and would not follow when it changes."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tillit.policy.document import Document, Path
from tillit.policy.findings import Finding
from tillit.policy.values import Period, Texts

#: A title of so many words is seldom written by chance. Shorter ones are common words, and count only where they are
#: marked as a name: in quotes or bold, or capitalised within a sentence.
_TELLING_WORDS = 4

_REFERENCE = re.compile(r"\{\{.*?\}\}")
_OPENING, _CLOSING = r"[“”\"«»‘’*_]", r"[“”\"«»‘’*_]"

_COUNTS = {
    "en": {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10, "twelve": 12},
    "sv": {"en": 1, "ett": 1, "två": 2, "tre": 3, "fyra": 4, "fem": 5, "sex": 6, "sju": 7, "tio": 10, "tolv": 12},
}
_UNITS = {
    "en": {"day": "day", "days": "day", "month": "month", "months": "month", "year": "year", "years": "year"},
    "sv": {"dag": "day", "dagar": "day", "månad": "month", "månader": "month", "år": "year"},
}
_KEEPING = {
    "en": re.compile(r"\b(keep|kept|keeps|store[ds]?|retain(ed|s)?|delete[ds]?|erase[ds]?|removed?)\b", re.IGNORECASE),
    "sv": re.compile(r"\b(behåll\w*|spara\w*|lagra\w*|radera\w*|bevara\w*|gallra\w*|tas bort)\b", re.IGNORECASE),
}
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n\n")


class Name(NamedTuple):
    """Something the document names, and the reference that stands for it."""

    reference: str
    words: str
    always: bool


def retyped_findings(document: Document) -> Iterator[Finding]:
    """Find names and periods typed into the statement's texts where a reference belongs."""
    periods = _known_periods(document)
    for path, texts in _told(document):
        own = f":{path[1]}}}}}" if path[0] == "purposes" else ""
        for language, text in texts.root.items():
            place = (*path, language)
            yield from _names(document, text, language=language, own=own, path=place)
            yield from _periods(text, language=language, known=periods, path=place)


def _told(document: Document) -> Iterator[tuple[Path, Texts]]:
    """Give the texts that promise: the statement's, the balancing tests, the rights."""
    yield ("statement", "introduction"), document.statement.introduction
    for section_id, section in document.statement.sections.items():
        yield ("statement", "sections", section_id, "text"), section.text
    for purpose_id, purpose in document.purposes.items():
        if purpose.balancing is not None:
            yield ("purposes", purpose_id, "balancing"), purpose.balancing
    for regime_id, regime in document.rights.items():
        path: Path = ("rights", regime_id)
        for right, text in regime.rights.items():
            yield (*path, "rights", str(right)), text
        yield (*path, "how"), regime.how
        if regime.verification is not None:
            yield (*path, "verification"), regime.verification


def _names(document: Document, text: str, *, language: str, own: str, path: Path) -> Iterator[Finding]:
    plain = _REFERENCE.sub(" ", " ".join(text.split()))
    folded = plain.casefold()
    for name in _known_names(document, language):
        if own and name.reference.endswith(own):
            continue
        # Looked for as plain text first: compiling a pattern for each name and text took most of a check's time.
        if name.words.casefold() in folded and _pattern(name).search(plain):
            yield Finding(
                path,
                f"“{name.words}” is typed here, and would stay when the document calls it otherwise.",
                f"Write {name.reference} instead.",
                "advice",
            )


def _known_names(document: Document, language: str) -> Iterator[Name]:
    operator = document.operator
    for fact in ("name", "privacy", "objections"):
        yield Name(f"{{{{operator:{fact}}}}}", getattr(operator, fact), True)
    for recipient_id, recipient in document.recipients.items():
        if recipient.title is None:
            yield Name(f"{{{{recipient:{recipient_id}}}}}", recipient.name, True)
    for kind, titles in _titles(document).items():
        for name, title in titles.items():
            words = title.root.get(language)
            if words:
                telling = len(words.split()) >= _TELLING_WORDS
                yield Name(f"{{{{{kind}:{name}}}}}", words, telling)


def _titles(document: Document) -> dict[str, dict[str, Texts]]:
    return {
        "purpose": {name: part.title for name, part in document.purposes.items()},
        "category": {name: part.title for name, part in document.categories.items()},
        "tracker": {name: part.title for name, part in document.trackers.items()},
        "safeguard": {name: part.title for name, part in document.safeguards.items()},
    }


def _pattern(name: Name) -> re.Pattern[str]:
    words = re.escape(" ".join(name.words.split()))
    if name.always:
        return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
    marked = rf"{_OPENING}{words}{_CLOSING}"
    within = rf"(?<=[a-zåäöé,;] ){words}(?!\w)" if name.words[0].isupper() else r"(?!)"
    return re.compile(f"{marked}|{within}")


def _periods(text: str, *, language: str, known: Mapping[str, Mapping[str, str]], path: Path) -> Iterator[Finding]:
    """Find periods typed where the document has the period itself, or promises none."""
    tongue = language.partition("-")[0]
    if tongue not in _UNITS:
        return
    for sentence in _SENTENCE.split(" ".join(text.split())):
        for written, period in _typed_periods(sentence, tongue):
            if period in known:
                yield Finding(
                    path,
                    f"“{written}” is typed here, and would stay when the period changes.",
                    f"Write {' or '.join(known[period].values())} instead, if that is what is meant.",
                    "advice",
                )
            elif _KEEPING[tongue].search(_REFERENCE.sub(" ", sentence)):
                yield Finding(
                    path,
                    f"The text promises “{written}”, and no rule of the document keeps anything that long.",
                    "Mend the text, or refer to the rule that is meant: {{keep:…}} with the category.",
                    "advice",
                )


def _typed_periods(sentence: str, tongue: str) -> Iterator[tuple[str, str]]:
    counts = _COUNTS[tongue]
    units = "|".join(sorted(_UNITS[tongue], key=len, reverse=True))
    for found in re.finditer(rf"\b(\d{{1,3}}|{'|'.join(counts)}) ({units})\b", _REFERENCE.sub(" ", sentence), re.I):
        count = found[1].lower()
        number = int(count) if count.isdecimal() else counts[count]
        unit = _UNITS[tongue][found[2].lower()]
        yield found[0], _normal(f"{number} {unit}s")


def _known_periods(document: Document) -> dict[str, dict[str, str]]:
    """Give, for each period of the document in months or days, a reference of each kind that says it."""
    known: dict[str, dict[str, str]] = {}
    for category_id, rule in document.retention.items():
        known.setdefault(_normal(str(rule.keep)), {}).setdefault("keep", f"{{{{keep:{category_id}}}}}")
    for purpose_id, purpose in document.purposes.items():
        if purpose.consent_lasts is not None:
            lasts = _normal(str(purpose.consent_lasts))
            known.setdefault(lasts, {}).setdefault("lapses", f"{{{{lapses:{purpose_id}}}}}")
    return known


def _normal(written: str) -> str:
    period = Period.model_validate(written)
    return f"{period.months} months" if period.months else f"{period.days} days"
