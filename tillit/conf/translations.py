"""Texts in other languages: ``python -m tillit.conf.translations`` compiles, ``… update`` collects new texts first.

Babel does what GNU gettext would, which a fresh machine does not have. The catalogues are sorted and name no places, so
that two people who add texts seldom touch the same lines.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent
LOCALE = PACKAGE / "locale"
LANGUAGES = ("sv",)
METHODS = [
    ("**/migrations/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "tillit.conf.translations:texts"),
    ("**/templates/**.txt", "tillit.conf.translations:texts"),
]
KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
_FIXED = datetime(2025, 1, 1, tzinfo=UTC)
_ARGUMENTS = r"""(?:[^()'"]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")*"""
_CALL = re.compile(rf"\b(gettext|ngettext|pgettext|npgettext|_)\(({_ARGUMENTS})\)")


def texts(
    file: Any, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str | Any, str | tuple[str, ...], list[str]]]:
    """Babel's extraction method for Django's templates; Django itself turns a template into calls of gettext."""
    from django.utils.translation.template import templatize

    source = templatize(file.read().decode())
    for call in _CALL.finditer(source):
        arguments = ast.parse(f"f({call[2]})", mode="eval").body.args  # type: ignore[attr-defined]
        said = tuple(str(each.value) for each in arguments if isinstance(each, ast.Constant))
        if said:
            yield source.count("\n", 0, call.start()) + 1, call[1], said if len(said) > 1 else said[0], []


def extract() -> Catalog:
    """Collect the texts of all code and templates."""
    found = Catalog(charset="utf-8", creation_date=_FIXED)
    for _file, _line, message, comments, context in extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS):
        if message:
            found.add(message, None, [], auto_comments=comments, context=context)
    return found


def catalogue(language: str) -> Catalog:
    """The catalogue of a language as it lies in the repository."""
    path = _po(language)
    if not path.is_file():
        return Catalog(locale=language, domain="django", charset="utf-8", creation_date=_FIXED, revision_date=_FIXED)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def update(language: str) -> int:
    """Bring a catalogue up to date with the texts: new ones come empty, vanished ones go; return how many lack."""
    made = catalogue(language)
    made.update(extract(), no_fuzzy_matching=True)
    made.obsolete.clear()
    made.header_comment, made.fuzzy = f"# {language}: see docs/design-system.md", False
    made.creation_date = made.revision_date = _FIXED
    keep(language, made)
    return len(missing(language))


def keep(language: str, catalog: Catalog) -> None:
    """Write a catalogue to the repository."""
    path = _po(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, sort_output=True, no_location=True, width=120)


def missing(language: str) -> list[str]:
    """The texts that code or templates use and that lack a translation, or whose placeholders differ from it."""
    translated = catalogue(language)
    return sorted(_name(text) for text in extract() if text.id and not _complete(text, translated))


def stale(language: str) -> list[str]:
    """The texts that a catalogue translates although nothing uses them any more."""
    used = extract()
    return sorted(_name(text) for text in catalogue(language) if text.id and used.get(text.id, text.context) is None)


def _complete(text: Message, translated: Catalog) -> bool:
    found = translated.get(text.id if isinstance(text.id, str) else text.id[0], text.context)
    if found is None or found.fuzzy or isinstance(found.id, str) != isinstance(text.id, str):
        return False
    forms = [found.string] if isinstance(found.string, str) else list(found.string or [])
    wanted = _placeholders(_forms(text.id)[-1:])
    return bool(forms) and all(forms) and _placeholders(forms[-1:]) == wanted


def _forms(text: str | Iterable[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def _placeholders(said: list[str]) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]", " ".join(said)))


def _name(text: Message) -> str:
    return _forms(text.id)[0]


def compile_catalogues(*, force: bool = False) -> int:
    """Compile every catalogue that is newer than its compiled form; return how many were."""
    made = 0
    for language in LANGUAGES:
        source, target = _po(language), _po(language).with_suffix(".mo")
        if force or not target.is_file() or target.stat().st_mtime < source.stat().st_mtime:
            with target.open("wb") as file:
                write_mo(file, catalogue(language))
            made += 1
    return made


def _po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def main(arguments: list[str]) -> None:
    if arguments == ["update"]:
        import django
        from django.conf import settings

        if not settings.configured:
            settings.configure(USE_I18N=False)
            django.setup()
        for language in LANGUAGES:
            sys.stdout.write(f"{language}: {update(language)} texts lack a translation\n")
    elif arguments:
        sys.exit("python -m tillit.conf.translations [update]")
    sys.stdout.write(f"Compiled {compile_catalogues()} of {len(LANGUAGES)} catalogues\n")


if __name__ == "__main__":
    main(sys.argv[1:])
