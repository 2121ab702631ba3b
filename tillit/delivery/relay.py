"""The relay that an operator names by one address (TILLIT_SMTP_URL)."""

from __future__ import annotations

from typing import Self
from urllib.parse import unquote, urlsplit

from tillit.delivery import wire
from tillit.delivery.wire import Tls

_SCHEMES = {"smtp": (Tls.NONE, 25), "smtp+starttls": (Tls.STARTTLS, 587), "smtps": (Tls.IMPLICIT, 465)}


class BadRelay(ValueError):
    """The relay's address cannot be used; the text says why and how it should look. It never holds the password."""


class Relay(wire.Relay):
    """A relay, read from its address."""

    __slots__ = ()

    @classmethod
    def parse(cls, url: str, *, hostname: str = "localhost") -> Self:
        """Read ``smtp+starttls://user:password@host:port``; user, password and port may be left out.

        Schemes: ``smtp`` (no encryption, port 25), ``smtp+starttls`` (587; mail waits if the relay does not offer it)
        and ``smtps`` (465). Special characters in user and password are percent-encoded. `hostname` is how we greet it.
        A password goes over an unencrypted connection only to this machine. Raises BadRelay.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in _SCHEMES:
            raise BadRelay(f"A relay's address starts with one of {', '.join(_SCHEMES)}, followed by :// and its host.")
        tls, port = _SCHEMES[parts.scheme]
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise BadRelay(f"A relay's address looks like {parts.scheme}://user:password@relay.example.com:{port}.")
        try:
            port = parts.port or port
        except ValueError as error:
            raise BadRelay("The relay's port is a number from 1 to 65535.") from error
        if (parts.username is None) != (parts.password is None):
            raise BadRelay("A relay takes a user and a password, or neither.")
        return cls(
            host=parts.hostname,
            port=port,
            hostname=hostname,
            tls=tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            login_without_tls=parts.hostname in {"localhost", "127.0.0.1", "::1"},
        )
