"""From an editor's text to one person's mail: what is said to the editor, and what reaches the person."""

import datetime as dt
import email
import email.policy
import re
from collections.abc import Mapping
from email.message import EmailMessage

import lxml.html
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.campaigns.contents import FIELDS, PIXEL, URLS, compiled, links, plain, problems, rendered, tracked
from tillit.campaigns.content import Content, Urls
from tillit.campaigns.layout import LANGUAGES, Footer
from tillit.campaigns.slots import ContentErrors
from tillit.delivery import headers as header
from tillit.delivery.compose import Addressee, Headers, Mailbox


def test_markdown_becomes_a_whole_page_and_a_plain_text() -> None:
    mail = rendered(
        compiled(
            "# Hello\n\nRead *this*:\n\n1. one\n2. two\n   - deep\n\n> wise\n\n![A cat](https://a.example/cat.png)"
        )
    )
    page = lxml.html.document_fromstring(mail.html)
    assert page.xpath("string(//h1)") == "Hello"
    assert page.xpath("string(//em)") == "this"
    assert page.xpath("//img/@alt")[0] == "A cat"
    assert "style" in page.xpath("//h1")[0].attrib
    assert mail.text.startswith("Hello\n\nRead this:\n\n1. one\n2. two\n  - deep\n\n> wise\n\n[A cat]\n\n-- \n")


def test_merge_tags_are_filled_in_subject_preheader_and_both_bodies() -> None:
    content = compiled(
        'Hello {{ first_name | default("friend") }} in **{{ city | upper }}**',
        subject="{{ first_name | title }}: news",
        preheader="For {{ city }}",
    )
    mail = rendered(content, {"first_name": "anna-karin o'neil", "city": "Malmö"})
    assert mail.subject == "Anna-Karin O'neil: news"
    assert "For Malmö" in mail.html
    assert "Hello anna-karin o&#x27;neil in <strong>MALMÖ</strong>" in mail.html
    assert mail.text.startswith("Hello anna-karin o'neil in MALMÖ\n")
    assert content.fields == ("city", "first_name")


@pytest.mark.parametrize("person", [{}, {"first_name": ""}])
def test_a_missing_or_empty_value_gets_its_default(person: dict[str, str]) -> None:
    content = compiled("Hi {{ first_name | default('dear \"friend\"') | upper }}{{ city }}!")
    assert rendered(content, person).text.startswith('Hi DEAR "FRIEND"!\n')


def test_web_editors_may_write_quotes_in_tags_as_entities() -> None:
    content = compiled("<p>Hi {{&nbsp;first_name | default(&quot;you&quot;) }}</p>", kind="html")
    assert "Hi you" in rendered(content).html


@pytest.mark.clause("C9")
def test_a_person_who_objected_gets_no_pixel_and_links_as_written() -> None:
    content = compiled("[Shop](https://shop.example/a?b=1&c=2) and [mail](mailto:a@b.example)")
    measured = rendered(content)
    assert links(measured.html)[0] == "https://mail.example/c/0?to=https://shop.example/a?b=1&c=2"
    assert PIXEL in measured.html
    objected = rendered(content, link=plain, pixel=None)
    assert links(objected.html)[:2] == ["https://shop.example/a?b=1&c=2", "mailto:a@b.example"]
    assert "mail.example/c/" not in objected.html + objected.text
    assert not lxml.html.document_fromstring(objected.html).xpath("//img")


@pytest.mark.clause("C9")
@pytest.mark.parametrize(
    "body",
    [
        '<img src="https://a.example/p.gif?u={{ customer_no }}" alt="x">',
        '<img src="https://a.example/p.gif" width="1" height="1" alt="x">',
        '<img src="https://a.example/p.gif" width="0" alt="x">',
    ],
)
def test_an_editor_cannot_build_a_pixel_by_hand(body: str) -> None:
    assert "open" in problems(body, kind="html")[0].message


@pytest.mark.clause("C9")
def test_the_page_itself_fetches_nothing() -> None:
    """A web font from elsewhere would tell a third party who opens mail."""
    page = rendered(compiled("Hello"), link=plain, pixel=None).html
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+", page))
    assert addresses == {"https://mail.example", "http://www.w3.org"}
    assert "@import" not in page
    assert "<link" not in page


