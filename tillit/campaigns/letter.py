"""A campaign's text compiled for its workspace and its policy, and written for one person after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from tillit.campaigns.content import Content, Urls, compile_content
from tillit.campaigns.layout import Footer
from tillit.campaigns.models import Campaign
from tillit.campaigns.slots import ContentErrors, Problem
from tillit.delivery.compose import Addressee, Headers, Mailbox
from tillit.delivery.streams import Addressed
from tillit.delivery.writing import date
from tillit.edge.tokens import Kind, NotWeb, Tokens, click_parts, open_url, target_bytes
from tillit.env import env
from tillit.ledger.versions import Version, in_force
from tillit.people.models import Field
from tillit.people.values import WORDED, worded
from tillit.policy.rules import Rule

NOBODY = UUID(int=0)  # the person of links in test mails: they act on nobody
_UNKNOWN_FIELD = re.compile(r"There is no field “(.+?)” that this mail may use\.")
_REASONS = {
    "en": "You get this mail from {sender} for the purpose “{purpose}”.",
    "sv": "Du får det här mejlet från {sender} för ändamålet ”{purpose}”.",
}


def fields_of(campaign: Campaign, rule: Rule) -> list[Field]:
    """The fields that a campaign may merge: those whose category its purpose uses."""
    return [field for field in campaign.workspace.fields.in_use() if field.category in rule.categories]


def rule_for(campaign: Campaign, policy: Version) -> Rule | None:
    """The rule of the campaign's purpose."""
    return policy.rules.get(campaign.purpose)


def unsubscribable(rule: Rule) -> bool:
    """Whether mail for a purpose carries a way out: where a refusal is obeyed (clauses E9, E10)."""
    return rule.refusable or rule.consent_regions != 0


def one_click() -> bool:
    """Whether mail programs may show a button to leave: its address must be https. Source: RFC 8058 §3.1."""
    return settings.BASE_URL.startswith("https://")


def compile_campaign(campaign: Campaign, policy: Version | None = None, *, unfinished: bool = False) -> Content:
    """Compile a campaign's text. Raises ContentErrors, and NoPolicy when the workspace has none.

    A field whose category the purpose does not use is an error that says so. `unfinished` lets subject and body be
    empty, as they are in a draft.
    """
    policy = policy or in_force(campaign.workspace_id)
    rule = rule_for(campaign, policy)
    fields = {field.name: field.said() for field in fields_of(campaign, rule)} if rule else {}
    blank = "–" if unfinished else ""
    try:
        return compile_content(
            subject=campaign.subject if campaign.subject.strip() else blank,
            preheader=campaign.preheader,
            body=campaign.body if campaign.body.strip() else blank,
            kind=campaign.kind,
            fields=fields,
            footer=_footer(campaign, policy, rule),
            language=campaign.language,
        )
    except ContentErrors as errors:
        raise ContentErrors(_explained(problem, campaign, policy) for problem in errors.problems) from errors


def subject_for_nobody(campaign: Campaign) -> str:
    """The subject as it reads where nothing is known of the reader; the campaign's name when it cannot be had."""
    try:
        content = compile_campaign(campaign, unfinished=True)
    except ContentErrors:  # a field or a purpose that it used has gone since
        return campaign.name
    rendered = content.render(
        {}, link=lambda _, target: target, pixel=None, urls=Urls(unsubscribe="", preferences="", why="")
    )
    return rendered.subject if campaign.subject.strip() else campaign.name


def _footer(campaign: Campaign, policy: Version, rule: Rule | None) -> Footer:
    workspace = campaign.workspace
    purpose = policy.document.purposes.get(campaign.purpose)
    words = _REASONS["sv" if campaign.language.startswith("sv") else "en"]
    return Footer(
        sender=workspace.name,
        address=workspace.postal_address,
        reason=words.format(sender=workspace.name, purpose=purpose.title.said(campaign.language)) if purpose else "",
        unsubscribable=rule is not None and unsubscribable(rule),
    )


def _explained(problem: Problem, campaign: Campaign, policy: Version) -> Problem:
    """Say of a field that exists why this mail may not use it."""
    found = _UNKNOWN_FIELD.match(problem.message)
    field = campaign.workspace.fields.in_use().filter(name=found[1]).first() if found else None
    if field is None:
        return problem
    category = policy.document.categories.get(field.category)
    named = category.title.said(campaign.language) if category else field.category
    return replace(
        problem,
        message=f"The field “{field.name}” belongs to “{named}”, which the purpose “{campaign.purpose}” does not use.",
        mend="Take it out, or have the policy's owner add the category to the purpose.",
    )


def worded_fields(campaign: Campaign, fields: Iterable[str]) -> dict[str, str]:
    """Those of some fields whose values a mail says in words, with their types."""
    kept = campaign.workspace.fields.in_use().filter(name__in=list(fields), type__in=WORDED)
    return dict(kept.values_list("name", "type"))


