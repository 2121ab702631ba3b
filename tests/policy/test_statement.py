"""The published statement: what it says, in which order, and that every link in it leads somewhere."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tests.policy.test_reference import CLAUSES
from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Audience, Document, RecipientRole, Right
from tillit.policy.keeping import Trigger
from tillit.policy.references import said
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.roles import Role
from tillit.policy.rules import compile_rules
from tillit.policy.statement import Facts, Statement, build, turning_day
from tillit.policy.statement_blocks import Anchors, Cell, Prose, Section, Table, mail, web
from tillit.policy.statement_blocks import Facts as Pairs
from tillit.policy.statement_phrases import PHRASES
from tillit.policy.statement_words import Words
from tillit.policy.values import Period

VERSION = Facts(number=7, digest="ab" * 32, effective_at=datetime(2026, 5, 1, 8, 30, tzinfo=UTC))


def made(document: Document, **more) -> Statement:
    return build(document, compile_rules(document), **{"language": "en", "version": VERSION} | more)


@pytest.fixture(scope="module", params=["en", "sv"])
def statement(request, reference) -> Statement:
    return made(reference, language=request.param)


def cells(statement: Statement) -> list[Cell]:
    """Every cell of every table and list of facts."""
    found: list[Cell] = []
    for section in statement.walk():
        for block in section.blocks:
            if isinstance(block, Table):
                found += [cell for row in block.rows for cell in row.cells]
            elif isinstance(block, Pairs):
                found += [cell for _, cell in block.pairs]
    return found


def words_of(statement: Statement) -> str:
    """Everything a reader reads, as one text."""
    said = [statement.title, *(span.text for span in statement.head), statement.introduction.text]
    for section in statement.walk():
        said.append(section.title)
        said += [block.text for block in section.blocks if isinstance(block, Prose)]
        said += [term for block in section.blocks if isinstance(block, Pairs) for term, _ in block.pairs]
    said += [span.text for cell in cells(statement) for line in cell for span in line]
    return " ".join(" ".join(said).split())


def find(statement: Statement, anchor: str) -> Section:
    return next(section for section in statement.walk() if section.anchor == anchor)


@pytest.mark.clause("J1")
def test_the_version_its_date_and_its_digest_stand_on_top(statement):
    said = "".join(span.text for span in statement.head)
    date_said = {"en": "Version 7 · Applies from 1 May 2026", "sv": "Version 7 · Gäller från 1 maj 2026"}
    assert said.startswith(date_said[statement.language])
    assert "ab" * 32 in said


def test_without_a_version_it_is_called_a_draft(reference):
    (only,) = made(reference, language="sv", version=None).head
    assert only.text == "Utkast, gäller inte"


def test_the_short_form_comes_first_and_is_short(statement):
    short = statement.sections[0]
    assert short.anchor == "short"
    said = " ".join(span.text for block in short.blocks for _, cell in block.pairs for line in cell for span in line)
    assert len(said.split()) < 320  # half a page, where a page of this size holds some 600 words
    assert "Smart Media Solutions AB" in said and "privacy@smartmediasolutions.example" in said


@pytest.mark.clause("A9")
def test_the_layers_come_before_what_is_for_everyone_and_the_tables_after(statement):
    order = [section.anchor for section in statement.sections]
    layers = [f"for-{each}" for each in ("contacts", "visitors", "members", "partners", "applicants", "customers")]
    tables = ["purposes", "categories", "sources", "recipients", "trackers", "retention", "rights", "contact"]
    assert [each for each in order if each not in ("duties", "measures")] == ["short", *layers, "for-everyone", *tables]


@pytest.mark.clause("A9")
def test_an_audience_sees_its_own_layer(reference):
    applicants = made(reference, audience=Audience.APPLICANTS)
    order = [section.anchor for section in applicants.sections]
    assert order[:3] == ["short", "for-applicants", "for-everyone"]
    assert not [each for each in order[3:] if each.startswith("for-")]
    shown = {row.id for row in applicants.purposes}
    assert {"recruitment.assess", "rights.fulfil"} <= shown
    assert "marketing.email" not in shown
    assert "purpose-marketing.email" not in applicants.every_anchor()


@pytest.mark.parametrize("clause", CLAUSES)
def test_every_clause_has_exactly_one_anchor(statement, clause):
    assert statement.every_anchor().count(f"clause-{clause.lower()}") == 1


@pytest.mark.parametrize("audience", [None, *Audience])
def test_every_link_leads_somewhere(reference, audience):
    statement = made(reference, audience=audience)
    anchors = statement.every_anchor()
    assert len(anchors) == len(set(anchors))
    leads = {span.href[1:] for cell in cells(statement) for line in cell for span in line if span.href[:1] == "#"}
    assert leads <= set(anchors)
    assert {"short", "purposes", "recipients", "trackers", "retention", "rights", "contact"} <= set(anchors)


def test_everything_the_document_promises_is_in_it(statement, reference):
    language, said = statement.language, words_of(statement)
    for group in (reference.purposes, reference.categories, reference.rights, reference.safeguards, reference.trackers):
        for part in group.values():
            assert part.title.said(language) in said
    for section in reference.statement.sections.values():
        assert section.title.said(language) in said
    for recipient in reference.recipients.values():
        assert (recipient.title.said(language) if recipient.title else recipient.name) in said


@pytest.mark.clause("A1", "J3")
def test_who_stands_behind_it_and_whom_to_write_to_is_said_by_mail_and_by_post(statement, reference):
    said = words_of(statement)
    operator = reference.operator
    assert operator.name in said and operator.address in said and operator.business.said(statement.language) in said
    contact = find(statement, "contact")
    told = " ".join(span.text for block in contact.blocks for _, cell in block.pairs for line in cell for span in line)
    for officer in reference.officers:
        assert officer.name in told and officer.address in told and officer.email in told
    serving = {"en": "Serves: ", "sv": "Ansvarar för: "}[statement.language]
    words = Words(statement.language)
    for region in (Region.EEA, Region.UK):
        assert serving + words.region(region) in told
    assert serving + words.phrase("other_regions") in told


@pytest.mark.clause("D1", "D4")
def test_what_article_13_asks_of_a_purpose_is_said(statement, reference):
    """Source: GDPR art 13(1)(c)-(d), 13(2)(e)."""
    language = statement.language
    words = Words(language)
    for name, purpose in reference.purposes.items():
        entry = find(statement, f"purpose-{name}")
        pairs = dict(pair for block in entry.blocks if isinstance(block, Pairs) for pair in block.pairs)
        assert words.phrase("ground") in pairs and words.phrase("your_say") in pairs
        if Basis.LEGITIMATE_INTEREST in purpose.grounds:
            assert pairs[words.phrase("weighed")][0][0].text == said(reference, purpose.balancing, language)
        if purpose.compulsory:
            assert pairs[words.phrase("compulsory")][0][0].text == purpose.compulsory.said(language)
        assert (words.phrase("on_behalf") in pairs) is (purpose.role != "controller")


@pytest.mark.clause("A8")
def test_the_statement_says_for_which_places_it_holds(statement, reference):
    who = said(reference, reference.statement.sections["who"].text, statement.language)
    assert who in [block.text for block in find(statement, "section-who").blocks if isinstance(block, Prose)]


@pytest.mark.clause("B13")
def test_recipients_and_the_sites_of_others_are_listed_with_their_own_policies(statement, reference):
    hrefs = {span.href for cell in cells(statement) for line in cell for span in line}
    policies = {recipient.policy for recipient in reference.recipients.values() if recipient.policy}
    assert policies and policies <= hrefs


def test_third_parties_with_marketing_of_their_own_are_named(statement, reference):
    """Source: California Civil Code 1798.83(b)."""
    named = {
        span.href
        for block in find(statement, "marketing").blocks
        if isinstance(block, Pairs)
        for _, cell in block.pairs
        for line in cell
        for span in line
        if span.href
    }
    marked = {f"#recipient-{name}" for name, each in reference.recipients.items() if each.direct_marketing}
    assert named == marked != set()


@pytest.mark.parametrize("language", ["en", "sv"])
def test_somebody_in_an_unknown_region_finds_a_sentence_for_them(reference, language):
    intro = find(made(reference, language=language), "purposes").blocks[0].text
    assert {"en": "While we do not know where you are", "sv": "Så länge vi inte vet var du är"}[language] in intro


@settings(max_examples=20)
@given(our.documents(), st.sampled_from(["en", "sv", "de"]))
def test_any_document_has_a_statement_without_a_missing_word(document, language):
    statement = made(document, language=language, version=None)
    said = words_of(statement)
    assert "None" not in said and "{" not in said
    anchors = statement.every_anchor()
    assert len(anchors) == len(set(anchors))


def test_a_statement_stays_true_until_a_safeguard_begins_or_ends(reference):
    assert turning_day(reference, date(2026, 5, 1)) == date(2024, 9, 15)
    assert turning_day(reference, date(2031, 12, 26)) == date(2024, 9, 15)
    assert turning_day(reference, date(2031, 12, 27)) == date(2031, 12, 27)
    before, after = (words_of(made(reference, on=day)) for day in (date(2031, 12, 26), date(2031, 12, 27)))
    assert before != after


@pytest.mark.parametrize("language", ["en", "sv"])
def test_there_is_a_word_for_everything(language):
    words = Words(language)
    assert all(words.basis(basis) for basis in Basis)
    assert all(words.say(basis, objection) for basis in Basis for objection in Objection)
    assert all(words.region(region) for region in Region)
    assert all(words.audience(audience) for audience in Audience)
    assert all(words.role(role) for role in Role)
    assert all(words.trigger(trigger) for trigger in Trigger)
    assert all(words.right(right) for right in Right)
    assert all(words.recipient(role) for role in RecipientRole)
    assert len({words.region(region) for region in Region}) == len(Region)


def test_every_phrase_is_said_in_both_languages():
    assert [name for name, (english, swedish) in PHRASES.items() if not english or not swedish] == []
    alike = {"version", "link", "script"}
    same = {name for name, (english, swedish) in PHRASES.items() if english == swedish}
    assert same <= alike


@pytest.mark.parametrize(
    ("regions", "english", "swedish"),
    [
        ([Region.EEA, Region.UK], "EEA and United Kingdom", "EES och Storbritannien"),
        ([Region.US_CA, Region.US], "United States", "USA"),
        ([Region.EEA, Region.US], "EEA and United States outside California", "EES och USA utom Kalifornien"),
        (
            [Region.CH, Region.US_CA, Region.US, Region.CA],
            "Switzerland, United States and Canada",
            "Schweiz, USA och Kanada",
        ),
    ],
)
def test_regions_are_named_as_one_says_them(regions, english, swedish):
    assert Words("en").regions(regions) == english
    assert Words("sv").regions(regions) == swedish


def test_every_region_a_document_can_name_has_a_name():
    assert all(Words("en").region(region) for region in NAMED_REGIONS.values())


def test_dates_countries_and_periods_are_said_in_the_language():
    month, days = Period.model_validate("1 month"), Period.model_validate("30 days")
    assert [Words("sv").period(month), Words("sv").period(days)] == ["1 månad", "30 dagar"]
    assert [Words("en").period(month), Words("en").period(days)] == ["1 month", "30 days"]
    assert [Words("en").day(date(2026, 5, 1)), Words("sv").day(date(2026, 5, 1))] == ["1 May 2026", "1 maj 2026"]
    assert [Words("en").country("GB"), Words("sv").country("GB"), Words("sv").country("QQ")] == [
        "United Kingdom",
        "Storbritannien",
        "QQ",
    ]


def test_a_clause_gets_its_anchor_once():
    anchors = Anchors()
    assert anchors.of(("C9", "C9"), ("E5",)) == ("clause-c9", "clause-e5")
    assert anchors.of(("C9",)) == ()


@pytest.mark.parametrize(
    "bad", ["javascript:alert(1)", "data:text/html,x", "/relative", "https://a b", 'https://a"b', ""]
)
def test_only_the_web_is_linked_to(bad):
    assert web(bad) == ""
    assert web("https://example.org/privacy?a=b") == "https://example.org/privacy?a=b"


@pytest.mark.parametrize("bad", ["no address", "a@b?subject=x", "a b@c", 'a"@b', "x:y@z"])
def test_only_a_mail_address_is_written_to(bad):
    assert mail(bad) == ""
    assert mail("a@example.org") == "mailto:a@example.org"
