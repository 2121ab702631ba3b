"""The editor: a form for each entry, the YAML with its check, and two people at once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import make
from tests.console.test_policy_inputs import KNOWN, sent
from tests.governance.test_drafts import KEEP, TITLE, change
from tillit.accounts.models import Role, User, Workspace
from tillit.console.policy_inputs import inputs_of
from tillit.console.policy_sections import HEAD, SECTIONS, entries
from tillit.governance import drafts
from tillit.governance.models import Draft
from tillit.ledger.actions import publish
from tillit.ledger.versions import in_force
from tillit.policy import edit
from tillit.policy.reading import read_tree

pytestmark = [pytest.mark.django_db, pytest.mark.clause("J1")]


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make.workspace()


@pytest.fixture
def ann(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.EDITOR, name="Ann Editor")


@pytest.fixture
def client(ann: User) -> Client:
    signed_in = Client()
    signed_in.force_login(ann)
    return signed_in


@pytest.fixture
def draft(workspace: Workspace, ann: User) -> Draft:
    return make.draft(workspace, by=ann)


#: Enough words for a check that wants a test to weigh something.
BALANCING = "The interest is to learn; who does not answer loses nothing. " * 6


def at(draft: Draft, rest: str = "") -> str:
    return f"/w/{draft.workspace_id}/policy/drafts/{draft.pk}{rest}"


def text_of(draft: Draft) -> str:
    return drafts.text_of(Draft.objects.get(pk=draft.pk))


def form(draft: Draft, path, *, began: int = 1, **entered: str) -> dict[str, list[str]]:
    """What a browser sends for the form of an entry in which something was entered."""
    section = SECTIONS[path[0]]
    inputs = inputs_of(section.model, edit.entry(drafts.text_of(draft, began), path), known=KNOWN)
    data = dict(sent(inputs).lists())
    data.update({key.replace("__", "."): [value] for key, value in entered.items()})
    return {**data, "began": [str(began)]}


def test_every_entry_has_a_page_that_saves_nothing_by_itself(client, draft):
    tree = read_tree(text_of(draft))[0]
    for name, section in SECTIONS.items():
        assert client.get(at(draft, f"/s/{name}")).status_code == 200
        names = [HEAD, *entries(section, tree)] if name == "statement" else list(entries(section, tree))
        for entry in names[:3] if section.kind != "one" else []:
            page = client.get(at(draft, f"/s/{name}/{entry}"))
            assert page.status_code == 200, (name, entry)
    answer = client.post(at(draft, "/save/categories/contact"), form(draft, ("categories", "contact")), follow=True)
    assert "Nothing was changed." in answer.content.decode()
    assert text_of(draft) == in_force(draft.workspace_id).text


def test_a_form_changes_its_line_and_leaves_the_rest(client, draft):
    before = text_of(draft)
    entered = form(draft, ("retention", "contact"), keep__number="5", keep__unit="years")
    client.post(at(draft, "/save/retention/contact"), entered)
    changed = [pair for pair in zip(before.splitlines(), text_of(draft).splitlines(), strict=True) if len({*pair}) == 2]
    assert [after.strip() for _before, after in changed] == ["keep: 5 years"]


def test_a_mistake_is_kept_shown_beside_its_field_and_mended(client, draft):
    path = ("purposes", "survey.run")
    client.post(at(draft, "/save/purposes/survey.run"), form(draft, path, basis__default="legitimate-interest"))
    page = client.get(at(draft, "/s/purposes/survey.run")).content.decode()
    assert "to be mended here" in page
    assert "balancing" in page
    assert client.post(at(draft, "/submit")).status_code == 409
    entered = form(
        Draft.objects.get(pk=draft.pk),
        path,
        began=2,
        balancing__en=f"We ask rarely, and every question is voluntary. {BALANCING}",
        balancing__sv=f"Vi frågar sällan, och varje fråga är frivillig. {BALANCING}",
        consent_lasts__number="",
    )
    client.post(at(draft, "/save/purposes/survey.run"), entered)
    assert "to be mended here" not in client.get(at(draft, "/s/purposes/survey.run")).content.decode()
    assert client.post(at(draft, "/submit")).status_code == 302


def test_entries_are_added_found_and_taken_out(client, draft):
    new = at(draft, "/new/measures")
    assert client.post(new, {"id": "Two Factors", "title": "Two factors"}).status_code == 422
    answer = client.post(new, {"id": "second-factor", "title": "Second factor"})
    assert answer["Location"] == at(draft, "/s/measures/second-factor")
    assert client.post(new, {"id": "second-factor"}).status_code == 422
    page = client.get(at(draft, "/s/measures?q=second")).content.decode()
    assert "Second factor" in page
    assert "Nothing found" in client.get(at(draft, "/s/measures?q=zzz")).content.decode()
    client.post(at(draft, "/s/measures/second-factor/delete"), {"began": "2"})
    assert "second-factor" not in edit.entry(text_of(draft), ("measures",))


def test_an_officer_is_added_and_taken_out_by_number(client, draft):
    before = text_of(draft)
    answer = client.post(at(draft, "/new/officers"), {"title": "Another"})
    number = len(edit.entry(before, ("officers",))) + 1
    assert answer["Location"] == at(draft, f"/s/officers/{number}")
    client.post(at(draft, f"/s/officers/{number}/delete"), {"began": "2"})
    assert text_of(draft) == before


def test_the_purpose_page_says_why_an_id_stays(client, draft):
    page = client.get(at(draft, "/new/purposes")).content.decode()
    assert "A purpose cannot be renamed" in page
    assert "of 62 places are taken" in page


def test_two_at_once_on_different_entries_are_merged(client, draft):
    first = form(draft, ("purposes", "survey.run"), title__en="Questions")
    second = form(draft, ("retention", "contact"), keep__number="5", keep__unit="years")
    client.post(at(draft, "/save/purposes/survey.run"), first)
    answer = client.post(at(draft, "/save/retention/contact"), second, follow=True)
    assert "together with what somebody else changed" in answer.content.decode()
    text = text_of(draft)
    assert edit.entry(text, ("purposes", "survey.run", "title", "en")) == "Questions"
    assert edit.entry(text, KEEP) == "5 years"


def test_two_at_once_on_the_same_field_see_both_and_choose(client, draft, workspace):
    other = Client()
    other.force_login(make.member(workspace))
    ours = form(draft, TITLE[:2], title__en="Mine", title__sv="Min")
    other.post(at(draft, "/save/purposes/marketing.email"), form(draft, TITLE[:2], title__en="Theirs"))
    answer = client.post(at(draft, "/save/purposes/marketing.email"), ours)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Somebody else changed the same things" in page
    assert "Mine" in page
    assert "Theirs" in page
    assert "Purposes › Theirs › Title › English" in page
    assert edit.entry(text_of(draft), TITLE) == "Theirs"
    text = answer.context["ours"]
    place = "purposes/marketing.email/title/en"
    chosen = {"text": text, "began": "1", "seen": "2", "place": [place], f"side.{place}": "ours"}
    client.post(at(draft, "/settle"), chosen)
    assert edit.entry(text_of(draft), TITLE) == "Mine"
    assert edit.entry(text_of(draft), (*TITLE[:3], "sv")) == "Min"


def test_broken_yaml_shows_line_path_and_mend_and_replaces_nothing(client, draft, workspace):
    before = in_force(workspace.pk)
    broken = text_of(draft).replace("officers:\n", "officers\n").replace("\n", "\r\n")
    assert client.post(at(draft, "/save"), {"text": broken, "began": "1"}).status_code == 302
    page = client.get(at(draft)).content.decode()
    assert "The YAML is broken" in page
    assert "Look at the indentation" in page
    assert client.post(at(draft, "/submit")).status_code == 409
    assert in_force(workspace.pk) == before
    for rest in ("/s/purposes", "/s/purposes/survey.run", "/s/operator"):
        assert client.get(at(draft, rest))["Location"] == at(draft)
    assert client.get(at(draft, "/summary")).status_code == 200
    answer = client.post(at(draft, "/save/retention/contact"), {"began": "2"})
    assert answer["Location"] == at(draft)


def test_the_check_names_line_path_message_and_mend(client, draft):
    text = edit.put(text_of(draft), ("purposes", "survey.run", "categories"), ["contcat"])
    answer = client.post(at(draft, "/check"), {"text": text})
    [problem] = [each for each in answer.json()["problems"] if each["level"] == "error"]
    assert text.splitlines()[problem["line"] - 1].strip() == "categories: [contcat]"
    assert problem["path"] == "purposes/survey.run/categories/1"
    assert "contcat" in problem["message"]
    assert "Did you mean “contact”?" in problem["mend"]
    assert problem["level"] == "error"
    page = client.post(at(draft, "/save"), {"text": text, "began": "1", "check": "1"})
    assert "contcat" in page.content.decode()
    assert Draft.objects.get(pk=draft.pk).revision == 1


@pytest.mark.parametrize(
    ("text", "said"), [("x" * 2_000_000, "larger than 1000 kB"), ("a: 1\nb: \x00\n", "NUL"), ("a: \x07", "control")]
)
def test_what_cannot_be_kept_is_explained_and_stays_on_the_page(client, draft, text, said):
    assert said in str(client.post(at(draft, "/check"), {"text": text}).json())
    answer = client.post(at(draft, "/save"), {"text": text, "began": "1"}, follow=True)
    assert said in answer.content.decode()
    fresh = Draft.objects.get(pk=draft.pk)
    assert fresh.revision == (2 if said == "control" else 1)


def test_a_character_that_no_text_has_is_not_put_into_a_form(client, draft):
    entered = form(draft, TITLE[:2], title__en="Ne\x00ws")
    answer = client.post(at(draft, "/save/purposes/marketing.email"), entered, follow=True)
    assert "Nothing was saved" in answer.content.decode()
    assert Draft.objects.get(pk=draft.pk).revision == 1


def test_a_preview_shows_references_in_words_and_no_markup_that_acts(client, draft):
    text = "**Bold** {{keep:contact}} {{purpose:nobody}} <script>alert(1)</script>"
    shown = client.post(at(draft, "/preview"), {"text": text, "language": "sv"}).content.decode()
    assert "<strong>Bold</strong>" in shown
    assert "{{keep:contact}}" not in shown
    assert "{{purpose:nobody}}" in shown
    assert "<script" not in shown


@pytest.mark.parametrize(
    "rest",
    ["/s/nonsense", "/s/purposes/nobody", "/s/officers/x", "/s/officers/99", "/new/operator", "/new/nonsense"],
)
def test_what_is_not_there_is_not_found(client, draft, rest):
    assert client.get(at(draft, rest)).status_code == 404


def test_strange_numbers_are_no_fault_of_the_server(client, draft):
    for began in ("", "x", "-1", "999999", "9" * 40, "²"):
        answer = client.post(at(draft, "/save"), {"text": text_of(draft), "began": began})
        assert answer.status_code in {302, 404}
        answer = client.post(at(draft, "/settle"), {"text": "a: 1", "began": began, "seen": began})
        assert answer.status_code in {302, 404, 409}
        assert client.post(at(draft, "/undo"), {"number": began}).status_code == 302


def test_the_draft_says_what_it_changes_and_leads_there(client, draft, ann):
    saved = change(draft, TITLE, "News", by=ann)
    text = edit.remove(drafts.text_of(saved.draft), ("statement", "sections", "who"))
    drafts.save(saved.draft, text, began=2, by=ann, now=saved.draft.changed_at)
    page = client.get(at(draft, "/summary")).content.decode()
    assert "Taken out" in page
    assert at(draft, "/s/purposes/marketing.email") in page
    assert reverse("console:undo_policy_draft", args=[draft.workspace_id, draft.pk]) in page


def test_a_draft_and_a_version_that_differ_are_chosen_between(client, draft, workspace, ann):
    change(draft, KEEP, "3 years", by=ann)
    publish(workspace.pk, edit.put(in_force(workspace.pk).text, KEEP, "5 years"), by=None, now=timezone.now())
    assert "Another version came in force" in client.get(at(draft, "/summary")).content.decode()
    assert client.post(at(draft, "/submit")).status_code == 409
    answer = client.post(at(draft, "/update"))
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The draft and the version in force changed the same things" in page
    assert "Retention › Contact details › Kept for" in page
    place = "retention/contact/keep"
    client.post(at(draft, "/update"), {"settle": "1", "place": [place], f"side.{place}": "theirs"})
    assert edit.entry(text_of(draft), KEEP) == "5 years"
    assert "Another version came in force" not in client.get(at(draft, "/summary")).content.decode()


def test_a_text_that_is_too_large_is_told_and_not_read(client, draft):
    page = client.post(at(draft, "/save"), {"text": "a: b\n" * 220_000, "began": "1", "check": "1"})
    assert page.status_code == 200 and "larger than 1000 kB" in page.content.decode()
