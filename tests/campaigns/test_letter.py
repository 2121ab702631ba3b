"""A campaign's mail: the person's own, with a way out, and measured only where the person permits it."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from tests import make
from tillit.campaigns.letter import compile_campaign, letter
from tillit.campaigns.preview import preview
from tillit.campaigns.slots import ContentErrors
from tillit.delivery.streams import Addressed
from tillit.edge.tokens import Kind, Tokens, click_token, open_token
from tillit.people.models import Field

pytestmark = pytest.mark.django_db


def written(campaign, *, measured=True, values=None):
    """The mail to Ann as a parsed message, and Ann's id."""
    ready = letter(campaign)
    given = values or {"first_name": "Ann"}
    to = Addressed(uuid4(), uuid4(), "ann@example.org", "en", measured, [given.get(name) for _, name in ready.fields])
    return message_from_bytes(ready.write(to), policy=policy.default), to


def bodies(mail) -> tuple[str, str]:
    return tuple(mail.get_body((kind,)).get_content() for kind in ("html", "plain"))


@pytest.mark.clause("E5", "E9")
def test_marketing_carries_one_click_unsubscription(workspace, news):
    campaign = make.campaign(workspace, lists=[news], prepared_at=make.NOON)
    mail, to = written(campaign)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(rf"<{settings.BASE_URL}/u/(\S+)>", mail["List-Unsubscribe"])
    token = Tokens(settings.TOKEN_KEY).read(found[1], kind=Kind.UNSUBSCRIBE, today=make.NOON.date())
    assert (token.person, token.campaign, token.workspace) == (to.person_id, campaign.pk, workspace.pk)
    assert mail["List-Id"].startswith(f'"News" <list-{news.pk}.workspace-{workspace.pk}.')
    assert mail["Feedback-ID"] == f"c{campaign.pk}:w{workspace.pk}:marketing.email:tillit"
    assert mail["Message-ID"] == f"<{to.message_id}@localhost>"


@pytest.mark.clause("E5", "E13", "J3")
def test_the_footer_leads_out_and_says_who_and_why(workspace, news):
    html, text = bodies(written(make.campaign(workspace, lists=[news], prepared_at=make.NOON))[0])
    for body in (html, text):
        assert "/u/" in body and "/p/" in body and "/why/" in body
        assert "111 51 Stockholm" in body and workspace.name in body
        assert "“News and offers by email”" in body


@pytest.mark.clause("E10")
def test_a_service_message_has_no_way_out_but_says_why(workspace, news):
    campaign = make.campaign(workspace, lists=[news], purpose="service.message", prepared_at=make.NOON)
    mail, _ = written(campaign)
    html, _ = bodies(mail)
    assert mail["List-Unsubscribe"] is None and "/u/" not in html and "/why/" in html


@pytest.mark.clause("C9", "B1")
def test_who_permits_measurement_gets_tracked_links_and_a_pixel(workspace, news):
    mail, to = written(make.campaign(workspace, lists=[news], prepared_at=make.NOON))
    html, text = bodies(mail)
    tokens, today = Tokens(settings.TOKEN_KEY), make.NOON.date()
    pixel = re.search(rf'src="{settings.BASE_URL}(/e/o/\S+?)"', html)[1]
    assert tokens.read(open_token(pixel.encode()), kind=Kind.OPEN, today=today).person == to.person_id
    link = re.search(rf'href="{settings.BASE_URL}(/e/c/[^"]+)"', html)[1]
    path, _, query = link.partition("?")
    token, target = click_token(path.encode(), query.encode())
    assert target == b"https://example.com/news"
    assert tokens.read(token, kind=Kind.CLICK, today=today, extra=target).argument == 0
    assert "/e/c/" in text and 'href="https://example.com/news"' not in html


