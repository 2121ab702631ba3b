"""Publishing a policy, now or from a moment on, and taking a scheduled one back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tillit.ledger.models import Activity, PolicyInForce, PolicyVersion, PolicyWithdrawal, PurposeRule
from tillit.ledger.processing import SYSTEM, Refused, user_actor
from tillit.ledger.versions import parsed, places
from tillit.policy.load import digest
from tillit.policy.rules import Rule, compile_rules

PURPOSE = "account.operate"
#: For `publish`: the document replaces whichever version is in force.
WHICHEVER = -1


class AlreadyScheduled(Refused):
    """A version waits to take effect: another cannot be published before it does, or is withdrawn."""

    def __init__(self, waiting: PolicyVersion) -> None:
        said = _("Version %(number)s is published and takes effect later. Withdraw it first, or wait until it binds.")
        super().__init__(said % {"number": waiting.number}, clause="J1")


class NotLater(Refused):
    """The moment from which a version shall bind has passed."""

    def __init__(self) -> None:
        super().__init__(_("That moment has passed. Choose a later one, or publish now."), clause="J1")


class Overtaken(Refused):
    """Another version came in force since the document was compared with the one before it."""

    def __init__(self) -> None:
        said = _("Another version came in force meanwhile. Compare the document with that one, and publish then.")
        super().__init__(said, clause="J2")


class NothingScheduled(Refused):
    """No version waits to take effect."""

    def __init__(self) -> None:
        super().__init__(_("No version waits to take effect, so there is nothing to withdraw."), clause="J1")


@transaction.atomic
def publish(
    workspace_id: int,
    text: str,
    *,
    by: int | None,
    now: datetime,
    effective_at: datetime | None = None,
    ask_again: Collection[str] = (),
    reviewed_by: int | None = None,
    note: str = "",
    based_on: int | None = WHICHEVER,
) -> PolicyVersion:
    """Publish a policy document; it binds every query that starts from `effective_at` on, else at once.

    No person's row is written. Purposes keep the bit they had in earlier versions, but those of `ask_again` get a fresh
    one, so that consent to them is asked for anew; a refusal of them stays. A document equal to the one in force is not
    published again. `based_on` is the id of the version that it was compared with (None: of none), for what is said of
    the change and who is asked anew holds against that one alone.

    Raises PolicyErrors when the document does not hold together, TooManyPurposes, AlreadyScheduled, Overtaken, and
    NotLater for a moment that has passed.
    """
    document = parsed(text)
    if effective_at is not None and effective_at <= now:
        raise NotLater
    current = _settled(workspace_id, now=now)
    if current and current.next_version:
        raise AlreadyScheduled(current.next_version)
    if based_on not in (WHICHEVER, current.version_id if current else None):
        raise Overtaken
    if current and current.version and current.version.digest == digest(document) and not ask_again:
        return current.version
    rules = compile_rules(document, places(workspace_id), ask_again=ask_again)
    version = PolicyVersion.objects.create(
        workspace_id=workspace_id,
        number=PolicyVersion.objects.filter(workspace=workspace_id).count() + 1,
        digest=digest(document),
        document=text,
        published_at=now,
        published_by=by,
        effective_at=effective_at or now,
        reviewed_by=reviewed_by,
        note=note,
        asks_again=sorted(set(ask_again) & set(document.purposes)),
    )
    PurposeRule.objects.bulk_create(_row(version, rule) for rule in rules.values())
    _bind(workspace_id, version, current, now=now)
    _record(workspace_id, "policy.publish", version, by=by, now=now)
    return version


@transaction.atomic
def withdraw(workspace_id: int, *, by: int | None, now: datetime) -> PolicyVersion:
    """Take back the version that waits to take effect; it stays readable. Raises NothingScheduled."""
    current = _settled(workspace_id, now=now)
    if current is None or current.next_version is None:
        raise NothingScheduled
    version = current.next_version
    PolicyWithdrawal.objects.create(version=version, at=now, by=by)
    current.next_version = current.next_at = None
    current.save(update_fields=["next_version", "next_at"])
    _record(workspace_id, "policy.withdraw", version, by=by, now=now)
    return version


@transaction.atomic
def settle(*, now: datetime) -> list[PolicyVersion]:
    """Write down the versions that have taken effect by now; they bind already. Returns them."""
    due = PolicyInForce.objects.filter(next_at__lte=now).order_by("workspace").values_list("workspace_id", flat=True)
    rows = [_settled(workspace_id, now=now) for workspace_id in list(due)]
    return [row.version for row in rows if row and row.version]


def _settled(workspace_id: int, *, now: datetime) -> PolicyInForce | None:
    """The workspace's row, locked; a version whose moment has come is written down as the one in force."""
    locked = PolicyInForce.objects.select_for_update(of=("self",)).select_related("version", "next_version")
    row = locked.filter(workspace_id=workspace_id).first()
    if row and row.next_version and row.next_at and row.next_at <= now:
        row.version, row.since, row.next_version, row.next_at = row.next_version, row.next_at, None, None
        row.save(update_fields=["version", "since", "next_version", "next_at"])
        _record(workspace_id, "policy.effect", row.version, by=None, now=now)
    return row


def _bind(workspace_id: int, version: PolicyVersion, current: PolicyInForce | None, *, now: datetime) -> None:
    """Let a version bind, at once or at its moment."""
    row = current or PolicyInForce(workspace_id=workspace_id, since=now)
    if version.effective_at > now:
        row.next_version, row.next_at = version, version.effective_at
    else:
        row.version, row.since = version, now
    row.save(force_insert=current is None)


def _record(workspace_id: int, act: str, version: PolicyVersion, *, by: int | None, now: datetime) -> None:
    """Write the act to the ledger; no personal table is touched, so it needs no processing context."""
    Activity.objects.create(
        workspace_id=workspace_id,
        purpose=PURPOSE,
        act=act,
        actor=SYSTEM if by is None else user_actor(by),
        object_ref=f"policy:{version.number}",
        policy_version_id=version.pk,
        at=now,
    )


def _row(version: PolicyVersion, rule: Rule) -> PurposeRule:
    return PurposeRule(
        version=version,
        purpose=rule.purpose,
        bit=rule.bit,
        refused_bits=rule.refused_bits,
        roles=rule.roles,
        default_regions=rule.default_regions,
        consent_regions=rule.consent_regions,
        refusable=rule.refusable,
        sends=rule.sends,
        allowed_when_restricted=rule.allowed_when_restricted,
        categories=sorted(rule.categories),
    )
