"""Merge tags: `{{ first_name | default("friend") }}` in what an editor writes, and the places they leave in the result.

The tags are Jinja's, read by Jinja, and nothing of Jinja runs: only a field and the filters below are understood, so
a text can neither call, nor look into an object, nor loop.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import blake2b
from html import unescape

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

FILTERS = ("default", "title", "upper", "lower")
_JINJA = SandboxedEnvironment(autoescape=True)
# A tag's inside: strings whole, so that braces in them do not end it. Each branch begins differently: linear time.
_TAG = re.compile(r"""\{\{((?:"(?:\\.|[^"\\\n])*+"|'(?:\\.|[^'\\\n])*+'|[^"'{}])*+)\}\}""")
_OPENING = re.compile(r"\{[{%#]")
_TYPOGRAPHIC = re.compile("[“”„‘’«»]")
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")
MAX_TAGS = 500
_MAX_TAG = 300  # characters; a sentence of its own belongs in the text


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a text. `part` is subject, preheader or body; line and column count from 1."""

    part: str
    line: int
    column: int
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.part}, line {self.line}, column {self.column}: {self.message} {self.mend}"


class ContentErrors(ValueError):
    """The content cannot be sent; `problems` says everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge tag: a field and what is done to its value, in order."""

    field: str
    steps: tuple[tuple[str, str], ...] = ()

    def value(self, person: Mapping[str, str]) -> str:
        """The person's text for this tag, on one line; a field that is missing or empty is an empty text."""
        text = person.get(self.field, "")
        for name, argument in self.steps:
            if name == "default":
                text = text or argument
            elif name == "title":
                text = titled(text)
            else:
                text = text.upper() if name == "upper" else text.lower()
        return text if text.isprintable() else text.translate(_CONTROLS)


class Text:
    """A part as it was written, and where its offsets are."""

    def __init__(self, part: str, source: str) -> None:
        self.part = part
        self.source = source.replace("\r\n", "\n").replace("\r", "\n")
        self._lines = [0, *(match.end() for match in re.finditer("\n", self.source))]

    def problem(self, offset: int, message: str, mend: str) -> Problem:
        """A problem at an offset of `source`."""
        line = bisect_right(self._lines, offset)
        return Problem(self.part, line, offset - self._lines[line - 1] + 1, message, mend)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text cut at its tags: strings and merges in order, and the offset in the source where each begins."""

    pieces: tuple[str | Merge, ...]
    offsets: tuple[int, ...]


def read_tags(text: Text, *, fields: Mapping[str, str], problems: list[Problem], html: bool = False) -> Tagged:
    """Cut a text at its merge tags; whatever is wrong with one is added to `problems` and the tag left out.

    `html` says that quotes in tags may be written as entities, as editors on the web do.
    """
    pieces, offsets, at, source = list[str | Merge](), list[int](), 0, text.source
    for opening in _OPENING.finditer(source):
        start = opening.start()
        if start < at:
            continue  # inside the tag before
        if len(pieces) >= 2 * MAX_TAGS:
            problems.append(text.problem(start, f"There are more than {MAX_TAGS} merge tags.", "Use fewer."))
            break
        match = _TAG.match(source, start)
        pieces.append(source[at:start])
        offsets.append(at)
        at = match.end() if match else opening.end()
        if opening[0] != "{{":
            problems.append(text.problem(start, f"“{opening[0]}” begins a Jinja block or comment, which mail has not.",
                                         "Only merge tags such as {{ first_name }} can be used."))  # fmt: skip
        elif match is None:
            problems.append(text.problem(start, "This merge tag is not closed.", _why_unclosed(source, start)))
        else:
            merge = _read_tag(text, start, unescape(match[1]) if html else match[1], fields=fields, problems=problems)
            if merge is not None:
                pieces.append(merge)
                offsets.append(start)
    return Tagged((*pieces, source[at:]), (*offsets, at))


def _why_unclosed(source: str, start: int) -> str:
    end = source.find("}}", start)
    if end < 0 or "\n\n" in source[start:end]:
        return "Write }} after the field."
    return "Look for a quotation mark without its partner, or a brace too many, before the }}."


def _read_tag(
    text: Text, start: int, inside: str, *, fields: Mapping[str, str], problems: list[Problem]
) -> Merge | None:
    def wrong(message: str, mend: str) -> None:
        problems.append(text.problem(start, message, mend))

    if len(inside) > _MAX_TAG:
        wrong("This merge tag is too long.", f"Keep it under {_MAX_TAG} characters; put sentences in the text.")
        return None
    try:
        template = _JINJA.parse("{{" + inside + "}}")
    except TemplateSyntaxError as error:
        typographic = _TYPOGRAPHIC.search(inside)
        mend = (
            f"Write straight quotation marks instead of {typographic[0]}."
            if typographic
            else 'Write it like {{ first_name }} or {{ first_name | default("friend") }}.'
        )
        wrong(f"This merge tag cannot be read: {(error.message or 'it is not complete').rstrip('.')}.", mend)
        return None
    output = template.body[0] if len(template.body) == 1 else None
    expression = output.nodes[0] if isinstance(output, nodes.Output) and len(output.nodes) == 1 else None
    return _merge(expression, wrong=wrong, fields=fields)


def _merge(
    expression: nodes.Node | None, *, wrong: Callable[[str, str], None], fields: Mapping[str, str]
) -> Merge | None:
    """The tag that an expression means, or None after saying what is wrong with it."""
    steps = list[tuple[str, str]]()
    while isinstance(expression, nodes.Filter):
        step = _step(expression, wrong=wrong)
        if step is None:
            return None
        steps.append(step)
        expression = expression.node
    if not isinstance(expression, nodes.Name):
        wrong("A merge tag names one field, and this one does something else.",
              "Write only a field, such as {{ first_name }}; prepare other values before the campaign.")  # fmt: skip
        return None
    if expression.name not in fields:
        near = get_close_matches(expression.name, list(fields), n=1)
        mend = f"Did you mean “{near[0]}”?" if near else f"These can be used: {', '.join(sorted(fields)) or 'none'}."
        wrong(f"There is no field “{expression.name}” that this mail may use.", mend)
        return None
    return Merge(expression.name, tuple(reversed(steps)))


def _step(node: nodes.Filter, *, wrong: Callable[[str, str], None]) -> tuple[str, str] | None:
    arguments, plain = node.args, not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    if node.name not in FILTERS:
        near = get_close_matches(node.name, FILTERS, n=1)
        wrong(f"There is no filter “{node.name}”.",
              f"Did you mean “{near[0]}”?" if near else f"These can be used: {', '.join(FILTERS)}.")  # fmt: skip
        return None
    if node.name != "default":
        if arguments or not plain:
            wrong(f"The filter “{node.name}” takes no value.", f"Write | {node.name} alone.")
            return None
        return node.name, ""
    # Jinja's second argument of `default`, "also when empty", is what we always do.
    given = [argument.value for argument in arguments if isinstance(argument, nodes.Const)]
    if not plain or len(given) != len(arguments) or not 1 <= len(given) <= 2 or not isinstance(given[0], str | int):
        wrong("The filter “default” needs one text to use instead.", 'Write | default("friend").')
        return None
    return node.name, str(given[0])


def titled(text: str) -> str:
    """Each word with a capital: “anna-karin o'neil” becomes “Anna-Karin O'neil”."""
    return " ".join(
        "-".join(part[:1].upper() + part[1:].lower() for part in word.split("-")) for word in text.split(" ")
    )


class Marks:
    """Words that stand for slots while Markdown, MJML and sanitisers work on the text around them.

    A mark is lower-case letters and digits, so that nothing on the way changes it; its nonce is a hash of the texts,
    so that no text can contain it.
    """

    def __init__(self, *texts: str) -> None:
        nonce = blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
        self._start = f"slot{nonce}"
        self._mark = re.compile(f"(?:https://)?{self._start}([a-z])([0-9]+)z")

    def write(self, kind: str, number: int) -> str:
        """The mark of slot `number` of a kind, which is one letter."""
        return f"{self._start}{kind}{number}z"

    def address(self, kind: str, number: int) -> str:
        """The mark where an address is wanted, for parsers that check addresses."""
        return f"https://{self.write(kind, number)}"

    def within(self, text: str) -> bool:
        """Whether a text holds any mark."""
        return self._start in text

    def split(self, text: str) -> Iterator[str | tuple[str, int]]:
        """The text's strings and marks, in order."""
        at = 0
        for match in self._mark.finditer(text):
            if match.start() > at:
                yield text[at : match.start()]
            yield match[1], int(match[2])
            at = match.end()
        if at < len(text):
            yield text[at:]
