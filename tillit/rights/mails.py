"""The mails of this package: each holds one link, and says who asked for what."""

from __future__ import annotations

from html import escape

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tillit.delivery.ids import made_at
from tillit.delivery.service import Parts, ServiceMail, register
from tillit.edge.tokens import Kind, Tokens
from tillit.people.models import MailingList


def access(mail: ServiceMail) -> Parts:
    """The link to a copy of what is held about a person."""
    with translation.override(mail.language):
        return _parts(
            mail,
            subject=_("Your copy from %(name)s"),
            say=[_("You asked %(name)s for a copy of everything it holds about you.")],
            link=_link(mail, Kind.COPY, "public:copy"),
            button=_("Show my information"),
            after=[
                _("The link works for two days, and for you alone: do not pass it on."),
                _("If it was not you, do nothing: nobody sees anything without this link."),
            ],
        )


def erasure(mail: ServiceMail) -> Parts:
    """The link that erases a person."""
    with translation.override(mail.language):
        return _parts(
            mail,
            subject=_("Erase what %(name)s holds about you?"),
            say=[_("You asked %(name)s to erase everything it holds about you.")],
            link=_link(mail, Kind.ERASE, "public:erase"),
            button=_("See what is erased"),
            after=[
                _("Nothing is erased before you press the button on that page. The link works for two days."),
                _("If it was not you, do nothing."),
            ],
        )


def confirmation(mail: ServiceMail) -> Parts:
    """The link that confirms a sign-up."""
    mailing_list = MailingList.objects.filter(workspace=mail.workspace, pk=mail.arguments["list"]).first()
    link = _link(
        mail,
        Kind.CONFIRM,
        "public:confirm",
        campaign=int(mail.arguments["list"]),
        argument=int(mail.arguments["minute"]),
    )
    with translation.override(mail.language):
        return _parts(
            mail,
            subject=_("Please confirm: mail from %(name)s"),
            say=[
                _("Somebody, hopefully you, entered this address to get “%(list)s” from %(name)s.")
                % {"list": mailing_list.title(mail.language) if mailing_list else "", "name": "%(name)s"},
            ],
            link=link,
            button=_("See and confirm"),
            after=[
                _("Until you confirm you are not on the list. Without an answer the address is removed in a week."),
                _("If it was not you, do nothing."),
            ],
        )


def _link(mail: ServiceMail, kind: Kind, page: str, *, campaign: int = 0, argument: int = 0) -> str:
    token = Tokens(settings.TOKEN_KEY).issue(
        kind,
        workspace=mail.workspace.pk,
        campaign=campaign,
        person=mail.person_id,
        day=made_at(mail.message_id).date(),
        argument=argument,
    )
    return settings.BASE_URL + reverse(page, args=[token])


def _parts(mail: ServiceMail, *, subject: str, say: list[str], link: str, button: str, after: list[str]) -> Parts:
    name = {"name": mail.workspace.name}
    before, later = [line % name for line in say], [line % name for line in after]
    text = "\n\n".join([*before, f"{button}:\n{link}", *later, f"-- \n{mail.workspace.name}"])
    html = "".join(
        [
            '<div style="font:16px/1.5 sans-serif;max-width:36em;margin:0 auto;padding:1em">',
            *(f"<p>{escape(line)}</p>" for line in before),
            f'<p><a href="{escape(link)}" style="display:inline-block;padding:.7em 1.2em;background:#0b6b61;color:#fff;'
            f'text-decoration:none;border-radius:6px">{escape(button)}</a></p>',
            *(f"<p>{escape(line)}</p>" for line in later),
            f"<p>{escape(mail.workspace.name)}<br>{escape(mail.workspace.postal_address)}</p></div>",
        ]
    )
    return Parts(subject % name, html, text)


register("rights.access", access)
register("rights.erasure", erasure)
register("rights.confirm", confirmation)