def test_each_distinct_link_has_one_number_in_its_order() -> None:
    content = compiled("[a](https://a.example) [b](https://b.example/?x={{ customer_no }}) [c](https://a.example)")
    assert content.links == ("https://a.example", "https://b.example/?x={{ customer_no }}")
    mail = rendered(content, {"customer_no": "å/&?x=1"})
    assert "a [1] b [2] c [1]" in mail.text
    assert "[2] https://mail.example/c/1?to=https://b.example/?x=%C3%A5%2F%26%3Fx%3D1\n" in mail.text
    assert links(mail.html)[1] == "https://mail.example/c/1?to=https://b.example/?x=%C3%A5%2F%26%3Fx%3D1"


def test_a_mail_address_may_hold_a_merge_tag_and_is_not_counted() -> None:
    content = compiled("[Write](mailto:us@a.example?subject={{ first_name }}) or [call](tel:+461234)")
    mail = rendered(content, {"first_name": "Å & B"})
    assert content.links == ()
    assert links(mail.html)[:2] == ["mailto:us@a.example?subject=%C3%85%20%26%20B", "tel:+461234"]
    assert "Write (us@a.example) or call (+461234)" in mail.text


def test_an_address_written_out_is_not_noted_twice_in_the_text() -> None:
    mail = rendered(compiled("See <https://a.example/x> now"))
    assert mail.text.startswith("See https://a.example/x now\n\n-- \n")


def test_the_footer_says_who_why_and_how_to_leave_in_the_readers_language() -> None:
    for language, words in (
        ("en", LANGUAGES["en"]),
        ("sv-SE", LANGUAGES["sv"]),
        ("sv_FI", LANGUAGES["sv"]),
        ("de", LANGUAGES["en"]),
    ):
        mail = rendered(compiled("x", language=language))
        page = lxml.html.document_fromstring(mail.html)
        labels = dict(zip(page.xpath("//a/@href"), page.xpath("//a/text()"), strict=True))
        assert labels == {URLS.unsubscribe: words.unsubscribe, URLS.preferences: words.preferences, URLS.why: words.why}
        assert "Exempel &amp; Co<br>Storgatan 1<br>123 45 Malmö" in mail.html
        assert "You subscribed to &lt;News&gt;." in mail.html
        assert f"{words.unsubscribe}: {URLS.unsubscribe}\n" in mail.text
        assert mail.text.endswith("Exempel & Co\nStorgatan 1\n123 45 Malmö\n")


def test_the_web_copy_is_offered_where_there_is_one() -> None:
    urls = Urls(
        unsubscribe="https://m.example/u",
        preferences="https://m.example/p",
        why="https://m.example/w",
        view="https://m.example/v?a=1&b=2",
    )
    mail = rendered(compiled("x"), urls=urls)
    assert "https://m.example/v?a=1&b=2" in links(mail.html)
    assert "View in your browser: https://m.example/v?a=1&b=2\n" in mail.text


def test_service_mail_has_no_unsubscribe() -> None:
    footer = Footer(sender="A", address="B", unsubscribable=False)
    mail = rendered(compiled("x", footer=footer))
    assert URLS.unsubscribe not in mail.html + mail.text
    assert URLS.why in mail.html


def test_the_page_suits_phones_and_dark_mode() -> None:
    page = rendered(compiled("x", preheader="First words")).html
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page
    assert 'name="color-scheme" content="light dark"' in page
    assert "max-width:600px" in page
    assert re.search(r'<div style="display:none[^>]*>First words</div>', page)


def test_html_keeps_tables_inline_styles_and_images() -> None:
    body = '<table width="100%"><tr><td style="padding:4px;color:red" valign="top">A</td><td>B</td></tr></table>'
    mail = rendered(compiled(body, kind="html"))
    cell = lxml.html.document_fromstring(mail.html).xpath("//td[text()='A']")[0]
    assert cell.get("valign") == "top"
    assert "color: red" in cell.get("style")
    assert mail.text.startswith("A | B\n")


def test_a_link_dressed_as_a_button_is_styled() -> None:
    mail = rendered(compiled('<a class="button" href="https://a.example">Go</a>', kind="html"))
    assert "inline-block" in lxml.html.document_fromstring(mail.html).xpath("//a[text()='Go']/@style")[0]


