"""How mail to console users leaves: by the relay when one is configured, else into the mail catcher's folder."""

from __future__ import annotations

import mailbox
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage as Message
from email.utils import formatdate, parseaddr
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from tillit.delivery.relay import Relay
from tillit.delivery.wire import Tls
from tillit.env import env

TIMEOUT_S = 20


def caught_mail(data: Path) -> mailbox.Maildir:
    """The folder of mail that did not leave this machine."""
    (data / "caught").parent.mkdir(parents=True, exist_ok=True)
    return mailbox.Maildir(data / "caught", create=True)


def catch(message: bytes, *, data: Path) -> str:
    """Put a mail into the mail catcher's folder and return its key there."""
    return caught_mail(data).add(mailbox.MaildirMessage(message))


class ServiceMail(BaseEmailBackend):
    """Django's mail (invitations, password links) through the relay, or caught."""

    def __init__(self, fail_silently: bool = False, **_: Any) -> None:
        super().__init__(fail_silently=fail_silently)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Hand mails over and return how many were. Raises smtplib.SMTPException or OSError when the relay fails."""
        mails = [mail for mail in email_messages if mail.recipients()]
        if not mails:
            return 0
        try:
            if env().smtp_url:
                _relay(mails, Relay.parse(env().smtp_url, hostname=env().mail_domain))
            else:
                for mail in mails:
                    catch(_text(mail), data=env().data)
        except (smtplib.SMTPException, OSError):
            if not self.fail_silently:
                raise
            return 0
        return len(mails)


def _text(mail: EmailMessage) -> bytes:
    message: Message = mail.message()  # type: ignore[assignment]
    if "Date" not in message:
        message["Date"] = formatdate()
    return message.as_bytes()


def _relay(mails: Sequence[EmailMessage], relay: Relay) -> None:
    if relay.tls is Tls.IMPLICIT:
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, relay.hostname, timeout=TIMEOUT_S, context=ssl.create_default_context()
        )
    else:
        client = smtplib.SMTP(relay.host, relay.port, relay.hostname, timeout=TIMEOUT_S)
    with client:
        if relay.tls is Tls.STARTTLS:
            client.starttls(context=ssl.create_default_context())
        if relay.username and relay.password:
            client.login(relay.username, relay.password)
        for mail in mails:
            client.sendmail(_address(mail.from_email), [_address(each) for each in mail.recipients()], _text(mail))


def _address(text: str) -> str:
    return parseaddr(text)[1]
