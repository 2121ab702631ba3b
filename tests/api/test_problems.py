"""Whatever goes wrong is said in one form, in the reader's language."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.api.conftest import Program
from tillit.api.problems import KINDS

pytestmark = pytest.mark.django_db
FORM = {"type", "title", "status", "detail"}


def test_every_kind_has_a_page() -> None:
    client = Client()
    for kind, (status, _title) in KINDS.items():
        assert client.get(f"/api/problems/{kind}").content.startswith(str(status).encode())
    assert client.get("/api/problems/nonsense").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nonsense", 404),
        ("DELETE", "/key", 405),
        ("GET", "/persons/not-a-uuid", 404),
        ("GET", "/persons?limit=0", 422),
        ("GET", "/persons?list=99999999999999999999", 422),
        ("GET", "/persons?q=%00", 422),
        ("GET", "/lists/2147483647", 404),
    ],
)
def test_errors_have_one_form(program: Program, method: str, path: str, status: int) -> None:
    answer = program.call(method, path)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    assert set(answer.json()) >= FORM
    assert answer.json()["status"] == status


def test_what_is_no_json_is_said_to_be_none(program: Program) -> None:
    answer = program.client.post(
        "/api/v1/lists", b"{", content_type="application/json", headers={"Authorization": f"Bearer {program.key}"}
    )
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_problems_speak_the_language_that_is_asked_for(program: Program) -> None:
    english, swedish = (program.get("/lists/1", Accept_Language=language).json() for language in ("en", "sv"))
    assert english["title"] != swedish["title"]
    assert english["type"] == swedish["type"]


def test_a_page_outside_the_api_is_no_problem(client: Client) -> None:
    assert client.get("/nonsense")["Content-Type"].startswith("text/html")
