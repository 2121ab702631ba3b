"""Settings: where the database is, which addresses follow, what is refused."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from tillit.env import Env
from tillit.keys import Keys, SecretTooShort, master_secret

SECRET = "x" * 40
OWNER = "postgresql://owner:o%40wner@db.example.org:5433/audience?sslmode=require"


def test_roles_of_an_external_database_are_derived_from_the_owners_address():
    env = Env(secret=SECRET, database_url=OWNER)
    parts = conninfo_to_dict(env.app_dsn)
    assert {
        "host": "db.example.org",
        "port": "5433",
        "dbname": "audience",
        "sslmode": "require",
    }.items() <= parts.items()
    assert (parts["user"], parts["password"]) == ("tillit_app", env.role_password("tillit_app"))
    assert conninfo_to_dict(env.edge_dsn)["user"] == "tillit_edge"
    assert env.role_password("tillit_app") != env.role_password("tillit_edge")
    assert not env.embedded


def test_a_node_that_knows_the_application_only_cannot_migrate():
    env = Env(secret=SECRET, app_database_url="postgresql://tillit_app:p@db.example.org/audience")
    assert env.owner_dsn is None
    assert not env.embedded


@pytest.mark.parametrize("wrong", [{"database_url": "nonsense"}, {"port": 0}, {"port": 70000}, {"language": "fi"}])
def test_a_setting_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        Env(secret=SECRET, **wrong)


def test_the_secret_is_made_once_and_is_private(tmp_path):
    made = master_secret(None, tmp_path / "data" / "secret")
    assert master_secret(None, tmp_path / "data" / "secret") == made
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600


def test_a_short_secret_is_refused():
    with pytest.raises(SecretTooShort):
        Keys(b"short")


def test_keys_of_different_uses_differ():
    keys = Keys(SECRET.encode())
    assert keys.derive("identity") != keys.derive("tokens")
    assert keys.derive("identity") == Keys(SECRET.encode()).derive("identity")