HEADERS = Headers(sender=Mailbox("A", "a@b.example"), list_id="news.b.example")


def sent(content: Content, person: Mapping[str, str]) -> EmailMessage:
    to = Addressee(
        address="anna@c.example",
        message_id="1@b.example",
        date=header.date(dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
        unsubscribe=URLS.unsubscribe,
    )
    message = content.template(HEADERS).write(to, content.fill(person, link=tracked, pixel=PIXEL, urls=URLS))
    assert max(map(len, message.split(b"\r\n"))) <= 998
    return email.message_from_bytes(message, policy=email.policy.default)


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


PERSONAL = (
    "Dear {{ first_name | title }}  {{ city }},\n\n[go](https://a.example/{{ customer_no }}?x=1&y=2) " + "long " * 400
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text(st.characters(exclude_categories=["Cs"]))))
@example({"first_name": "</a><script>alert(1)</script>", "city": '" onload="x', "customer_no": "javascript:alert(1)"})
@example({"first_name": "\r\nBcc: x@y.example", "city": "{{ city }}", "customer_no": "../../"})
def test_what_is_sent_is_what_the_preview_shows(person: dict[str, str]) -> None:
    content = compiled(PERSONAL, subject="Hi {{ first_name }}")
    mail, preview = sent(content, person), rendered(content, person)
    assert mail["Subject"] == preview.subject.strip()
    assert part(mail, "html").rstrip("\n") == preview.html.rstrip("\n")
    assert part(mail, "plain").rstrip("\n") == preview.text.rstrip("\n")


def shape(html: str) -> list[str]:
    return [str(element.tag) for element in lxml.html.document_fromstring(html).iter()]


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text(), st.text())
@example("<script>", "--><b>", "'\"><img src=x onerror=y>")
@example("</title><b>", "]]>", "</td></table>")
def test_no_value_of_a_person_changes_the_page(first: str, second: str, third: str) -> None:
    content = compiled(PERSONAL, subject="{{ first_name }}", preheader="{{ city }}")
    person = {"first_name": first, "city": second, "customer_no": third}
    assume("\0" not in first + second + third)
    page = rendered(content, person).html
    assert shape(page) == shape(rendered(content, {"first_name": "a", "city": "b", "customer_no": "c"}).html)
    assert "<script" not in page.lower()


SHARDS = (
    *("<script>", "</script>", "<p>", "</p>", "<b", ">", "<a href='javascript:x'>", "<style>", "<svg>", "<!--", "-->"),
    *("<math>", "<img src=x onerror=y>", "<table>", "<td>", "</table>", "&lt;script&gt;", "<noscript>", "<title>"),
    *("<textarea>", "{{ first_name }}", '<a href="https://a.example/{{ city }}">', "<svg><style>", "<mtext>", "]]>"),
    *("`", "\n\n", "](", "[", '<p title="', "<p title='", '"', "'"),
)
MARKUP = st.lists(st.sampled_from(SHARDS) | st.text(max_size=10), max_size=25).map("".join)


@settings(max_examples=200, deadline=None)
@given(MARKUP, st.sampled_from(["html", "markdown"]))
@example("<svg><style><!--</style><img src=x onerror=alert(1)>--></style>", "html")
@example("<scr<script>ipt>alert(1)</scr</script>ipt>", "html")
@example('<p title="</p><script>x</script>">a</p>', "html")
def test_no_body_smuggles_in_a_program(body: str, kind: str) -> None:
    try:
        content = compiled(body, kind=kind)
    except ContentErrors as error:
        assert error.problems
        return
    page = rendered(content, {"first_name": "<script>"}).html
    tree = lxml.html.document_fromstring(page)
    assert "<script" not in page.lower()
    assert not tree.xpath("//script|//iframe|//svg|//object|//form|//input|//link|//base")
    assert not [
        name
        for element in tree.iter()
        if isinstance(element.tag, str)
        for name in element.attrib
        if name.startswith("on")
    ]
    assert all(str(link).startswith(("https://", "http://", "mailto:", "tel:")) for link in tree.xpath("//a/@href"))
