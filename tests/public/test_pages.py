"""What holds for every page: it names the operator, stores nothing, passes nothing on, and speaks two languages."""

from __future__ import annotations

import re

import pytest

from tests import make
from tillit.edge.tokens import Kind

pytestmark = pytest.mark.django_db


def addresses(reader) -> dict[str, str]:
    return {
        "unsubscribe": f"/u/{reader.link(Kind.UNSUBSCRIBE)}",
        "preferences": f"/p/{reader.link(Kind.PREFERENCES)}",
        "why": f"/why/{reader.link(Kind.WHY)}",
        "receipt": f"/receipt/{make.choice(reader.workspace, reader.person)}/{reader.link(Kind.PREFERENCES)}",
        "statement": f"/privacy/{reader.workspace.pk}",
        "forged": "/p/nonsense",
    }


PAGES = ("unsubscribe", "preferences", "why", "receipt", "statement", "forged")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_stores_nothing_and_passes_nothing_on(reader, client, page):
    answer = client.get(addresses(reader)[page])
    assert not answer.cookies
    assert answer["Referrer-Policy"] == "no-referrer"
    public = page == "statement"  # it says the same to everybody, and may be found and kept
    assert answer["X-Robots-Tag"] == ("all" if public else "noindex, nofollow")
    assert answer["Cache-Control"] == ("public, no-cache" if public else "no-store")
    rules = answer["Content-Security-Policy"]
    assert "default-src 'none'" in rules and "script-src" not in rules and "unsafe-inline" not in rules
    html = answer.content.decode()
    assert "<script" not in html and "style=" not in html
    assert not re.findall(r"(?:src|action)=\"(?:https?:)?//", html)


@pytest.mark.clause("A1", "J3")
@pytest.mark.parametrize("page", PAGES)
def test_every_page_names_the_operator_and_how_to_reach_it(reader, client, page):
    reader.workspace.kind = "house"
    reader.workspace.save()
    html = client.get(addresses(reader)[page]).content.decode()
    assert "Smart Media Solutions AB" in html
    assert "Exempelgatan 1, SE-111 22 Stockholm" in html
    assert "privacy@smartmediasolutions.example" in html


@pytest.mark.parametrize("page", PAGES)
def test_a_page_speaks_the_language_that_was_asked_for(reader, client, page):
    address = addresses(reader)[page]
    assert '<html lang="en">' in client.get(address).content.decode()
    assert '<html lang="sv">' in client.get(address, headers={"accept-language": "sv-SE,sv;q=0.9"}).content.decode()
    assert '<html lang="sv">' in client.get(address, {"lang": "sv"}).content.decode()
    assert '<html lang="en">' in client.get(address, {"lang": "<script>"}).content.decode()


@pytest.mark.parametrize("page", ["unsubscribe", "preferences", "why", "receipt"])
def test_no_page_shows_the_whole_address(reader, client, page):
    html = client.get(addresses(reader)[page]).content.decode()
    assert "ann.berg" not in html
    if page in {"preferences", "why"}:
        assert "a•••@example.org" in html


@pytest.mark.parametrize(("path", "kind"), [("/p/", Kind.PREFERENCES), ("/why/", Kind.WHY)], ids=["preferences", "why"])
def test_an_old_link_says_so_and_what_to_do(reader, client, path, kind):
    answer = client.get(path + reader.link(kind, days_old=401))
    assert answer.status_code == 410
    assert b"This link has expired" in answer.content


@pytest.mark.parametrize("path", ["/p/", "/why/", "/u/"])
def test_a_token_of_a_workspace_that_is_gone_is_a_clear_page(reader, client, path):
    from types import SimpleNamespace

    kind = {"/p/": Kind.PREFERENCES, "/why/": Kind.WHY, "/u/": Kind.UNSUBSCRIBE}[path]
    token = make.token(kind, SimpleNamespace(pk=99999), reader.person)
    assert client.get(path + token).status_code == 404


def test_a_workspace_without_a_policy_is_a_clear_page(reader, client):
    bare = make.workspace(bare=True)
    answer = client.get(f"/p/{make.token(Kind.PREFERENCES, bare, reader.person)}")
    assert answer.status_code == 409
    assert b"has published no policy" in answer.content
