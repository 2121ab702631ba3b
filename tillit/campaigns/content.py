"""What an editor writes, compiled once: checked, laid out, and cut at the places where people differ.

A person's mail is then a list of strings for those places (`Content.fill`) and a join (`delivery.compose.Template`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeVar
from urllib.parse import quote, unquote

from tillit.campaigns import layout as pages
from tillit.campaigns import markup
from tillit.campaigns.layout import LANGUAGES, Footer, Places
from tillit.campaigns.plain import plain_text
from tillit.campaigns.scan import Tag, scan
from tillit.campaigns.slots import ContentErrors, Marks, Merge, Problem, Tagged, Text, read_tags
from tillit.delivery.compose import Headers, Pattern, Slot, Template

MAX_BODY_BYTES = 500_000  # a mail that Gmail shows whole has 102 kB; this leaves room for what cleaning takes away
CLIPPED_BYTES = 100_000
MAX_LINKS = 500
MAX_LINE_CHARACTERS = 500  # of subject and preheader
_MAX_FINDINGS = 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_UNSAFE_IN_ADDRESS = re.compile(r'[\s"<>\\^`{|}]')
_PIXEL_STYLE = "display:block;width:1px;height:1px;border:0"
_UNSUBSCRIBE, _PREFERENCES, _WHY, _VIEW_HTML, _VIEW_TEXT, _PIXEL = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """The addresses that are one person's own. `view` is the mail in a browser, where there is such a page."""

    unsubscribe: str
    preferences: str
    why: str
    view: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    html: str
    text: str


