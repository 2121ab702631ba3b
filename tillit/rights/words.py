"""What tables and fields are called to people. One that has no words here is shown by its own name."""

from __future__ import annotations

from collections.abc import Mapping

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: What tables are called to the person whom they are about, in the order of a copy.
TABLES: Mapping[str, Promise] = {
    "people.person": gettext_lazy("You"),
    "people.paststanding": gettext_lazy("What counted for you before"),
    "people.identity": gettext_lazy("Addresses and numbers"),
    "people.traits": gettext_lazy("What is known about you"),
    "people.nameword": gettext_lazy("Words of your name, to find you by"),
    "people.edit": gettext_lazy("Corrections"),
    "people.note": gettext_lazy("Notes about you"),
    "people.bulkchange": gettext_lazy("Changes made to many at once"),
    "people.merge": gettext_lazy("Records that were made one with yours"),
    "people.mergetrace": gettext_lazy("What making them one changed"),
    "people.notduplicate": gettext_lazy("Records that are not yours"),
    "people.likeness": gettext_lazy("Records that may be yours, too"),
    "people.subscription": gettext_lazy("Lists"),
    "people.importtrace": gettext_lazy("What files changed about you lately"),
    "consent.choice": gettext_lazy("What you chose"),
    "consent.voidedchoice": gettext_lazy("Choices recorded by mistake, which count no longer"),
    "consent.choiceevidence": gettext_lazy("How others came to know of your consent"),
    "delivery.message": gettext_lazy("Mails to you"),
    "delivery.event": gettext_lazy("What you did with mails"),
    "rights.request": gettext_lazy("What you asked for"),
}
#: The same to those who work with them.
PLAIN: Mapping[str, Promise] = {
    "people.person": gettext_lazy("Person"),
    "people.paststanding": gettext_lazy("Earlier regions, roles and restrictions"),
    "people.identity": gettext_lazy("Addresses and numbers"),
    "people.traits": gettext_lazy("Kinds of information"),
    "people.nameword": gettext_lazy("Words of names"),
    "people.edit": gettext_lazy("Corrections"),
    "people.note": gettext_lazy("Notes"),
    "people.bulkchange": gettext_lazy("Changes made to many at once"),
    "people.merge": gettext_lazy("Records that were made one"),
    "people.mergetrace": gettext_lazy("Traces of merges, by which they are split"),
    "people.notduplicate": gettext_lazy("Pairs that are different people"),
    "people.likeness": gettext_lazy("Pairs that may be one person"),
    "people.subscription": gettext_lazy("Places on lists"),
    "people.importtrace": gettext_lazy("Traces of imports, by which they are undone"),
    "consent.choice": gettext_lazy("Choices"),
    "consent.voidedchoice": gettext_lazy("Choices that were taken back"),
    "consent.choiceevidence": gettext_lazy("How consents were obtained"),
    "delivery.message": gettext_lazy("Mails"),
    "delivery.event": gettext_lazy("Opens and clicks"),
    "rights.request": gettext_lazy("Requests"),
}
FIELDS: Mapping[str, Promise] = {
    "by": gettext_lazy("By"),
    "text": gettext_lazy("Text"),
    "about": gettext_lazy("About"),
    "after": gettext_lazy("Afterwards"),
    "at": gettext_lazy("When"),
    "address": gettext_lazy("Network address"),
    "arguments": gettext_lazy("Details"),
    "attempts": gettext_lazy("Attempts"),
    "campaign_id": gettext_lazy("Campaign"),
    "category": gettext_lazy("Kind of information"),
    "choice_id": gettext_lazy("Choice"),
    "client": gettext_lazy("Program"),
    "counts": gettext_lazy("What was done"),
    "created_at": gettext_lazy("Since"),
    "device": gettext_lazy("Device"),
    "done_at": gettext_lazy("Sent"),
    "due_at": gettext_lazy("Due"),
    "expires_at": gettext_lazy("Lapses"),
    "flags": gettext_lazy("Restricted, unreachable or suppressed"),
    "found_at": gettext_lazy("Found"),
    "fulfilled_at": gettext_lazy("Answered"),
    "gone": gettext_lazy("The other record"),
    "gone_id": gettext_lazy("Went into it"),
    "granted": gettext_lazy("Said yes to"),
    "id": gettext_lazy("Number"),
    "key": gettext_lazy("Scrambled mark"),
    "kind": gettext_lazy("What"),
    "import_id": gettext_lazy("Import"),
    "kept": gettext_lazy("This record"),
    "kept_id": gettext_lazy("Was kept"),
    "language": gettext_lazy("Language"),
    "link": gettext_lazy("Link"),
    "list_id": gettext_lazy("List"),
    "measured": gettext_lazy("Measured"),
    "method": gettext_lazy("How"),
    "moved": gettext_lazy("Moved"),
    "obtained": gettext_lazy("When and how"),
    "notice_digest": gettext_lazy("Words that you were shown (digest)"),
    "other_id": gettext_lazy("Other record"),
    "part": gettext_lazy("Of it"),
    "policy_version_id": gettext_lazy("Policy version"),
    "purpose": gettext_lazy("Purpose"),
    "reasons": gettext_lazy("Why"),
    "received_at": gettext_lazy("Received"),
    "refused": gettext_lazy("Said no to"),
    "region": gettext_lazy("Region"),
    "reply": gettext_lazy("Answer of the mail server"),
    "roles": gettext_lazy("Roles"),
    "since": gettext_lazy("Since"),
    "source_id": gettext_lazy("Source"),
    "split_at": gettext_lazy("Split"),
    "state": gettext_lazy("State"),
    "template": gettext_lazy("Template"),
    "until": gettext_lazy("Until"),
    "updated_at": gettext_lazy("Changed"),
    "verdict": gettext_lazy("Outcome"),
    "value": gettext_lazy("Address or number"),
    "values": gettext_lazy("Information"),
    "word": gettext_lazy("Word"),
}


def table_title(name: str) -> str:
    """What a table, such as ``people.identity``, is called at work."""
    return str(PLAIN[name]) if name in PLAIN else str(apps.get_model(name)._meta.verbose_name).capitalize()


def erasure_in_words(counts: Mapping[str, int]) -> list[str]:
    """What an erasure did, table by table."""
    verbs = {
        "delete": _("%(table)s: %(n)s deleted"),
        "tombstone": _("%(table)s: %(n)s scrambled"),
        "keep": _("%(table)s: %(n)s kept as evidence, without a name"),
    }
    names = {model._meta.db_table: model._meta.label_lower for model in apps.get_models()}
    lines = []
    for name, number in counts.items():
        verb, _sep, table = name.partition("_")
        lines.append(verbs[verb] % {"table": table_title(names[table]) if table in names else table, "n": number})
    return lines


def copy_in_words(counts: Mapping[str, int]) -> list[str]:
    """What a copy held, table by table."""
    return [f"{table_title(name)}: {number}" for name, number in counts.items()]
