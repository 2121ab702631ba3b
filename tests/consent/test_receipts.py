"""A receipt proves itself: whoever has it can check it without us, and no word of it can be changed unseen."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from tests.environment import ROOT
from tillit.consent import notices
from tillit.consent.actions import choose
from tillit.consent.proof import root_of
from tillit.consent.receipts import receipt, verify_receipt
from tillit.env import env
from tillit.ledger import seal
from tillit.ledger.versions import in_force

pytestmark = pytest.mark.django_db


def issued(*, sealed: bool = True) -> dict[str, Any]:
    workspace = make.workspace()
    person = make.person(workspace)
    make.choice(workspace, person, "analytics.predict", "refused")
    text = notices.purpose_notice(in_force(workspace.pk).document.purposes["marketing.email"], "sv")
    digest = notices.keep(text, language="sv", now=timezone.now())
    choice = choose(
        workspace.pk,
        person,
        {"marketing.email": "granted"},
        method="confirmed",
        now=timezone.now(),
        notices={"marketing.email": digest},
    )["marketing.email"]
    if sealed:
        seal.seal(env().keys, now=timezone.now())
    made = receipt(workspace.pk, person, choice, keys=env().keys, by="test", language="sv")
    assert made is not None
    return made


@pytest.mark.clause("D5", "E3")
def test_a_receipt_holds_what_was_chosen_and_proves_it():
    made = issued()
    verdict = verify_receipt(json.dumps(made))
    assert (verdict.holds, verdict.sealed, verdict.problems) == (True, True, ())
    record = made["record"]
    assert (record["purpose"], record["state"], record["method"]) == ("marketing.email", "granted", "confirmed")
    assert record["dpv:hasConsentStatus"] == "dpv:ConsentGiven"
    assert record["dpv:hasDataController"]["dpv:hasName"] == "Smart Media Solutions AB"
    assert record["dpv:hasLegalBasis"] == {"basis": "consent", "dpv": "eu-gdpr:A6-1-a"}
    assert record["dpv:hasPurpose"]["dct:title"] == "Nyheter och erbjudanden med e-post"
    assert record["notice"]["text"].startswith("Nyheter och erbjudanden")
    assert record["dpv:hasDuration"]["until"] is not None
    assert record["dpv:hasJurisdiction"] == "EEA"
    assert len(record["policy"]["digest"]) == 64


def test_a_receipt_holds_no_name_and_no_address():
    text = json.dumps(issued())
    assert "@example.org" not in text


def test_before_it_is_sealed_a_receipt_holds_and_says_that_it_is_not_sealed():
    verdict = verify_receipt(issued(sealed=False))
    assert (verdict.holds, verdict.sealed) == (True, False)


def test_the_operators_key_is_checked_when_given():
    made = issued()
    key = seal.signing_key(env().keys).public_key()
    assert verify_receipt(made, key=key.public_bytes(Encoding.Raw, PublicFormat.Raw)).holds
    assert seal.key_id(key) == verify_receipt(made).key_id
    assert "another key signed it" in verify_receipt(made, key=bytes(32)).problems


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a receipt that holds a single value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path
    else:
        for key, each in items:
            yield from places(each, (*path, key))


def test_whatever_is_changed_is_found():
    made = issued()
    found = list(places(made))
    assert len(found) > 60
    for path in found:
        changed = copy.deepcopy(made)
        holder = changed
        for step in path[:-1]:
            holder = holder[step]
        before = holder[path[-1]]
        holder[path[-1]] = before + 1 if isinstance(before, int) else f"{before or ''}x"
        assert not verify_receipt(changed).holds, path


def test_a_record_signed_anew_over_another_choice_is_found():
    """Even the operator's key cannot make the ledger hold what it does not: the leaf must lie under the signed root."""
    from base64 import b64encode

    from tillit.consent.proof import canonical

    made = issued()
    made["record"]["state"] = made["proof"]["leaf"][5] = "refused"
    proof = {name: value for name, value in made["proof"].items() if name != "signature"}
    signature = seal.signing_key(env().keys).sign(canonical({**made, "proof": proof}))
    made["proof"] = {**proof, "signature": b64encode(signature).decode()}
    assert verify_receipt(made).problems == ("the choice is not in the sealed ledger",)


@pytest.mark.parametrize(
    "nonsense", ["", "{}", "[]", "null", "7", '{"proof": 1}', b"\xff", '{"record": {}, "proof": {}}']
)
def test_nonsense_is_no_receipt(nonsense):
    verdict = verify_receipt(nonsense)
    assert not verdict.holds and verdict.problems


def test_it_is_checked_by_a_file_of_its_own(tmp_path):
    """The verifier runs without Django, without the database and without the rest of the program."""
    (tmp_path / "proof.py").write_text((ROOT / "tillit" / "consent" / "proof.py").read_text())
    (tmp_path / "receipt.json").write_text(json.dumps(issued()))
    script = "import proof; print(proof.verify_receipt(open('receipt.json').read()))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "holds=True, sealed=True" in done.stdout


@given(st.integers(1, 130), st.data())
def test_the_path_leads_to_the_root_of_the_ledgers_own_tree(size, data):
    entries = [hashlib.sha256(str(number).encode()).digest() for number in range(size)]
    tree = seal.tree_of(entries)
    position = data.draw(st.integers(0, size - 1))
    path = [bytes(step) for step in tree.prove_inclusion(position + 1, size).path[1:]]
    root = bytes(tree.get_root())
    assert root_of(entries[position], position=position, size=size, path=path) == root
    elsewhere = data.draw(st.integers(0, size))
    if elsewhere != position:
        assert root_of(entries[position], position=elsewhere, size=size, path=path) != root
    assert root_of(b"x" * 32, position=position, size=size, path=path) != root
    assert root_of(entries[position], position=position, size=size, path=[*path, b"x" * 32]) != root


def test_nobody_gets_the_receipt_of_somebody_else():
    workspace = make.workspace()
    ann, bo = make.person(workspace), make.person(workspace)
    choice = make.choice(workspace, ann)
    assert receipt(workspace.pk, bo, choice, keys=env().keys, by="test") is None
