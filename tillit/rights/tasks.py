"""Jobs of requests and sign-ups."""

from django.utils import timezone
from procrastinate.contrib.django import app

from tillit.rights import daily


@app.periodic(cron="17 3 * * *")
@app.task(name="rights.daily", queueing_lock="rights.daily")
def tidy(timestamp: int) -> None:
    """Forget unconfirmed sign-ups, let consents lapse, erase what came in behind an erasure."""
    daily.tidy(now=timezone.now())
