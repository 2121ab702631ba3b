"""The worker process: takes jobs from the queue until told to stop."""

from __future__ import annotations

from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app

from tillit.env import env

CONCURRENCY = 2
FINISH_WITHIN_S = 10.0


def run() -> None:
    """Work on jobs until SIGTERM or SIGINT; a job under way gets ten seconds to end."""
    with app.replace_connector(PsycopgConnector(conninfo=env().app_dsn)) as working:
        working.run_worker(concurrency=CONCURRENCY, shutdown_graceful_timeout=FINISH_WITHIN_S)
