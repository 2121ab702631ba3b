"""The notice of a material change on every page for people, and for the operator's own sites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tillit.governance.compared import grouped, since_before
from tillit.ledger.versions import Version, history, version

#: How long after it took effect a change is still announced.
AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Banner:
    """A version whose material changes are announced: from its publication until 30 days after it takes effect."""

    version: Version
    coming: bool

    def text(self, language: str) -> str:
        """The announcement in one sentence."""
        with translation.override(language):
            day = {"date": date_format(timezone.localtime(self.version.effective_at), "DATE_FORMAT")}
            if self.coming:
                return _("Our privacy policy changes on %(date)s.") % day
            return _("Our privacy policy changed on %(date)s.") % day

    def sentences(self, language: str) -> list[str]:
        """What changes, as far as it is material."""
        return [said for told in grouped(since_before(self.version).material, language) for said in told.sentences]


def banner(workspace_id: int, *, now: datetime) -> Banner | None:
    """Return what is announced in a workspace now: the newest version with material changes, or None."""
    recent = history(workspace_id).filter(effective_at__gt=now - AFTER, published_at__lte=now)
    for version_id in recent.values_list("id", flat=True)[:20]:
        found = version(version_id)
        if len(since_before(found).material):
            return Banner(found, coming=found.effective_at > now)
    return None
