"""The build of style sheet, scripts and icons."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environment import ROOT, alone
from tillit.conf import frontend

LOCK = ROOT / "frontend" / "package-lock.json"


@pytest.fixture(scope="module")
def built() -> None:
    with alone():
        frontend.build()


@pytest.fixture
def copy(built: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, to break."""
    made = tmp_path / "frontend"
    shutil.copytree(ROOT / "frontend", made, ignore=shutil.ignore_patterns("node_modules"))
    (made / "node_modules").symlink_to(ROOT / "frontend" / "node_modules")
    target = tmp_path / "tillit" / "console" / "static" / "built"
    target.mkdir(parents=True)
    (target / "console.css").write_text("the last good one")
    monkeypatch.setattr(frontend, "FRONTEND", made)
    monkeypatch.setattr(frontend, "BUILT", target)
    monkeypatch.setattr(frontend, "STAMP", target / ".digest")
    return made


def test_the_lock_file_pins_by_digest_and_names_no_server() -> None:
    packages = json.loads(LOCK.read_text())["packages"]
    assert all("resolved" not in each for each in packages.values())
    assert all(each.get("integrity", "").startswith("sha512-") for name, each in packages.items() if name)


def test_what_is_built_is_not_built_again(built: None) -> None:
    assert frontend.build() is False


def test_a_changed_source_is_built(copy: Path) -> None:
    with (copy / "src" / "_shell.scss").open("a") as file:
        file.write(".made-for-a-test { color: red; }\n")
    assert frontend.build() is True
    assert ".made-for-a-test" in (frontend.BUILT / "console.css").read_text()
    assert frontend.build() is False


@pytest.mark.parametrize(
    ("source", "text", "told"),
    [
        ("console.ts", "let = ;", "console.ts"),
        ("_shell.scss", "a { color: $nothing }", "_shell.scss"),
        ("icons.txt", "\nno-such-icon", "no-such-icon"),
    ],
)
def test_a_fault_is_told_with_its_place_and_the_last_build_stays(copy: Path, source: str, text: str, told: str) -> None:
    with (copy / "src" / source).open("a") as file:
        file.write(text)
    with pytest.raises(frontend.BuildFailed, match=told):
        frontend.build()
    assert (frontend.BUILT / "console.css").read_text() == "the last good one"


def test_the_scripts_types_hold_together(built: None) -> None:
    command = [str(frontend._node()), "node_modules/typescript/bin/tsc", "--noEmit"]
    done = subprocess.run(command, cwd=ROOT / "frontend", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
