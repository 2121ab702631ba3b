"""Reads of notices: which there are, and of which versions nobody was told yet."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from tillit.governance.banner import AFTER
from tillit.governance.compared import since_before
from tillit.governance.models import ChangeNotice
from tillit.ledger.versions import Version, history, version


def notices(workspace_id: int) -> QuerySet[ChangeNotice]:
    """The notices of a workspace, newest first."""
    found = ChangeNotice.objects.filter(workspace_id=workspace_id)
    return found.select_related("version", "version__withdrawal").order_by("-id")


def untold(workspace_id: int, *, now: datetime) -> list[Version]:
    """The versions with material changes that nobody is being told of by mail, newest first: those still announced."""
    recent = history(workspace_id).filter(effective_at__gt=now - AFTER, notices__isnull=True)
    versions = [version(version_id) for version_id in recent.values_list("id", flat=True)[:20]]
    return [each for each in versions if len(since_before(each).material) or each.asks_again]
