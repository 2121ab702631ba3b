"""`tillit check` finds what is not as declared."""

from __future__ import annotations

import pytest

from tests.conftest import superuser
from tillit.conf.verify import findings

pytestmark = pytest.mark.usefixtures("committed_db")

FAULTS = {
    "has no row-level security": (
        "ALTER TABLE people_traits DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE people_traits ENABLE ROW LEVEL SECURITY",
    ),
    "lacks the policy tillit_open": (
        "CREATE POLICY tillit_open ON people_person USING (true)",
        "DROP POLICY tillit_open ON people_person",
    ),
    "a grant too many": ("GRANT DELETE ON ledger_seal TO tillit_app", "REVOKE DELETE ON ledger_seal FROM tillit_app"),
    "The role tillit_edge has SELECT on people_identity": (
        "GRANT SELECT ON people_identity TO tillit_edge",
        "REVOKE SELECT ON people_identity FROM tillit_edge",
    ),
    "The role tillit_app has INSERT on django_migrations": (
        "GRANT INSERT ON django_migrations TO PUBLIC",
        "REVOKE INSERT ON django_migrations FROM PUBLIC",
    ),
    "lacks SELECT": ("REVOKE SELECT ON people_person FROM tillit_app", "GRANT SELECT ON people_person TO tillit_app"),
    "may do too much": ("ALTER ROLE tillit_app BYPASSRLS", "ALTER ROLE tillit_app NOBYPASSRLS"),
    "append-only and can be changed": (
        "ALTER TABLE consent_choice DISABLE TRIGGER tillit_immutable",
        "ALTER TABLE consent_choice ENABLE TRIGGER tillit_immutable",
    ),
}


def test_a_migrated_database_is_as_declared():
    assert findings() == []


@pytest.mark.clause("G1")
@pytest.mark.parametrize("finding", FAULTS)
def test_a_fault_is_found(finding):
    fault, mend = FAULTS[finding]
    with superuser() as connection:
        connection.execute(fault)
        try:
            assert any(finding in found for found in findings())
        finally:
            connection.execute(mend)
