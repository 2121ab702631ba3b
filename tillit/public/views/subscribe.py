"""Joining a public list: a form, a mail, and a button in it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Workspace
from tillit.consent import notices
from tillit.consent.actions import NobodyThere
from tillit.consent.subscriptions import NotPublic
from tillit.edge.tokens import Expired, Kind
from tillit.ledger.versions import in_force
from tillit.people.identity import InvalidIdentifier
from tillit.people.models import MailingList
from tillit.policy.document import Document
from tillit.public import limits
from tillit.public.pages import Visit, language_of, open_page, problem, show, token_page
from tillit.rights import signup

HONEYPOT = "website"  # people do not see it; whoever fills it in is none


@open_page("GET", "POST")
def subscribe(request: HttpRequest, workspace_id: int, list_id: int) -> HttpResponse:
    """Show the form; POST sends the question by mail, and answers the same whoever is known. Source: GDPR art 7, 13."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        return problem(request, "missing", status=404)
    try:
        mailing_list = signup.public_list(workspace.pk, list_id)
    except NotPublic:
        return problem(request, "missing", status=404)
    page: dict[str, Any] = {"workspace": workspace, "version": in_force(workspace.pk), "list": mailing_list}
    if request.method != "POST":
        return _form(request, page)
    if not limits.allow(request):
        return problem(request, "too-many", status=429)
    email = request.POST.get("email", "")
    read = True
    if not request.POST.get(HONEYPOT):
        try:
            read = _sign_up(request, page, email)
        except InvalidIdentifier:
            return _form(request, page, email=email, wrong=True, status=400)
    return show(request, "asked", home=request.path, **page) if read else _form(request, page, email=email)


def _sign_up(request: HttpRequest, page: dict[str, Any], email: str) -> bool:
    """Sign somebody up; False when the words on the form were not those that count now: they are shown again."""
    workspace, mailing_list, language, now = page["workspace"], page["list"], language_of(request), timezone.now()
    if mailing_list.opt_in != MailingList.OptIn.SINGLE:
        signup.sign_up(workspace.pk, mailing_list.pk, email=email, language=language, now=now)
        return True
    text = _words(page["version"].document, mailing_list, workspace, language)
    if request.POST.get("notice") != notices.digest_of(text):
        return False
    notice = notices.keep(text, language=language, now=now)
    signup.join(workspace.pk, mailing_list.pk, email=email, language=language, notice_digest=notice, now=now)
    return True


def _form(request: HttpRequest, page: dict[str, Any], *, status: int = 200, **more: Any) -> HttpResponse:
    if page["list"].opt_in == MailingList.OptIn.SINGLE:
        text = _words(page["version"].document, page["list"], page["workspace"], language_of(request))
        more = {"text": text, "notice": notices.digest_of(text), **more}
    return show(
        request,
        "subscribe",
        status=status,
        purpose=page["version"].document.purposes[signup.MARKETING],
        honeypot=HONEYPOT,
        **page,
        **more,
    )


@token_page("GET", "POST", kinds=(Kind.CONFIRM,))
def confirm(request: HttpRequest, visit: Visit) -> HttpResponse:
    """GET shows the words and a button, so that a scanner confirms nothing; POST joins the list and gives a receipt."""
    try:
        mailing_list = signup.public_list(visit.workspace.pk, visit.token.campaign)
    except NotPublic:
        return problem(request, "missing", status=404)
    language = language_of(request)
    text = consent_text(visit, mailing_list, language)
    if request.method != "POST" or request.POST.get("notice") != notices.digest_of(text):
        return show(request, "confirm", visit=visit, list=mailing_list, text=text, notice=notices.digest_of(text))
    now = timezone.now()
    try:
        done = signup.confirm(
            visit.workspace.pk,
            visit.person_id,
            mailing_list.pk,
            asked_at=asked_at(visit),
            notice_digest=notices.keep(text, language=language, now=now),
            now=now,
        )
    except NobodyThere:
        raise Expired(visit.token) from None
    return show(
        request, "welcome", visit=visit, home=reverse("public:confirm", args=[visit.text]), list=mailing_list, done=done
    )


def consent_text(visit: Visit, mailing_list: MailingList, language: str) -> str:
    """The words that are consented to: the list, the purpose, who is asking, and how to take it back."""
    return _words(visit.version.document, mailing_list, visit.workspace, language)


def _words(document: Document, mailing_list: MailingList, workspace: Workspace, language: str) -> str:
    purpose = notices.purpose_notice(document, document.purposes[signup.MARKETING], language)
    said = _("You join the list “%(list)s” of %(name)s and say yes to:") % {
        "list": mailing_list.title(language),
        "name": workspace.name,
    }
    how = _(
        "You can take it back at any time, by the link in every mail or at %(mail)s. What was done before stays lawful."
    )
    return "\n\n".join([said, purpose, how % {"mail": document.operator.objections}])


def asked_at(visit: Visit) -> datetime:
    """When the sign-up was made, to the minute, which the link tells."""
    return datetime.combine(visit.token.issued, time(), tzinfo=UTC) + timedelta(minutes=visit.token.argument)
