"""What every command shares: the terminal, a failure the user can mend, a database that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from tillit.conf.postgres import DatabaseUnavailable, EmbeddedPostgres
from tillit.env import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tillit.conf.settings")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Failed(click.ClickException):
    """A failure the user can mend; printed without a trace."""

    def show(self, file: object = None) -> None:
        err.print(f"[bold red]Error:[/] {self.message}", soft_wrap=True)


@contextmanager
def database() -> Iterator[None]:
    """Set up Django over a database that runs; the embedded one is started when needed, and stopped again."""
    import django
    import psycopg

    server = EmbeddedPostgres(env().data) if env().embedded else None
    try:
        if server:
            server.start()
        else:
            psycopg.connect(env().owner_dsn or env().app_dsn, connect_timeout=5).close()
        django.setup()
        yield
    except (DatabaseUnavailable, psycopg.OperationalError) as error:
        raise Failed(f"The database cannot be reached. {error}") from error
    finally:
        if server and server.started:
            from django.db import connections

            connections.close_all()
            server.stop()
