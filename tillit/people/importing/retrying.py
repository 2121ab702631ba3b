"""What is worth another try, when several write about the same people at once."""

from __future__ import annotations

from django.db import OperationalError
from psycopg.errors import DeadlockDetected, SerializationFailure

TRIES = 8  # each time one of those who wait for one another gets on


class Gone(Exception):
    """People whom a chunk found were taken away before it could hold them: it is to be written anew."""


def in_the_way(error: Exception) -> bool:
    """Whether an error says no more than that another writer got in the way."""
    if isinstance(error, Gone):
        return True
    return isinstance(error, OperationalError) and isinstance(error.__cause__, DeadlockDetected | SerializationFailure)
