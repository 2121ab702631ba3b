"""The welcome of a list: once, in the person's language, to whoever joins by their own act and to nobody else."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import make
from tillit.campaigns.welcome import compose
from tillit.consent.models import Choice
from tillit.delivery.models import Message
from tillit.delivery.service import ServiceMail
from tillit.delivery.welcome import TEMPLATE, queue_welcome
from tillit.ledger.processing import processing
from tillit.people.models import Identity, MailingList, Subscription
from tillit.rights.actions import erase
from tillit.rights.signup import confirm, join, sign_up

pytestmark = pytest.mark.django_db
ADDRESS = "ann.berg@example.org"
WELCOME = {
    "en": {"subject": "Welcome to {{ first_name | default('the club') }}", "body": "Good that *you* are here."},
    "sv": {"subject": "Välkommen", "body": "Bra att *du* är här."},
}


@pytest.fixture
def news() -> MailingList:
    made = make.mailing_list(make.workspace(name="Nordic Rooms"), name="news-2026", opt_in="single")
    made.titles, made.welcome = {"en": "News", "sv": "Nyheter"}, WELCOME
    made.save()
    make.make_default_fields(made.workspace_id)
    return made


def joins(news: MailingList, *, email: str = ADDRESS, language: str = "sv") -> None:
    join(news.workspace_id, news.pk, email=email, language=language, notice_digest="d" * 64, now=timezone.now())


def confirms(news: MailingList, person) -> None:
    now = timezone.now()
    confirm(news.workspace_id, person, news.pk, asked_at=now, notice_digest="d" * 64, now=now)


def looked_up(news: MailingList, email: str = ADDRESS):
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        return Identity.objects.filter(value=email).values_list("person_id", flat=True).first()


def queued(news: MailingList) -> list[str]:
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        return list(Message.objects.order_by("id").values_list("template", flat=True))


def state(news: MailingList, person) -> str:
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        return Subscription.objects.get(person_id=person, list_id=news.pk).state


def mail(news: MailingList, *, language: str, names: dict[str, str] | None = None) -> ServiceMail:
    with processing(news.workspace_id, "marketing.email", by="test", act="look"):
        message = Message.objects.get(template=TEMPLATE)
    return ServiceMail(
        workspace=news.workspace,
        person_id=message.person_id,
        message_id=message.id,
        address=ADDRESS,
        language=language,
        names=names or {},
        arguments=message.arguments,
    )


@pytest.mark.clause("C11", "D5")
def test_single_opt_in_puts_somebody_new_on_the_list_with_evidence_and_one_welcome(news):
    joins(news)
    person = looked_up(news)
    assert state(news, person) == "subscribed"
    with processing(news.workspace_id, "preferences.manage", by="test", act="look"):
        choice = Choice.objects.get(person_id=person)
    assert (choice.purpose, choice.state, choice.method) == ("marketing.email", "granted", "form")
    assert choice.notice_digest == "d" * 64
    assert queued(news) == [TEMPLATE]
    joins(news)  # somebody types the same address again: it is known now, so it is asked
    assert queued(news) == [TEMPLATE, "rights.confirm"]


@pytest.mark.clause("E5", "E9")
@pytest.mark.parametrize("happened", ["left", "objected", "erased", "imported"])
def test_a_form_brings_back_nobody_who_is_known(news, happened):
    person = make.person(news.workspace, email=ADDRESS)
    if happened == "left":
        with processing(news.workspace_id, "audience.administer", by="test", act="leave") as activity:
            make.set_subscription(activity, [person], news, "unsubscribed", now=timezone.now())
    elif happened == "objected":
        make.choice(news.workspace, person, state="objected")
    elif happened == "erased":
        erase(news.workspace_id, person, by="test", now=timezone.now())
    joins(news)
    assert queued(news) in (["rights.confirm"], [])  # to a restricted row the mail waits unseen
    with processing(news.workspace_id, "marketing.email", by="test", act="look"):
        assert not Subscription.objects.filter(state="subscribed").exists()


def test_confirming_welcomes_once(news):
    news.opt_in = "double"
    news.save()
    sign_up(news.workspace_id, news.pk, email=ADDRESS, language="en", now=timezone.now())
    assert queued(news) == ["rights.confirm"]
    person = looked_up(news)
    confirms(news, person)
    confirms(news, person)
    assert queued(news) == ["rights.confirm", TEMPLATE]


def test_nobody_is_welcomed_without_a_text_or_off_the_list(news):
    person = make.reader(news.workspace, may=["marketing.email"])
    assert not queue_welcome(news, person)
    on = make.reader(news.workspace, on=[news], may=["marketing.email"])
    news.welcome = {"en": {"subject": "Hello", "body": " "}}
    assert not queue_welcome(news, on)
    news.welcome = WELCOME
    assert queue_welcome(news, on)
    assert not queue_welcome(news, on)


@pytest.mark.clause("C8")
def test_nobody_is_welcomed_whom_the_policy_does_not_permit_marketing(news):
    silent = make.reader(news.workspace, on=[news])
    refused = make.reader(news.workspace, on=[news], may=["marketing.email"], said_no=["marketing.email"])
    assert not queue_welcome(news, silent) and not queue_welcome(news, refused)


def test_who_is_imported_is_not_welcomed(news, tmp_path, settings):
    from tillit.people.importing.run import run_import
    from tillit.people.importing.start import start_import
    from tillit.people.models import Source

    settings.IMPORT_FOLDER = tmp_path / "imports"
    file = tmp_path / "people.csv"
    file.write_text("email\na@example.org\n")
    source = Source.objects.create(workspace=news.workspace, name="Fair", warranty="We asked them.")
    item = start_import(
        news.workspace_id,
        file,
        source=source,
        mailing_list=news,
        consent="marketing.email",
        by="user:1",
        now=timezone.now(),
        defer=False,
    )
    assert run_import(item.pk).counts["new"] == 1
    assert queued(news) == []


@pytest.mark.clause("E5")
def test_a_welcome_is_in_the_persons_language_and_has_the_way_out(news, client, settings):
    settings.BASE_URL = "https://mail.example.com"
    joins(news)
    swedish = compose(mail(news, language="sv"))
    assert swedish.subject == "Välkommen" and "<em>du</em>" in swedish.html
    assert "eftersom du gick med i listan ”Nyheter”" in swedish.text
    english = compose(mail(news, language="en", names={"first_name": "Ann"}))
    assert english.subject == "Welcome to Ann"
    assert compose(mail(news, language="de")).subject == "Welcome to the club"  # the workspace's language
    person = looked_up(news)
    other = make.mailing_list(news.workspace, person)
    page = client.get(swedish.unsubscribe.removeprefix("https://mail.example.com"))
    assert "Nyheter" in client.get(page.request["PATH_INFO"], headers={"accept-language": "sv"}).content.decode()
    client.post(page.request["PATH_INFO"])
    assert (state(news, person), state(other, person)) == ("unsubscribed", "subscribed")
