"""A receipt proves itself: whoever has it can check it without us, and no word of it can be changed unseen."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from tests.consent.issuing import STORED, at, first_form, issued, places
from tests.environment import ROOT
from tillit.consent.actions import choose
from tillit.consent.proof import MAX_BYTES, canonical, root_of
from tillit.consent.receipts import published_keys, receipt, verify_receipt
from tillit.env import env
from tillit.ledger import seal
from tillit.ledger.actions import publish
from tillit.people.records import change_place
from tillit.people.standing import kept_since
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db


def record(made: dict[str, Any]) -> dict[str, Any]:
    return made["dpv:hasRecordOfActivity"]


@pytest.mark.clause("D5", "E3")
def test_a_receipt_holds_what_was_chosen_and_proves_it():
    made = issued()
    verdict = verify_receipt(json.dumps(made))
    assert (verdict.holds, verdict.sealed, verdict.problems) == (True, True, ())
    said, process = record(made), record(made)["dpv:hasProcess"]
    assert (said["state"], said["method"], said["policy"]["number"]) == ("granted", "confirmed", 1)
    assert said["dpv:hasConsentStatus"]["@type"] == ["dpv:ConsentGiven", "dpv:ExpressedConsent"]
    assert said["dpv:hasConsentStatus"]["dpv:hasDuration"]["@type"] == "dpv:UntilTimeDuration"
    assert process["dpv:hasPurpose"]["dct:identifier"] == "marketing.email"
    assert process["dpv:hasPurpose"]["dct:title"] == "Nyheter och erbjudanden med e-post"
    assert process["dpv:hasLegalBasis"] == {"@type": "eu-gdpr:A6-1-a", "dct:identifier": "consent"}
    assert process["dpv:hasJurisdiction"] == {
        "@id": "loc:EEA",
        "@type": "dpv:Location",
        "dct:identifier": "EEA",
        "certain": True,
    }
    shown, statement = said["dpv:hasNotice"]
    assert shown["text"].startswith("Nyheter och erbjudanden") and shown["dct:language"] == ["sv"]
    assert statement["schema:url"].endswith("/v/1")
    names = {each["dpv:hasIdentifier"]: each.get("dpv:hasName") for each in said["dpv:hasEntity"]}
    assert names["operator"] == "Smart Media Solutions AB" and names["recipient:mail-relay"] == "Relaypoint Inc."
    assert names["authority"].startswith("Swedish Authority for Privacy Protection")


def test_the_verdict_says_what_was_chosen_and_where_it_is_sealed():
    made = issued()
    verdict = verify_receipt(made)
    assert verdict.said and (verdict.said.purpose, verdict.said.state) == ("marketing.email", "granted")
    assert verdict.said.person == record(made)["dpv:hasDataSubject"] and verdict.said.policy == 1
    assert verdict.seal_number == 1 and verdict.sealed_at.startswith(str(timezone.now().year))


def test_a_receipt_holds_no_name_and_no_address():
    text = json.dumps(issued())
    assert "@example.org" not in text


@pytest.mark.clause("D2", "E3")
def test_what_counted_when_the_person_chose_counts(policy_text):
    """Later they move, and a later version of the policy says something else: the receipt stays as it was."""
    workspace = make.workspace()
    person = make.person(workspace, region=Region.US)
    choice = make.choice(workspace, person, "marketing.email", "objected")

    def made() -> dict[str, Any]:
        found = receipt(workspace.pk, person, choice, keys=env().keys, by="test")
        assert found is not None
        return record(found)

    before = made()
    assert before["dpv:hasProcess"]["dpv:hasLegalBasis"]["dct:identifier"] == "opt-out"
    assert before["dpv:hasStatus"]["@type"] == ["dpv:OptingOutFromProcess"]
    change_place(workspace.pk, person, region=Region.EEA, language="", by="test")
    changed = policy_text.replace("Exempelgatan 1", "Nygatan 2")
    publish(workspace.pk, changed, by=None, now=timezone.now())
    assert made() == before
    later = choose(workspace.pk, person, {"marketing.email": "granted"}, method="preferences", now=timezone.now())
    after = record(receipt(workspace.pk, person, later["marketing.email"], keys=env().keys, by="test") or {})
    assert after["dpv:hasProcess"]["dpv:hasLegalBasis"] == {"@type": "eu-gdpr:A6-1-a", "dct:identifier": "consent"}
    assert after["policy"]["number"] == 2 and "Nygatan 2" in after["dpv:hasEntity"][0]["dpv:hasAddress"]


def test_a_choice_before_changes_were_kept_says_that_its_law_is_not_certain():
    workspace = make.workspace()
    person = make.person(workspace)
    long_ago = kept_since() - timedelta(days=30)
    choice = choose(workspace.pk, person, {"marketing.email": "granted"}, method="operator", now=long_ago)
    make_older(workspace, person, long_ago)
    made = receipt(workspace.pk, person, choice["marketing.email"], keys=env().keys, by="test")
    assert made and record(made)["dpv:hasProcess"]["dpv:hasJurisdiction"]["certain"] is False


def make_older(workspace, person, moment) -> None:
    from tillit.ledger.processing import processing
    from tillit.people.models import Person

    with processing(workspace.pk, "audience.administer", by="test", act="backdate"):
        Person.objects.filter(pk=person).update(created_at=moment - timedelta(days=1))


def test_before_it_is_sealed_a_receipt_holds_and_says_that_it_is_not_sealed():
    verdict = verify_receipt(issued(sealed=False))
    assert (verdict.holds, verdict.sealed, verdict.seal_number) == (True, False, None)


def test_the_operators_key_is_checked_when_given():
    made = issued()
    key = seal.signing_key(env().keys).public_key()
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert verify_receipt(made, key=raw).trusted and verify_receipt(made, key=[bytes(32), raw]).trusted
    assert not verify_receipt(made).trusted
    assert seal.key_id(key) == verify_receipt(made).key_id
    assert "another key signed it" in verify_receipt(made, key=bytes(32)).problems


def test_the_published_key_is_the_one_that_signs():
    made = issued()
    [published] = published_keys(env().keys)["keys"]
    assert (published["id"], published["key"]) == (verify_receipt(made).key_id, made["proof"]["key"])
    assert published["since"] and published["algorithm"] == "Ed25519"


# --- what is changed is found ----------------------------------------------------------------------------------------


def test_whatever_is_changed_is_found():
    made = issued()
    found = list(places(made))
    assert len(found) > 150
    for path in found:
        changed = copy.deepcopy(made)
        holder = at(changed, path[:-1])
        before = holder[path[-1]]
        holder[path[-1]] = not before if isinstance(before, bool) else _other(before)
        assert not verify_receipt(changed).holds, path


def _other(value: Any) -> Any:
    return value + 1 if isinstance(value, int) else f"{value or ''}x"


@given(st.data())
def test_a_single_changed_byte_is_found(data):
    """Of the file as it lies on a disk: any byte of any value, replaced by any other."""
    text = bytearray(STORED.read_bytes())
    inside = [place for place, byte in enumerate(text) if chr(byte) not in ' \n{}[],:"']
    place = data.draw(st.sampled_from(inside))
    byte = data.draw(st.integers(0, 255).filter(lambda other: other != text[place]))
    text[place] = byte
    assert not verify_receipt(bytes(text)).holds


def test_bits_that_mean_nothing_cannot_be_changed_either():
    """The last character of a signature carries four bits that decoding drops."""
    made = issued()
    signature = made["proof"]["signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = signature[-3]
    made["proof"]["signature"] = signature[:-3] + alphabet[alphabet.index(last) ^ 1] + "=="
    assert not verify_receipt(made).holds


def test_nothing_is_said_twice():
    """Some programs believe the first of two equal names, others the last."""
    text = json.dumps(issued())
    twice = text.replace('"state": "granted"', '"state": "refused", "state": "granted"')
    assert verify_receipt(text).holds and twice != text
    assert verify_receipt(twice).problems == ("something is said twice in it, so that it could be read in two ways",)


def test_a_record_signed_anew_over_another_choice_is_found():
    """Even the operator's key cannot make the ledger hold what it does not: the leaf must lie under the signed root."""
    made = issued()
    record(made)["state"] = made["proof"]["leaf"][5] = "refused"
    proof = {name: value for name, value in made["proof"].items() if name != "signature"}
    signature = seal.signing_key(env().keys).sign(canonical({**made, "proof": proof}))
    made["proof"] = {**proof, "signature": b64encode(signature).decode()}
    assert verify_receipt(made).problems == ("the choice is not in the sealed ledger",)


