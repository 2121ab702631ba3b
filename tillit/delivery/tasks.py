"""Jobs of delivery."""

from django.utils import timezone
from procrastinate.contrib.django import app

from tillit.delivery import upkeep


@app.periodic(cron="17 3 * * *")
@app.task(name="delivery.upkeep", queueing_lock="delivery.upkeep")
def keep_up(timestamp: int) -> None:
    """Make the partitions of the coming months, and drop batches that nobody asks for any more."""
    upkeep.make_partitions(now=timezone.now())
    upkeep.drop_batches()
