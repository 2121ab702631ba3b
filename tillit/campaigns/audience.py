"""Who a campaign would reach, and why it would not reach the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from tillit.campaigns.narrowing import Narrowing
from tillit.delivery.named import named, rows
from tillit.delivery.reasons import (
    CANCELLED,
    ERASED,
    MERGED,
    NO_ADDRESS,
    NO_PURPOSE,
    PENDING,
    UNSUBSCRIBED,
    has_address,
    why_not,
)
from tillit.ledger.processing import OpenActivity, Refused, processing
from tillit.ledger.versions import version
from tillit.people.matching import LAST
from tillit.people.patience import patience
from tillit.policy.outcomes import Reason
from tillit.policy.rules import Rule

HERE = Path(__file__).parent
ADMINISTER = "audience.administer"
PERMITTED = "permitted"
EVERYBODY = Narrowing()

#: What each reason says to the people who write campaigns.
LABELS = {
    str(Reason.CONSENT_MISSING): _("have not consented"),
    str(Reason.REFUSED): _("said no"),
    UNSUBSCRIBED: _("left the list"),
    PENDING: _("have not confirmed yet"),
    str(Reason.UNREACHABLE): _("cannot be reached: their address bounces or is suppressed"),
    NO_ADDRESS: _("have no email address"),
    str(Reason.RESTRICTED): _("have had processing restricted"),
    str(Reason.NO_BASIS_IN_REGION): _("are where the policy names no ground for it"),
    str(Reason.NOT_FOR_THIS_ROLE): _("have a role the policy does not foresee it for"),
    ERASED: _("were erased"),
    MERGED: _("get it once: two records of theirs were merged"),
    CANCELLED: _("were waiting when the campaign was cancelled"),
    NO_PURPOSE: _("were waiting when the policy dropped the purpose"),
}


@dataclass(frozen=True, slots=True)
class Audience:
    """How many people are on the lists, how many a campaign may reach, and how many it may not for each reason.

    Not `counted` is one of which nothing is known, since counting was stopped at its time limit.
    """

    permitted: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    counted: bool = True

    @property
    def left_out(self) -> int:
        return sum(self.reasons.values())

    @property
    def on_lists(self) -> int:
        return self.permitted + self.left_out

    @property
    def share(self) -> float:
        """The permitted in per cent of those on the lists."""
        return 100 * self.permitted / self.on_lists if self.on_lists else 0.0

    def bars(self) -> list[tuple[str, int, float]]:
        """(label, number, per cent of those on the lists) of each reason, the most frequent first."""
        ordered = sorted(self.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
        return [(str(LABELS.get(reason, reason)), number, 100 * number / self.on_lists) for reason, number in ordered]


def count(
    workspace_id: int,
    purpose: str,
    list_ids: Sequence[int],
    *,
    by: str,
    about: str = "",
    narrowing: Narrowing = EVERYBODY,
) -> Audience:
    """Decide the purpose for everybody on the lists, or for those that segments leave, in one statement, and count.

    It gives what the purpose's own row-level security will give when the campaign is prepared. Raises Refused when the
    policy in force has no such purpose, or when it may not use what the segments ask about; TooSlow when somebody would
    wait too long.
    """
    with processing(workspace_id, ADMINISTER, by=by, act="campaign.count", about=about) as activity:
        rule = rule_under(activity, purpose)
        if not list_ids:
            return Audience()
        narrowing.check(workspace_id, purpose)
        narrowed, asked = narrowing.condition(workspace_id, ADMINISTER)
        sql = named(HERE, "audience").format(
            has_address=has_address("p"), why_not=why_not("p", rule), narrowed=narrowed
        )
        with patience():
            reasons = dict(rows(sql, {"lists": list(list_ids), **asked}))
        activity.count(persons=sum(reasons.values()))
    return Audience(reasons.pop(PERMITTED, 0), reasons)


def rule_under(activity: OpenActivity, purpose: str) -> Rule:
    """The rule of a purpose in the policy that an open context is under. Raises Refused when it has none."""
    rule = version(activity.policy_version_id).rules.get(purpose)
    if rule is None:
        raise Refused(f"The policy in force has no purpose “{purpose}”, so nobody may be written to.", rule=purpose)
    return rule


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody to preview a campaign as."""

    id: UUID
    address: str
    name: str


_CANDIDATES = """
SELECT p.id, i.value, concat_ws(' ', t.values ->> 'first_name', t.values ->> 'last_name')
FROM people_identity i JOIN people_person p ON p.id = i.person_id
LEFT JOIN people_traits t ON t.person_id = p.id AND t.category = 'identity'
WHERE i.workspace_id = %(workspace)s AND i.kind = 'email' AND i.value ~>=~ %(from)s AND i.value ~<~ %(to)s
  AND EXISTS (SELECT FROM people_subscription s WHERE s.person_id = p.id AND s.list_id = ANY (%(lists)s)) {narrowed}
ORDER BY i.value USING ~<~ LIMIT %(most)s
"""


def candidates(
    workspace_id: int,
    list_ids: Sequence[int],
    text: str,
    *,
    by: str,
    most: int = 8,
    narrowing: Narrowing = EVERYBODY,
) -> list[Candidate]:
    """Find people on the lists by how their address begins, to preview a campaign as; any when `text` is empty.

    Raises TooSlow. Addresses are compared by bytes: row-level security keeps LIKE off the index.
    """
    with processing(workspace_id, ADMINISTER, by=by, act="campaign.preview_search") as activity:
        narrowed, asked = narrowing.condition(workspace_id, ADMINISTER)
        begins = text.strip().lower()
        told: dict[str, Any] = {
            "workspace": workspace_id,
            "from": begins,
            "to": begins + LAST,
            "lists": [*list_ids],
            "most": most,
        }
        with patience(), connection.cursor() as cursor:
            cursor.execute(_CANDIDATES.format(narrowed=narrowed), {**told, **asked})
            found = [Candidate(*row) for row in cursor.fetchall()]
        activity.count(persons=len(found))
    return found
