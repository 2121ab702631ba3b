"""A write with an idempotency key is carried out once, whatever the network does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.db import connections
from django.utils import timezone

from tests.api.conftest import Program, Programs
from tests.conftest import superuser
from tillit.api.models import Answered
from tillit.api.once import forget_answers
from tillit.ledger.models import Activity
from tillit.people.models import Import, MailingList, Source


@pytest.mark.django_db
def test_a_repeated_request_is_answered_alike_and_done_once(program: Program) -> None:
    first = program.post("/lists", {"name": "News"}, Idempotency_Key="one")
    again = program.post("/lists", {"name": "News"}, Idempotency_Key='"one"')
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Activity.objects.filter(act="list.make").count() == 1


@pytest.mark.django_db
def test_without_a_key_each_request_is_its_own(program: Program) -> None:
    assert program.post("/lists", {"name": "News"}).status_code == 201
    assert program.post("/lists", {"name": "News"}).status_code == 409


@pytest.mark.django_db
def test_a_key_is_for_one_request(program: Program, programs: Programs) -> None:
    program.post("/lists", {"name": "News"}, Idempotency_Key="one")
    other = program.post("/lists", {"name": "Offers"}, Idempotency_Key="one")
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (422, "key-reused")
    assert programs().post("/lists", {"name": "News"}, Idempotency_Key="one").status_code == 201
    assert program.post("/lists", {"name": "x"}, Idempotency_Key="").status_code == 422
    assert program.post("/lists", {"name": "x"}, Idempotency_Key="k" * 256).status_code == 422


@pytest.mark.django_db
def test_an_error_is_not_kept_and_its_refusal_is(program: Program) -> None:
    program.post("/lists", {"name": "News"})
    refused = program.post("/lists", {"name": "News"}, Idempotency_Key="one")
    assert refused.status_code == 409
    MailingList.objects.filter(name="News").update(name="Old news")
    assert program.post("/lists", {"name": "News"}, Idempotency_Key="one").status_code == 201


@pytest.mark.django_db
def test_answers_are_kept_for_a_day(program: Program) -> None:
    program.post("/lists", {"name": "News"}, Idempotency_Key="one")
    now = timezone.now()
    assert forget_answers(now=now + timedelta(hours=23)) == 0
    assert forget_answers(now=now + timedelta(hours=25)) == 1
    assert not Answered.objects.exists()


def test_two_at_once_are_one(committed_db: None, programs: Programs) -> None:
    program = programs()
    together, answers = threading.Barrier(2), []

    def send() -> None:
        together.wait()
        answer = program.post("/lists", {"name": "News"}, Idempotency_Key="one")
        answers.append((answer.status_code, json.dumps(answer.json(), sort_keys=True)))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert MailingList.objects.count() == 1


FILE = b"Email\nanna@example.org\n"


class Slow(BaseHTTPRequestHandler):
    """A file that comes while somebody looks what the database does meanwhile."""

    asked = 0
    waiting: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        type(self).asked += 1
        with superuser() as look:
            open_now = "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()"
            self.waiting.append(look.execute(f"{open_now} AND datname = current_database()").fetchone()[0])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(FILE)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a file on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/people.csv"
        server.shutdown()
        thread.join()


def test_no_transaction_is_open_while_a_file_comes(
    committed_db: None,
    programs: Programs,
    elsewhere: str,
    settings_of: Callable[..., None],
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.IMPORT_FOLDER = tmp_path / "imports"
    program = programs()
    source = Source.objects.create(workspace=program.workspace, name="CRM", warranty="w")
    settings_of(outbound_networks="127.0.0.1/32")
    body = {"url": elsewhere, "source": source.pk, "begin": False}
    first = program.post("/imports/from-address", body, Idempotency_Key="one")
    again = program.post("/imports/from-address", body, Idempotency_Key="one")
    assert (first.status_code, first.json()) == (again.status_code, again.json()) and first.status_code == 201
    assert (Slow.asked, Slow.waiting) == (1, [0])
    nobodys = program.post("/imports/from-address", {**body, "source": source.pk + 1}, Idempotency_Key="two")
    assert nobodys.status_code == 422 and Slow.asked == 1
    said = {"Authorization": f"Bearer {program.key}", "Idempotency-Key": "three"}
    here = f"/api/v1/imports?source={source.pk}&begin=false"
    assert program.client.post(here, FILE, content_type="text/csv", headers=said).status_code == 201
    kept = set(Import.objects.values_list("path", flat=True))
    assert {path.name for path in settings.IMPORT_FOLDER.iterdir()} == kept and len(kept) == 2
