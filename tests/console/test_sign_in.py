"""Signing in, with all that belongs to it."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client

from tests import make
from tillit.accounts.models import Role, User, Workspace

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace(bare=True)


@pytest.fixture
def user(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.OWNER, email="ada@example.com", language="sv")


def sign_in(client: Client, *, password: str = make.PASSWORD, email: str = "ada@example.com", **more: str) -> object:
    return client.post("/account/login/", {"login": email, "password": password, **more})


def confirm(client: Client) -> None:
    client.post("/account/reauthenticate/", {"password": make.PASSWORD})


def test_the_address_and_the_password_lead_to_the_workspace(client: Client, user: User, workspace: Workspace) -> None:
    sign_in(client, email="ADA@example.com")
    assert client.get("/")["Location"] == f"/w/{workspace.id}/"


def test_one_comes_to_the_page_one_asked_for(client: Client, user: User, workspace: Workspace) -> None:
    asked = f"/w/{workspace.id}/settings/users"
    to_sign_in = client.get(asked)["Location"]
    assert to_sign_in == f"/account/login/?next={asked}"
    assert sign_in(client, next=asked)["Location"] == asked


def test_a_wrong_password_and_an_unknown_address_read_alike(client: Client, user: User) -> None:
    def alert(response: object) -> list[str]:
        return re.findall(r"<p class=\"mb-0\">(.*?)</p>", response.content.decode())

    wrong = alert(sign_in(client, password="not the password"))
    assert wrong
    assert alert(sign_in(client, email="nobody@example.com")) == wrong


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(client: Client, user: User) -> None:
    for _ in range(5):
        sign_in(client, password="not the password")
    sign_in(client)
    assert "_auth_user_id" not in client.session


def test_nobody_signs_up(client: Client) -> None:
    client.post("/account/signup/", {"email": "x@example.com", "password1": make.PASSWORD, "password2": make.PASSWORD})
    assert not User.objects.exists()


def test_a_forgotten_password_is_replaced_by_a_mailed_link(client: Client, user: User) -> None:
    client.post("/account/password/reset/", {"email": "ada@example.com"})
    (sent,) = mail.outbox
    assert sent.subject == "Välj ett nytt lösenord"
    found = re.search(r"http://127\.0\.0\.1:8000(/account/password/reset/key/\S+)", sent.body)
    assert found
    page = client.get(found[1], follow=True)
    new = "an entirely different phrase"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert "_auth_user_id" in client.session
    assert User.objects.get().check_password(new)


def test_an_unknown_address_gets_no_mail_and_the_same_answer(client: Client, user: User) -> None:
    known = client.post("/account/password/reset/", {"email": "ada@example.com"})
    unknown = client.post("/account/password/reset/", {"email": "nobody@example.com"})
    assert known["Location"] == unknown["Location"]
    assert [each.to for each in mail.outbox] == [["ada@example.com"]]


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012"])
def test_a_weak_password_is_refused(client: Client, user: User, password: str) -> None:
    client.force_login(user)
    client.post(
        "/account/password/change/", {"oldpassword": make.PASSWORD, "password1": password, "password2": password}
    )
    user.refresh_from_db()
    assert not user.check_password(password)


def test_a_change_of_the_password_is_told_by_mail_in_the_users_language(client: Client, user: User) -> None:
    client.force_login(user)
    new = "an entirely different phrase"
    client.post("/account/password/change/", {"oldpassword": make.PASSWORD, "password1": new, "password2": new})
    (sent,) = mail.outbox
    assert sent.to == ["ada@example.com"]
    assert "Om det inte var du" in sent.body


def totp_code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def test_with_an_authenticator_the_password_alone_does_not_sign_in(client: Client, user: User) -> None:
    TOTP.activate(user, SECRET)
    response = sign_in(client)
    assert response["Location"].startswith("/account/2fa/authenticate/")
    assert "_auth_user_id" not in client.session
    assert client.get("/account/2fa/authenticate/").status_code == 200
    client.post("/account/2fa/authenticate/", {"code": totp_code(SECRET)})
    assert "_auth_user_id" in client.session


def test_setting_up_an_authenticator_asks_for_the_password_first(client: Client, user: User) -> None:
    sign_in(client)
    assert client.get("/account/2fa/").status_code == 200
    assert "/account/reauthenticate/" in client.get("/account/2fa/totp/activate/")["Location"]
    confirm(client)
    assert client.get("/account/2fa/totp/activate/").status_code == 200


@pytest.mark.parametrize("page", ["login", "password/reset", "password/reset/done", "signup", "inactive"])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_page_at_the_entrance_is_in_our_layout(client: Client, page: str, language: str) -> None:
    words = client.get(f"/account/{page}/", headers={"accept-language": language}).content.decode()
    assert 'class="entrance"' in words
    assert f'<html lang="{language}"' in words


@pytest.mark.parametrize(
    "page", ["logout", "password/change", "2fa", "2fa/webauthn", "2fa/webauthn/add", "2fa/totp/activate"]
)
def test_every_page_of_the_account_opens(client: Client, user: User, page: str) -> None:
    sign_in(client)
    confirm(client)
    assert client.get(f"/account/{page}/").status_code == 200


def test_recovery_codes_are_shown_once_it_is_sure_who_asks(client: Client, user: User) -> None:
    TOTP.activate(user, SECRET)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    sign_in(client)
    client.post("/account/2fa/authenticate/", {"code": totp_code(SECRET)})
    assert "/account/reauthenticate/" in client.get("/account/2fa/recovery-codes/")["Location"]
    confirm(client)
    assert codes[0] in client.get("/account/2fa/recovery-codes/").content.decode()


def test_the_demo_tells_how_to_sign_in(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.DEMO, settings.DEMO_SIGN_IN = True, ("demo@example.org", "the phrase")
    assert "the phrase" in client.get("/account/login/").content.decode()
    settings.DEMO = False
    assert "the phrase" not in client.get("/account/login/").content.decode()
