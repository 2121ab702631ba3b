"""What people are shown when they choose, kept word for word as evidence."""

from __future__ import annotations

import hashlib
from datetime import datetime

from tillit.consent.models import Notice
from tillit.policy.document import Document, Purpose
from tillit.policy.references import said


def purpose_notice(document: Document, purpose: Purpose, language: str) -> str:
    """Return the words that describe a purpose to a person who chooses, and that a receipt's digest covers."""
    return f"{said(document, purpose.title, language)}\n{said(document, purpose.description, language)}"


def digest_of(text: str) -> str:
    """Return the SHA-256 of a shown text in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def keep(text: str, *, language: str, now: datetime) -> str:
    """Keep a shown text, if it is not kept yet; return its digest."""
    digest = digest_of(text)
    notice = Notice(digest=digest, language=language[:5], text=text, first_shown_at=now)
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    return digest
