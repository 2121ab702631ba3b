"""The campaign pages: written, reviewed, sent, followed."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import assert_accessible
from tillit.accounts.models import Role
from tillit.campaigns import actions
from tillit.campaigns.models import Campaign
from tillit.ledger.processing import processing
from tillit.people.actions import make_default_fields

MARKETING = "marketing.email"


@pytest.fixture
def workspace(db):
    made = make.workspace(name="Northern Lights", postal_address="Drottninggatan 1")
    make_default_fields(made.pk)
    return made


@pytest.fixture
def news(workspace):
    made = make.mailing_list(workspace, name="News")
    make.reader(workspace, email="ann@example.org", on=[made], may=[MARKETING], traits=named("Ann"))
    make.reader(workspace, email="bob@example.org", on=[made], traits=named("Bob"))
    return made


@pytest.fixture
def draft(workspace, news):
    return make.campaign(workspace, lists=[news], name="Autumn")


@pytest.fixture
def editor(workspace, client):
    made = make.member(workspace, role=Role.EDITOR)
    client.force_login(made)
    return made


def named(name: str) -> dict[str, dict[str, str]]:
    return {"identity": {"first_name": name}}


def at(campaign: Campaign, tail: str = "") -> str:
    return f"/w/{campaign.workspace_id}/campaigns/{campaign.pk}{tail}"


def form(news, **changes) -> dict[str, object]:
    return {
        "name": "Autumn",
        "purpose": MARKETING,
        "lists": [news.pk],
        "subject": "Hello",
        "preheader": "",
        "kind": "markdown",
        "body": "# Hello\n\nDear {{ first_name }}",
        "language": "en",
        "from_name": "",
        "from_email": "news@example.com",
        "reply_to": "",
        **changes,
    }


def sent(campaign: Campaign) -> Campaign:
    actions.send(campaign, by="user:1", now=timezone.now())
    actions.prepare(campaign.pk)
    campaign.refresh_from_db()
    return campaign


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_can_be_searched_filtered_and_exported(workspace, draft, editor, client):
    sent(make.campaign(workspace, lists=list(draft.lists.all()), name="Winter"))
    address = f"/w/{workspace.pk}/campaigns"
    assert b"Autumn" in client.get(address).content and b"Winter" in client.get(address).content
    assert b"Winter" not in client.get(f"{address}?q=autumn").content
    assert b"Autumn" not in client.get(f"{address}?state=sending").content
    rows = list(csv.reader(io.StringIO(client.get(f"{address}?format=csv").content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["name", "Winter", "Autumn"]


def test_the_list_asks_as_much_for_many_as_for_few(workspace, news, editor, client):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(f"/w/{workspace.pk}/campaigns")
        return len(captured)

    make.campaign(workspace, lists=[news])
    few = queries()
    for _ in range(8):
        make.campaign(workspace, lists=[news])
    assert queries() == few <= 15


def test_an_empty_list_says_what_to_do_first(workspace, editor, client):
    assert b"Write the first" in client.get(f"/w/{workspace.pk}/campaigns").content


# --- writing ---------------------------------------------------------------------------------------------------------


def test_a_draft_is_saved(workspace, news, editor, client):
    answer = client.post(f"/w/{workspace.pk}/campaigns/new", form(news))
    campaign = Campaign.objects.get()
    assert answer.status_code == 302 and answer["Location"].endswith(at(campaign, "/edit"))
    assert (campaign.subject, list(campaign.lists.all()), campaign.created_by) == ("Hello", [news], f"user:{editor.pk}")


def test_saving_may_lead_on_to_the_review(draft, news, editor, client):
    assert client.post(at(draft, "/edit"), form(news, review="1"))["Location"].endswith("/review")


def test_an_error_in_the_text_is_shown_with_its_line(draft, news, editor, client):
    answer = client.post(at(draft, "/edit"), form(news, body="# Hello\n\nDear {{ frist_name }}"))
    assert answer.status_code == 422
    assert b"Line 3, column 6" in answer.content and "“first_name”".encode() in answer.content
    draft.refresh_from_db()
    assert "frist_name" not in draft.body
    assert b"frist_name" in answer.content  # what was written is not lost


@pytest.mark.clause("C8")
def test_a_field_the_purpose_may_not_use_is_refused_with_the_reason(workspace, draft, news, editor, client):
    workspace.fields.create(name="purchase", label="Last purchase", category="purchases")
    answer = client.post(at(draft, "/edit"), form(news, body="{{ purchase }}"))
    assert answer.status_code == 422 and "“Purchases and invoices”".encode() in answer.content


def test_a_list_of_another_workspace_cannot_be_chosen(draft, editor, client):
    foreign = make.mailing_list(make.workspace())
    assert client.post(at(draft, "/edit"), form(foreign)).status_code == 422


@pytest.mark.clause("C11")
def test_the_audience_is_counted_from_what_is_in_the_form(workspace, news, editor, client):
    answer = client.post(f"/w/{workspace.pk}/campaigns/audience", form(news)).content.decode()
    assert "<b>1</b>" in answer and "of 2 may get it" in answer and "have not consented" in answer
    assert (
        "Choose a list" in client.post(f"/w/{workspace.pk}/campaigns/audience", form(news, lists=[])).content.decode()
    )


def test_the_preview_shows_the_text_as_it_stands(workspace, news, editor, client):
    address = f"/w/{workspace.pk}/campaigns/preview"
    shown = client.post(address, form(news, subject="Changed", body="Dear {{ first_name | default('friend') }}"))
    assert b"Changed" in shown.content and b"Dear friend" in shown.content
    assert b'sandbox=""' in shown.content
    broken = client.post(address, form(news, body="{{ nonsense"))
    assert b"cannot become a mail yet" in broken.content


@pytest.mark.clause("C8", "D5")
def test_the_preview_is_a_persons_only_where_the_purpose_permits(workspace, news, editor, client):
    address = f"/w/{workspace.pk}/campaigns/preview"
    found = client.post(f"/w/{workspace.pk}/campaigns/candidates", form(news, **{"as": "a"})).content.decode()
    ann = re.search(r'value="([0-9a-f-]{36})"', found)[1]
    assert "ann@example.org" in found and "bob" not in found
    assert b"Dear Ann" in client.post(address, form(news, person=ann)).content
    found = client.post(f"/w/{workspace.pk}/campaigns/candidates", form(news, **{"as": "bob"})).content.decode()
    bob = re.search(r'value="([0-9a-f-]{36})"', found)[1]
    refused = client.post(address, form(news, person=bob)).content.decode()
    assert "Dear Bob" not in refused and "needs consent" in refused


def test_tags_are_offered_by_category_and_struck_where_the_purpose_lacks_them(workspace, draft, editor, client):
    workspace.fields.create(name="purchase", label="Last purchase", category="purchases")
    shown = client.get(f"/w/{workspace.pk}/campaigns/tags?purpose={MARKETING}").content.decode()
    assert 'data-insert="{{ first_name }}"' in shown
    assert 'data-insert="{{ purchase }}"' not in shown and "Last purchase" in shown


def test_a_draft_is_copied_and_deleted(draft, editor, client):
    client.post(at(draft, "/copy"))
    assert Campaign.objects.count() == 2
    client.post(at(draft, "/delete"))
    assert not Campaign.objects.filter(pk=draft.pk).exists()


# --- sending ---------------------------------------------------------------------------------------------------------


def test_the_review_shows_what_is_missing_and_does_not_let_it_go(draft, editor, client):
    Campaign.objects.filter(pk=draft.pk).update(from_email="")
    page = client.get(at(draft, "/review")).content.decode()
    assert "sender&#x27;s address is missing" in page and "disabled" in page
    assert client.post(at(draft, "/send")).status_code == 409
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_campaign_that_came_back_says_why_where_it_is_mended(draft, editor, client):
    actions.send(draft, by="user:1", now=timezone.now())
    actions.give_back(draft.pk, "The segment is <b>gone</b>.")
    for page in ("/edit", "/review"):
        shown = client.get(at(draft, page)).content.decode()
        assert "is a draft again" in shown and "The segment is &lt;b&gt;gone" in shown


def test_a_campaign_is_sent_from_its_review(draft, editor, client):
    assert "Send to 1 person" in client.get(at(draft, "/review")).content.decode()
    assert client.post(at(draft, "/send"))["Location"].endswith(at(draft))
    draft.refresh_from_db()
    assert (draft.state, draft.audience["sent_by"]) == ("preparing", f"user:{editor.pk}")
    assert "Choosing who gets it" in client.get(at(draft)).content.decode()


def test_a_test_goes_to_a_user_of_the_workspace(draft, editor, client, workspace):
    membership = workspace.memberships.get(user=editor)
    answer = client.post(at(draft, "/test"), {"to": membership.pk}, follow=True)
    assert f"The test went to {editor.email}" in answer.content.decode()
    foreign = make.workspace(bare=True)
    stranger = foreign.memberships.create(user=make.user(), role=Role.OWNER)
    assert client.post(at(draft, "/test"), {"to": stranger.pk}).status_code == 404


def test_it_is_paused_resumed_and_cancelled(draft, editor, client):
    campaign = sent(draft)
    for verb, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        assert client.post(at(campaign, f"/{verb}")).status_code == 302
        campaign.refresh_from_db()
        assert campaign.state == state
    refused = client.post(at(campaign, "/pause"))
    assert refused.status_code == 409 and "“Cancelled”" in refused.content.decode()


def test_progress_is_asked_until_the_state_changes(draft, editor, client):
    campaign = sent(draft)
    fragment = client.get(at(campaign, "/progress?state=sending"))
    assert b"hx-trigger" in fragment.content and b"No sender is running" in fragment.content
    actions.pause(campaign)
    assert client.get(at(campaign, "/progress?state=sending"))["HX-Refresh"] == "true"


def test_doubt_is_shown_with_its_two_ways_out(draft, editor, client):
    campaign = sent(draft)
    with processing(campaign.workspace_id, "delivery.operate", by="t", act="t"), connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_message SET state = 'unknown'")
    assert "1 mail in doubt" in client.get(at(campaign)).content.decode()
    client.post(at(campaign, "/doubt/count"))
    page = client.get(at(campaign)).content.decode()
    assert "mail in doubt" not in page and "1 mail counts as sent." in page


def test_the_report_is_a_page_and_a_file(draft, editor, client):
    campaign = sent(draft)
    page = client.get(at(campaign)).content.decode()
    assert "https://example.com/news" in page
    exported = client.get(at(campaign, "/export")).content.decode("utf-8-sig")
    assert "messages,queued,1," in exported and "link,https://example.com/news,0,0" in exported
    assert "Dear friend" in client.get(at(campaign, "/text")).content.decode()


def test_the_report_page_asks_a_constant_number_of_queries(draft, editor, client, workspace, news):
    campaign = sent(draft)
    with CaptureQueriesContext(connection) as captured:
        client.get(at(campaign))
    assert len(captured) <= 45


@pytest.mark.parametrize("tail", ["/edit", "/review", "/progress", "/text", "/export", ""])
def test_a_campaign_of_another_workspace_is_not_found(editor, client, workspace, tail):
    foreign = make.campaign(make.workspace(bare=True))
    assert client.get(f"/w/{workspace.pk}/campaigns/{foreign.pk}{tail}").status_code == 404


def test_a_viewer_reads_and_changes_nothing(draft, workspace, client):
    client.force_login(make.member(workspace, role=Role.VIEWER))
    campaign = sent(draft)
    page = client.get(at(campaign)).content.decode()
    assert "Pause" not in page and "Copy as a draft" not in page
    assert client.post(at(campaign, "/pause")).status_code == 403


# --- in a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_campaign_is_written_and_sent_in_a_browser(served, browser_page, sign_in):
    workspace = make.workspace(postal_address="Drottninggatan 1")
    news = make.mailing_list(workspace, name="News")
    make.reader(workspace, email="ann@example.org", on=[news], may=[MARKETING], traits=named("Ann"))
    make.reader(workspace, email="bob@example.org", on=[news])
    make_default_fields(workspace.pk)
    sign_in(make.member(workspace))
    page = browser_page
    page.goto(f"/w/{workspace.pk}/campaigns/new")
    page.get_by_role("textbox", name="Name*").fill("Autumn")
    page.get_by_label("Subject").fill("News for you")
    page.get_by_label("Text").fill("Dear ")
    page.get_by_role("button", name="Insert a field").click()
    page.get_by_role("button", name="First name").click()
    expect(page.get_by_label("Text")).to_have_value("Dear {{ first_name }}")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_label("News", exact=True).check()
    page.get_by_text("of 2 may get it").wait_for()
    page.get_by_role("searchbox", name="As a person").fill("ann")
    page.get_by_text("ann@example.org").click()
    page.get_by_text("As ann@example.org gets it.").wait_for()
    expect(page.frame_locator(".mail-frame").locator("body")).to_contain_text("Dear Ann")
    page.get_by_role("button", name="Phone").click()
    assert page.locator(".mail-frame").bounding_box()["width"] <= 392
    page.get_by_label("Sender’s address").fill("news@example.com")
    assert_accessible(page)
    page.get_by_role("button", name="Save and review").click()
    page.get_by_role("heading", name="Ready to send").wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="Send to 1 person").click()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    page.get_by_text("Choosing who gets it").wait_for()
    actions.prepare(Campaign.objects.get().pk)
    page.get_by_text("0 of 1").wait_for()  # the page asked by itself
    assert_accessible(page)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_error_leads_to_its_line(served, browser_page, sign_in, scheme):
    workspace = make.workspace()
    campaign = make.campaign(workspace, body="Hello\n\nDear {{ frist_name }}")
    sign_in(make.member(workspace))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.goto(at(campaign, "/edit"))
    browser_page.get_by_role("button", name="line 3").click()
    chosen = (
        "document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)"
    )
    assert browser_page.evaluate(chosen) == "Dear {{ frist_name }}"
    assert_accessible(browser_page)
