"""A version that was published before a check existed stays readable, binds, and can be replaced."""

import pytest
from django.utils import timezone

from tests import make
from tillit.governance.compared import differences
from tillit.ledger.actions import publish
from tillit.ledger.models import PolicyInForce, PolicyVersion
from tillit.ledger.versions import in_force
from tillit.policy.load import PolicyErrors, load

TYPED = "This policy says what {{operator:name}} does"


@pytest.mark.clause("J2")
def test_a_version_that_today_would_be_refused_is_read_and_replaced(db, policy_text):
    workspace, now = make.workspace(bare=True), timezone.now()
    old = policy_text.replace(TYPED, "This policy says what {{operator:nmae}} does", 1)
    with pytest.raises(PolicyErrors):
        load(old)
    row = PolicyVersion.objects.create(
        workspace=workspace, number=1, digest="0" * 64, document=old, published_at=now, effective_at=now
    )
    PolicyInForce.objects.create(workspace=workspace, version=row, since=now)

    bound = in_force(workspace.pk)
    assert bound.text == old and "marketing.email" in bound.rules
    assert len(differences(bound.text, policy_text)) == 1
    assert publish(workspace.pk, policy_text, by=None, now=now).number == 2