@pytest.mark.clause("C9")
def test_who_objects_gets_plain_links_and_no_pixel(workspace, news):
    html, text = bodies(written(make.campaign(workspace, lists=[news], prepared_at=make.NOON), measured=False)[0])
    assert "/e/" not in html and "/e/" not in text
    assert 'href="https://example.com/news"' in html and "https://example.com/news" in text


def test_without_https_only_the_footer_leads_out(workspace, news, settings):
    settings.BASE_URL = "http://127.0.0.1:8000"
    mail, _ = written(make.campaign(workspace, lists=[news], prepared_at=make.NOON))
    assert mail["List-Unsubscribe"] is None and "http://127.0.0.1:8000/u/" in bodies(mail)[0]


def test_merge_tags_are_filled(workspace, news):
    campaign = make.campaign(workspace, lists=[news], prepared_at=make.NOON)
    mail, _ = written(campaign)
    assert mail["Subject"] == "Hello Ann" and "Dear Ann" in bodies(mail)[0]
    stranger, _ = written(campaign, values={"first_name": None})
    assert stranger["Subject"] == "Hello you" and "Dear friend" in bodies(stranger)[0]


@pytest.mark.clause("C8", "C12")
def test_a_field_of_a_category_that_the_purpose_lacks_is_an_error(workspace):
    campaign = make.campaign(workspace, body="Your last purchase: {{ purchase }}")
    workspace.fields.create(name="purchase", label="Last purchase", category="purchases")
    with pytest.raises(ContentErrors) as raised:
        compile_campaign(campaign)
    (problem,) = raised.value.problems
    assert "“purchase” belongs to “Purchases and invoices”" in problem.message
    assert "“marketing.email” does not use" in problem.message
    assert (problem.part, problem.line) == ("body", 1)


def test_an_unknown_field_is_an_error_with_its_place(workspace):
    campaign = make.campaign(workspace, body="Dear\n\n{{ frist_name }}")
    with pytest.raises(ContentErrors) as raised:
        compile_campaign(campaign)
    assert raised.value.problems[0].line == 3 and "first_name" in raised.value.problems[0].mend


def test_a_draft_may_be_empty(workspace):
    compile_campaign(make.campaign(workspace, subject="", body=""), unfinished=True)
    with pytest.raises(ContentErrors):
        compile_campaign(make.campaign(workspace, subject="", body=""))


def test_the_sender_is_the_workspace_unless_told(workspace, news):
    campaign = make.campaign(workspace, lists=[news], prepared_at=timezone.now(), reply_to="desk@example.com")
    mail, _ = written(campaign)
    assert mail["From"].addresses[0].display_name == workspace.name
    assert mail["From"].addresses[0].addr_spec == "news@example.com"
    assert mail["Reply-To"] == "desk@example.com"


def test_swedish_mail_has_a_swedish_footer(workspace, news):
    html, _ = bodies(written(make.campaign(workspace, lists=[news], language="sv", prepared_at=make.NOON))[0])
    assert "Avregistrera" in html and "för ändamålet" in html


def test_countries_and_yes_are_said_in_the_words_of_the_mails_language(workspace, news):
    for name, kind in (("home", "country"), ("pro", "boolean")):
        Field.objects.create(workspace=workspace, name=name, label=name, type=kind, category="demographics")
    body = "From {{ home | default('?') }}, pro: {{ pro | default('?') }}."
    campaign = make.campaign(workspace, lists=[news], prepared_at=make.NOON, language="sv", body=body)
    _, text = bodies(written(campaign, values={"home": "DE", "pro": "true"})[0])
    assert "From Tyskland, pro: Ja." in text
    _, text = bodies(written(campaign)[0])
    assert "From ?, pro: ?." in text
    traits = {"demographics": {"home": "NO", "pro": False}}
    ann = make.reader(workspace, on=[news], may=["marketing.email"], traits=traits)
    shown = preview(campaign, ann, lists=[news.pk], by="user:1")
    assert "From Norge, pro: Nej." in shown.rendered.text
