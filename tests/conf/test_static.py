"""Static files as browsers get them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from tillit.conf.static import StaticFiles


@pytest.fixture
def middleware(tmp_path: Path, settings: pytest.FixtureRequest) -> StaticFiles:
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "console.css").write_text("a { color: red }")
    settings.STATIC_ROOT = tmp_path
    return StaticFiles(lambda request: HttpResponse("the page", status=404))


def test_a_file_comes_whole_and_with_its_headers(middleware: StaticFiles, rf: RequestFactory) -> None:
    response = middleware(rf.get("/static/built/console.css"))
    assert not response.streaming
    assert response.content == b"a { color: red }"
    assert response["Content-Type"] == 'text/css; charset="utf-8"'
    assert "max-age" in response["Cache-Control"]


def test_a_part_of_a_file_comes_as_a_part(middleware: StaticFiles, rf: RequestFactory) -> None:
    response = middleware(rf.get("/static/built/console.css", headers={"range": "bytes=2-6"}))
    assert (response.status_code, response.content) == (206, b"{ col")


def test_a_file_that_did_not_change_is_not_sent_again(middleware: StaticFiles, rf: RequestFactory) -> None:
    etag = middleware(rf.get("/static/built/console.css"))["ETag"]
    response = middleware(rf.get("/static/built/console.css", headers={"if-none-match": etag}))
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/nothing.css", "/static/built/"])
def test_nothing_else_is_sent(middleware: StaticFiles, rf: RequestFactory, path: str) -> None:
    assert middleware(rf.get(path)).content == b"the page"
