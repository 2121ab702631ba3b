"""The policies that ship: found from a clone and from an installed copy, filled in and clean."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.environment import ROOT
from tillit.policy import templates
from tillit.policy.check import check
from tillit.policy.load import load, parse
from tillit.policy.problems import PolicyErrors
from tillit.policy.required import CODE_PURPOSES
from tillit.policy.templates import TEMPLATES, Company, Facts, filled, seat_of

FACTS = Facts(
    name="Byabladet",
    address="Storgatan 1, 223 50 Lund",
    country="SE",
    email="hej@byabladet.example",
    seat="Lund",
    business="We publish a newsletter.",
    business_sv="Vi ger ut ett nyhetsbrev.",
    processor=Company(name="Nordlys AB", address="Datavägen 4, Luleå", country="SE"),
)


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_a_template_as_it_ships_cannot_be_published(template):
    with pytest.raises(PolicyErrors) as caught:
        load(templates.text(template))
    assert all("was never filled in" in problem.message for problem in caught.value.problems)


@pytest.mark.clause("A1", "A10", "J3")
@pytest.mark.parametrize("template", sorted(TEMPLATES))
@pytest.mark.parametrize("country", ["SE", "US"])
@pytest.mark.parametrize("processor", ["SE", "US"])
def test_filled_in_it_is_without_a_finding(template, country, processor):
    company = replace(FACTS.processor, country=processor)
    document, lines = parse(filled(template, replace(FACTS, country=country, processor=company)))
    assert [str(problem) for problem in check(document, lines=lines)] == []
    assert document.recipients["platform"].role == "processor"
    assert (document.rights["gdpr"].authority is not None) is (country == "SE")


@pytest.mark.clause("C8")
def test_a_newsletter_has_the_purposes_the_program_needs_and_no_more():
    document = load(filled("newsletter-only", replace(FACTS, processor=None)))
    assert set(document.purposes) == CODE_PURPOSES
    assert document.recipients == {}
    assert set(document.purposes["marketing.email"].basis.values()) == {"consent"}


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60))
def test_no_name_breaks_the_document(name):
    said = " ".join(name.split())
    if said and "{{" not in said and "FILL IN" not in said and "FYLL I" not in said:
        assert load(filled("newsletter-only", replace(FACTS, name=said))).operator.name == said


def test_the_seat_is_guessed_from_the_address():
    assert seat_of("Storgatan 1, SE-223 50 Lund") == "Lund"
    assert seat_of("2 Example Street, London EC1A 1AA") == "London"
    assert seat_of("Lund") == "Lund"


def test_an_unknown_template_is_refused():
    with pytest.raises(KeyError):
        templates.text("../secrets")


def test_the_policies_of_a_clone_are_those_of_the_package():
    for name in (templates.REFERENCE, *TEMPLATES):
        assert (ROOT / "policies" / f"{name}.yaml").read_text(encoding="utf-8") == templates.text(name)


def test_an_installed_copy_has_the_policies_and_the_law(tmp_path: Path):
    """What setuptools would install, listed by setuptools itself."""
    listing = (
        "from setuptools import Distribution; d = Distribution(); d.parse_config_files(); "
        "d.include_package_data = False; c = d.get_command_obj('build_py'); c.ensure_finalized(); "
        "print(chr(10).join(f'{p}/{f}' for p, _, _, files in c.data_files for f in files))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {line.rpartition("/")[2] for line in done.stdout.splitlines()}
    assert {f"{name}.yaml" for name in (templates.REFERENCE, *TEMPLATES)} <= names
    assert {"duties.yaml", "dpv.yaml", "authorities.yaml"} <= names
