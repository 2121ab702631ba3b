"""The Python client: as the API says, and working over a real connection."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import make
from tests.api.conftest import Program, Programs
from tests.environment import ROOT
from tillit.people.importing.run import run_import

CLIENT = ROOT / "clients" / "python"


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client's package, found beside the program."""
    monkeypatch.syspath_prepend(str(CLIENT))
    import tillit_client

    return tillit_client


@pytest.fixture
def house(committed_db: None, programs: Programs) -> Program:
    """A workspace with a key, for all to see."""
    return programs()


@pytest.fixture
def tillit(package: Any, house: Program, live: str) -> Any:
    return package.Tillit(live, house.key)


@pytest.fixture
def live() -> Iterator[str]:
    """The application behind a real socket."""
    from django.test.testcases import LiveServerThread, _StaticFilesHandler

    thread = LiveServerThread("localhost", _StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    assert thread.error is None
    yield f"http://localhost:{thread.port}"
    thread.terminate()


def test_what_is_made_is_as_the_api_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CLIENT))
    import generate

    stale = [path.name for path, text in generate.made().items() if path.read_text() != text]
    assert stale == [], "run: python clients/python/generate.py"


def test_a_program_works_with_it(package: Any, tillit: Any, house: Program, settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_FOLDER = tmp_path
    news = tillit.make_list(name="News", opt_in="single")
    source = tillit.make_source(name="Fair", warranty="By consent")
    added = tillit.add_person(
        email="anna@example.org", source=source["id"], fields={"first_name": "Anna"}, lists=[news["id"]]
    )
    assert tillit.get_person(added["id"])["fields"] == {"first_name": "Anna"}
    tillit.change_person(added["id"], fields={"first_name": None, "title": "CEO"})
    assert tillit.get_person(added["id"])["fields"] == {"title": "CEO"}
    file = io.BytesIO(b"email\nbo@example.org\ncy@example.org\nnobody\n")
    item = tillit.import_file(file, source=source["id"], list=news["id"], file_name="more.csv")
    run_import(item["id"])
    assert tillit.get_import(item["id"])["counts"]["new"] == 2
    assert [row["cells"] for row in tillit.every(tillit.list_refused_rows, item["id"])] == [{"email": "nobody"}]
    assert tillit.download_refused_rows(item["id"]).startswith(b"\xef\xbb\xbfline,reason,email")
    assert len(list(tillit.every(tillit.list_persons, list=news["id"], limit=2))) == 3
    assert tillit.unsubscribe_person(news["id"], added["id"]) == {"changed": True}
    with pytest.raises(package.Problem) as refused:
        tillit.set_subscription(news["id"], added["id"], state="subscribed")
    assert (refused.value.status, refused.value.kind) == (409, "conflict")
    assert tillit.erase_person(added["id"]) is None
    with pytest.raises(package.Problem) as gone:
        tillit.get_person(added["id"])
    assert gone.value.status == 404


def test_a_wrong_key_and_a_wrong_part_are_said(package: Any, tillit: Any, live: str) -> None:
    with pytest.raises(package.Problem) as nobody:
        package.Tillit(live, "tillit_nonsense").get_key()
    assert nobody.value.kind == "no-key"
    with pytest.raises(package.Problem) as wrong:
        tillit.add_person(email="nonsense", source=1)
    assert wrong.value.errors[0]["where"] == "body.email"


def test_a_write_whose_answer_got_lost_is_carried_out_once(
    package: Any, tillit: Any, house: Program, live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tillit_client.connection.WAIT_S", 0.01)
    port = int(live.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", 0)) as between:
        threading.Thread(target=_losing_first, args=(between, port), daemon=True).start()
        through = package.Tillit(f"http://127.0.0.1:{between.getsockname()[1]}", house.key, timeout_s=5)
        made = through.make_list(name="News")
    assert [each["id"] for each in tillit.list_lists()["items"]] == [made["id"]]


def _losing_first(between: socket.socket, port: int) -> None:
    """Pass requests on, and lose the first answer after the server gave it."""
    for number in range(2):
        caller, _address = between.accept()
        with caller, socket.create_connection(("localhost", port)) as server:
            asked = b""
            while b"\r\n\r\n" not in asked or len(asked.partition(b"\r\n\r\n")[2]) < _length(asked):
                asked += caller.recv(65536)
            server.sendall(asked)
            answer = b""
            while part := server.recv(65536):
                answer += part
            if number:
                caller.sendall(answer)


def _length(asked: bytes) -> int:
    head = asked.partition(b"\r\n\r\n")[0].lower()
    return int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)


def test_nobody_there_is_said(package: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_socket: socket.socket) -> None:
    monkeypatch.setattr("tillit_client.connection.WAIT_S", 0.01)
    port = unused_tcp_socket.getsockname()[1]
    unused_tcp_socket.close()
    with pytest.raises(package.Unanswered):
        package.Tillit(f"http://127.0.0.1:{port}", "tillit_x").get_key()


@pytest.mark.django_db
def test_it_checks_a_webhook_as_it_is_signed(package: Any) -> None:
    from django.utils import timezone

    from tillit.webhooks.models import Endpoint
    from tillit.webhooks.signing import headers, secret

    now = timezone.now()
    endpoint = Endpoint.objects.create(
        workspace=make.workspace(bare=True), url="https://x", name="x", events=[], seal_number=0, created_at=now
    )
    body = b'{"type":"test"}'
    signed = headers(endpoint, "1", body, now=now)
    assert package.verified(signed, body, secret(endpoint)) == {"type": "test"}
    for wrong in (
        (signed, b'{"type":"other"}', secret(endpoint)),
        (signed, body, "whsec_" + "A" * 44),
        ({**signed, "webhook-timestamp": "1"}, body, secret(endpoint)),
        ({}, body, secret(endpoint)),
    ):
        with pytest.raises(package.BadSignature):
            package.verified(*wrong)
    with pytest.raises(package.BadSignature):
        package.verified(signed, body, secret(endpoint), now=time.time() + 3600)
