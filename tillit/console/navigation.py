"""The left navigation: one entry a noun, in the order people work in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tillit.accounts.models import Membership, Role
from tillit.accounts.roles import allows


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; `key` is the letter that, after ``g``, goes there."""

    route: str
    label: str | Promise
    icon: str
    key: str
    role: Role = Role.VIEWER
    demo: bool = False


ENTRIES = (
    Entry(route="overview", label=_("Overview"), icon="layout-dashboard", key="o"),
    Entry(route="people", label=_("People"), icon="users", key="p"),
    Entry(route="lists", label=_("Lists"), icon="list-details", key="l"),
    Entry(route="imports", label=_("Imports"), icon="database-import", key="i"),
    Entry(route="campaigns", label=_("Campaigns"), icon="send", key="c"),
    Entry(route="policy", label=_("Policy"), icon="shield-check", key="y"),
    Entry(route="requests", label=_("Requests"), icon="inbox", key="r"),
    Entry(route="ledger", label=_("Ledger"), icon="timeline", key="e"),
    Entry(route="settings", label=_("Settings"), icon="settings", key="s", role=Role.OWNER),
    Entry(route="caught", label=_("Caught mail"), icon="mail-opened", key="m", demo=True),
)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one page shows it."""

    entry: Entry
    href: str
    current: bool


def links(path: str, membership: Membership) -> Iterator[Link]:
    """The entries that this installation has and the member's role opens; `path` is the page shown."""
    home = address("overview", membership.workspace_id)
    for entry in ENTRIES:
        if (entry.demo and not settings.DEMO) or not allows(membership, entry.role):
            continue
        try:
            href = address(entry.route, membership.workspace_id)
        except NoReverseMatch:  # a part of the product that this installation leaves out
            continue
        current = path == href if href == home else f"{path}/".startswith(f"{href.rstrip('/')}/")
        yield Link(entry, href, current)


def address(route: str, workspace_id: int, *args: object, **kwargs: object) -> str:
    """The address of a console page in a workspace."""
    if args:
        return reverse(f"console:{route}", args=[workspace_id, *args])
    return reverse(f"console:{route}", kwargs={"workspace_id": workspace_id, **kwargs})
