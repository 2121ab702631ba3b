"""Who may call what: a key, its role, and the purposes that it is for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from tillit.accounts.keys import Used, use_key
from tillit.accounts.models import ApiKey, Role
from tillit.api.problems import ApiProblem
from tillit.ledger.processing import key_actor

ADMINISTER, IMPORT, MANAGE, FULFIL = "audience.administer", "audience.import", "preferences.manage", "rights.fulfil"
CONFIRM = "people.confirm"


class KeyRequest(HttpRequest):
    """The request that an endpoint gets: with the key, the purpose that it reads under, and what was done before."""

    auth: ApiKey
    purpose: str
    used: Used
    now: datetime
    before: Any

    @property
    def by(self) -> str:
        return actor(self)


def check_purpose(key: ApiKey, purpose: str) -> None:
    """Raise ApiProblem for a key that is not for a purpose."""
    if purpose not in key.purposes:
        said = _("This works under the purpose “%(purpose)s”, which the key is not for. Make one that is.")
        raise ApiProblem("purpose", said % {"purpose": purpose[:63]}, rule=purpose[:63])


def actor(request: Any) -> str:
    """The actor text of a request's key."""
    return key_actor(request.auth.pk)


class Key(HttpBearer):
    """Lets a key of at least a role through, if it is for the purpose.

    `purpose` is what an endpoint works under; None where the caller chooses by the parameter `purpose`, "" where
    nobody's information is touched.
    """

    def __init__(self, role: Role, purpose: str | None) -> None:
        super().__init__()
        self.role, self.purpose = role, purpose

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the key, None for one that opens nothing. Raises ApiProblem for one that does not open this."""
        asked: Any = request
        asked.now = timezone.now()
        used = use_key(token.strip(), now=asked.now)
        if used is None:
            return None
        asked.used = used
        if used.spent:
            said = _("The key has used its %(limit)s requests of this minute. Try again in %(seconds)s seconds.")
            raise ApiProblem("too-many", said % {"limit": used.limit, "seconds": used.ends_in_s})
        asked.purpose = request.GET.get("purpose", ADMINISTER) if self.purpose is None else self.purpose
        self._check(used.key, asked.purpose)
        return used.key

    def _check(self, key: ApiKey, purpose: str) -> None:
        if Role(key.role).rank < self.role.rank:
            said = _("This needs a key with the role “%(needed)s”; this one has “%(role)s”.")
            raise ApiProblem("role", said % {"needed": self.role.label, "role": key.get_role_display()})
        if purpose:
            check_purpose(key, purpose)
