"""The words and signs that a segment's text is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tillit.people.segments.tree import Mistake

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[ \t][^\n]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|“[^”]*”)
    |(?P<date>\d{4}-\d{2}-\d{2}(?![\w-]))
    |(?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))
    |(?P<hash>\#\d+)
    |(?P<word>[^\W\d][\w-]*)
    |(?P<sign><=|>=|!=|<>|[=<>(),])""",
    re.VERBOSE | re.DOTALL,
)
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Token:
    """A word, value or sign of the text, with its place; `kind` is empty at the end."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word, whatever its case, or "" for what is none."""
        return self.text.lower() if self.kind == "word" else ""


def tokens(text: str) -> list[Token]:
    """Cut a text into its tokens, the end among them. Raises Mistake for a sign that is none of ours."""
    if len(text) > LONGEST_TEXT:
        raise Mistake(_("The text is too long."), _("Write at most %(most)d signs.") % {"most": LONGEST_TEXT})
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _strange(text, place)
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "", match.group(), place, match.end()))
        place = match.end()
    return [*found, Token("", "", len(text.rstrip()), len(text))]


def _strange(text: str, place: int) -> Mistake:
    if text[place] in '"“':
        return Mistake(
            _("This quoted text has no end."),
            _("Close it with a quotation mark."),
            start=place,
            end=len(text),
            text=text,
        )
    return Mistake(
        _("“%(sign)s” is not understood here.") % {"sign": text[place]},
        _("Texts stand in quotes, dates are written 2026-01-31."),
        start=place,
        end=place + 1,
        text=text,
    )


def quoted(text: str) -> str:
    """A text as it is written in a segment."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquoted(token: str) -> str:
    """What a quoted token says."""
    inner = token[1:-1]
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL) if token[0] == '"' else inner
