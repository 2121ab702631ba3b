"""From Markdown or HTML to what mail programs show: checked, cleaned, its links collected, and told as plain text."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt

from tillit.campaigns.scan import VOID, Tag, scan
from tillit.campaigns.slots import Marks

_TEXT = {"abbr", "b", "big", "br", "center", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s"}
_TEXT |= {"small", "span", "strike", "strong", "sub", "sup", "u", "a", "img"}
_BLOCKS = {"address", "article", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2"}
_BLOCKS |= {"h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "ul"}
_TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
TAGS = _TEXT | _BLOCKS | _TABLES
_FRAME = {"html", "head", "body", "meta"}  # a whole page may be pasted in; only what is inside its body is taken
_CELLS = {"td", "th"}
_ROWS = _CELLS | {"tr"}
_GROUPS = _ROWS | {"thead", "tbody", "tfoot", "colgroup", "caption"}
# Which open tags a tag ends by beginning. Source: HTML standard §13.1.2.4.
_ENDS = {name: {"p"} for name in (*_BLOCKS, "table")}
_ENDS |= {"li": {"p", "li"}, "dt": {"p", "dt", "dd"}, "dd": {"p", "dt", "dd"}, "td": _CELLS, "th": _CELLS, "tr": _ROWS}
_ENDS |= dict.fromkeys(("thead", "tbody", "tfoot"), _GROUPS)
_NEED_NO_END = {"li", "dt", "dd", "p", *_GROUPS, *_FRAME}
# Removed with what is in them: text that was never meant to be read, or that only a program can run.
DROPPED = {
    "applet",
    "audio",
    "button",
    "canvas",
    "embed",
    "form",
    "frame",
    "frameset",
    "iframe",
    "input",
    "link",
    "math",
}
DROPPED |= {
    "noscript",
    "object",
    "option",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "video",
}
_COMMON = {"align", "bgcolor", "class", "dir", "height", "lang", "role", "style", "title", "valign", "width"}
_ATTRIBUTES = {
    "*": _COMMON,
    "a": {"href"},
    "img": {"src", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "font": {"color", "face", "size"},
}
_KNOWN = _COMMON | {name for names in _ATTRIBUTES.values() for name in names} | {"rel", "target", "id", "name"}
# What can leave its place, run, or fetch is not here; shorthands may not fetch either (see `_style`).
STYLES = {
    *("background", "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left"),
    *("border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width", "color"),
    *("direction", "display", "float", "clear", "font", "font-family", "font-size", "font-style", "font-weight"),
    *("height", "letter-spacing", "line-height", "list-style-type", "margin", "margin-bottom", "margin-left"),
    *("margin-right", "margin-top", "max-height", "max-width", "min-width", "mso-line-height-rule", "opacity"),
    *("overflow", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "table-layout"),
    *("text-align", "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space", "width"),
    *("word-break", "word-wrap", "word-spacing"),
}
SCHEMES = {"http", "https", "mailto", "tel"}
MAX_DEPTH = 100  # browsers give up at a few hundred; nested tables of real mails reach about 40
_FETCHES = re.compile(r"url\s*\(|expression\s*\(|@import|javascript:|\\", re.IGNORECASE)

Report = Callable[[int, str, str], None]  # offset, message, mend


def markdown(text: str) -> str:
    """Markdown as HTML; tags in it are text. Addresses are not judged here: `inspect` says what is wrong with them."""
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    reader.validateLink = lambda url: True  # type: ignore[method-assign]
    return str(reader.render(text))


def link_trouble(target: str, *, marks: Marks) -> tuple[str, str] | None:
    """What is wrong with a link's target, and the mend; None when it can be used."""
    target = target.strip()
    scheme, colon, rest = target.partition(":")
    if marks.within(scheme) or not colon:
        return "This link does not begin with an address.", "Begin it with https://; a merge tag can stand further on."
    if scheme.lower() not in SCHEMES:
        return f"A link may not begin with “{scheme}:”.", "Use https:, http:, mailto: or tel:."
    if scheme.lower() in {"http", "https"}:
        try:
            host = urlsplit(target).hostname
        except ValueError:
            host = None
        if not host or not rest.startswith("//"):
            return "This link has no host name.", "Write it in full, such as https://shop.example/offer."
        if marks.within(rest[2:].split("/")[0].split("?")[0].split("#")[0]):
            return "A merge tag may not choose where a link leads.", "Write the host name in full, then the merge tag."
    return None