Target = tuple[str | int, ...]  # a link's address: texts, and the numbers of the merges between them
Link = Callable[[int, str], str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A campaign's text, compiled. `fields` are those it merges, `links` its addresses as written (tags included),
    `notes` what was left out of the body and what readers may stumble over."""

    fields: tuple[str, ...]
    links: tuple[str, ...]
    notes: tuple[Problem, ...]
    language: str
    subject: Pattern
    html: Pattern
    text: Pattern
    merges: tuple[Merge, ...]
    quoted: tuple[int, ...]
    targets: tuple[Target, ...]

    def fill(self, person: Mapping[str, str], *, link: Link, pixel: str | None, urls: Urls) -> list[str]:
        """One person's values, as `template(…).write` wants them: no parsing, no searching.

        `link` gets a link's number and this person's address for it, and returns the address to write: the same for
        somebody who objected to being measured, who then has no `pixel` either.
        """
        merged = [merge.value(person) for merge in self.merges]
        quoted = [quote(merged[number], safe="", errors="replace") for number in self.quoted]
        links = [link(number, _address(target, merged)) for number, target in enumerate(self.targets)]
        view, words = urls.view, LANGUAGES[self.language]
        return [
            *merged,
            *quoted,
            *links,
            urls.unsubscribe,
            urls.preferences,
            urls.why,
            f'<a href="{escape(view)}" style="{pages.LINK_STYLE}">{words.view}</a> · ' if view else "",
            f"{words.view}: {view}\n" if view else "",
            f'<img src="{escape(pixel)}" width="1" height="1" alt="" style="{_PIXEL_STYLE}">' if pixel else "",
        ]

    def render(self, person: Mapping[str, str], *, link: Link, pixel: str | None, urls: Urls) -> Rendered:
        """One person's mail as text, for a preview. See `fill`."""
        values = self.fill(person, link=link, pixel=pixel, urls=urls)
        return Rendered(_join(self.subject, values), _join(self.html, values, html=True), _join(self.text, values))

    def template(self, headers: Headers) -> Template:
        """The bytes that every mail of the campaign shares. Raises `BadHeader` or `BadAddress`."""
        return Template.compile(headers=headers, subject=self.subject, text=self.text, html=self.html)


def compile_content(
    *,
    subject: str,
    preheader: str = "",
    body: str,
    kind: str,
    fields: Mapping[str, str],
    footer: Footer,
    language: str = "en",
    layout: str = "plain",
) -> Content:
    """Check and lay out a campaign's text. `kind` is `markdown` or `html`; `fields` are the names it may merge.

    Raises `ContentErrors` with everything that must be mended, in the order of the text, and ValueError for a kind
    or layout that does not exist.
    """
    if kind not in ("markdown", "html"):
        raise ValueError(f"{kind!r} is not a kind of content; use markdown or html")
    texts = (Text("subject", subject), Text("preheader", preheader), Text("body", body))
    compiler = _Compiler(texts=texts, kind=kind, fields=fields, footer=footer, language=pages.language_of(language))
    return compiler.compile(layout)


class _Compiler:
    """One compilation: the problems, merges and links it has found so far."""

    def __init__(
        self, *, texts: Sequence[Text], kind: str, fields: Mapping[str, str], footer: Footer, language: str
    ) -> None:
        self._texts, self._kind, self._fields, self._footer, self._language = texts, kind, fields, footer, language
        self._marks = Marks(*(text.source for text in texts), repr(footer))
        self._problems, self._notes = list[Problem](), list[Problem]()
        # Each once, with its number.
        self._merges, self._quoted, self._targets = dict[Merge, int](), dict[int, int](), dict[Target, int]()

    def compile(self, layout: str) -> Content:
        for part in self._texts:
            _check(part, problems=self._problems)
        self._stop_if_wrong()
        subject, preheader, body = (self._read(text) for text in self._texts)
        title = self._marked(subject)[0]
        cleaned = self._body(body)
        html = self._page(layout, title=title, preheader=self._marked(preheader)[0], body=cleaned)
        text = self._text(cleaned)
        patterns = [self._pattern(whole) for whole in (title, html, text)]
        self._note_lost(body, html=html)
        self._note_size(html)
        return Content(
            fields=self._used(patterns),
            links=tuple(self._written(target) for target in self._targets),
            notes=tuple(sorted(self._notes)[:_MAX_FINDINGS]),
            language=self._language,
            subject=patterns[0],
            html=patterns[1],
            text=patterns[2],
            merges=tuple(self._merges),
            quoted=tuple(self._quoted),
            targets=tuple(self._targets),
        )

    def _stop_if_wrong(self) -> None:
        if self._problems:
            raise ContentErrors(sorted(self._problems)[:_MAX_FINDINGS])

    def _read(self, text: Text) -> Tagged:
        html = text.part == "body" and self._kind == "html"
        return read_tags(text, fields=self._fields, problems=self._problems, html=html)

    def _marked(self, tagged: Tagged) -> tuple[str, list[tuple[int, int]]]:
        """The text with marks for its tags, and pairs of offsets: where a piece begins in it, and in the source."""
        parts, origins, at = list[str](), list[tuple[int, int]](), 0
        for piece, offset in zip(tagged.pieces, tagged.offsets, strict=True):
            part = piece if isinstance(piece, str) else self._marks.write("m", _number(self._merges, piece))
            parts.append(part)
            origins.append((at, offset))
            at += len(part)
        return "".join(parts), origins

    def _body(self, tagged: Tagged) -> str:
        """The body as clean HTML with marks."""
        text = self._texts[2]
        marked, origins = self._marked(tagged)
        html = markup.markdown(marked) if self._kind == "markdown" else marked

        def report(found: list[Problem]) -> markup.Report:
            def add(offset: int, message: str, mend: str) -> None:
                if len(found) < 10 * _MAX_FINDINGS:
                    at = offset if self._kind == "html" else _where(html, offset, source=marked)
                    found.append(text.problem(_origin(at, origins), message, mend))

            return add

        markup.inspect(html, marks=self._marks, wrong=report(self._problems), note=report(self._notes))
        self._stop_if_wrong()
        cleaned = markup.clean(html, marks=self._marks, target=self._link)
        if not any(part.strip() if isinstance(part, str) else part.name == "img" for part in scan(cleaned)):
            self._problems.append(
                text.problem(0, "Nothing is left of this text in a mail.", "Write something to read.")
            )
        if len(self._targets) > MAX_LINKS:
            message = f"The mail has {len(self._targets)} different links; {MAX_LINKS} are allowed."
            self._problems.append(text.problem(0, message, "Link to a page that lists them."))
        self._stop_if_wrong()
        return cleaned

    def _link(self, value: str) -> str:
        """The mark for a link's address; an address that is no web page keeps its place, its tags encoded."""
        parts = list(self._marks.split(value))
        target = tuple(
            _UNSAFE_IN_ADDRESS.sub(lambda found: quote(found[0]), part) if isinstance(part, str) else part[1]
            for part in parts
        )
        if value.lower().startswith(("mailto:", "tel:")):
            return "".join(
                part if isinstance(part, str) else self._marks.write("q", _number(self._quoted, part))
                for part in target
            )
        return self._marks.address("l", _number(self._targets, target))

    def _places(self) -> Places:
        address, write = self._marks.address, self._marks.write
        return Places(
            unsubscribe=address("f", _UNSUBSCRIBE),
            preferences=address("f", _PREFERENCES),
            why=address("f", _WHY),
            view_html=write("f", _VIEW_HTML),
            view_text=write("f", _VIEW_TEXT),
        )

    def _page(self, layout: str, *, title: str, preheader: str, body: str) -> str:
        footer = pages.footer_html(self._footer, language=self._language, places=self._places())
        return pages.page(
            layout=layout,
            language=self._language,
            title=title,
            preheader=preheader,
            body=body,
            footer=footer,
            pixel=self._marks.write("f", _PIXEL),
        )

    def _text(self, body: str) -> str:
        """The plain-text alternative: the body, its links as numbered notes, the footer."""
        noted, targets = set[int](), list(self._targets)

        def note(target: str, said: str) -> str | None:
            for mark in self._marks.split(target):
                if not isinstance(mark, str) and mark[0] == "l":
                    if said == self._written(targets[mark[1]]):
                        return None
                    noted.add(mark[1])
                    return f"[{mark[1] + 1}]"
            address = target.partition(":")[2].partition("?")[0]
            return None if said == address else f"({address})"

        text = plain_text(body, note=note)
        links = "".join(f"[{number + 1}] {self._marks.address('l', number)}\n" for number in sorted(noted))
        footer = pages.footer_text(self._footer, language=self._language, places=self._places())
        return "\n".join([text, *([links] if links else []), footer])

    def _pattern(self, text: str) -> Pattern:
        """The text cut at its marks, which become slots numbered as `Content.fill` orders its values."""
        first = {"m": 0, "q": len(self._merges)}
        first["l"] = first["q"] + len(self._quoted)
        first["f"] = first["l"] + len(self._targets)
        return tuple(
            part
            if isinstance(part, str)
            else Slot(first[part[0]] + part[1], raw=part[0] == "f" and part[1] in (_VIEW_HTML, _VIEW_TEXT, _PIXEL))
            for part in self._marks.split(text)
        )

    def _used(self, patterns: Sequence[Pattern]) -> tuple[str, ...]:
        """The fields of the merges that have a place in the mail: no other value of a person need be read for it."""
        slots = {part.index for pattern in patterns for part in pattern if isinstance(part, Slot)}
        numbers = {part for target in self._targets for part in target if isinstance(part, int)} | set(self._quoted)
        used = {merge.field for merge, number in self._merges.items() if number in slots | numbers}
        return tuple(sorted(used))

    def _written(self, target: Target) -> str:
        fields = [merge.field for merge in self._merges]
        return "".join(part if isinstance(part, str) else f"{{{{ {fields[part]} }}}}" for part in target)

    def _note_lost(self, body: Tagged, *, html: str) -> None:
        shown = {mark for mark in self._marks.split(html) if not isinstance(mark, str)}
        in_links = {("m", part) for target in self._targets for part in target if isinstance(part, int)}
        in_links |= {("m", number) for number in self._quoted}
        for piece, offset in zip(body.pieces, body.offsets, strict=True):
            if isinstance(piece, Merge) and ("m", self._merges[piece]) not in shown | in_links:
                self._notes.append(
                    self._texts[2].problem(
                        offset, "This merge tag stands where mail shows nothing.", "It was left out."
                    )
                )

    def _note_size(self, html: str) -> None:
        size = len(html.encode("utf-8", "replace"))
        if size > CLIPPED_BYTES:
            message = f"The mail has {size // 1000} kB; Gmail cuts mails off at 102 kB."
            self._notes.append(self._texts[2].problem(0, message, "Shorten it, or put parts on a page of their own."))


def _check(text: Text, *, problems: list[Problem]) -> None:
    """What must be right before anything is read: something is there, of bounded length, without control characters."""
    source, name = text.source, text.part
    if name != "preheader" and not source.strip():
        problems.append(text.problem(0, f"The {name} is empty.", "Write something to read."))
    size = len(source.encode("utf-8", "replace"))
    if name == "body" and size > MAX_BODY_BYTES:
        message = f"The body has {size // 1000} kB; {MAX_BODY_BYTES // 1000} kB can be sent."
        problems.append(text.problem(0, message, "Use images by their address instead of pasting them."))
    if name != "body" and len(source) > MAX_LINE_CHARACTERS:
        message = f"The {name} has {len(source)} characters; {MAX_LINE_CHARACTERS} are allowed."
        problems.append(text.problem(0, message, "Shorten it; most readers see the first 50 to 100."))
    if name != "body" and "\n" in source.strip():
        problems.append(text.problem(source.index("\n"), f"The {name} has more than one line.", "Keep one line."))
    if (control := _CONTROL.search(source)) is not None:
        message = f"There is a character here that cannot be shown (U+{ord(control[0]):04X})."
        problems.append(text.problem(control.start(), message, "Delete it; it often comes along when pasting."))


def _where(html: str, offset: int, *, source: str) -> int:
    """Where in Markdown the tag at an offset of its HTML comes from: found by the address that the tag carries."""
    tag = next(scan(html[offset : offset + 5000]), None)
    if isinstance(tag, Tag):
        address = tag.attributes.get("href") or tag.attributes.get("src") or ""
        for written in (address, unquote(address)):
            if written and (at := source.find(written)) >= 0:
                return at
    return 0


def _origin(offset: int, origins: Sequence[tuple[int, int]]) -> int:
    """The offset in the source of an offset in the marked text."""
    begin, source = max((pair for pair in origins if pair[0] <= offset), default=(0, 0))
    return source + offset - begin


def _number(known: dict[T, int], item: T) -> int:
    return known.setdefault(item, len(known))


def _address(target: Target, merged: Sequence[str]) -> str:
    return "".join(part if isinstance(part, str) else quote(merged[part], safe="", errors="replace") for part in target)


def _join(pattern: Pattern, values: Sequence[str], *, html: bool = False) -> str:
    return "".join(
        part if isinstance(part, str) else escape(values[part.index]) if html and not part.raw else values[part.index]
        for part in pattern
    )
