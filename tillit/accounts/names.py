"""The names of users, for lists that hold their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tillit.accounts.models import User


def names_of(ids: Iterable[int | None]) -> Mapping[int | None, str]:
    """The name of each user that still exists, by id, in one query."""
    wanted = {each for each in ids if each is not None}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)} if wanted else {}
