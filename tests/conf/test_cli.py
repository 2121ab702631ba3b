"""The command line, run as a person would, over an external database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import superuser
from tests.environment import ROOT
from tillit.env import embedded_dsn, env


@pytest.fixture
def external(server, tmp_path) -> Iterator[dict[str, str]]:
    """Settings of an installation on a server that it did not start itself."""
    name = "tillit_external"
    with superuser("postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} OWNER tillit_owner TEMPLATE template0")
    yield {
        "TILLIT_DATABASE_URL": embedded_dsn(env().data, role="tillit_owner", database=name),
        "TILLIT_DATA": str(tmp_path),
        "TILLIT_SECRET": os.environ["TILLIT_SECRET"],
    }
    with superuser("postgres") as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


COMMANDS = (
    "demo",
    "serve",
    "web",
    "edge",
    "worker",
    "sender",
    "migrate",
    "check",
    "import",
    "policy",
    "ledger",
    "receipt",
    "user",
)


def tillit(*arguments: str, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TILLIT_")}
    return subprocess.run(
        [sys.executable, "-m", "tillit", *arguments],
        cwd=ROOT,
        env=clean | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_external_database_is_migrated_checked_and_sealed(external):
    unready = tillit("check", settings=external)
    assert unready.returncode == 1 and "has not been applied" in unready.stderr
    made = tillit("user", "ann@example.org", "--password", "a long passphrase", settings=external)
    assert made.returncode == 0, made.stderr
    assert "✓" in tillit("check", settings=external).stdout
    again = tillit("user", "ANN@example.org", "--password", "a long passphrase", settings=external)
    assert again.returncode == 1 and "is a user already" in again.stderr
    assert tillit("ledger", "verify", settings=external).returncode == 0


@pytest.mark.parametrize(("email", "password"), [("no address", "a long passphrase"), ("ann@example.org", "short")])
def test_a_user_that_makes_no_sense_is_refused(external, email, password):
    refused = tillit("user", email, "--password", password, settings=external)
    assert refused.returncode == 1
    assert "Error" in refused.stderr and "Traceback" not in refused.stderr


def test_a_database_that_does_not_answer_is_said(tmp_path):
    settings = {"TILLIT_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "TILLIT_DATA": str(tmp_path)}
    failed = tillit("check", settings=settings)
    assert failed.returncode == 1
    assert "cannot be reached" in failed.stderr and "Traceback" not in failed.stderr


def test_a_taken_port_is_said(tmp_path, unused_tcp_socket):
    port = unused_tcp_socket.getsockname()[1]
    failed = tillit("serve", "--port", str(port), settings={"TILLIT_DATA": str(tmp_path)})
    assert failed.returncode == 1
    assert f"Port {port}" in failed.stderr and "--port" in failed.stderr


def test_a_broken_policy_is_reported_with_line_and_mend(tmp_path):
    broken = tmp_path / "policy.yaml"
    text = (ROOT / "policies" / "smart-media-solutions.yaml").read_text()
    broken.write_text(text.replace("languages:", "langages:", 1))
    failed = tillit("policy", "check", str(broken), settings={"TILLIT_DATA": str(tmp_path)})
    assert failed.returncode == 1
    assert f"{broken}:" in failed.stderr and "langages" in failed.stderr


@pytest.mark.parametrize(
    "wrong", [{"TILLIT_PORT": "eighty"}, {"TILLIT_SECRET": "short"}, {"TILLIT_DATABASE_URL": "nonsense"}]
)
def test_a_setting_that_makes_no_sense_is_said(wrong, tmp_path):
    failed = tillit("check", settings={"TILLIT_DATA": str(tmp_path)} | wrong)
    assert failed.returncode == 1
    assert "Error" in failed.stderr and "Traceback" not in failed.stderr


def test_every_command_has_help():
    done = tillit("--help", settings={})
    for command in COMMANDS:
        assert command in done.stdout
        assert tillit(command, "--help", settings={}).returncode == 0
