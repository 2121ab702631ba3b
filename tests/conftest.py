"""Real PostgreSQL for every test, as the application's role.

One embedded server a checkout, or a worker where several share the tests, without fsync; its database is made anew for
each run. A test that uses `db` runs in a transaction that is rolled back; one that needs committed rows (several
connections or processes) uses `committed_db`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.browser import browser_context, browser_page, chromium, served, sign_in  # noqa: F401  fixtures
from tests.environment import ROOT, alone, without_promises
from tillit.conf import postgres
from tillit.env import DATABASE, embedded_dsn, env

KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def superuser(database: str = DATABASE) -> psycopg.Connection:
    """A connection that row-level security does not bind: for looking and tampering in tests."""
    return psycopg.connect(embedded_dsn(env().data, role="postgres", database=database), autocommit=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser tests last: the browser keeps an event loop in the main thread, where others run their own.

    The journeys come first: begun late, such a long test would leave the other workers without work.
    """
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, "journeys" not in item.path.parts))


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.EmbeddedPostgres]:
    running = postgres.EmbeddedPostgres(env().data, durable=False)
    with alone():  # the first server on a machine may make the system user that all of them run as
        running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def django_db_setup(server: postgres.EmbeddedPostgres, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    from django.db import connections

    from tillit.conf.database import migrate

    with superuser("postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER tillit_owner TEMPLATE template0")
    with django_db_blocker.unblock():
        migrate(env())
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Database access whose commits are real; every table is emptied afterwards."""
    from django.db import connections

    with django_db_blocker.unblock():
        yield
        for connection in connections.all():
            connection.close()
    empty_tables()


def empty_tables() -> None:
    """Take away every committed row but what the migrations wrote."""
    with superuser() as connection:
        tables = connection.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition"
        ).fetchall()
        names = ", ".join(f'"{name}"' for (name,) in tables if name not in KEPT)
        connection.execute("SET session_replication_role = replica")  # the ledger refuses TRUNCATE by trigger
        # No number begins anew: what was made of a version or a campaign is kept by its id.
        connection.execute(f"TRUNCATE {names} CASCADE")


@pytest.fixture
def policy_text() -> str:
    """The reference policy, for tests that change what it permits."""
    return without_promises((ROOT / "policies" / "smart-media-solutions.yaml").read_text())


@pytest.fixture(scope="session", autouse=True)
def compiled_texts() -> None:
    """Pages can be asked for in every language."""
    from tillit.conf.translations import compile_catalogues

    with alone():
        compile_catalogues()


@pytest.fixture(autouse=True)
def plain_static(request: pytest.FixtureRequest) -> None:
    """Pages name static files by their plain names in tests, so that no build or collection has to come first."""
    settings = request.getfixturevalue("settings")
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there


@pytest.fixture
def unused_tcp_socket() -> Iterator[socket.socket]:
    """A listening socket on a port of the system's choice."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set TILLIT_ variables for one test."""

    def put(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"TILLIT_{name.upper()}", str(value))
        env.cache_clear()

    yield put
    monkeypatch.undo()
    env.cache_clear()


@pytest.fixture
def reads_by_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever has to be turned into a table takes long, and says how far it is at each row."""
    monkeypatch.setattr("tillit.people.importing.reception.AT_ONCE_BYTES", 0)
    monkeypatch.setattr("tillit.people.importing.canonical._LOOK_EVERY", 1)
    monkeypatch.setattr("tillit.people.importing.reading.TELL_EVERY_S", 0)
