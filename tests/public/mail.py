"""Reading the service mail that waits for a person, as the sender would write it."""

from __future__ import annotations

import re
from uuid import UUID

from tillit.accounts.models import Workspace
from tillit.delivery.models import Message
from tillit.delivery.service import Parts, ServiceMail, composer
from tillit.ledger.processing import processing
from tillit.people.models import Identity, Person


def waiting(workspace: Workspace, person: UUID, template: str) -> list[Parts]:
    """The mails of a template that wait for a person, oldest first."""
    with processing(workspace.pk, "people.confirm", by="test", act="write"):
        messages = list(Message.objects.filter(person_id=person, template=template).order_by("id"))
        language = Person.objects.get(pk=person).language
        address = Identity.objects.get(person_id=person).value
        return [
            composer(template)(
                ServiceMail(
                    workspace=workspace,
                    person_id=person,
                    message_id=message.id,
                    address=address,
                    language=language or workspace.language,
                    names={},
                    arguments=message.arguments,
                )
            )
            for message in messages
        ]


def link(parts: Parts) -> str:
    """The path of the one link that a mail holds, the same in text and HTML."""
    [path] = re.findall(r"https?://[^/\s]+(/\S+)", parts.text)
    assert f'{path}"' in parts.html
    return path
