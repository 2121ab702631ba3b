"""Jobs around the policy."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from tillit.governance import notices


@app.task(name="governance.notify", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def notify(notice_id: int) -> None:
    """Queue the mails that tell of a change of policy."""
    notices.queue_all(notice_id, now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="governance.tend", queueing_lock="governance.tend")
def tend(timestamp: int) -> None:
    """Go on with notices that stand still, and stop those of versions that were taken back."""
    notices.tend(now=timezone.now())
