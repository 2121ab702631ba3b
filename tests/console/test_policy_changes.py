"""What changes and for whom, as officers see it; and the notices to the people concerned."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tests.governance import policies
from tests.governance.test_notices import announce
from tillit.accounts.models import Role, Workspace
from tillit.console.policy_change_page import asked_again
from tillit.governance import notices
from tillit.governance.compared import differences
from tillit.governance.models import ChangeNotice
from tillit.ledger.actions import publish, withdraw
from tillit.ledger.models import PolicyVersion
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db
MARKETING = "marketing.email"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make.workspace()


def signed_in(workspace: Workspace, role: Role = Role.EDITOR) -> Client:
    made = Client()
    made.force_login(make.member(workspace, role=role))
    return made


def at(workspace: Workspace, rest: str) -> str:
    return f"/w/{workspace.pk}/policy/{rest}"


def body(answer) -> str:
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


def figure(page: str, label: str) -> str:
    found = re.search(rf"{label}</span> <span class=\"stat-value\">([^<]+)<", page)
    assert found, label
    return found[1]


# -- what changes -----------------------------------------------------------------------------------------------------
@pytest.mark.clause("J1", "C8")
def test_a_draft_tells_what_it_would_change_and_for_how_many(workspace):
    client, ann = signed_in(workspace, Role.VIEWER), make.member(workspace)
    yes = make.person(workspace)
    make.choice(workspace, yes, MARKETING)
    make.person(workspace, region=Region.US)
    draft = make.draft(workspace, by=ann, text=policies.USES_PURCHASES)
    page = body(client.get(at(workspace, f"drafts/{draft.pk}/changes")))
    assert "“News and offers by email” also uses “Purchases and invoices”." in page
    assert "Whom we must ask again" in page and "ask again" in page and "to be told" in page
    assert f'hx-get="/w/{workspace.pk}/policy/drafts/{draft.pk}/changes/counts"' in page
    assert f'href="/w/{workspace.pk}/policy/drafts/{draft.pk}/s/purposes/marketing.email"' in page
    counted = body(client.get(at(workspace, f"drafts/{draft.pk}/changes/counts"), **HTMX))
    assert [figure(counted, label) for label in ("People", "Asked again", "To be told")] == ["2", "1", "2"]
    assert "hx-get" not in counted and "<html" not in counted
    # without a script the numbers are a page of their own
    assert "<html" in body(client.get(at(workspace, f"drafts/{draft.pk}/changes/counts")))


def test_a_draft_that_says_the_same_or_cannot_be_read_says_so(workspace):
    client, ann = signed_in(workspace), make.member(workspace)
    same = make.draft(workspace, by=ann)
    assert "Nothing changes" in body(client.get(at(workspace, f"drafts/{same.pk}/changes")))
    broken = make.draft(workspace, by=ann, text=policies.REFERENCE.replace("purposes:\n", "purpose:\n", 1))
    assert "It cannot be compared yet" in body(client.get(at(workspace, f"drafts/{broken.pk}/changes")))
    assert client.get(at(workspace, f"drafts/{broken.pk}/changes/counts")).status_code == 404


def test_any_two_versions_are_compared(workspace):
    client = signed_in(workspace, Role.VIEWER)
    announce(workspace, policies.OPEN_IN_AUSTRALIA, later=False)
    announce(workspace, policies.CONSENT_EVERYWHERE, later=False)
    page = body(client.get(at(workspace, "versions/3/changes")))
    assert "needs consent in California, in the United States and in Australia" in page
    page = body(client.get(at(workspace, "versions/3/changes?against=1")))
    assert "needs consent in California and in the United States" in page and "Australia" not in page
    assert '<option value="1" selected>' in page
    assert re.search(r'href="/w/\d+/policy/versions/3#L\d+"', page)
    assert "This is the first version of the policy." in body(client.get(at(workspace, "versions/1/changes")))
    for wrong in ("versions/9/changes", "versions/3/changes?against=9", "versions/3/changes?against=3"):
        assert client.get(at(workspace, wrong)).status_code == 404
    other = make.workspace()
    assert client.get(f"/w/{other.pk}/policy/versions/1/changes").status_code == 404


def test_a_version_that_should_have_asked_again_and_did_not_says_so(workspace):
    client = signed_in(workspace)
    announce(workspace, policies.USES_PURCHASES, later=False)
    announce(workspace, policies.REFERENCE, later=False)
    announce(workspace, policies.USES_PURCHASES, ask=(MARKETING,), later=False)
    assert "is not asked" in body(client.get(at(workspace, "versions/2/changes")))
    assert "is not asked" not in body(client.get(at(workspace, "versions/4/changes")))


def test_reworded_texts_are_shown_word_by_word(workspace):
    client = signed_in(workspace)
    text = policies.with_part(MARKETING, ("Mail about products", "<b>Mail</b> about products"))
    announce(workspace, text, later=False)
    page = body(client.get(at(workspace, "versions/2/changes")))
    assert "<del>Mail </del><ins>&lt;b&gt;Mail&lt;/b&gt; </ins>about products" in page
    assert "may need asking" in page


def test_retention_that_falls_due_is_told_with_the_counts(workspace):
    client = signed_in(workspace)
    head = policies.REFERENCE.index("\nretention:")
    shorter = policies.REFERENCE[head:].replace("keep: 24 months", "keep: 1 month", 1)
    announce(workspace, policies.REFERENCE[:head] + shorter, later=False)
    page = body(client.get(at(workspace, "versions/2/changes/counts"), **HTMX))
    assert "falls due at once." in page or "fall due at once." in page


# -- publishing -------------------------------------------------------------------------------------------------------
@pytest.mark.clause("J1", "D5")
def test_what_must_be_told_is_published_on_a_day_or_with_a_reason(workspace):
    owner = make.member(workspace, role=Role.OWNER)
    client = Client()
    client.force_login(owner)
    draft = make.draft(workspace, by=owner, text=policies.USES_PURCHASES)
    address = at(workspace, f"drafts/{draft.pk}/publish")
    page = body(client.get(address))
    assert "1 change must be told before it takes effect" in page
    assert 'name="ask_again" value="marketing.email" checked disabled' in page
    refused = client.post(address, {"seen": draft.revision, "when": "now", "note": "More."})
    assert refused.status_code == 422 and "People must be told before such a change." in refused.content.decode()
    done = client.post(
        address, {"seen": draft.revision, "when": "now", "note": "More.", "reason": "a court ordered it"}
    )
    assert done.status_code == 302
    version = PolicyVersion.objects.get(workspace=workspace, number=2)
    assert version.note == "More.\n\nWithout notice, because: a court ordered it"
    assert version.asks_again == [MARKETING]  # it must be asked for, whatever the form says


def test_words_that_may_mean_something_else_are_asked_for_if_the_officer_wants(workspace):
    text = policies.with_part(MARKETING, ("products, offers and events", "products, offers and elections"))
    changes = differences(policies.REFERENCE, text)
    assert asked_again(changes, frozenset()) == []
    assert asked_again(changes, frozenset({MARKETING, "no.such"})) == [MARKETING]


def test_a_quiet_change_is_published_at_once_without_a_word(workspace):
    owner = make.member(workspace, role=Role.OWNER)
    client = Client()
    client.force_login(owner)
    draft = make.draft(workspace, by=owner, text=policies.QUIET)
    address = at(workspace, f"drafts/{draft.pk}/publish")
    assert "must be told" not in body(client.get(address))
    assert client.post(address, {"seen": draft.revision, "when": "now"}).status_code == 302


# -- notices ----------------------------------------------------------------------------------------------------------
@pytest.mark.clause("J1")
def test_an_officer_tells_the_people_concerned(workspace):
    client = signed_in(workspace)
    make.person(workspace, email="ann@example.org", region=Region.AU)
    make.person(workspace, email="bob@example.org", region=Region.EEA)
    assert "No notice yet" in body(client.get(at(workspace, "notices")))
    announce(workspace, policies.OPEN_IN_AUSTRALIA)
    assert "Nobody was told of version 2 by mail" in body(client.get(f"/w/{workspace.pk}/policy"))
    assert "Nobody was told of version 2 by mail" in body(client.get(at(workspace, "notices")))
    page = body(client.post(at(workspace, "notices/new"), {"version": "2"}, follow=True))
    notice = ChangeNotice.objects.get()
    assert figure(page, "Concerned") == figure(page, "Get the mail") == "1"
    assert "permitted until somebody says no in Australia" in page
    client.post(at(workspace, f"notices/{notice.pk}"), {"en": "Sorry for the trouble.", "sv": ""})
    notice.refresh_from_db()
    assert notice.words == {"en": "Sorry for the trouble."}

    people = body(client.get(at(workspace, f"notices/{notice.pk}/people"), {"q": "a"}))
    assert "ann@example.org" in people and "bob@example.org" not in people
    person = re.search(r'value="([0-9a-f-]{36})"', people)[1]
    mail = body(client.get(at(workspace, f"notices/{notice.pk}/preview"), {"person": person, "in": "sv"}))
    assert "Vår integritetspolicy ändras den" in mail and "Sorry for the trouble." in mail
    nobody = body(client.get(at(workspace, f"notices/{notice.pk}/preview"), {"person": "x"}))
    assert "Choose somebody" in nobody

    page = body(client.post(at(workspace, f"notices/{notice.pk}/start"), follow=True))
    assert "People are being told." in page and "0 of 1 queued" in page
    assert "Nobody was told of version 2" not in body(client.get(at(workspace, "notices")))
    notices.queue_all(notice.pk, now=timezone.now())
    moved = client.get(at(workspace, f"notices/{notice.pk}/progress"), {"at": "queued-0"}, **HTMX)
    assert moved["HX-Refresh"] == "true"
    page = body(client.get(at(workspace, f"notices/{notice.pk}")))
    assert "0 of 1 settled" in page and "1 waiting" in page and "No sender is running" in page
    page = body(client.post(at(workspace, f"notices/{notice.pk}/stop"), follow=True))
    assert "1 mail was held back" in page and "Go on" in page


def test_where_nobody_is_concerned_the_notice_is_closed(workspace):
    client = signed_in(workspace)
    make.person(workspace, region=Region.EEA)
    notice = notices.draft(announce(workspace, policies.OPEN_IN_AUSTRALIA), by=1, now=timezone.now())
    page = body(client.get(at(workspace, f"notices/{notice.pk}")))
    assert "concerns nobody who can be written to" in page and "Write to" not in page
    client.post(at(workspace, f"notices/{notice.pk}/start"))
    assert notices.queue_all(notice.pk, now=timezone.now()) == 0
    assert "Nobody was told" not in body(client.get(at(workspace, "notices")))


def test_a_viewer_reads_a_notice_and_changes_nothing(workspace):
    viewer = signed_in(workspace, Role.VIEWER)
    notice = notices.draft(announce(workspace, policies.OPEN_IN_AUSTRALIA), by=1, now=timezone.now())
    assert "Write to" not in body(viewer.get(at(workspace, f"notices/{notice.pk}")))
    assert viewer.post(at(workspace, f"notices/{notice.pk}"), {"en": "x"}).status_code == 403
    for verb in ("start", "stop"):
        assert viewer.post(at(workspace, f"notices/{notice.pk}/{verb}")).status_code == 403
    assert viewer.get(at(workspace, f"notices/{notice.pk}/people")).status_code == 403
    assert viewer.post(at(workspace, "notices/new"), {"version": "2"}).status_code == 403


def test_a_notice_of_a_version_that_was_taken_back_says_so(workspace):
    client = signed_in(workspace)
    notice = notices.draft(announce(workspace, policies.OPEN_IN_AUSTRALIA), by=1, now=timezone.now())
    withdraw(workspace.pk, by=None, now=timezone.now())
    page = body(client.get(at(workspace, f"notices/{notice.pk}")))
    assert "nobody is told of it" in page and "Write to" not in page
    assert "Version withdrawn" in body(client.get(at(workspace, "notices")))
    assert client.post(at(workspace, f"notices/{notice.pk}/start")).status_code == 409
    assert client.post(at(workspace, "notices/new"), {"version": "2"}).status_code == 409
    assert client.post(at(workspace, "notices/new"), {"version": "99"}).status_code == 404


def test_the_notices_of_another_workspace_do_not_exist(workspace):
    client, other = signed_in(workspace), make.workspace()
    notice = notices.draft(announce(other, policies.OPEN_IN_AUSTRALIA), by=1, now=timezone.now())
    for rest in ("", "/progress", "/people", "/preview"):
        assert client.get(at(workspace, f"notices/{notice.pk}{rest}")).status_code == 404


def test_the_list_of_notices_takes_few_queries(workspace, django_assert_max_num_queries):
    client = signed_in(workspace)
    now = timezone.now()
    for number in range(4):
        text = policies.OPEN_IN_AUSTRALIA.replace("3 years", f"{number + 3} years", 1)
        row = publish(workspace.pk, text, by=None, now=now + timedelta(seconds=number))
        notices.draft(notices.version(row.pk), by=1, now=now)
    client.get(at(workspace, "notices"))
    with django_assert_max_num_queries(12):
        client.get(at(workspace, "notices"))


def test_a_search_with_a_character_that_no_text_has_finds_as_without_it(workspace):
    make.person(workspace, email="ann@example.org", region=Region.US)
    notice = notices.draft(announce(workspace, policies.CONSENT_EVERYWHERE), by=1, now=timezone.now())
    found = signed_in(workspace).get(at(workspace, f"notices/{notice.pk}/people"), {"q": "ann\x00"})
    assert found.status_code == 200
