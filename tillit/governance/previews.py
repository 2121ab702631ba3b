"""The mail of a notice as somebody whom it concerns would get it; nothing is sent, and its links act on nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from tillit.accounts.models import Workspace
from tillit.delivery.service import Parts
from tillit.governance.mails import NOBODY, write
from tillit.governance.models import ChangeNotice
from tillit.governance.notices import NOTIFY, affected
from tillit.ledger.processing import processing
from tillit.ledger.versions import version
from tillit.people.models import Person

MOST = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a notice concerns and who can be written to."""

    id: UUID
    address: str
    region: int
    language: str


def candidates(notice: ChangeNotice, text: str, *, by: str) -> list[Candidate]:
    """Find people whom the notice concerns by how their address begins; some of them when `text` is empty."""
    about = f"notice:{notice.pk}"
    with (
        processing(notice.workspace_id, NOTIFY, by=by, act="notice.search", about=about) as activity,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT p.id, i.value, p.region, p.language FROM people_person p"
            " JOIN people_identity i ON i.person_id = p.id AND i.kind = 'email' AND i.value LIKE %s"
            f" WHERE {affected(version(notice.version_id)).replace('%', '%%')} ORDER BY i.value LIMIT %s",
            [_prefix(text), MOST],
        )
        found = [Candidate(*row) for row in cursor.fetchall()]
        activity.count(persons=len(found))
    return found


def preview(
    notice: ChangeNotice, workspace: Workspace, person_id: UUID, *, language: str, by: str, now: datetime
) -> tuple[Parts, str] | None:
    """Write the mail as a person would get it now; return it with its language, or None where nobody is there.

    Without a `language` it is the person's, else the workspace's.
    """
    about = f"notice:{notice.pk}"
    known = dict(settings.LANGUAGES)
    with processing(workspace.pk, NOTIFY, by=by, act="notice.preview", subject=person_id, about=about):
        person = Person.objects.filter(pk=person_id).first()
        if person is None:
            return None
        tongue = language if language in known else person.language or workspace.language
        return write(notice, person, workspace=workspace, language=tongue, day=now, acts_on=NOBODY), tongue


def _prefix(text: str) -> str:
    escaped = text.replace("\x00", "").strip().lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"{escaped}%"
