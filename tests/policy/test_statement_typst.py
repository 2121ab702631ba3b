"""The statement as Typst: it compiles whatever a policy says, and equal statements give equal files."""

import json
import re

import pytest
import typst
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tests.policy.test_statement import VERSION, made
from tillit.policy.document import Document
from tillit.policy.statement_typst import write
from tillit.policy.statement_typst_prose import content, inline, literal, text

HOSTILE = [
    '"); #panic("x"); #("',
    '#import "@preview/x:1.0.0": *',
    '#read("/etc/passwd")',
    ']] } ) ; */ /* // $x$ <label> @ref `raw` ```x``` _a_ *b* = h - l + e / t: d ~ --- \\ \\u{41} \\"',
    "back\\",
    "#",
    "\u202e reversed \u200b \ufeff",
    "{{x}} $(y) %z &amp; <script>alert(1)</script>",
    "[link](javascript:alert(1)) ![image](file:///etc/passwd) <a href='x'>y</a>",
    "# heading\n\n- a\n  - b\n\n1. c\n\n> quote\n\n```\ncode #x\n```\n\n***\n\n`#y`",
]
anything = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60) | st.sampled_from(HOSTILE)

_COMPILER = typst.Compiler(font_paths=typst.Fonts(include_system_fonts=False), ignore_system_fonts=True)


#: A failure is shown as it was drawn: shrinking a whole statement takes minutes.
_AS_DRAWN = [Phase.explicit, Phase.reuse, Phase.generate]


def compiled(markup: str, *, standards: tuple[str, ...] = ()) -> bytes:
    return _COMPILER.compile(
        markup.encode(), format="pdf", timestamp=VERSION.effective_at, pdf_standards=list(standards)
    )


def asked(markup: str, selector: str, field: str) -> list[str]:
    return json.loads(typst.query(markup.encode(), selector, field=field))


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=80) | st.sampled_from(HOSTILE))
def test_a_text_is_shown_as_it_is(value):
    """The compiler is asked what it read: the text itself, control characters as spaces."""
    (read,) = asked(f"#metadata({literal(value)}) <x>", "<x>", "value")
    assert read.replace(" ", "") == re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029 ]", "", value)
    assert _COMPILER.compile(f"{text(value)}(1).len()[x]".encode(), format="svg")


@settings(max_examples=100, deadline=None)
@given(st.lists(anything, max_size=4).map("\n".join))
def test_markdown_of_any_kind_compiles(markdown):
    for markup in (content(markdown), inline(markdown)):
        document = f'#set document(title: "x")\n#set text(lang: "en")\n{markup}\n#metadata("end") <end>'
        assert asked(document, "<end>", "value") == ["end"]


@settings(max_examples=8, deadline=None, phases=_AS_DRAWN)
@given(our.trees(), st.data())
def test_a_statement_with_hostile_texts_compiles(tree, data):
    def spoil(value: object) -> object:
        if isinstance(value, dict) and set(value) == {"en", "sv"}:
            return {language: f"x {data.draw(anything)} x" for language in value}
        if isinstance(value, dict):
            return {key: spoil(each) for key, each in value.items()}
        return [spoil(each) for each in value] if isinstance(value, list) else value

    tree = spoil(tree)
    tree["operator"] |= {"name": f"x{data.draw(anything)}x", "privacy": f"x{data.draw(anything)}x"}
    statement = made(Document.model_validate(tree))
    markup = write(statement)
    assert compiled(markup).startswith(b"%PDF-")
    assert len(asked(markup, "heading", "level")) == len([*statement.walk()]) + 1  # and that of the outline


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_reference_statement_is_an_accessible_archival_file(reference, language):
    statement = made(reference, language=language)
    markup = write(statement)
    file = compiled(markup, standards=("a-2a", "ua-1"))
    assert file == compiled(markup, standards=("a-2a", "ua-1"))
    assert f"/Lang({language})".encode() in file
    assert b"/Author(Smart Media Solutions AB)" in file
    outlined = [section.title for section in statement.walk() if not section.entry]
    assert len(asked(markup, "heading.where(outlined: true)", "level")) == len(outlined)


def test_the_file_names_its_version_and_counts_its_pages(reference):
    markup = write(made(reference, language="sv"))
    assert f"Version 7 · {VERSION.digest[:16]}" in markup
    assert '#counter(page).display("1"); #"av"; #counter(page).final().first()' in markup
    assert "datetime(year: 2026, month: 5, day: 1)" in markup
    assert markup.count("table.header(repeat: true") == markup.count("#table(")
