"""Who may call what: every endpoint asks for its role and its purpose, and a key that ended opens nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from tests.api.conftest import EVERY, Programs
from tillit.accounts.keys import PER_MINUTE, revoke_key, use_key
from tillit.accounts.models import ApiKey, Role, User
from tillit.api.described import api
from tillit.policy.required import CODE_PURPOSES

SCHEMA = api.get_openapi_schema()
ENDPOINTS = [
    pytest.param(method.upper(), path, endpoint, id=endpoint["operationId"])
    for path, methods in SCHEMA["paths"].items()
    for method, endpoint in methods.items()
]


def address(path: str) -> str:
    number = "2147483647"
    names = {"person_id": str(UUID(int=7)), "list_id": number, "segment_id": number}
    names |= dict.fromkeys(("import_id", "suppression_id", "source_id", "export_id"), number)
    names |= {"merge_id": str(UUID(int=8)), "other_id": str(UUID(int=9))}
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    return path.removeprefix("/api/v1")


@pytest.mark.parametrize(("method", "path", "endpoint"), ENDPOINTS)
def test_every_endpoint_says_who_may_call_it(method: str, path: str, endpoint: Any) -> None:
    purpose = endpoint["x-tillit-purpose"]
    assert purpose in {"", "?purpose"} or purpose in CODE_PURPOSES
    assert method == "GET" or (endpoint["x-tillit-role"] == "editor" and purpose), "a write needs an editor's purpose"
    assert {401, 403, 422, 429} <= set(endpoint["responses"])


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "endpoint"), ENDPOINTS)
def test_every_endpoint_opens_to_its_keys_and_to_no_others(
    programs: Programs, method: str, path: str, endpoint: Any
) -> None:
    role, purpose = Role(endpoint["x-tillit-role"]), endpoint["x-tillit-purpose"]
    needed = "audience.administer" if purpose == "?purpose" else purpose
    right = programs(role=role, purposes=[needed] if needed else [])
    assert right.call(method, address(path)).status_code not in {401, 403}
    stranger = programs()
    stranger.key = stranger.key[:-1] + ("A" if stranger.key[-1] != "A" else "B")
    assert stranger.call(method, address(path)).status_code == 401
    if needed:
        others = [each for each in EVERY if each != needed]
        refused = programs(purposes=others).call(method, address(path))
        assert (refused.status_code, refused.json()["rule"]) == (403, needed)
    if role == Role.EDITOR:
        assert programs(role=Role.VIEWER).call(method, address(path)).status_code == 403


@pytest.mark.django_db
def test_a_key_that_ended_or_was_revoked_opens_nothing(programs: Programs) -> None:
    program, soon = programs(), programs(expires_at=timezone.now() + timedelta(minutes=1))
    assert program.get("/key").status_code == soon.get("/key").status_code == 200
    assert use_key(soon.key, now=timezone.now() + timedelta(minutes=2)) is None
    key = ApiKey.objects.get(workspace=program.workspace)
    assert revoke_key(key, by=User.objects.get(pk=key.made_by), now=timezone.now())
    answer = program.get("/key")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert not revoke_key(key, by=User.objects.get(pk=key.made_by), now=timezone.now())


@pytest.mark.django_db
def test_the_text_of_a_key_is_nowhere(programs: Programs) -> None:
    program = programs()
    key = ApiKey.objects.get(workspace=program.workspace)
    kept = [str(value) for value in ApiKey.objects.filter(pk=key.pk).values_list().get()]
    assert not [value for value in kept if program.key[len(key.prefix) :] in value]
    assert program.key.startswith(key.prefix)
    program.get("/key")
    assert ApiKey.objects.get(pk=key.pk).last_used_at is not None


@pytest.mark.django_db
def test_a_key_has_a_number_of_requests_a_minute(programs: Programs) -> None:
    program = programs()
    first = program.get("/key")
    assert first["RateLimit-Policy"] == f'"minute";q={PER_MINUTE};w=60'
    assert first["RateLimit"].startswith(f'"minute";r={PER_MINUTE - 1};t=')
    later = timezone.now() + timedelta(hours=1)
    ApiKey.objects.filter(workspace=program.workspace).update(
        used=PER_MINUTE, window_at=later.replace(second=0, microsecond=0)
    )
    spent, next_minute = use_key(program.key, now=later), use_key(program.key, now=later + timedelta(minutes=1))
    assert spent is not None and spent.spent
    assert next_minute is not None and next_minute.left == PER_MINUTE - 1


@pytest.mark.django_db
def test_too_many_requests_are_told_when_to_come_back(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    program = programs()
    monkeypatch.setattr("tillit.accounts.keys.PER_MINUTE", 0)
    refused = program.get("/key")
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 60
