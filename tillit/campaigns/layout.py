"""The page around a mail's text: an MJML layout rendered once, the footer in the reader's language, CSS inlined."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import NamedTuple

import css_inline
import mrml

LAYOUTS = Path(__file__).parent / "layouts"
_PLACES = re.compile(r"\$(title|preheader|body|footer|pixel|language)\b")
_INLINER = css_inline.CSSInliner(
    keep_style_tags=True, keep_at_rules=True, remove_inlined_selectors=True, load_remote_stylesheets=False
)
LINK_STYLE = "color: #52606d;text-decoration: underline;"  # as `.foot a`, for what is put in after inlining


class Words(NamedTuple):
    """The footer's words in one language."""

    unsubscribe: str
    preferences: str
    why: str
    view: str


LANGUAGES: Mapping[str, Words] = {
    "en": Words("Unsubscribe", "Your choices", "Why you get this mail", "View in your browser"),
    "sv": Words("Avregistrera dig", "Dina val", "Varför du får det här mejlet", "Visa i webbläsaren"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """Who sends, from which postal address, and why. Service mail is not `unsubscribable`.

    Source: 15 U.S.C. 7704(a)(5)(A) asks for the postal address and the way to opt out.
    """

    sender: str
    address: str
    reason: str = ""
    unsubscribable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The marks of what differs between people in the footer."""

    unsubscribe: str
    preferences: str
    why: str
    view_html: str
    view_text: str


def language_of(tag: str) -> str:
    """The language of the footer's words for a language tag: itself, its main language, or English."""
    main = tag.lower().replace("_", "-").split("-")[0]
    return main if main in LANGUAGES else "en"


def names() -> list[str]:
    """The layouts there are."""
    return sorted(path.stem for path in LAYOUTS.glob("*.mjml"))


def page(*, layout: str, language: str, title: str, preheader: str, body: str, footer: str, pixel: str) -> str:
    """A whole HTML document. `body`, `footer` and `pixel` are HTML, `title` and `preheader` are text."""
    values = {
        "language": language,
        "title": escape(title),
        "preheader": escape(preheader),
        "body": body,
        "footer": footer,
        "pixel": pixel,
    }
    pieces = _skeleton(layout)
    filled = [values[piece] if place % 2 else piece for place, piece in enumerate(pieces)]
    return _INLINER.inline("".join(filled))


@lru_cache(maxsize=16)
def _skeleton(layout: str) -> tuple[str, ...]:
    """A layout's HTML, cut so that every second piece is the name of a place."""
    if layout not in names():
        raise ValueError(f"there is no layout {layout!r}; these exist: {', '.join(names())}")
    source = (LAYOUTS / f"{layout}.mjml").read_text(encoding="utf-8")
    # Without `fonts={}` the renderer makes every mail fetch web fonts from a third party, which then sees who opens it.
    rendered = mrml.to_html(source, render_options=mrml.RenderOptions(disable_comments=False, fonts={}))
    return tuple(_PLACES.split(rendered.content))


def footer_html(footer: Footer, *, language: str, places: Places) -> str:
    words = LANGUAGES[language]
    lines = "<br>".join(escape(line) for line in [footer.sender, *footer.address.splitlines()])
    links = [(places.preferences, words.preferences), (places.why, words.why)]
    if footer.unsubscribable:
        links.insert(0, (places.unsubscribe, words.unsubscribe))
    linked = " · ".join(f'<a href="{address}">{label}</a>' for address, label in links)
    reason = f"<p>{escape(footer.reason)}</p>" if footer.reason else ""
    return f"{reason}<p>{places.view_html}{linked}</p><p>{lines}</p>"


def footer_text(footer: Footer, *, language: str, places: Places) -> str:
    words = LANGUAGES[language]
    lines = ["-- ", *([footer.reason, ""] if footer.reason else [])]
    if footer.unsubscribable:
        lines.append(f"{words.unsubscribe}: {places.unsubscribe}")
    lines += [f"{words.preferences}: {places.preferences}", f"{words.why}: {places.why}"]
    return "\n".join([*lines, places.view_text + "", footer.sender, *footer.address.splitlines(), ""])
