"""The life of the demo's policy: an earlier version, the one in force, a draft that waits for review, assessments."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.conf.sample import OFFICER, PASSWORD
from tillit.governance import assessments, drafts, review
from tillit.governance.models import Assessment
from tillit.ledger.actions import publish
from tillit.ledger.versions import in_force
from tillit.policy import templates
from tillit.policy.edit import put

#: What the earlier version said otherwise, by path.
EARLIER = {
    ("retention", "interaction", "keep"): "24 months",
    ("purposes", "marketing.email", "consent_lasts"): "5 years",
    ("purposes", "leads.share", "categories"): ["contact", "identity", "occupation", "preferences", "inquiry"],
}
NOTE = (
    "We keep opens and clicks for a shorter time and ask sooner whether you still want our mail. "
    "A reseller may now learn roughly where you are, so that one near you answers; we ask you again before it does."
)


def publish_history(workspace: Workspace, *, by: User, reviewer: User, now: datetime) -> None:
    """Publish the version of two months ago, and three weeks ago the one in force, which asks one consent again."""
    publishing = partial(publish, workspace.pk, by=by.pk, reviewed_by=reviewer.pk)
    text = templates.text(templates.REFERENCE)
    earlier = text
    for path, value in EARLIER.items():
        earlier = put(earlier, path, value)
    publishing(earlier, now=now - timedelta(days=60))
    publishing(text, now=now - timedelta(days=21), ask_again=["leads.share"], note=NOTE)


def add_officer(workspace: Workspace) -> User:
    """Make the second owner, who reviews what the first one writes."""
    known = User.objects.filter(email=OFFICER).first()  # after a start that was cut off
    officer = known or User.objects.create_user(OFFICER, PASSWORD, name="Dana Dataskydd")
    Membership.objects.create(workspace=workspace, user=officer, role=Role.OWNER)
    return officer


def draft_and_assess(workspace: Workspace, officer: User, *, now: datetime) -> None:
    """Leave a draft in review, an approved assessment whose review is near, and one that is not concluded."""
    shorter = put(in_force(workspace.pk).text, ("retention", "inquiry", "keep"), "1 year")
    draft = drafts.start(workspace, shorter, name="Shorter memory for inquiries", by=officer, now=now)
    review.submit(draft, by=officer, now=now)
    approved = _assess(workspace, officer, "security.protect", kind=Assessment.Kind.LEGITIMATE_INTEREST, now=now)
    assessments.approve(approved, by=officer.pk, now=now)
    _assess(workspace, officer, "analytics.predict", kind=Assessment.Kind.IMPACT, now=now)


def _assess(workspace: Workspace, officer: User, purpose: str, *, kind: str, now: datetime) -> Assessment:
    """Write what the policy gives an assessment to begin with; a legitimate interest is concluded."""
    concluded = kind == Assessment.Kind.LEGITIMATE_INTEREST
    begun = assessments.beginning(in_force(workspace.pk), kind=kind, purpose=purpose, language="en")
    parts = {name.removeprefix("part_"): text for name, text in begun.items() if name.startswith("part_")}
    if concluded:
        parts["necessity"] = "Nothing that sees less than addresses, sign-ins and bounces would notice misuse in time."
    content = assessments.Content(
        kind=kind,
        title=begun["title"],
        purposes=(purpose,),
        parts=parts,
        outcome=Assessment.Outcome.PROCEED if concluded else Assessment.Outcome.OPEN,
        conducted_on=(now - timedelta(days=340)).date(),
        review_by=(now + timedelta(days=25)).date() if concluded else None,
    )
    return assessments.write(workspace.pk, content, by=officer.pk, now=now)
