"""The reference policy with a few words changed, for tests of what a change does."""

from __future__ import annotations

import re

from tests.make import POLICY

REFERENCE = POLICY.read_text()


def with_part(heading: str, *edits: tuple[str, str], text: str = REFERENCE) -> str:
    """The policy with words exchanged inside one entry, such as the purpose ``marketing.email``."""
    found = re.search(rf"^  {re.escape(heading)}:\n(?:(?:    .*)?\n)+", text, flags=re.M)
    assert found, heading
    entry = found[0]
    for old, new in edits:
        assert old in entry, old
        entry = entry.replace(old, new)
    return text.replace(found[0], entry)


#: Mail needs consent everywhere: it stops for those in the United States who have not said yes.
CONSENT_EVERYWHERE = with_part(
    "marketing.email", ("{default: consent, US: opt-out, US-CA: opt-out}", "{default: consent}")
)
#: Mail is permitted in Australia until somebody says no.
OPEN_IN_AUSTRALIA = with_part("marketing.email", ("US-CA: opt-out}", "US-CA: opt-out, AU: opt-out}"))
#: Mail uses purchases too, so its consent must be given anew.
USES_PURCHASES = with_part(
    "marketing.email",
    ("[contact, identity, demographics, occupation,", "[contact, identity, demographics, purchases, occupation,"),
)
#: Statistics of the sites go to the host as well: only who consented to them is concerned.
SHARES_STATISTICS = with_part("site.measure", ("    basis:", "    recipients: [hosting]\n    basis:"))
#: Nothing that matters to anybody: one officer's title.
QUIET = REFERENCE.replace("en: Privacy officer for all other regions", "en: Privacy officer for other regions")
