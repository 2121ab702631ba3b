"""Acts, purposes and actors in words, for people who read the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from tillit.accounts.keys import keys
from tillit.accounts.models import User
from tillit.console.navigation import address_if_any
from tillit.ledger import queries, versions
from tillit.ledger.models import Activity

#: Acts in words. An act that is not here is shown by its name.
ACTS = {
    "overview.read": gettext_noop("Looked at the overview"),
    "user.invite": gettext_noop("Invited a user"),
    "user.remove": gettext_noop("Removed a user"),
    "user.make-viewer": gettext_noop("Made a user viewer"),
    "user.make-editor": gettext_noop("Made a user editor"),
    "user.make-owner": gettext_noop("Made a user owner"),
    "key.make": gettext_noop("Made an API key"),
    "key.revoke": gettext_noop("Revoked an API key"),
    "webhook.make": gettext_noop("Made a webhook"),
    "webhook.change": gettext_noop("Changed a webhook"),
    "webhook.rotate": gettext_noop("Gave a webhook another secret"),
    "webhook.disable": gettext_noop("Stopped a webhook"),
    "webhook.enable": gettext_noop("Started a webhook again"),
    "webhook.delete": gettext_noop("Deleted a webhook"),
    "webhook.test": gettext_noop("Tested a webhook"),
    "workspace.change": gettext_noop("Changed the workspace’s settings"),
    "policy.publish": gettext_noop("Published a version of the policy"),
    "policy.effect": gettext_noop("A version of the policy took effect"),
    "policy.explain": gettext_noop("Asked what was permitted for a person"),
    "policy.identify": gettext_noop("Looked up whom an explanation is about"),
    "policy.withdraw": gettext_noop("Took a version of the policy back"),
    "policy.impact": gettext_noop("Counted whom a change of policy concerns"),
    "notice.count": gettext_noop("Counted whom to tell of a change"),
    "notice.queue": gettext_noop("Told people of a change of policy"),
    "notice.preview": gettext_noop("Previewed the mail about a change"),
    "notice.search": gettext_noop("Looked for somebody to preview a mail as"),
    "notice.resume": gettext_noop("Went on telling people of a change of policy"),
    "notice.report": gettext_noop("Read what became of the mails about a change"),
    "notice.stop": gettext_noop("Stopped telling people of a change"),
    "notice.withhold": gettext_noop("Withheld mails about a version that was taken back"),
    "datamap.count": gettext_noop("Counted rows for the data map"),
    "assessment.weigh": gettext_noop("Counted people to see which assessments are needed"),
    "assessment.make": gettext_noop("Wrote an assessment"),
    "assessment.change": gettext_noop("Changed an assessment"),
    "assessment.approve": gettext_noop("Approved an assessment"),
    "assessment.remove": gettext_noop("Deleted an assessment"),
    "person.rectify": gettext_noop("Corrected a person’s information"),
    "people.import": gettext_noop("Brought in people from a file"),
    "people.import.receive": gettext_noop("Received a file to import"),
    "people.import.refused": gettext_noop("Read the rows that an import refused"),
    "people.import.try": gettext_noop("Saw what an import would change"),
    "people.import.weigh": gettext_noop("Looked at what undoing an import would do"),
    "people.import.undo": gettext_noop("Undid an import"),
    "people.import.forget": gettext_noop("Forgot how an import could be undone"),
    "people.read": gettext_noop("Looked at a list of people"),
    "people.export": gettext_noop("Took out people as a file"),
    "people.export.count": gettext_noop("Counted whom an export would hold"),
    "people.export.download": gettext_noop("Downloaded an export"),
    "person.read": gettext_noop("Looked at a person"),
    "bulk.preview": gettext_noop("Counted what an act on many would do"),
    "bulk.begin": gettext_noop("Began an act on many people"),
    "bulk.change": gettext_noop("Changed many people"),
    "bulk.undo": gettext_noop("Began to undo an act on many people"),
    "bulk.set-back": gettext_noop("Set back what an act on many changed"),
    "bulk.clean": gettext_noop("Forgot what an old act on many changed"),
    "filter.save": gettext_noop("Kept a filter"),
    "filter.remove": gettext_noop("Forgot a filter"),
    "person.add": gettext_noop("Added a person"),
    "duplicate.find": gettext_noop("Searched for duplicates"),
    "duplicate.read": gettext_noop("Looked at records that may be one person’s"),
    "person.merge": gettext_noop("Merged two records of a person"),
    "person.split": gettext_noop("Split two records that had been merged"),
    "person.differ": gettext_noop("Called two records different people"),
    "person.change": gettext_noop("Corrected a person"),
    "note.add": gettext_noop("Wrote a note about a person"),
    "note.remove": gettext_noop("Deleted a note about a person"),
    "person.held": gettext_noop("Looked at everything held about a person"),
    "person.restrict": gettext_noop("Restricted processing"),
    "person.lift-restriction": gettext_noop("Lifted a restriction"),
    "list.read": gettext_noop("Looked at a list"),
    "field.make": gettext_noop("Made a field"),
    "field.change": gettext_noop("Changed a field"),
    "field.retire": gettext_noop("Retired a field"),
    "field.erase": gettext_noop("Erased what a retired field held"),
    "field.count": gettext_noop("Counted whom a field says something of"),
    "list.check": gettext_noop("Looked through a list for bad addresses"),
    "list.clean": gettext_noop("Took people off a list in one go"),
    "list.mend": gettext_noop("Mended mistyped addresses"),
    "list.undo-mending": gettext_noop("Undid an act of list hygiene"),
    "list.join": gettext_noop("Joined a list on a form"),
    "list.welcome": gettext_noop("Queued a welcome mail"),
    "list.make": gettext_noop("Made a list"),
    "list.change": gettext_noop("Changed a list"),
    "list.archive": gettext_noop("Put a list away"),
    "list.restore": gettext_noop("Took up a list again"),
    "list.add": gettext_noop("Put people on a list"),
    "list.remove": gettext_noop("Took people off a list"),
    "segment.make": gettext_noop("Made a segment"),
    "segment.change": gettext_noop("Changed a segment"),
    "segment.delete": gettext_noop("Deleted a segment"),
    "segment.count": gettext_noop("Counted a segment"),
    "segment.explain": gettext_noop("Asked what a segment costs"),
    "source.make": gettext_noop("Wrote down a source"),
    "source.change": gettext_noop("Changed a source"),
    "suppression.add": gettext_noop("Suppressed addresses or domains"),
    "suppression.lift": gettext_noop("Lifted suppressions"),
    "suppression.check": gettext_noop("Compared people with what is suppressed"),
    "suppression.count": gettext_noop("Counted whom a suppression would concern"),
    "suppression.export": gettext_noop("Took out the list of suppressions"),
    "message.claim": gettext_noop("Took mails to send"),
    "message.outcome": gettext_noop("Handed mails over"),
    "message.withhold": gettext_noop("Withheld mails"),
    "message.release": gettext_noop("Gave mails back to the queue"),
    "preferences.save": gettext_noop("Saved preferences"),
    "choice.record": gettext_noop("Recorded a choice"),
    "choice.read": gettext_noop("Looked at a person’s choices"),
    "choice.lapse": gettext_noop("Let lapsed consents end"),
    "list.unsubscribe": gettext_noop("Left a list"),
    "list.undo": gettext_noop("Came back to a list"),
    "marketing.stop": gettext_noop("Stopped all marketing"),
    "list.ask": gettext_noop("Asked to join a list"),
    "campaign.count": gettext_noop("Counted an audience"),
    "campaign.explain": gettext_noop("Asked why somebody gets no mail"),
    "campaign.prepare": gettext_noop("Prepared a campaign"),
    "campaign.preview": gettext_noop("Previewed a mail as a person"),
    "campaign.preview_search": gettext_noop("Looked for somebody to preview as"),
    "campaign.report": gettext_noop("Looked at a campaign’s report"),
    "campaign.test": gettext_noop("Sent a test mail"),
    "edge.measure": gettext_noop("Recorded opens and clicks"),
    "list.confirm": gettext_noop("Confirmed joining a list"),
    "list.forget": gettext_noop("Forgot unconfirmed sign-ups"),
    "preferences.show": gettext_noop("Opened the preferences"),
    "receipt.show": gettext_noop("Opened a receipt"),
    "why.show": gettext_noop("Asked why a mail came"),
    "why.source": gettext_noop("Looked up where an address came from"),
    "requests.read": gettext_noop("Looked at requests"),
    "request.read": gettext_noop("Looked at a request"),
    "request.identify": gettext_noop("Looked up who made a request"),
    "request.access": gettext_noop("Took up a request for a copy"),
    "request.access.link": gettext_noop("Mailed the link to a copy"),
    "request.erasure": gettext_noop("Took up a request for erasure"),
    "request.erasure.link": gettext_noop("Mailed the link to an erasure"),
    "request.copy": gettext_noop("Made a copy for a person"),
    "person.erase": gettext_noop("Erased a person"),
    "erasure.repeat": gettext_noop("Repeated erasures"),
    "draft.start": gettext_noop("Began a draft of the policy"),
    "draft.save": gettext_noop("Changed a draft of the policy"),
    "draft.submit": gettext_noop("Submitted a draft of the policy for review"),
    "draft.approve": gettext_noop("Approved a draft of the policy"),
    "draft.return": gettext_noop("Returned a draft of the policy"),
    "draft.publish": gettext_noop("Published a draft that a second person approved"),
    "draft.publish-alone": gettext_noop("Published a draft that nobody else reviewed"),
    "draft.discard": gettext_noop("Discarded a draft of the policy"),
}

#: Counts in words.
COUNTS = {
    "persons": gettext_noop("people"),
    "persons_new": gettext_noop("new people"),
    "persons_known": gettext_noop("known people"),
    "fields": gettext_noop("fields"),
    "sent": gettext_noop("handed over"),
    "failed": gettext_noop("failed"),
    "deferred": gettext_noop("deferred"),
    "unreachable": gettext_noop("unreachable"),
    "queued": gettext_noop("queued"),
    "lapsed": gettext_noop("lapsed"),
    "suppressions": gettext_noop("suppressions"),
    "tables": gettext_noop("tables"),
    "revision": gettext_noop("revision"),
    "change": gettext_noop("changed"),
    "same": gettext_noop("already so"),
    "undone": gettext_noop("set back"),
    "kept": gettext_noop("kept"),
}


#: The pages of the kinds of objects that have one.
PAGES = {
    "assessment": "assessment",
    "bulk_act": "bulk_act",
    "campaign": "campaign",
    "export": "export",
    "import": "import",
    "list": "list",
    "webhook": "webhook",
    "policy": "policy_version",
    "segment": "segment",
    "policy_draft": "policy_draft_summary",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An activity as people read it."""

    activity: Activity
    act: str
    purpose: str
    actor: str
    counts: str
    version: int | None
    object_href: str
    person_href: str


