"""Every route of the console says who may see it, and keeps to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.console.pages import View, guard_of

DUMMIES = {"IntConverter": 2**31 - 1, "UUIDConverter": uuid.UUID(int=7), "StringConverter": "x", "SlugConverter": "x"}


@dataclass(frozen=True)
class Route:
    """A console route, its view and the values for its arguments besides the workspace."""

    path: str
    view: View
    arguments: tuple[tuple[str, str], ...]

    def address(self, workspace: Workspace) -> str:
        found = self.path.replace("<int:workspace_id>", str(workspace.id))
        for placeholder, value in self.arguments:
            found = found.replace(placeholder, value)
        return f"/{found}"


def routes() -> list[Route]:
    console = next(
        each for each in get_resolver().url_patterns if isinstance(each, URLResolver) and each.namespace == "console"
    )
    return list(_walk(console, "", ()))


def _walk(resolver: URLResolver, prefix: str, arguments: tuple[tuple[str, str], ...]) -> Iterator[Route]:
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern)
        more = tuple(
            (_placeholder(path, name), str(DUMMIES[type(converter).__name__]))
            for name, converter in each.pattern.converters.items()
            if name != "workspace_id"
        )
        if isinstance(each, URLPattern):
            yield Route(path, each.callback, arguments + more)
        else:
            yield from _walk(each, path, arguments + more)


def _placeholder(path: str, name: str) -> str:
    return next(f"<{part.split('>')[0]}>" for part in path.split("<")[1:] if part.split(">")[0].split(":")[-1] == name)


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.path or "/")
def test_every_view_declares_who_may_see_it(route: Route) -> None:
    assert guard_of(route.view) is not None, f"{route.path}: declare the view with page, verb, signed_in or anyone"
    if "workspace_id" in route.path:
        assert isinstance(guard_of(route.view), Role), f"{route.path} lies in a workspace and needs a role"


@pytest.mark.django_db
@pytest.mark.parametrize("route", routes(), ids=lambda route: route.path or "/")
def test_every_route_opens_to_its_roles_and_to_nobody_else(route: Route, settings: pytest.FixtureRequest) -> None:
    settings.DEMO = True
    workspace, elsewhere = make.workspace(), make.workspace(bare=True)
    guard = guard_of(route.view)
    client = Client()
    address = route.address(workspace)
    anonymous = client.get(address)
    if guard == "anyone":
        assert anonymous.status_code < 500
        return
    assert anonymous.status_code == 302
    assert anonymous["Location"].startswith("/account/login/")
    client.force_login(make.member(elsewhere, role=Role.OWNER))
    outsider = client.get(address).status_code
    assert outsider == 404 if isinstance(guard, Role) else outsider < 400
    for role in Role:
        client.force_login(make.member(workspace, role=role))
        status = client.get(address).status_code
        assert status in expected(route, role), f"{role} got {status} from {address}"


def expected(route: Route, role: Role) -> set[int]:
    guard = guard_of(route.view)
    if not isinstance(guard, Role):
        return {200, 302}
    if role.rank < guard.rank:
        return {403}
    if "GET" not in route.view.methods:
        return {405}
    return {200, 302, 404} if route.arguments else {200, 302}
