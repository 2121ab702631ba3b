"""From a message to the bytes that leave: ids, return path, signature; and how service messages are laid out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tillit.delivery import headers
from tillit.delivery.compose import Addressee, Headers, Mailbox, Template
from tillit.delivery.dkim import Signer
from tillit.delivery.service import Parts, ServiceMail
from tillit.env import Env

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every mail of this installation has in common."""

    domain: str
    signer: Signer | None = None

    @classmethod
    def of(cls, env: Env) -> Envelope:
        """Read it from the settings. Raises OSError or BadKey when the DKIM key cannot be read."""
        return cls(domain=env.mail_domain, signer=_signer(env))

    def bounces_to(self, message_id: UUID) -> str:
        """The envelope sender: names the message, so that a bounce tells which one it is (VERP)."""
        return f"bounce+{message_id.hex}@{self.domain}"

    def message_id(self, message_id: UUID) -> str:
        """The Message-ID, without brackets: the same however often the message is handed over."""
        return f"{message_id}@{self.domain}"

    def signed(self, message: bytes) -> bytes:
        """The message with its DKIM signature, where a key is configured."""
        return message if self.signer is None else self.signer.sign(message, now_s=int(time.time()))

    def service(self, mail: ServiceMail, parts: Parts) -> bytes:
        """Lay out a service message, marked as automatic (RFC 3834).

        It has an unsubscribe header where its content can be left (RFC 8058 wants https), else none (clause E10).
        """
        leaves = parts.unsubscribe.startswith("https://")
        template = Template.compile(
            headers=Headers(
                sender=Mailbox(mail.workspace.name, f"no-reply@{self.domain}"),
                unsubscribable=leaves,
                automatic=True,
                language=mail.language,
            ),
            subject=[parts.subject],
            text=[parts.text],
            html=[parts.html] if parts.html else None,
        )
        names = (mail.names.get("first_name"), mail.names.get("last_name"))
        return template.write(
            Addressee(
                address=mail.address,
                name=" ".join(str(name) for name in names if name),
                message_id=self.message_id(mail.message_id),
                date=date(),
                unsubscribe=parts.unsubscribe if leaves else None,
            ),
            [],
        )


def date() -> bytes:
    """The Date field of a mail written now."""
    return headers.date(datetime.now(UTC))


def _signer(env: Env) -> Signer | None:
    if env.dkim_key_file is None:
        return None
    return Signer(
        domain=env.dkim_domain or env.mail_domain,
        selector=env.dkim_selector,
        private_pem=env.dkim_key_file.read_bytes(),
    )
