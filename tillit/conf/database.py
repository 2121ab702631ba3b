"""Roles, migrations and grants: what the owner does, so that the application need not be able to."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from tillit.env import APP_ROLE, EDGE_ROLE, Env
from tillit.ledger import rls

LOCK_TIMEOUT = "10s"


def migrate(env: Env, *, verbosity: int = 0) -> None:
    """Bring the schema, the two roles, their grants and row-level security up to date; safe to repeat.

    Raises psycopg.Error when the owner may not do so.
    """
    if env.owner_dsn is None:
        raise psycopg.errors.InsufficientPrivilege("Migrating needs TILLIT_DATABASE_URL, the owner's connection.")
    with psycopg.connect(env.owner_dsn, autocommit=True) as connection:
        for role in (APP_ROLE, EDGE_ROLE):
            _ensure_role(connection, role, env.role_password(role))
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    call_command("migrate", database="owner", verbosity=verbosity, interactive=False)
    rls.apply(owner)
    owner.close()


def _ensure_role(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    statement = f"{verb} ROLE {{role}} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {{password}}"
    if exists:
        statement = "ALTER ROLE {role} LOGIN PASSWORD {password}"
    connection.execute(sql.SQL(statement).format(role=sql.Identifier(role), password=sql.Literal(password)))
