from __future__ import annotations

import pytest

from tests import make


@pytest.fixture
def house(committed_db: None) -> int:
    """The id of a workspace under the reference policy, committed."""
    return make.workspace().pk
