"""The statement as Markdown: whole, in the order of the statement, with every character of a policy harmless."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.policy import strategies as our
from tests.policy.test_statement import made
from tillit.policy.document import Document
from tillit.policy.markdown import cell, plain, table
from tillit.policy.references import said
from tillit.policy.statement_markdown import write

_READER = MarkdownIt("commonmark", {"html": True}).enable("table")


@pytest.mark.parametrize("language", ["en", "sv"])
def test_headings_and_tables_stand_in_the_order_of_the_statement(reference, language):
    statement = made(reference, language=language)
    tokens = _READER.parse(write(statement))
    headings = [
        tokens[place + 1].children[0].content for place, token in enumerate(tokens) if token.type == "heading_open"
    ]
    assert headings == [statement.title, *(section.title for section in statement.walk())]
    assert sum(token.type == "table_open" for token in tokens) >= 10


def test_texts_of_the_document_are_in_it_word_for_word(reference):
    text = write(made(reference))
    for section in reference.statement.sections.values():
        assert said(reference, section.text, "en") in text
    for rule in reference.retention.values():
        assert rule.reason.said("en") in text


@settings(max_examples=60)
@given(our.documents(), st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs"]), min_size=1))
def test_no_name_breaks_a_table_or_opens_a_tag(document, name):
    name = f"x{name}x"
    tree = document.model_dump(mode="json")
    category = next(iter(tree["categories"]))
    tree["recipients"] = {
        "company": {
            "name": name,
            "address": name,
            "country": "SE",
            "role": "processor",
            "business": {"en": "Trade", "sv": "Handel"},
            "categories": [category],
        }
    }
    statement = made(Document.model_validate(tree))
    tokens = _READER.parse(write(statement))
    rows = sum(token.type == "tr_open" for token in tokens)
    tables = [block for section in statement.walk() for block in section.blocks if hasattr(block, "columns")]
    assert rows == sum(1 + len(each.rows) for each in tables)
    inline = [child for token in tokens for child in token.children or () if child.type == "html_inline"]
    assert {child.content[:7] for child in inline} <= {'<a id="', "</a>", "<br>"}


def test_plain_words_have_no_meaning_in_markdown():
    assert plain("A *B* [c](d) <e>\n| f") == r"A \*B\* \[c\](d) \<e\> \| f"
    assert cell("two\nlines | here") == "two lines \\| here"
    assert table(["a"], [["b"]]) == "| a |\n| --- |\n| b |"
