"""Whether a job still waits to be taken, or was lost with the worker that had taken it."""

from __future__ import annotations

import json

from django.db import connection

_WAITS = "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE task_name = %s AND args = %s::jsonb AND status = 'todo')"


def waits(task: str, **arguments: int) -> bool:
    """Whether a job of a task with these arguments is in the queue, and nobody has taken it yet."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, [task, json.dumps(arguments)])
        return bool(cursor.fetchone()[0])