class _Inspector:
    """Walks through HTML as it was written, to say what will be left out or cannot be sent, and where."""

    def __init__(self, *, marks: Marks, wrong: Report, note: Report) -> None:
        self._marks, self._wrong, self._note = marks, wrong, note
        self._open: list[Tag] = []

    def inspect(self, source: str) -> None:
        for tag in scan(source):
            if isinstance(tag, str):
                continue
            if not tag.closed:
                self._wrong(tag.offset, "This tag has no end.", "Write > after it, and check its quotation marks.")
            elif tag.end:
                self._close(tag)
            else:
                self._start(tag)
                if len(self._open) > MAX_DEPTH:
                    self._wrong(tag.offset, f"Tags are nested over {MAX_DEPTH} deep here.", "Simplify the layout.")
                    return
        self._leave(0)

    def _start(self, tag: Tag) -> None:
        while self._open and self._open[-1].name in _ENDS.get(tag.name, ()):
            self._open.pop()
        if tag.name not in VOID:
            self._open.append(tag)
        if tag.name in DROPPED:
            self._note(tag.offset, f"<{tag.name}> does not work in mail.", "It was left out with what is in it.")
        elif tag.name not in TAGS and tag.name not in _FRAME:
            self._note(tag.offset, f"<{tag.name[:40]}> does not work in mail.", "It was left out; its text stays.")
        else:
            for name, value in tag.attributes.items():
                self._attribute(tag, name, value)
            if tag.name == "img":
                self._image(tag)

    def _close(self, tag: Tag) -> None:
        if tag.name in VOID:
            return
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth].name == tag.name:
                self._leave(depth + 1)
                self._open.pop()
                return
            if self._open[depth].name == "table":
                break
        self._note(tag.offset, f"</{tag.name[:40]}> closes nothing.", "It was left out.")

    def _leave(self, depth: int) -> None:
        for tag in self._open[depth:]:
            if tag.name not in _NEED_NO_END:
                self._note(tag.offset, f"<{tag.name[:40]}> is not closed.", "It was closed where its surroundings end.")
        del self._open[depth:]

    def _attribute(self, tag: Tag, name: str, value: str) -> None:
        if tag.name == "a" and name == "href":
            if (trouble := link_trouble(value, marks=self._marks)) is not None:
                self._wrong(tag.offset, *trouble)
        elif name.startswith("on"):
            self._note(tag.offset, f"“{name[:40]}” runs a program, which mail does not.", "It was left out.")
        elif name == "style" and self._marks.within(value):
            self._wrong(tag.offset, "A merge tag may not stand in a style.", "Put it in the text.")
        elif name == "style" and _FETCHES.search(value):
            self._note(tag.offset, "This style fetches something or runs a program.", "That part was left out.")
        elif name not in _KNOWN and tag.name in TAGS:
            self._note(tag.offset, f"The attribute “{name[:40]}” does not work in mail.", "It was left out.")

    def _image(self, tag: Tag) -> None:
        source = tag.attributes.get("src", "").strip()
        sizes = {tag.attributes.get(side, "").strip() for side in ("width", "height")}
        if self._marks.within(source):
            self._wrong(tag.offset, "An image address with a merge tag would tell who opened the mail.",
                        "Use the same image for everybody; opens are counted where people allow it.")  # fmt: skip
        elif not source.lower().startswith(("https://", "http://")):
            self._wrong(tag.offset, "This image has no address on the web.", "Upload it; use its https:// address.")
        elif sizes & {"0", "1", "0px", "1px"}:
            self._wrong(tag.offset, "An image too small to see counts opens past people's choices.",
                        "Remove it; opens are counted by the campaign itself where people allow it.")  # fmt: skip
        if not tag.attributes.get("alt"):
            self._note(tag.offset, "This image has no alternative text.", 'Add alt="…" for those who do not see it.')


def inspect(source: str, *, marks: Marks, wrong: Report, note: Report) -> None:
    """Report what in HTML cannot be sent (`wrong`) and what will be left out (`note`), by offset."""
    _Inspector(marks=marks, wrong=wrong, note=note).inspect(source)


def clean(html: str, *, marks: Marks, target: Callable[[str], str | None]) -> str:
    """HTML reduced to what mail programs show and nobody can misuse; `target` replaces each link's address."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return None if link_trouble(value, marks=marks) else target(value.strip())
        if name == "style":
            return _style(value, marks=marks)
        if name == "src" and marks.within(value):
            return None
        # HTML lets angle brackets stand in attributes; the sanitisers of web mail have tripped over them.
        return value.replace("<", "‹").replace(">", "›")

    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=SCHEMES,
        url_relative="deny",
        filter_style_properties=STYLES,
        link_rel=None,
    )


def _style(value: str, *, marks: Marks) -> str | None:
    kept = [part for part in value.split(";") if part.strip() and not _FETCHES.search(part) and not marks.within(part)]
    return ";".join(kept) or None
