"""Publishing a policy."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tillit.ledger.models import PolicyInForce, PolicyVersion, PurposeRule
from tillit.ledger.versions import parsed
from tillit.policy.load import digest
from tillit.policy.rules import Rule, compile_rules


@transaction.atomic
def publish(workspace_id: int, text: str, *, by: int | None, now: datetime) -> PolicyVersion:
    """Publish a policy document and put it in force; every query that starts afterwards is decided by it.

    No person's row is written. Purposes keep the bit they had in earlier versions. A document equal to the one in
    force is not published again. Raises PolicyErrors when the document does not hold together.
    """
    document = parsed(text)
    locked = PolicyInForce.objects.select_for_update(of=("self",)).select_related("version")
    current = locked.filter(workspace_id=workspace_id).first()
    if current and current.version.digest == digest(document):
        return current.version
    number = current.version.number + 1 if current else 1
    version = PolicyVersion.objects.create(
        workspace_id=workspace_id,
        number=number,
        digest=digest(document),
        document=text,
        published_at=now,
        published_by=by,
    )
    rules = compile_rules(document, bits_of(workspace_id))
    PurposeRule.objects.bulk_create(_row(version, rule) for rule in rules.values())
    PolicyInForce.objects.update_or_create(workspace_id=workspace_id, defaults={"version": version, "since": now})
    return version


def bits_of(workspace_id: int) -> dict[str, int]:
    """Return the bit of every purpose that any version of a workspace's policy ever had."""
    rows = PurposeRule.objects.filter(version__workspace_id=workspace_id)
    return dict(rows.values_list("purpose", "bit"))


def _row(version: PolicyVersion, rule: Rule) -> PurposeRule:
    return PurposeRule(
        version=version,
        purpose=rule.purpose,
        bit=rule.bit,
        roles=rule.roles,
        default_regions=rule.default_regions,
        consent_regions=rule.consent_regions,
        refusable=rule.refusable,
        sends=rule.sends,
        allowed_when_restricted=rule.allowed_when_restricted,
        categories=sorted(rule.categories),
    )
