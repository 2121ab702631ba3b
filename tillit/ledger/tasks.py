"""Jobs of the ledger."""

from django.utils import timezone
from procrastinate.contrib.django import app

from tillit.env import env
from tillit.ledger import actions, seal


@app.periodic(cron="* * * * *")
@app.task(name="ledger.seal", queueing_lock="ledger.seal")
def seal_ledger(timestamp: int) -> None:
    """Seal what was written since the last minute."""
    seal.seal(env().keys, now=timezone.now(), head=env().ledger_head)


@app.periodic(cron="* * * * *")
@app.task(name="ledger.settle", queueing_lock="ledger.settle")
def settle_policies(timestamp: int) -> None:
    """Write down which scheduled policy versions have taken effect; they bind by themselves."""
    actions.settle(now=timezone.now())
