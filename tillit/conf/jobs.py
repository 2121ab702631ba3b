"""Configuration of the job queue (procrastinate)."""

from __future__ import annotations

from procrastinate import App

TASK_MODULES = [
    "tillit.ledger.tasks",
    "tillit.people.tasks",
    "tillit.delivery.tasks",
    "tillit.campaigns.tasks",
    "tillit.rights.tasks",
    "tillit.governance.tasks",
    "tillit.webhooks.tasks",
    "tillit.api.tasks",
]


def configure(app: App) -> None:
    """Load every module that holds tasks, so that the worker knows them."""
    app.import_paths = TASK_MODULES
