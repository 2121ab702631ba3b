"""The mail that welcomes somebody who joined a list: its text compiled, and written for one person.

Who gets it, and under which purpose, `delivery.welcome` says.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from tillit.campaigns.content import Content, Rendered, Urls, compile_content
from tillit.campaigns.layout import Footer
from tillit.campaigns.letter import Links
from tillit.delivery.ids import made_at
from tillit.delivery.service import Parts, ServiceMail
from tillit.edge.tokens import Kind, Tokens
from tillit.people.models import Field, MailingList

NAMES = "identity"
LARGEST_ARGUMENT = 2**16 - 1  # of a token


def compile_welcome(mailing_list: MailingList, text: Mapping[str, str], *, language: str) -> Content:
    """Compile a welcome in one language; names are what it may merge. Raises ContentErrors."""
    workspace = mailing_list.workspace
    names = Field.objects.filter(workspace_id=workspace.pk, category=NAMES, type=Field.Type.TEXT).in_use()
    with translation.override(language):
        reason = _("You get this mail from %(name)s because you joined the list “%(list)s”.") % {
            "name": workspace.name,
            "list": mailing_list.title(language),
        }
    return compile_content(
        subject=text["subject"],
        body=text["body"],
        kind="markdown",
        fields={field.name: field.said(language) for field in names},
        footer=Footer(sender=workspace.name, address=workspace.postal_address, reason=reason),
        language=language,
    )


def preview(mailing_list: MailingList, text: Mapping[str, str], *, language: str) -> Rendered:
    """The welcome as somebody gets it of whom nothing is known."""
    content = compile_welcome(mailing_list, text, language=language)
    return content.render({}, link=Links.plain, pixel=None, urls=Urls(unsubscribe="#", preferences="#", why="#"))


def compose(mail: ServiceMail) -> Parts:
    """Write a welcome, in the person's language if the list has it."""
    mailing_list = MailingList.objects.select_related("workspace").get(
        workspace=mail.workspace, pk=mail.arguments["list"]
    )
    texts = mailing_list.welcomes
    language = next((code for code in (mail.language, mail.workspace.language) if code in texts), next(iter(texts)))
    content = compile_welcome(mailing_list, texts[language], language=language)
    urls = _urls(mail, mailing_list.pk)
    rendered = content.render(
        {name: str(value) for name, value in mail.names.items() if value}, link=Links.plain, pixel=None, urls=urls
    )
    return Parts(rendered.subject, rendered.html, rendered.text, unsubscribe=urls.unsubscribe)


def _urls(mail: ServiceMail, list_id: int) -> Urls:
    """Where the person leaves this list, chooses, and asks why."""
    tokens, day = Tokens(settings.TOKEN_KEY), made_at(mail.message_id).date()
    argument = list_id if list_id <= LARGEST_ARGUMENT else 0

    def token(kind: Kind) -> str:
        return tokens.issue(
            kind, workspace=mail.workspace.pk, campaign=0, person=mail.person_id, day=day, argument=argument
        )

    base = settings.BASE_URL
    return Urls(
        unsubscribe=f"{base}/u/{token(Kind.UNSUBSCRIBE)}",
        preferences=f"{base}/p/{token(Kind.PREFERENCES)}",
        why=f"{base}/why/{token(Kind.WHY)}",
    )
