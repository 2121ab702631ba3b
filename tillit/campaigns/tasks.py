"""Jobs of campaigns."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from tillit.campaigns import actions


@app.task(name="campaigns.prepare", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def prepare(campaign_id: int) -> None:
    """Queue a campaign's messages."""
    actions.prepare(campaign_id)
