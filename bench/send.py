"""Personalised 10 kB mails with tracked links, decided per person, sent by `tillit sender` to a sink.

The baseline is what the same sink takes from a client that sends one constant mail of the same size over the same
number of connections and does nothing else. Tillit's number includes the claims under row-level security, the
writing, the recording of every outcome and the
ledger, in a PostgreSQL that flushes every commit, all on the same machine.
"""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from bench.support import ROOT, Result, database, superuser

PERSONS = {"small": 20_000, "large": 200_000}
CONNECTIONS = 4
LINKS = 3
REFUSED, UNMEASURED = 11, 20  # one in so many objected to the mail; one in so many to being measured
TARGET_PER_S = 5_000

FILL = """
WITH made AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, i FROM generate_series(1, %(persons)s + %(persons)s / %(refused)s) i
), persons AS (
    INSERT INTO people_person (id, workspace_id, region, roles, flags, granted, refused, language, created_at)
    SELECT id, %(workspace)s, 1, 1, 0,
        %(mail)s | CASE WHEN i %% %(unmeasured)s = 0 THEN 0 ELSE %(measure)s END,
        CASE WHEN i > %(persons)s THEN %(mail)s ELSE 0 END, '', now()
    FROM made
), identities AS (
    INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)
    SELECT sha256(i::text::bytea), %(workspace)s, id, 'email', 'reader' || i || '@example.org', now() FROM made
), traits AS (
    INSERT INTO people_traits (person_id, category, workspace_id, values, updated_at)
    SELECT id, category, %(workspace)s, jsonb_build_object(field, said || i), now() FROM made,
        (VALUES ('identity', 'first_name', 'Anna'), ('occupation', 'company', 'Company ')) AS f (category, field, said)
)
INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since)
SELECT id, %(list)s, %(workspace)s, 'subscribed', now() FROM made
"""
PARAGRAPH = (
    "Dear {{ first_name | default('friend') }}, at {{ company | default('your company') }} the screen wakes when "
    "somebody comes in, and the call begins by itself."
)


def main(size: str) -> None:
    with database() as folder:
        result = Result("send")
        measure(result, folder, PERSONS[size])
        result.show()