# --- what is no receipt ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nonsense",
    ["", "{}", "[]", "null", "7", '{"proof": 1}', b"\xff", '{"record": {}, "proof": {}}', "NaN", '{"form": 1e999}'],
)
def test_nonsense_is_no_receipt(nonsense):
    verdict = verify_receipt(nonsense)
    assert not verdict.holds and verdict.problems


def test_a_file_cut_short_is_no_receipt():
    text = json.dumps(first_form())
    for length in range(0, len(text), 97):
        assert not verify_receipt(text[:length]).holds


@pytest.mark.parametrize("opening", ["[", '{"form":'])
def test_deep_nesting_is_no_receipt(opening):
    assert verify_receipt(opening * 100_000).problems == ("this is not JSON, or only a part of it",)


def test_a_huge_file_is_not_even_read():
    assert "longer than any receipt" in verify_receipt(" " * (MAX_BYTES + 1)).problems[0]


@pytest.mark.parametrize("part", ["@type", "form", "dpv:hasRecordOfActivity", "proof", "dpv:hasIdentifier"])
def test_a_receipt_without_a_part_does_not_hold(part):
    made = issued()
    del made[part]
    assert not verify_receipt(json.dumps(made)).holds


# --- the form before -------------------------------------------------------------------------------------------------


@pytest.mark.clause("E3")
def test_a_receipt_of_the_first_form_is_good_for_ever():
    verdict = verify_receipt(STORED.read_bytes())
    assert (verdict.holds, verdict.sealed, verdict.form) == (True, True, "tillit receipt 1")
    assert verdict.said and (verdict.said.purpose, verdict.said.state) == ("marketing.email", "granted")
    assert verdict.key_id == seal.key_id(seal.signing_key(env().keys).public_key())


def test_what_is_changed_in_the_first_form_is_found():
    made = first_form()
    for path in places(made):
        changed = copy.deepcopy(made)
        holder = at(changed, path[:-1])
        holder[path[-1]] = _other(holder[path[-1]])
        assert not verify_receipt(changed).holds, path


def test_a_form_of_tomorrow_is_named_as_such():
    made = first_form() | {"form": "tillit receipt 3"}
    assert "newer version" in verify_receipt(json.dumps(made)).problems[0]


# --- alone -----------------------------------------------------------------------------------------------------------


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
