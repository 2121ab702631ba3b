"""A workspace with a key for everything, and a client that speaks as a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tillit.accounts.keys import make_key
from tillit.accounts.models import Role, Workspace
from tillit.people.actions import make_default_fields
from tillit.people.models import Source
from tillit.policy.required import CODE_PURPOSES

EVERY = tuple(sorted(CODE_PURPOSES))


class Program:
    """A client with a key. `get`, `post` … return the response; a body is sent as JSON."""

    def __init__(self, workspace: Workspace, key: str) -> None:
        self.workspace, self.key, self.client = workspace, key, Client(raise_request_exception=True)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        said = {"Authorization": f"Bearer {self.key}"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        data = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"/api/v1{path}", data, content_type="application/json", headers=said)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.call("DELETE", path, **headers)


Programs = Callable[..., Program]


@pytest.fixture
def programs() -> Programs:
    """Make programs with keys of some role and purposes, each in a workspace of its own unless one is given."""

    def made(
        *, role: Role = Role.EDITOR, purposes: Any = EVERY, workspace: Workspace | None = None, **fields: Any
    ) -> Program:
        house = workspace or make.workspace()
        owner = make.member(house, role=Role.OWNER)
        make_default_fields(house.pk)
        now = timezone.now()
        _key, text = make_key(house, name="A program", role=role, purposes=purposes, by=owner, now=now, **fields)
        return Program(house, text)

    return made


@pytest.fixture
def program(programs: Programs) -> Program:
    """A program that may do everything a key can."""
    return programs()


@pytest.fixture
def source(program: Program) -> Source:
    """Where the program's people come from, with a warranty."""
    return Source.objects.create(workspace=program.workspace, name="Fair", warranty="Ann at the fair, by consent")


FILE = "Email,First name,Status\nanna@example.org,Anna,subscribed\nbo@example.org,Bo,unsubscribed\n"


@pytest.fixture(autouse=True)
def import_folder(settings: Any, tmp_path: Path) -> Path:
    settings.IMPORT_FOLDER = tmp_path / "imports"
    return tmp_path / "imports"


def send(program: Program, query: str, text: str = FILE, **headers: str) -> Any:
    said = {"Authorization": f"Bearer {program.key}"} | {name.replace("_", "-"): text for name, text in headers.items()}
    return program.client.post(f"/api/v1/imports?{query}", text.encode(), content_type="text/csv", headers=said)
