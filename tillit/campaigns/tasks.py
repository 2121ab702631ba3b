"""Jobs of campaigns."""

from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from tillit.campaigns import actions

RETRIES = 5


@app.task(name="campaigns.prepare", retry=RetryStrategy(max_attempts=RETRIES, exponential_wait=3), pass_context=True)
def prepare(context: JobContext, campaign_id: int) -> None:
    """Queue a campaign's messages; when the last try fails, the campaign is a draft again."""
    try:
        actions.prepare(campaign_id)
    except Exception:
        if context.job.attempts >= RETRIES:
            actions.give_back(campaign_id, _("The program failed. Its log says why. The campaign can be sent again."))
        raise


@app.periodic(cron="*/5 * * * *")
@app.task(name="campaigns.resume_preparing", queueing_lock="campaigns.resume_preparing")
def resume_preparing(timestamp: int) -> None:
    """Prepare campaigns whose job was lost."""
    actions.resume_stalled(now=timezone.now())
