"""`tillit receipt verify`: check a receipt on any machine, without a database and without a network."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tillit.consent.proof import MAX_BYTES, NotReceipt, Verdict, read, verify_receipt

PROVEN, FALSE, UNREADABLE = 0, 1, 2
KEY_BYTES = 32
_STATES = {
    "granted": "said yes to",
    "refused": "said no to",
    "withdrawn": "took back their consent to",
    "objected": "objected to",
}


@click.group("receipt")
def receipt_command() -> None:
    """Check receipts of people's choices."""


@receipt_command.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEYFILE|HEX",
    help="The operator's key: a file (such as /.well-known/tillit-key.json of the operator), or 64 hexadecimal digits.",
)
@click.option("--json", "as_json", is_flag=True, help="Say it for programs.")
def verify_command(*, file: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Say what a receipt proves. Needs no database and no network.

    Exits 0 when it holds, 1 when it does not or another key signed it, and 2 when the file is no receipt.
    """
    known = _keys(keys)
    try:
        content = read(_bytes(file))
    except (OSError, NotReceipt) as error:
        _say_unreadable(error.strerror or str(error) if isinstance(error, OSError) else str(error), as_json=as_json)
        raise SystemExit(UNREADABLE) from error
    verdict = verify_receipt(content, key=known)
    click.echo(json.dumps(asdict(verdict), ensure_ascii=False, indent=1) if as_json else in_words(verdict))
    raise SystemExit(PROVEN if verdict.holds else FALSE)


def _bytes(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)  # one more than allowed, so that a longer file is seen to be one


def _say_unreadable(why: str, *, as_json: bool) -> None:
    if as_json:
        verdict = Verdict(False, False, problems=(why,))
        click.echo(json.dumps(asdict(verdict), ensure_ascii=False, indent=1))
    else:
        click.echo(f"✗ This cannot be checked: {why}.", err=True)


def in_words(verdict: Verdict) -> str:
    """Say a verdict in plain words, a line each."""
    if not verdict.holds or verdict.said is None:
        return "\n".join(["✗ This receipt does not hold.", *(f"  - {each}" for each in verdict.problems)])
    said = verdict.said
    lines = [
        "✓ This receipt is as it was issued.",
        f"  The person {said.person} {_STATES.get(said.state, said.state)} “{said.purpose}”",
        f"  on {said.at} ({said.method}), under version {said.policy} of the policy. Receipt {said.number}.",
        _seal_in_words(verdict),
        _key_in_words(verdict),
    ]
    return "\n".join(lines)


def _seal_in_words(verdict: Verdict) -> str:
    if verdict.sealed:
        when = f"seal {verdict.seal_number} of {verdict.sealed_at}"
        return f"✓ The choice lies in the sealed ledger ({when}): nobody changed it since."
    return "! It is not sealed yet, so the ledger does not prove it. Fetch it again: sealing runs every minute."


def _key_in_words(verdict: Verdict) -> str:
    if verdict.trusted:
        return f"✓ It was signed with the key that you gave ({verdict.key_id})."
    return (
        f"! It was signed with the key {verdict.key_id}."
        " Compare that with /.well-known/tillit-key.json of the operator, or give that file with --key."
    )


def _keys(given: tuple[str, ...]) -> list[bytes] | None:
    """The keys of all options, None when there is none. Raises BadParameter."""
    found = [key for each in given for key in _read_keys(each)]
    return found if given else None


def _read_keys(given: str) -> list[bytes]:
    if (key := _from_text(given)) is not None:
        return [key]
    try:
        content = _bytes(Path(given))
    except OSError as error:
        raise click.BadParameter(f"“{given}” is neither a key nor a file with one.", param_hint="--key") from error
    if len(content) == KEY_BYTES:
        return [content]
    keys = _from_published(content) or [_from_text(content.decode(errors="replace").strip())]
    if not all(keys):
        raise click.BadParameter(f"The file {given} holds no public key of {KEY_BYTES} bytes.", param_hint="--key")
    return [key for key in keys if key]


def _from_published(content: bytes) -> list[bytes | None]:
    """The keys of a file as /.well-known/tillit-key.json gives it."""
    try:
        published: Any = json.loads(content)
        return [_from_text(each["key"]) for each in published["keys"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _from_text(text: str) -> bytes | None:
    """A key in hexadecimal or base64."""
    for decode in (bytes.fromhex, lambda written: b64decode(written, validate=True)):
        try:
            key = decode(text)
        except (ValueError, NotBase64):
            continue
        if len(key) == KEY_BYTES:
            return key
    return None
