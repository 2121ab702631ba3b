"""Contents to test with: keyword factories, and what a person's mail needs besides."""

from collections.abc import Mapping
from typing import Any

import lxml.html
import pytest

from tillit.campaigns.content import Content, Rendered, Urls, compile_content
from tillit.campaigns.layout import Footer
from tillit.campaigns.slots import ContentErrors, Problem

FIELDS = {"first_name": "contact", "city": "contact", "customer_no": "account"}
FOOTER = Footer(sender="Exempel & Co", address="Storgatan 1\n123 45 Malmö", reason="You subscribed to <News>.")
URLS = Urls(
    unsubscribe="https://mail.example/u/1", preferences="https://mail.example/p/1", why="https://mail.example/w/1"
)
PIXEL = "https://mail.example/o/1"


def compiled(body: str, **changes: Any) -> Content:
    values: dict[str, Any] = {"subject": "News", "kind": "markdown", "fields": FIELDS, "footer": FOOTER}
    return compile_content(body=body, **values | changes)


def tracked(number: int, url: str) -> str:
    return f"https://mail.example/c/{number}?to={url}"


def plain(number: int, url: str) -> str:
    return url


def rendered(content: Content, person: Mapping[str, str] | None = None, **changes: Any) -> Rendered:
    values: dict[str, Any] = {"link": tracked, "pixel": PIXEL, "urls": URLS}
    return content.render(person or {}, **values | changes)


def problems(body: str, **changes: Any) -> list[Problem]:
    with pytest.raises(ContentErrors) as caught:
        compiled(body, **changes)
    return list(caught.value.problems)


def links(html: str) -> list[str]:
    return [str(link) for link in lxml.html.document_fromstring(html).xpath("//a/@href")]
