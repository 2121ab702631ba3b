"""`tillit receipt verify`, as whoever got a receipt runs it: alone, without an installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.consent.issuing import STORED, first_form, issued
from tests.environment import ROOT
from tillit.consent.command import receipt_command
from tillit.consent.receipts import published_keys, verify_receipt
from tillit.env import env

pytestmark = [pytest.mark.django_db, pytest.mark.clause("D5", "E3")]


def verify(*arguments: object) -> Result:
    return CliRunner().invoke(receipt_command, ["verify", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(issued(), indent=2, ensure_ascii=False))
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "tillit-key.json"
    path.write_text(json.dumps(published_keys(env().keys)))
    return path


def test_it_says_in_words_what_holds(file, published):
    done = verify(file, "--key", published)
    assert done.exit_code == 0, done.output
    assert "as it was issued" in done.output and "said yes to “marketing.email”" in done.output
    assert "under version 1 of the policy" in done.output and "seal 1 of 20" in done.output
    assert "signed with the key that you gave" in done.output


def test_without_a_key_it_says_which_one_to_compare(file):
    done = verify(file)
    assert done.exit_code == 0
    assert f"signed with the key {verify_receipt(file.read_text()).key_id}" in done.output
    assert "/.well-known/tillit-key.json" in done.output


@pytest.mark.parametrize("form", ["hex", "base64", "raw file", "hex file", "base64 file"])
def test_a_key_may_be_given_as_people_have_it(file, tmp_path, form):
    from base64 import b64decode

    text = published_keys(env().keys)["keys"][0]["key"]
    raw = b64decode(text)
    content = {"hex": raw.hex().encode(), "base64": text.encode(), "raw": raw}[form.split()[0]]
    given = content.decode() if " " not in form else tmp_path / "key"
    if isinstance(given, Path):
        given.write_bytes(content)
    assert verify(file, "--key", given).exit_code == 0
    assert "that you gave" in verify(file, "--key", given).output


def test_another_key_does_not_hold(file):
    done = verify(file, "--key", "00" * 32)
    assert done.exit_code == 1 and "another key signed it" in done.output


@pytest.mark.parametrize("key", ["nonsense", "abcd", "/nowhere/key.json", str(ROOT / "README.md"), str(ROOT)])
def test_a_key_that_is_none_is_said(file, key):
    done = verify(file, "--key", key)
    assert done.exit_code == 2 and "key" in done.output and not isinstance(done.exception, ValueError)


def test_a_changed_word_does_not_hold(file):
    file.write_text(file.read_text().replace('"granted"', '"refused"', 1))
    done = verify(file)
    assert done.exit_code == 1 and "something in the receipt was changed" in done.output


def test_a_receipt_of_the_last_minute_says_that_it_is_not_sealed(tmp_path):
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(issued(sealed=False)))
    done = verify(path)
    assert done.exit_code == 0 and "not sealed yet" in done.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"%PDF-1.7", "not JSON"),
        (b"[1, 2]", "not a receipt"),
        (STORED.read_bytes()[:700], "not JSON, or only a part"),
        (b"[" * 50_000, "not JSON"),
        (b" " * 1_000_001, "longer than any receipt"),
        (b'{"form": "tillit receipt 9", "proof": {}}', "not known here"),
    ],
)
def test_a_file_that_is_no_receipt_is_said(tmp_path, content, said):
    path = tmp_path / "receipt.json"
    path.write_bytes(content)
    done = verify(path)
    assert done.exit_code == 2 and said in done.output
    assert said in json.loads(verify(path, "--json").output)["problems"][0]


def test_a_file_that_is_not_there_is_said(tmp_path):
    assert verify(tmp_path / "nothing.json").exit_code == 2
    assert "Is a directory" in verify(tmp_path).output


def test_programs_get_json(file):
    told = json.loads(verify(file, "--json").output)
    assert told["holds"] and told["sealed"] and not told["trusted"] and told["seal_number"] == 1
    assert told["said"]["purpose"] == "marketing.email" and told["problems"] == []


def test_it_runs_without_an_installation(tmp_path):
    """No database, no network, no Django, no secret: and it leaves nothing behind."""
    (tmp_path / "receipt.json").write_text(json.dumps(first_form()))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TILLIT_", "DJANGO_"))}
    script = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise RuntimeError('network')\n"
        "socket.socket.connect = refuse\n"
        "from tillit.conf.cli import main\n"
        "try: main(['receipt', 'verify', 'receipt.json'])\n"
        "finally: print('django.apps' in sys.modules and sys.modules['django.apps'].apps.ready)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=clean | {"PYTHONPATH": str(ROOT), "TILLIT_DATABASE_URL": "nonsense"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "as it was issued" in done.stdout and done.stdout.rstrip().endswith("False")
    assert [path.name for path in tmp_path.iterdir()] == ["receipt.json"]