def tell(workspace_id: int, activities: Iterable[Activity]) -> list[Told]:
    """Put activities of a workspace into words, in a constant number of queries."""
    rows = list(activities)
    actors = {row.actor for row in rows}
    names = _users(actors) | _keys(workspace_id, actors)
    titles, numbers = purpose_titles(workspace_id), queries.version_numbers(workspace_id)
    return [
        Told(
            activity=row,
            act=act_in_words(row.act),
            purpose=titles.get(row.purpose, row.purpose),
            actor=_actor(row.actor, names),
            counts=_counts(row),
            version=numbers.get(row.policy_version_id or 0),
            object_href=_object_href(row),
            person_href=address_if_any("person", workspace_id, row.subject_id) if row.subject_id else "",
        )
        for row in rows
    ]


def act_in_words(act: str) -> str:
    """An act in the reader's language, or its name when we have no words for it."""
    return _(ACTS[act]) if act in ACTS else act


def _object_href(activity: Activity) -> str:
    """The page of the object that an activity was about, if it has one."""
    kind, _colon, number = activity.object_ref.partition(":")
    return address_if_any(PAGES[kind], activity.workspace_id, number) if kind in PAGES and number.isdigit() else ""


def actors_in_words(actors: set[str]) -> dict[str, str]:
    """Actors as people read them, by their texts in the ledger."""
    names = _users(actors)
    return {actor: _actor(actor, names) for actor in actors}


