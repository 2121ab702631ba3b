"""What an operator may set from outside. Each setting is documented in docs/settings.md (a test compares)."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cached_property, lru_cache
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tillit.keys import Keys, master_secret

APP_ROLE = "tillit_app"
EDGE_ROLE = "tillit_edge"


DATABASE = "tillit"


def socket_folder(data: Path) -> Path:
    """Folder of the embedded server's socket: short (a socket path holds 107 bytes) and one per data folder."""
    name = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"tillit-{name}"


def embedded_dsn(data: Path, *, role: str, database: str = DATABASE) -> str:
    """Connection string of the embedded server for one role."""
    return f"postgresql://{role}@/{database}?host={quote(str(socket_folder(data)), safe='')}"


class Env(BaseSettings):
    """Settings read from ``TILLIT_*`` environment variables."""

    model_config = SettingsConfigDict(env_prefix="TILLIT_", extra="ignore")

    data: Path = Field(Path("var"), description="Folder of the secret, the embedded database and caught mail.")
    secret: str | None = Field(
        None, description="Master secret, 32 characters or more. Default: made in the data folder."
    )
    database_url: str | None = Field(
        None, description="PostgreSQL 16+ as the owning role. Default: the embedded server."
    )
    app_database_url: str | None = Field(
        None, description="The same database as role tillit_app, for nodes that shall not know the owner's password."
    )
    edge_database_url: str | None = Field(None, description="The same database as role tillit_edge.")
    url: str = Field("", description="Public address of this installation, e.g. https://mail.example.com.")
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the server listens on.")
    allowed_hosts: str = Field("", description="Further host names to answer to, separated by commas.")
    trusted_proxies: str = Field(
        "", description="Networks of reverse proxies whose X-Forwarded-For is believed, separated by spaces."
    )
    smtp_url: str = Field(
        "", description="Relay, e.g. smtp+starttls://user:password@relay.example.com:587. Default: the mail catcher."
    )
    smtp_recipient: str = Field(
        "",
        pattern=r"^([a-z][a-z0-9.-]*)?$",
        description="The relay's id among the policy's recipients. Campaigns wait while it may get nothing.",
    )
    smtp_connections: int = Field(4, ge=1, le=200, description="Connections a sender opens to the relay.")
    smtp_per_second: float = Field(0, ge=0, description="Most mails a second that a sender hands over; 0: no limit.")
    sender_batch: int = Field(500, ge=1, le=5000, description="Mails a sender claims at a time.")
    sender_lease_s: float = Field(
        60, ge=1, le=3600, description="Seconds after which the mails of a sender that is gone are settled by others."
    )
    dkim_key_file: Path | None = Field(None, description="Private key (PEM) to sign mail with. Default: no signature.")
    dkim_domain: str = Field("", description="Domain that signs. Default: TILLIT_MAIL_DOMAIN.")
    dkim_selector: str = Field("tillit", description="Selector under which the public key is published.")
    mail_domain: str = Field("localhost", description="Domain of Message-IDs and of the envelope sender.")
    max_upload_mb: int = Field(512, ge=1, le=10_000, description="Largest file that may be imported, in MB.")
    outbound_networks: str = Field(
        "", description="Networks of your own that webhooks and imports by address may reach, separated by spaces."
    )
    language: str = Field("en", pattern="^(en|sv)$", description="Language of pages before a person chose one.")
    time_zone: str = Field("Europe/Stockholm", description="Time zone of pages and reports.")
    security_contact: str = Field(
        "",
        description="For security.txt: whom to tell of a weakness, a mail address or a link. Default: the operator.",
    )
    debug: bool = Field(False, description="Show errors with their source. Never in production.")
    demo: bool = Field(False, description="Show the demo's sign-in and the caught mail. Set by `tillit demo`.")

    @field_validator("data")
    @classmethod
    def absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("outbound_networks")
    @classmethod
    def networks(cls, value: str) -> str:
        for text in value.split():
            ip_network(text, strict=False)
        return value

    @field_validator("database_url", "app_database_url", "edge_database_url")
    @classmethod
    def connection_string(cls, value: str | None) -> str | None:
        try:
            conninfo_to_dict(value or "")
        except ProgrammingError as error:
            raise ValueError(f"not a connection string: {error}") from error
        return value or None

    @cached_property
    def keys(self) -> Keys:
        return Keys(master_secret(self.secret, self.data / "secret"))

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url is None and self.app_database_url is None

    @property
    def base_url(self) -> str:
        """Public address without a trailing slash."""
        return (self.url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def ledger_head(self) -> Path:
        """The file that remembers the last seal outside the database, so that cutting off the ledger's end is found."""
        return self.data / "ledger-head.json"

    @property
    def owner_dsn(self) -> str | None:
        """Connection string of the owning role; None on a node that only knows the application's."""
        if self.database_url is not None:
            return self.database_url
        return embedded_dsn(self.data, role="tillit_owner") if self.embedded else None

    @property
    def app_dsn(self) -> str:
        return self._role_dsn(APP_ROLE, self.app_database_url)

    @property
    def edge_dsn(self) -> str:
        return self._role_dsn(EDGE_ROLE, self.edge_database_url)

    def role_password(self, role: str) -> str:
        """The password that `tillit migrate` gives a role on an external server."""
        return self.keys.derive(f"database password {role}").hex()

    def _role_dsn(self, role: str, configured: str | None) -> str:
        if configured is not None:
            return configured
        if self.database_url is None:
            return embedded_dsn(self.data, role=role)
        return make_conninfo(self.database_url, user=role, password=self.role_password(role))


@lru_cache
def env() -> Env:
    """The settings of this process, read once."""
    return Env()
