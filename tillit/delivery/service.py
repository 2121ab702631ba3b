"""Service messages: mails outside campaigns, such as a confirmation or the link to a copy of one's data.

A package that sends some writes them in its module `mails.py`, which is imported when the first is queued or sent:

    register("consent.confirm", compose)

and queues them inside the context of what it does: `queue(activity, person_id, template="consent.confirm", …)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.utils.module_loading import autodiscover_modules

from tillit.accounts.models import Workspace
from tillit.delivery.models import Message, Waiting
from tillit.ledger.processing import OpenActivity

Argument = int | str | UUID
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class Parts(NamedTuple):
    """A mail's content; `unsubscribe` is where one leaves what the mail is about, for what can be left."""

    subject: str
    html: str
    text: str
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMail:
    """What a composer knows: whom it writes to, for which workspace, and the ids that the message was queued with.

    `address` and `names` (field → value, such as ``first_name``) are read under the message's purpose when it is sent:
    a purpose without the category `identity` has no names. `language` is the person's, else the workspace's.
    """

    workspace: Workspace
    person_id: UUID
    message_id: UUID
    address: str
    language: str
    names: Mapping[str, str]
    arguments: Mapping[str, int | str]


Compose = Callable[[ServiceMail], Parts]
_composers: dict[str, Compose] = {}


class UnknownTemplate(LookupError):
    """No package registered the template of a service message. A bug, never a user's fault."""


def register(template: str, compose: Compose) -> None:
    """Make a template known; `compose` runs in the sender, inside the context of the message's purpose."""
    known = _composers.setdefault(template, compose)
    if known is not compose:
        raise ValueError(f"the template {template} is registered twice")


def composer(template: str) -> Compose:
    """Return what writes a template's mails. Raises UnknownTemplate."""
    _discover()
    try:
        return _composers[template]
    except KeyError:
        raise UnknownTemplate(f"no package registered the template “{template}”") from None


@cache
def _discover() -> None:
    autodiscover_modules("mails")


def queue(
    activity: OpenActivity, person_id: UUID, *, template: str, arguments: Mapping[str, Argument] | None = None
) -> UUID:
    """Queue a mail to one person inside the caller's context; return the message's id, also its Message-ID.

    It is sent under the purpose of that context: a person whom the purpose does not permit when the sender comes to
    it gets nothing, and the message is withheld. The purpose needs the categories `contact` and `correspondence`.
    Arguments are ids: a value of anybody's never waits in the queue. If the relay's answer is lost, the mail is sent
    again with the same Message-ID. Raises UnknownTemplate, and ValueError for an argument that is no id.
    """
    composer(template)
    message = Message(
        id=uuid_utils.uuid7(),
        workspace_id=activity.workspace_id,
        person_id=person_id,
        purpose=activity.purpose,
        template=template,
        arguments={name: _identifier(value) for name, value in (arguments or {}).items()},
        policy_version_id=activity.policy_version_id,
    )
    Message.objects.bulk_create([message])
    Waiting.objects.create(id=message.id, workspace_id=activity.workspace_id, purpose=activity.purpose)
    activity.count(queued=1)
    return message.id


def _identifier(value: Argument) -> int | str:
    if isinstance(value, int):
        return value
    text = str(value)
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError("an argument of a service message is an id: a number, a UUID, or a name such as a purpose's")
    return text
