"""How long somebody waits for people to be found: a question that takes longer is stopped, and the answer says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from psycopg.errors import QueryCanceled

ADVICE: str | Promise = gettext_lazy(
    "Finding these people took too long, and was stopped. Narrow it by a list or a region, or ask a simpler segment."
    " Exports and campaigns have no such limit."
)


class TooSlow(Exception):
    """A question was stopped at its time limit."""


@contextmanager
def patience(limit_s: float | None = None) -> Iterator[None]:
    """Let each statement inside take `limit_s` seconds at most, by default `settings.PATIENCE_S`.

    Raises TooSlow for one that takes longer; what was done before in the transaction stays, and it can go on.
    """
    limit_s = settings.PATIENCE_S if limit_s is None else limit_s
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {max(1, int(limit_s * 1000))}")
            yield
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as stopped:
        if isinstance(stopped.__cause__, QueryCanceled):
            raise TooSlow from stopped
        raise
