"""What is said to an editor whose text cannot be sent, or not all of it."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.campaigns.contents import compiled, problems, rendered
from tillit.campaigns.slots import ContentErrors, titled


@pytest.mark.parametrize(
    ("tag", "message", "mend"),
    [
        ("{{ frist_name }}", "no field “frist_name”", "Did you mean “first_name”?"),
        ("{{ shoe_size }}", "no field “shoe_size”", "These can be used: city, customer_no, first_name."),
        ("{{ first_name | defualt('x') }}", "no filter “defualt”", "Did you mean “default”?"),
        ("{{ first_name | safe }}", "no filter “safe”", "These can be used"),
        ("{{ first_name | default }}", "needs one text", '| default("friend")'),
        ("{{ first_name | default(city) }}", "needs one text", '| default("friend")'),
        ("{{ first_name | default(value='x') }}", "needs one text", '| default("friend")'),
        ("{{ first_name | upper(1) }}", "takes no value", "Write | upper alone."),
        ("{{ first_name.__class__ }}", "names one field", "Write only a field"),
        ("{{ first_name[0] }}", "names one field", "Write only a field"),
        ("{{ first_name() }}", "names one field", "Write only a field"),
        ("{{ first_name ~ city }}", "names one field", "Write only a field"),
        ("{{ 'text' }}", "names one field", "Write only a field"),
        ("{{ first_name if city else city }}", "names one field", "Write only a field"),
        ("{{ }}", "cannot be read", "Write it like {{ first_name }}"),
        ("{{ first_name | default(“friend”) }}", "cannot be read", "straight quotation marks instead of “"),
        ("{{ first_name", "not closed", "Write }} after the field."),
        ("{{ first_name | default('it's') }}", "not closed", "quotation mark without its partner"),
        ("{% for x in y %}", "Jinja block", "Only merge tags"),
        ("{# note #}", "Jinja block or comment", "Only merge tags"),
        ("{{ " + "a" * 301 + " }}", "too long", "under 300"),
    ],
)
def test_a_merge_tag_that_cannot_be_used_is_explained(tag: str, message: str, mend: str) -> None:
    (problem,) = problems(f"First line\n\nHello {tag} there")
    assert (problem.part, problem.line, problem.column) == ("body", 3, 7)
    assert message in problem.message
    assert mend in problem.mend


def test_every_problem_is_reported_at_once_in_the_order_of_the_text() -> None:
    found = problems("{{ a }}\nx {{ b }}\r\n{{ c", subject="{{ d }}", preheader="{{ e }}")
    assert [(problem.part, problem.line, problem.column) for problem in found] == [
        *[("body", 1, 1), ("body", 2, 3), ("body", 3, 1)],
        *[("preheader", 1, 1), ("subject", 1, 1)],
    ]
    assert str(found[0]).startswith("body, line 1, column 1: There is no field “a”")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"body": ""}, "The body is empty"),
        ({"body": " \n "}, "The body is empty"),
        ({"body": "<div></div>", "kind": "html"}, "Nothing is left"),
        ({"body": "<script>x</script>", "kind": "html"}, "Nothing is left"),
        ({"body": "x" * 1_000_001}, "The body has 1000 kB"),
        ({"body": "a\0b"}, "U+0000"),
        ({"body": "a\ud800b"}, "U+D800"),
        ({"body": "x", "subject": ""}, "The subject is empty"),
        ({"body": "x", "subject": "a\r\nBcc: x@y.example"}, "more than one line"),
        ({"body": "x", "subject": "a" * 501}, "501 characters"),
        ({"body": "x", "preheader": "a\nb"}, "more than one line"),
        ({"body": "{{ city }}" * 501}, "more than 500 merge tags"),
        ({"body": "".join(f"[x](https://a.example/{n})" for n in range(501))}, "501 different links"),
        ({"body": "<div>" * 101 + "x", "kind": "html"}, "nested over 100"),
        ({"body": "<p>hello <b", "kind": "html"}, "has no end"),
        ({"body": "<p>hello <a href='x>y</a>", "kind": "html"}, "has no end"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused(changes: dict[str, Any], message: str) -> None:
    assert message in problems(**changes)[0].message


@pytest.mark.parametrize("kind", ["markdown", "html"])
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("javascript:alert(1)", "may not begin with “javascript:”"),
        ("JavaScript:alert(1)", "may not begin with"),
        ("data:text/html,x", "may not begin with “data:”"),
        ("file:///etc/passwd", "may not begin with “file:”"),
        ("/offers", "does not begin with an address"),
        ("offers.html", "does not begin with an address"),
        ("https:shop", "no host name"),
        ("https://", "no host name"),
        ("{{ city }}", "does not begin with an address"),
        ("https://{{ city }}.example/", "may not choose where"),
        ("https://a.example@{{ city }}", "may not choose where"),
    ],
)
def test_a_link_that_cannot_be_sent_is_refused_with_its_place(kind: str, target: str, message: str) -> None:
    body = f"Hello\n\n[x]({target})" if kind == "markdown" else f'<p>\nHello</p>\n<a href="{target}">x</a>'
    (problem,) = problems(body, kind=kind)
    assert message in problem.message
    assert problem.line == 3


def test_positions_are_right_after_merge_tags_on_the_same_line() -> None:
    (problem,) = problems('<p>{{ first_name }} {{ city }}</p><a href="x">y</a>', kind="html")
    assert problem.column == len("<p>{{ first_name }} {{ city }}</p>") + 1


def test_a_merge_tag_in_a_style_is_refused() -> None:
    assert "style" in problems('<p style="color:{{ city }}">x</p>', kind="html")[0].message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<p>a<script>x</script></p>", "<script> does not work in mail."),
        ("<p onclick='x()'>a</p>", "“onclick” runs a program"),
        ("<p>a <b>b</p>", "<b> is not closed."),
        ("<p>a</b></p>", "</b> closes nothing."),
        ("<marquee>a</marquee>", "<marquee> does not work"),
        ("<p data-x='1'>a</p>", "“data-x” does not work"),
        ("<p style='background:url(https://a.example/x.png)'>a</p>", "fetches something"),
        ("<p>a</p><img src='https://a.example/x.png'>", "no alternative text"),
        ("<p>a</p><style>{{ city }}</style>", "stands where mail shows nothing"),
    ],
)
def test_what_is_left_out_is_said_not_hidden(body: str, message: str) -> None:
    content = compiled("<p>first</p>\n" + body, kind="html")
    assert message in " ".join(note.message for note in content.notes)
    assert {note.line for note in content.notes} == {2}
    assert "fetch" not in rendered(content).html


def test_html_that_leaves_out_optional_ends_is_fine() -> None:
    body = "<ul>" + "<li>item" * 150 + "</ul><p>a<p>b<table><tr><td>1<td>2<tr><td>3</table>"
    assert compiled(body, kind="html").notes == ()


def test_a_mail_that_gmail_would_cut_off_is_noted() -> None:
    assert "Gmail" in compiled("word " * 20_000).notes[0].message


def test_fields_that_are_not_used_are_not_asked_for() -> None:
    content = compiled("<p>{{ city }}</p><style>{{ first_name }}</style>", kind="html")
    assert content.fields == ("city",)


def test_markdown_shows_tags_as_text() -> None:
    mail = rendered(compiled("a <b>bold</b> <script>alert(1)</script>"))
    assert "&lt;script&gt;" in mail.html
    assert "<b>" not in mail.html


def test_an_unknown_kind_or_layout_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="kind of content"):
        compiled("x", kind="rtf")
    with pytest.raises(ValueError, match="these exist: plain"):
        compiled("x", layout="../../etc/passwd")


def test_titles_keep_hyphens_and_apostrophes() -> None:
    assert titled("ÅSA-maria o'NEIL  von berg") == "Åsa-Maria O'neil  Von Berg"


@given(st.text(max_size=300))
@example("{{" * 100)
@example("{{ '" * 50)
def test_any_text_is_either_compiled_or_explained(body: str) -> None:
    try:
        compiled(body, subject=body)
    except ContentErrors as error:
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.mend
