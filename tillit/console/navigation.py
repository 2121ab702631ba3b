"""The left navigation: one entry a noun, in the order people work in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tillit.accounts.models import Membership, Role, User
from tillit.accounts.roles import allows
from tillit.env import env


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; `key` is the letter that, after ``g``, goes there."""

    route: str
    label: str | Promise
    icon: str
    key: str
    role: Role = Role.VIEWER


ENTRIES = (
    Entry(route="overview", label=_("Overview"), icon="layout-dashboard", key="o"),
    Entry(route="people", label=_("People"), icon="users", key="p"),
    Entry(route="lists", label=_("Lists"), icon="list-details", key="l"),
    Entry(route="segments", label=_("Segments"), icon="filter", key="g"),
    Entry(route="imports", label=_("Imports"), icon="database-import", key="i"),
    Entry(route="suppressions", label=_("Suppression"), icon="ban", key="b"),
    Entry(route="campaigns", label=_("Campaigns"), icon="send", key="c"),
    Entry(route="policy", label=_("Policy"), icon="shield-check", key="y"),
    Entry(route="requests", label=_("Requests"), icon="inbox", key="r"),
    Entry(route="ledger", label=_("Ledger"), icon="timeline", key="e"),
    Entry(route="settings", label=_("Settings"), icon="settings", key="s", role=Role.OWNER),
    Entry(route="caught", label=_("Caught mail"), icon="mail-opened", key="m"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one page shows it."""

    entry: Entry
    href: str
    current: bool


def shows_caught_mail(user: User) -> bool:
    """Whether a user may read the mail that did not leave: anybody in the demo, else the operator without a relay."""
    return settings.DEMO or (user.is_operator and not env().smtp_url)


def links(path: str, membership: Membership, user: User) -> Iterator[Link]:
    """The entries that this installation has and the member's role opens; `path` is the page shown."""
    home = address("overview", membership.workspace_id)
    for entry in ENTRIES:
        if not allows(membership, entry.role) or (entry.route == "caught" and not shows_caught_mail(user)):
            continue
        href = address_if_any(entry.route, membership.workspace_id)
        if not href:
            continue
        current = path == href if href == home else f"{path}/".startswith(f"{href.rstrip('/')}/")
        yield Link(entry, href, current)


def address(route: str, workspace_id: int, *args: object, **kwargs: object) -> str:
    """The address of a console page in a workspace."""
    if args:
        return reverse(f"console:{route}", args=[workspace_id, *args])
    return reverse(f"console:{route}", kwargs={"workspace_id": workspace_id, **kwargs})


def address_if_any(route: str, workspace_id: int, *args: object) -> str:
    """The address of a page, or nothing when this installation leaves that part of the product out."""
    try:
        return address(route, workspace_id, *args)
    except NoReverseMatch:
        return ""
