"""The mail that tells a person what a change of policy means for them: nothing else, and no advertising."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tillit.accounts.models import Workspace
from tillit.delivery.service import Parts, ServiceMail, register
from tillit.edge.tokens import Kind, Tokens
from tillit.governance.compared import since_before
from tillit.governance.concerned import concerns, is_asked
from tillit.governance.models import ChangeNotice
from tillit.governance.notices import TEMPLATE, rules_of
from tillit.ledger.versions import Version, version
from tillit.people.models import Person
from tillit.policy.diff_words import Sayer
from tillit.policy.rules import PersonState

NOBODY = UUID(int=0)  # the person of links in previews: they act on nobody


class TakenBack(Exception):
    """The version was taken back before it took effect, so the mail would tell what does not happen."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What the mail says to one person: the sentences that concern them, and the purposes they are asked about anew."""

    sentences: tuple[str, ...]
    asked: tuple[str, ...]


def contents(told: Version, state: PersonState, language: str) -> Contents:
    """Choose what concerns a person: material changes of what is permitted about them, and their lapsing consents.

    Where nothing does any more, since they changed their mind meanwhile, it is every change that people are told of.
    """
    changes, rules = since_before(told), rules_of(told)
    placed = rules.in_place()
    sayer = Sayer(changes, language)
    telling = [change for change in changes.material if change.facts.tell]
    theirs = [change for change in telling if concerns(change, state, placed)]
    asked = [name for name in told.asks_again if is_asked(name, state, rules)]
    asked_too = [change for change in changes if change.ask and set(change.purposes) & set(asked)]
    chosen = dict.fromkeys(sayer.say(change) for change in ([*theirs, *asked_too] or telling or changes))
    return Contents(tuple(chosen), tuple(sayer.title(name) for name in asked))


def changed(mail: ServiceMail) -> Parts:
    """Write the mail to one person, by what they chose until now. Raises TakenBack."""
    notice = ChangeNotice.objects.select_related("version").get(pk=int(mail.arguments["notice"]))
    if hasattr(notice.version, "withdrawal"):
        raise TakenBack
    person = Person.objects.get(pk=mail.person_id)
    day = _made_at(mail.message_id)
    return write(notice, person, workspace=mail.workspace, language=mail.language, day=day, acts_on=person.pk)


def write(
    notice: ChangeNotice, person: Person, *, workspace: Workspace, language: str, day: datetime, acts_on: UUID
) -> Parts:
    """Write the mail of a notice to a person in a language.

    `day` is that of its links, and `acts_on` the person whose choices they lead to: NOBODY in a preview.
    """
    told = version(notice.version_id)
    state = PersonState(person.region, person.roles, person.flags, person.granted, person.refused)
    said = contents(told, state, language)
    with translation.override(language):
        when = timezone.localtime(told.effective_at)
        fill = {"name": workspace.name, "date": date_format(when, "DATE_FORMAT")}
        past = told.effective_at <= timezone.now()
        return _parts(
            workspace,
            subject=(_("Our privacy policy has changed") if past else _("Our privacy policy changes on %(date)s"))
            % fill,
            opening=(
                _("%(name)s has changed its privacy policy. The change has been in force since %(date)s.")
                if past
                else _("%(name)s changes its privacy policy. The change takes effect on %(date)s.")
            )
            % fill,
            words=own_words(notice, language),
            said=said,
            reads=_("Version %(number)d of the policy") % {"number": told.number},
            links=_links(workspace, told, acts_on, day=day),
        )


def own_words(notice: ChangeNotice, language: str) -> str:
    """What the officer wrote, in a language, else in the first there is."""
    words = notice.words
    return words.get(language[:2]) or next(iter(words.values()), "")


def _links(workspace: Workspace, told: Version, person_id: UUID, *, day: datetime) -> dict[str, str]:
    token = Tokens(settings.TOKEN_KEY).issue(
        Kind.PREFERENCES, workspace=workspace.pk, campaign=0, person=person_id, day=day.date(), argument=0
    )
    return {
        "choose": settings.BASE_URL + reverse("public:preferences", args=[token]),
        "version": settings.BASE_URL + reverse("public:statement_version", args=[workspace.pk, told.number]),
        "changes": settings.BASE_URL + reverse("public:changes", args=[workspace.pk]),
    }


def _parts(
    workspace: Workspace,
    *,
    subject: str,
    opening: str,
    words: str,
    said: Contents,
    reads: str,
    links: dict[str, str],
) -> Parts:
    asked = [
        _("You said yes to “%(purpose)s”. We ask you again: until you say yes, we do not do it.") % {"purpose": each}
        for each in said.asked
    ]
    button = _("See and choose") if asked else _("See your choices")
    more = [(reads, links["version"]), (_("Every change"), links["changes"])]
    why = _("This is no advertising. We write because the law asks us to tell you of such a change.")
    concern = _("This concerns you:")
    text = "\n\n".join(
        [
            *(part for part in (opening, words) if part),
            concern + "\n" + "\n".join(f"* {each}" for each in said.sentences),
            *asked,
            f"{button}:\n{links['choose']}",
            "\n".join(f"{label}: {link}" for label, link in more),
            why,
            f"-- \n{workspace.name}",
        ]
    )
    html = "".join(
        [
            '<div style="font:16px/1.5 sans-serif;max-width:36em;margin:0 auto;padding:1em">',
            f"<p>{escape(opening)}</p>",
            *(f"<p>{escape(part)}</p>" for part in words.split("\n") if part.strip()),
            f"<p>{escape(concern)}</p><ul>",
            *(f"<li>{escape(each)}</li>" for each in said.sentences),
            "</ul>",
            *(f"<p><strong>{escape(each)}</strong></p>" for each in asked),
            f'<p><a href="{escape(links["choose"])}" style="display:inline-block;padding:.7em 1.2em;background:#0b6b61;'
            f'color:#fff;text-decoration:none;border-radius:6px">{escape(button)}</a></p><p>',
            "<br>".join(f'<a href="{escape(link)}" style="color:#0b6b61">{escape(label)}</a>' for label, link in more),
            f'</p><p style="color:#555;font-size:14px">{escape(why)}</p>',
            f"<p>{escape(workspace.name)}<br>{escape(workspace.postal_address)}</p></div>",
        ]
    )
    return Parts(subject, html, text)


def _made_at(message_id: UUID) -> datetime:
    """When a message was queued, which its id tells. Source: RFC 9562 section 5.7."""
    return datetime.fromtimestamp((message_id.int >> 80) / 1000, tz=UTC)


register(TEMPLATE, changed)