@dataclass(frozen=True, slots=True)
class Letter:
    """A campaign ready to be written. `fields` are (category, field) pairs, in the order of the values it wants."""

    fields: tuple[tuple[str, str], ...]
    links: tuple[str, ...]
    write: Callable[[Addressed], bytes]


def letter(campaign: Campaign, *, mark: str = "", policy: Version | None = None) -> Letter:
    """Compile a campaign to what writes its mails. `mark` stands before the subject of a test mail.

    Raises ContentErrors, BadHeader or BadAddress.
    """
    policy = policy or in_force(campaign.workspace_id)
    if mark:
        campaign = copy(campaign)
        campaign.subject = f"{mark} {campaign.subject}"
    content = compile_campaign(campaign, policy)
    rule = rule_for(campaign, policy)
    leaves = rule is not None and unsubscribable(rule)
    template = content.template(_headers(campaign, leaves=leaves))
    category = {field.name: field.category for field in campaign.workspace.fields.in_use()}
    links, domain, fields = Links(campaign), env().mail_domain, content.fields
    in_words = worded_fields(campaign, fields)
    dated = _Dated()

    def write(to: Addressed) -> bytes:
        person = {name: value for name, value in zip(fields, to.values, strict=True) if value}
        for name, kind in in_words.items():
            if name in person:
                person[name] = worded(kind, person[name], campaign.language)
        urls = links.urls(to.person_id)
        values = content.fill(
            person,
            link=links.tracked(to.person_id) if to.measured else links.plain,
            pixel=links.pixel(to.person_id) if to.measured else None,
            urls=urls,
        )
        addressee = Addressee(
            address=to.address,
            message_id=f"{to.message_id}@{domain}",
            date=dated(),
            unsubscribe=urls.unsubscribe,
        )
        return template.write(addressee, values)

    return Letter(tuple((category[name], name) for name in fields), content.links, write)


def _headers(campaign: Campaign, *, leaves: bool) -> Headers:
    workspace, domain = campaign.workspace, env().mail_domain
    lists = list(campaign.lists.all())
    alone = lists[0] if len(lists) == 1 else None
    return Headers(
        sender=Mailbox(campaign.from_name or workspace.name, campaign.from_email),
        reply_to=Mailbox("", campaign.reply_to) if campaign.reply_to else None,
        list_id=f"{f'list-{alone.pk}.' if alone else ''}workspace-{workspace.pk}.{domain}" if leaves else None,
        list_name=alone.title(campaign.language) if alone else workspace.name,
        feedback_id=f"c{campaign.pk}:w{workspace.pk}:{campaign.purpose}:tillit",
        unsubscribable=leaves and one_click(),
        bulk=leaves,
        language=campaign.language,
    )


class Links:
    """The addresses in one campaign's mails that are a person's own."""

    def __init__(self, campaign: Campaign) -> None:
        self._base = settings.BASE_URL
        tokens, day = Tokens(settings.TOKEN_KEY), campaign.prepared_at or campaign.updated_at
        self._make = {
            kind: tokens.issuer(kind, workspace=campaign.workspace_id, campaign=campaign.pk or 0, day=day.date())
            for kind in (Kind.OPEN, Kind.CLICK, Kind.UNSUBSCRIBE, Kind.PREFERENCES, Kind.WHY)
        }

    def urls(self, person: UUID) -> Urls:
        """Where the person leaves, chooses, and asks why."""
        return Urls(
            unsubscribe=f"{self._base}/u/{self._token(Kind.UNSUBSCRIBE, person)}",
            preferences=f"{self._base}/p/{self._token(Kind.PREFERENCES, person)}",
            why=f"{self._base}/why/{self._token(Kind.WHY, person)}",
        )

    def pixel(self, person: UUID) -> str:
        """The image that tells of an open."""
        return open_url(self._base, self._token(Kind.OPEN, person))

    def tracked(self, person: UUID) -> Callable[[int, str], str]:
        """How links are written for somebody who permits measurement: through the edge, which counts and redirects."""
        make, raw, base = self._make[Kind.CLICK], person.bytes, self._base

        def link(number: int, target: str) -> str:
            parts = _parts(base, target)
            if parts is None:
                return target
            return f"{parts[0]}{make(raw, number, parts[2]).decode()}{parts[1]}"

        return link

    @staticmethod
    def plain(_number: int, target: str) -> str:
        """How links are written for everybody else: as they are (clause C9)."""
        return target

    def _token(self, kind: Kind, person: UUID) -> str:
        return self._make[kind](person.bytes, 0, b"").decode()


@lru_cache(maxsize=4096)
def _parts(base: str, target: str) -> tuple[str, str, bytes] | None:
    """What stands around the token of a tracked link, and what it signs; None for what is no web address."""
    try:
        return *click_parts(base, target), target_bytes(target)
    except NotWeb:
        return None


class _Dated:
    """The Date field, made once a second's worth of mails rather than for each."""

    def __init__(self) -> None:
        self._left, self._date = 0, b""

    def __call__(self) -> bytes:
        if not self._left:
            self._left, self._date = 100, date()
        self._left -= 1
        return self._date
