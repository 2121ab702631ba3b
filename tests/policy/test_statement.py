import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tests.policy.test_reference import CLAUSES
from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Audience, Right
from tillit.policy.keeping import Trigger
from tillit.policy.markdown import Anchors, cell, plain, table
from tillit.policy.regions import Region
from tillit.policy.roles import Role
from tillit.policy.statement import render
from tillit.policy.statement_words import Words
from tillit.policy.values import Period


@pytest.fixture(scope="module", params=["en", "sv"])
def statement(request, reference) -> tuple[str, str]:
    return request.param, render(reference, language=request.param, version="7", published=date(2026, 5, 1))


@pytest.mark.clause("J1")
def test_the_version_and_its_date_stand_on_top(statement):
    language, text = statement
    top = text.split("\n\n")[:2]
    assert top[0].startswith("# ")
    assert (
        top[1]
        == {"en": "*In force from 2026-05-01* · Version `7`", "sv": "*Gäller från 2026-05-01* · Version `7`"}[language]
    )


def test_without_a_date_it_is_called_a_draft(reference):
    assert "*Utkast, gäller inte*" in render(reference, language="sv")


@pytest.mark.parametrize("clause", CLAUSES)
def test_every_clause_has_exactly_one_anchor(statement, clause):
    assert statement[1].count(f'<a id="clause-{clause.lower()}"></a>') == 1


def test_every_link_leads_somewhere(statement):
    text = statement[1]
    anchors = re.findall(r'<a id="([^"]+)">', text)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(anchors)


def test_everything_the_document_promises_is_in_it(statement, reference):
    language, text = statement
    flat = " ".join(text.split())
    for group in (reference.purposes, reference.categories, reference.rights, reference.safeguards):
        for part in group.values():
            assert part.title.said(language) in flat
    for section in reference.statement.sections.values():
        assert section.text.said(language) in flat
    for recipient in reference.recipients.values():
        assert (recipient.title.said(language) if recipient.title else plain(recipient.name)) in flat
    for rule in reference.retention.values():
        assert rule.reason.said(language) in flat
    for officer in reference.officers:
        assert plain(officer.email) in flat


@pytest.mark.clause("D2")
def test_the_ground_of_each_region_is_said(reference):
    text = render(reference, language="en")
    assert "permitted until you say no (United States, California); elsewhere your consent" in text
    assert "a contract with you (everywhere)" in text


@pytest.mark.clause("A9")
def test_an_audience_sees_its_own_layer(reference):
    applicants = render(reference, language="en", audience=Audience.APPLICANTS)
    assert "## For applicants" in applicants and "## For everyone" in applicants
    assert "## For contacts" not in applicants
    assert 'id="purpose-recruitment.assess"' in applicants
    assert 'id="purpose-marketing.email"' not in applicants
    assert 'id="purpose-rights.fulfil"' in applicants


@pytest.mark.clause("B3")
def test_the_cookie_statement_lists_every_tracker_and_when_it_is_used(reference):
    text = render(reference, language="en")
    for tracker in reference.trackers.values():
        row = next(line for line in text.splitlines() if f"(`{tracker.name}`)" in line)
        assert row.endswith("always, since it is necessary |" if tracker.essential else "only if you permit it |")


@settings(max_examples=20)
@given(our.documents(), st.sampled_from(["en", "sv", "de"]))
def test_any_document_has_a_statement(document, language):
    text = render(document, language=language)
    assert text.startswith("# ") and text.endswith("\n")
    assert "None" not in text


@pytest.mark.parametrize("language", ["en", "sv"])
def test_there_is_a_word_for_everything(language):
    words = Words(language)
    assert all(words.basis(basis) for basis in Basis)
    assert all(words.objection(objection) for objection in Objection)
    assert all(words.region(region) for region in Region)
    assert all(words.audience(audience) for audience in Audience)
    assert all(words.role(role) for role in Role)
    assert all(words.trigger(trigger) for trigger in Trigger)
    assert all(words.right(right) for right in Right)


def test_periods_are_said_in_the_language():
    month, days = Period.model_validate("1 month"), Period.model_validate("30 days")
    assert [Words("sv").period(month), Words("sv").period(days)] == ["1 månad", "30 dagar"]
    assert [Words("en").period(month), Words("en").period(days)] == ["1 month", "30 days"]


def test_plain_words_have_no_meaning_in_markdown():
    assert plain("A *B* [c](d) <e>\n| f") == r"A \*B\* \[c\](d) \<e\> \| f"
    assert cell("two\nlines | here") == "two lines \\| here"
    assert table(["a"], [["b"]]) == "| a |\n| --- |\n| b |"


def test_a_clause_gets_its_anchor_once():
    anchors = Anchors()
    assert anchors.of(("C9", "C9"), ("E5",)) == '<a id="clause-c9"></a><a id="clause-e5"></a>'
    assert anchors.of(("C9",)) == ""
