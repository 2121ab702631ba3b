"""Jobs of the API."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from tillit.api.once import forget_answers


@app.periodic(cron="23 * * * *")
@app.task(name="api.forget_answers", queueing_lock="api.forget_answers")
def forget(timestamp: int) -> None:
    """Remove answers that nobody is to repeat any more."""
    forget_answers(now=timezone.now())