def _users(actors: set[str]) -> dict[str, str]:
    ids = {actor: int(actor.removeprefix("user:")) for actor in actors if actor.startswith("user:")}
    known = {user.pk: str(user) for user in User.objects.filter(pk__in=ids.values())}
    return {actor: known.get(number, _("a former user")) for actor, number in ids.items()}


def _keys(workspace_id: int, actors: set[str]) -> dict[str, str]:
    """The programs among the actors, by the names of their keys; one query, if there are any."""
    ids = {actor: int(actor.removeprefix("key:")) for actor in actors if actor.startswith("key:")}
    known = dict(keys(workspace_id).filter(pk__in=ids.values()).values_list("pk", "name")) if ids else {}
    return {actor: _("API key “%(name)s”") % {"name": known.get(number, number)} for actor, number in ids.items()}


def _actor(actor: str, names: Mapping[str, str]) -> str:
    if actor in names:
        return names[actor]
    if actor.startswith("person:"):
        return _("the person")
    return {"system": _("Tillit itself"), "": "–"}.get(actor, actor)


def _counts(activity: Activity) -> str:
    said = {name: _(COUNTS[name]) if name in COUNTS else name.replace("_", " ") for name in activity.counts}
    shown = {name: number_format(number, force_grouping=True) for name, number in activity.counts.items() if number}
    return ", ".join(f"{number} {said[name]}" for name, number in shown.items())


def purpose_titles(workspace_id: int) -> dict[str, str]:
    """The purposes of the policy in force, and those that only the console has, by name, in the reader's language."""
    said = {"account.operate": _("Users and settings")}
    try:
        document = versions.in_force(workspace_id).document
    except versions.NoPolicy:
        return said
    language = get_language() or "en"
    return {**said, **{name: purpose.title.said(language) for name, purpose in document.purposes.items()}}