def measure(result: Result, folder: Path, persons: int) -> None:
    """Prepare a campaign, send it, look at what came, and measure the sink alone."""
    from django.utils import timezone

    from tillit.campaigns import actions

    campaign = _campaign(persons)
    actions.send(campaign, by="bench", now=timezone.now())
    began = time.perf_counter()
    prepared = actions.prepare(campaign.pk)
    prepare_s = time.perf_counter() - began
    with _sink(folder / "sent") as port:
        sender_cpu_s = _send(port)
    recipients, messages, size, first, last = pickle.loads((folder / "sent").read_bytes())
    send_s = last - first
    campaign.refresh_from_db()
    result.check("everybody permitted was queued", prepared == persons == campaign.audience["prepared"])
    _check(result, campaign, recipients, messages)
    with _sink(folder / "blasted") as port:
        ceiling = persons / _blast(port, persons, size // len(recipients))
    rate = len(recipients) / send_s
    result.row(f"the sink's ceiling: constant mails of {size // len(recipients):,} bytes", f"{ceiling:,.0f}/s", "1")
    result.row(f"Tillit: {persons:,} personalised mails, decided one by one", f"{rate:,.0f}/s", f"{rate / ceiling:.2f}")
    result.row("the sender's own processor time", f"{sender_cpu_s / persons * 1e6:,.0f} µs a mail", "")
    result.row(f"preparing them ({prepare_s:.1f} s)", f"{prepared / prepare_s:,.0f}/s", "")
    result.row("target on two cores", f"{TARGET_PER_S:,}/s", "reached" if rate >= TARGET_PER_S else "not reached")
    result.figures |= {
        "persons": persons,
        "bytes_a_mail": size // len(recipients),
        "per_s": rate,
        "ceiling_per_s": ceiling,
        "sender_cpu_us_a_mail": sender_cpu_s / persons * 1e6,
        "prepared_per_s": prepared / prepare_s,
    }


def _campaign(persons: int) -> Any:
    """A workspace with everybody on one list, and a campaign of about 10 kB with tracked links."""
    from django.utils import timezone

    from tillit.accounts.models import Workspace
    from tillit.campaigns.models import Campaign
    from tillit.ledger.actions import publish
    from tillit.ledger.versions import in_force
    from tillit.people.actions import make_default_fields
    from tillit.people.models import MailingList

    workspace = Workspace.objects.create(name="Bench", postal_address="Drottninggatan 1\n111 51 Stockholm")
    publish(workspace.pk, (ROOT / "policies" / "smart-media-solutions.yaml").read_text(), by=None, now=timezone.now())
    make_default_fields(workspace.pk)
    news = MailingList.objects.create(workspace=workspace, name="News")
    rules = in_force(workspace.pk).rules
    values = {
        "workspace": workspace.pk,
        "list": news.pk,
        "persons": persons,
        "refused": REFUSED,
        "unmeasured": UNMEASURED,
        "mail": 1 << rules["marketing.email"].bit,
        "measure": 1 << rules["measurement.email"].bit,
    }
    with superuser() as connection:
        connection.execute(FILL, values)
        connection.execute("VACUUM ANALYZE people_person, people_identity, people_traits, people_subscription")
    links = "\n".join(f"- [Read about room {n}](https://www.example.com/rooms/{n})" for n in range(LINKS))
    campaign = Campaign.objects.create(
        workspace=workspace,
        name="Bench",
        subject="News for {{ first_name | default('you') }}",
        body=f"# News\n\n{PARAGRAPH}\n\n{links}\n",
        from_email="news@example.com",
    )
    campaign.lists.set([news])
    return campaign


def _send(port: int) -> float:
    """Run one sender to the end; return its processor time in seconds."""
    settings = {
        "SMTP_URL": f"smtp://127.0.0.1:{port}",
        "SMTP_CONNECTIONS": str(CONNECTIONS),
        "URL": "https://m.example",
    }
    environment = os.environ | {f"TILLIT_{name}": value for name, value in settings.items()}
    sender = subprocess.Popen([sys.executable, "-m", "tillit", "sender", "--once"], cwd=ROOT, env=environment)
    _, status, usage = os.wait4(sender.pid, 0)
    sender.returncode = os.waitstatus_to_exitcode(status)
    if sender.returncode:
        raise RuntimeError(f"the sender ended with {sender.returncode}")
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _sink(file: Path) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.post", "sink", str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def _blast(port: int, mails: int, size: int) -> float:
    arguments = [str(each) for each in (port, mails, size, CONNECTIONS)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.post", "blast", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _check(result: Result, campaign: Any, recipients: list[str], messages: list[tuple[str, bytes]]) -> None:
    """Speed by skipping work must fail: everybody once, nobody who objected, every mail the person's own."""
    persons = campaign.audience["prepared"]
    expected = {f"reader{n}@example.org" for n in range(1, persons + 1)}
    result.check("everybody got exactly one mail, nobody who objected", len(recipients) == persons)
    result.check("the recipients are those permitted", set(recipients) == expected)
    tokens: set[str] = set()
    for address, raw in messages:
        number = int(re.findall(r"\d+", address)[0])
        mail = message_from_bytes(raw, policy=policy.default)
        html = mail.get_body(("html",)).get_content()
        result.check(
            "content is the person's own",
            mail["Subject"] == f"News for Anna{number}" and f"Company {number}" in html and mail["To"] == address,
        )
        measured = number % UNMEASURED != 0
        tracked = len(set(re.findall(r"/e/c/[\w-]{55}\?u=", html)))
        result.check("links and pixel only where permitted", tracked == LINKS * measured)
        tokens.add(mail["List-Unsubscribe"])
    result.check("every way out is the person's own", len(tokens) == len(messages))
    with superuser() as connection:
        states = dict(connection.execute("SELECT state, count(*) FROM delivery_message GROUP BY 1").fetchall())
    result.check("every outcome is recorded", states == {"sent": persons})
    result.check("the campaign is done", campaign.state == "done")
    result.checked = list(dict.fromkeys(result.checked))


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "small")
