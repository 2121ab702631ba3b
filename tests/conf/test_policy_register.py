"""`tillit policy register` writes the register of a version or a day, or says why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import make
from tests.conf.test_policy_cli import flat, run
from tillit.accounts.models import Workspace


@pytest.fixture
def house(committed_db: None) -> Workspace:
    return make.workspace(name="House")


@pytest.mark.clause("A10")
def test_the_register_is_written_as_the_files_name_ends(house: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "register.json"
    done = run("register", "--workspace", "House", "-o", file)
    assert done.exit_code == 0
    assert "purposes of version 1" in flat(done)
    assert json.loads(file.read_text())["about"]["workspace"] == "House"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workspace", "Nobody", "-o", "r.csv"), "There is no workspace “Nobody”"),
        (("--workspace", "House", "-o", "r.pdf"), "no format of a register"),
        (("--workspace", "House", "--version", "9", "-o", "r.csv"), "“House” has no version 9"),
        (("--workspace", "House", "--on", "1999-01-31", "-o", "r.csv"), "no policy in force on 1999-01-31"),
        (("--workspace", "House", "-o", "nowhere/r.csv"), "cannot be written: no such file or directory"),
    ],
)
def test_what_cannot_be_written_says_why(
    house: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("register", *arguments)
    assert done.exit_code == 1
    assert said in flat(done)
    assert list(tmp_path.iterdir()) == []
