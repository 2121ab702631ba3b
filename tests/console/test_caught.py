"""The mail catcher."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.test import Client

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.delivery.backend import catch, caught_mail
from tillit.env import env

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    caught_mail(env().data).clear()
    yield
    caught_mail(env().data).clear()


@pytest.fixture
def workspace(client: Client, settings: pytest.FixtureRequest) -> Workspace:
    settings.DEMO = True
    made = make.workspace(bare=True)
    client.force_login(make.member(made, role=Role.OWNER))
    return made


def mail(subject: str, *, html: str = "") -> str:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "Tillit <a@example.com>", "Åsa <asa@example.com>"
    message.set_content("Hej Åsa")
    if html:
        message.add_alternative(html, subtype="html")
    return catch(message.as_bytes(), data=env().data)


def test_mail_is_listed_newest_first(client: Client, workspace: Workspace) -> None:
    mail("First")
    mail("Second")
    words = client.get(f"/w/{workspace.id}/caught").content.decode()
    assert words.index("Second") < words.index("First")


def test_a_mails_script_is_shut_out(client: Client, workspace: Workspace) -> None:
    key = mail("Hello", html="<p>Hej</p><script>alert(1)</script>")
    shown = client.get(f"/w/{workspace.id}/caught/{key}").content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown
    response = client.get(f"/w/{workspace.id}/caught/{key}/html")
    policy = response["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "script-src 'none'" in policy
    assert "<p>Hej</p>" in response.content.decode()


@pytest.mark.parametrize("key", ["../../secret", "..%2F..%2Fsecret", "nothing"])
def test_no_other_file_is_read(client: Client, workspace: Workspace, key: str) -> None:
    assert client.get(f"/w/{workspace.id}/caught/{key}").status_code == 404


def test_all_is_deleted_by_an_owner(client: Client, workspace: Workspace) -> None:
    mail("Hello")
    client.post(f"/w/{workspace.id}/caught/delete")
    assert len(caught_mail(env().data)) == 0


@pytest.mark.parametrize(("is_operator", "status"), [(False, 404), (True, 200)])
def test_outside_the_demo_only_the_operator_reads_mail_that_did_not_leave(
    client: Client, is_operator: bool, status: int
) -> None:
    workspace = make.workspace(bare=True)
    client.force_login(make.member(workspace, role=Role.OWNER, is_operator=is_operator))
    assert client.get(f"/w/{workspace.id}/caught").status_code == status
