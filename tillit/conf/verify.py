"""What `tillit check` verifies: that the database is as the declarations say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import ERROR, run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tillit.env import APP_ROLE, EDGE_ROLE
from tillit.ledger import rls


def findings() -> list[str]:
    """Return everything that is not as declared, in plain words; empty when all is well."""
    found = [f"{check.msg} {check.hint or ''}".strip() for check in run_checks() if check.level >= ERROR]
    found += _migrations()
    if not found:
        found += [*_roles(), *_tables_without_policy(), *_grants(), *_immutability()]
    return found


def _migrations() -> Iterator[str]:
    executor = MigrationExecutor(connection)
    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield f"The migration {migration} has not been applied."


def _roles() -> Iterator[str]:
    rows = _rows(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)",
        [[APP_ROLE, EDGE_ROLE]],
    )
    for (role,) in rows:
        yield f"The role {role} may do too much: it must not be a superuser, pass row-level security or make roles."
    owned = (
        "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = ANY (%s)"
        " AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
    )
    for (table,) in _rows(owned, [[APP_ROLE, EDGE_ROLE]]):
        yield f"The table {table} belongs to a role that works with it, which could switch its row-level security off."


def _tables_without_policy() -> Iterator[str]:
    state = {
        table: (enabled, set(policies))
        for table, enabled, policies in _rows(
            "SELECT c.relname, c.relrowsecurity, array(SELECT polname::text FROM pg_policy p WHERE p.polrelid = c.oid)"
            " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')",
            [],
        )
    }
    for model, declares in rls.personal_models():
        table = model._meta.db_table
        enabled, policies = state.get(table, (False, set()))
        if not enabled:
            yield f"The table {table} is about persons and has no row-level security."
        for name in sorted(set(rls.policies(model, declares)) ^ policies):
            yield f"The table {table} lacks the policy {name}, or has it without a declaration."


def _grants() -> Iterator[str]:
    declared: dict[tuple[str, str], set[str]] = {}
    for table, declares in rls.declared_tables():
        declared[table, APP_ROLE] = set(declares.verbs)
        declared[table, EDGE_ROLE] = set(declares.edge)
    declared["django_migrations", APP_ROLE] = {"SELECT"}
    declared[rls.BINDING, APP_ROLE] = declared[rls.BINDING, EDGE_ROLE] = {"SELECT"}
    actual: dict[tuple[str, str], set[str]] = {}
    for table, role, verb in _rows(
        "SELECT c.relname, r.rolname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a"
        " JOIN pg_roles r ON r.oid = a.grantee OR (a.grantee = 0 AND r.rolname = %s)"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND r.rolname = ANY (%s)",
        [APP_ROLE, [APP_ROLE, EDGE_ROLE]],
    ):
        actual.setdefault((table, role), set()).add(verb)
    for key in sorted(declared.keys() | actual.keys()):
        for verb in sorted(actual.get(key, set()) - declared.get(key, set())):
            yield f"The role {key[1]} has {verb} on {key[0]}, a grant too many."
        for verb in sorted(declared.get(key, set()) - actual.get(key, set())):
            yield f"The role {key[1]} lacks {verb} on {key[0]}."


def _immutability() -> Iterator[str]:
    guarded = {
        table
        for (table,) in _rows(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname = 'tillit_immutable' AND t.tgenabled <> 'D'",
            [],
        )
    }
    for table, declares in rls.declared_tables():
        if declares.append_only and table not in guarded:
            yield f"The table {table} is append-only and can be changed: its trigger is missing or switched off."


def _rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
