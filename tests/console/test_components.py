"""The components of the design system."""

from __future__ import annotations

import json
import re

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from tests import make
from tests.browser import Served, assert_accessible
from tillit.accounts.models import Workspace
from tillit.console.export import csv_file
from tillit.console.figures import Chart, Series
from tillit.console.listing import Listing
from tillit.people.models import MailingList


def render(source: str, **values: object) -> str:
    return Template("{% load console %}" + source).render(Context(values))


class Form(forms.Form):
    name = forms.CharField(help_text="As it should read.")
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    agreed = forms.BooleanField()
    hidden = forms.CharField(widget=forms.HiddenInput)


def test_a_field_is_tied_to_its_label_help_and_errors() -> None:
    html = str(Form({"hidden": "x"}))
    control = re.search(r"<input[^>]*name=\"name\"[^>]*>", html)
    assert control
    assert 'class="form-control is-invalid"' in control[0]
    assert 'aria-invalid="true"' in control[0]
    described = re.search(r'aria-describedby="([^"]+)"', control[0])
    assert described
    for part in described[1].split():
        assert f'id="{part}"' in html
    assert '<label class="form-label required" for="id_name"' in html
    assert html.count('type="hidden"') == 1


def test_choices_stand_in_a_group_with_a_name() -> None:
    assert "<legend" in str(Form()["kind"].as_field_group())


def test_a_chart_carries_its_numbers_as_a_table() -> None:
    chart = Chart(id="c", title="Sends", labels=["Mon", "Tue"], series=[Series("Sent", [1234, None])])
    html = render("{% chart chart %}", chart=chart)
    data = re.search(r'<script id="c-data" type="application/json">(.*?)</script>', html)
    assert data
    assert json.loads(data[1])["series"] == [{"name": "Sent", "values": [1234, None]}]
    assert "1,234" in html
    assert 'scope="row">Tue</th>' in html


def test_what_is_shown_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    for source in (
        "{% stat evil evil hint=evil %}",
        "{% badge evil evil %}",
        "{% empty evil evil action=evil href=evil %}",
        "{% progress 1 2 label=evil %}",
        "{% copy evil label=evil %}",
        '{% confirm "x" title=evil text=evil action=evil %}',
        "{% icon evil label=evil %}",
        "{% facts pairs %}",
    ):
        assert "<script>alert" not in render(source, evil=evil, pairs=[(evil, evil)])


@pytest.mark.parametrize(("done", "total", "said"), [(0, 0, "indeterminate"), (5, 10, "50 %"), (20, 10, "100 %")])
def test_progress_never_passes_its_end(done: int, total: int, said: str) -> None:
    assert said in render('{% progress done total label="Import" %}', done=done, total=total)


def test_a_cell_that_a_spreadsheet_would_run_is_quoted() -> None:
    response = csv_file("x.csv", ["a"], [["=HYPERLINK()"], ["-1+1"], ["plain"], [-5]])
    assert response.content.decode("utf-8-sig").split("\r\n")[1:5] == ["'=HYPERLINK()", "'-1+1", "plain", "-5"]


@pytest.fixture
def lists(db: None) -> Workspace:
    workspace = make.workspace(bare=True)
    for n in range(7):
        MailingList.objects.create(workspace=workspace, name=f"List {n}", description="even" if n % 2 == 0 else "odd")
    return workspace


def listing(workspace: Workspace, query: str, **more: object) -> Listing:
    request = RequestFactory().get(f"/?{query.lstrip('?')}")
    sorts = {"name": "name", "kind": "description", "newest": "-created_at"}
    rows = MailingList.objects.filter(workspace=workspace)
    return Listing(request, rows, sorts=sorts, per_page=3, **more)


@pytest.mark.parametrize("sort", ["name", "-name", "kind", "-kind", "newest", "-newest"])
def test_every_row_is_on_one_page_whatever_the_order(lists: Workspace, sort: str) -> None:
    pages, query = [], f"sort={sort}"
    while query:
        page = listing(lists, query)
        pages.append([row.name for row in page])
        query = page.next_href
    assert [len(page) for page in pages] == [3, 3, 1]
    names = [name for page in pages for name in page]
    assert len(set(names)) == 7
    assert names == [row.name for row in listing(lists, f"sort={sort}").whole]
    back = listing(lists, page.previous_href)
    assert [row.name for row in back] == pages[1]
    first = listing(lists, back.previous_href)
    assert [row.name for row in first] == pages[0]
    assert not first.previous_href


def test_rows_that_come_and_go_do_not_shift_the_next_page(lists: Workspace) -> None:
    page = listing(lists, "sort=name")
    MailingList.objects.filter(workspace=lists, name="List 0").delete()
    MailingList.objects.create(workspace=lists, name="A first one")
    assert [row.name for row in listing(lists, page.next_href)] == ["List 3", "List 4", "List 5"]


def test_an_unknown_order_is_the_default_one(lists: Workspace) -> None:
    assert listing(lists, "sort=password").sort == "name"


def test_a_column_head_turns_its_order_round(lists: Workspace) -> None:
    page = listing(lists, "sort=name&q=List", search=lambda rows, text: rows.filter(name__icontains=text))
    assert page.direction("name") == "ascending"
    assert page.direction("newest") == ""
    assert page.sort_href("name") == "?sort=-name&q=List"
    assert listing(lists, "sort=-name").direction("name") == "descending"
    assert listing(lists, "sort=newest").direction("newest") == "descending"


@pytest.mark.browser
def test_the_accessibility_check_finds_what_is_wrong(served: Served, browser_page: object) -> None:
    browser_page.goto(served.url + "/account/login/")
    browser_page.evaluate("document.querySelector('label').style.color = '#ddd'")
    with pytest.raises(AssertionError, match="color-contrast"):
        assert_accessible(browser_page)
