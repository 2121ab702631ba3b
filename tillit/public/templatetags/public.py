"""What the pages for people say about a purpose, in the person's own case."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tillit.consent.models import Choice
from tillit.consent.queries import ListLine, PurposeLine
from tillit.governance.asked import why_asked
from tillit.ledger.versions import Version
from tillit.people.models import Field, Subscription
from tillit.policy.bases import Basis, Objection
from tillit.policy.outcomes import Reason
from tillit.policy.references import said
from tillit.policy.regions import Region
from tillit.policy.values import Texts
from tillit.public import words
from tillit.public.pages import Visit
from tillit.rights.holdings import Column, Table, category_titles

register = template.Library()


@register.simple_tag(takes_context=True)
def text(context: dict[str, Any], texts: Texts) -> str:
    """A text of the policy of the page's version, in the page's language."""
    return said(context["version"].document, texts, context["language"])


@register.simple_tag(takes_context=True)
def purpose_title(context: dict[str, Any], version: Version, purpose: str) -> str:
    """What a purpose is called; one that the policy has dropped, by its id."""
    known = version.document.purposes.get(purpose)
    return known.title.said(context["language"]) if known else purpose


@register.simple_tag
def receipt(visit: Visit, choice: UUID) -> str:
    """The address of a choice's receipt."""
    return visit.receipt(choice)


@register.simple_tag
def standing(line: PurposeLine) -> str:
    """Whether a purpose is on, and by what. Source: GDPR art 13(1)(c); CLAUSES D2."""
    match line.decision.reason:
        case Reason.PERMITTED_BY_CONSENT:
            return _("On, because you said yes.")
        case Reason.CONSENT_MISSING:
            return _("Off, until you say yes.")
        case Reason.REFUSED:
            return _("Off, because you said no.")
    ground = words.ground(line.basis)
    return _("On. It rests on %(ground)s.") % {"ground": ground}


@register.simple_tag(takes_context=True)
def asked_again(context: dict[str, Any], line: PurposeLine) -> str:
    """Why a yes that was given counts no more, where a later version asks for it anew. Source: CLAUSES J1, D5."""
    choice = line.choice
    granted = choice is not None and choice.state == Choice.State.GRANTED
    if choice is None or not granted or line.decision.reason is not Reason.CONSENT_MISSING:
        return ""
    version, language = context["version"], context["language"]
    reasons = why_asked(version, line.id, granted_under=choice.policy_version_id, language=language)
    if reasons is None:
        return ""
    if not reasons:
        return _("You said yes before. We ask you again, because the policy has changed.")
    return _("You said yes before. We ask you again, because of this: %(reasons)s") % {"reasons": " ".join(reasons)}


@register.simple_tag
def if_off(line: PurposeLine) -> str:
    """What the page does not say of every purpose already: that messages end with the next one."""
    return _("If off: you get no such messages, beginning with the next.") if line.purpose.sends else ""


@register.simple_tag
def why_standing(line: PurposeLine, operator: Any) -> str:
    """Why a purpose cannot be switched off, and what one can do instead. Source: CLAUSES E10; GDPR art 21(1)."""
    ground = _("It rests on %(ground)s.") % {"ground": words.ground(line.basis)}
    if line.purpose.effective_objection is Objection.REVIEW:
        return (
            ground
            + " "
            + _("You can object by writing to %(mail)s; somebody weighs your reasons.") % {"mail": operator.objections}
        )
    if line.purpose.compulsory is not None:
        return ground + " " + _("Without it the service cannot be given.")
    return ground + " " + _("The law leaves no choice here, to you or to us.")


@register.simple_tag
def list_state(line: ListLine) -> str:
    """How a person stands to a list, and since when."""
    since = date_format(line.subscription.since, "DATE_FORMAT") if line.subscription else ""
    if line.state == Subscription.State.SUBSCRIBED:
        return _("You are on it since %(date)s.") % {"date": since}
    if line.state == Subscription.State.PENDING:
        return _("It waits for you to confirm, since %(date)s.") % {"date": since}
    return _("You left it on %(date)s.") % {"date": since}


@register.simple_tag
def field_label(field: Field) -> str:
    """What a person's field is called in the page's language."""
    return field.said()


@register.simple_tag
def region_words(region: int) -> str:
    """Which law counts for a person, and that an unknown one is the strictest. Source: CLAUSES B7, D2."""
    if region == Region.UNKNOWN:
        return _("We do not know where you are, so the strictest law counts for you.")
    return _("The law of this region counts for you: %(region)s.") % {"region": words.REGIONS[Region(region)]}


@register.simple_tag
def choice_words(choice: Choice) -> str:
    """What a person chose, when and how."""
    state, method = words.STATES[choice.state], words.METHODS[choice.method]
    return f"{state}, {date_format(choice.at, 'DATE_FORMAT')} ({method})"


@register.simple_tag
def state_words(state: str) -> str:
    """What a choice says."""
    return str(words.STATES[state])


@register.simple_tag
def ground_words(basis: Basis) -> str:
    """What a purpose rested on."""
    return str(words.ground(basis))


@register.simple_tag
def past_region_words(region: Region, certain: bool) -> str:
    """Which law counted for a person then. Source: CLAUSES B7, D2."""
    if region == Region.UNKNOWN:
        return _("We did not know where you were, so the strictest law counted for you.")
    told = _("The law of this region counted for you: %(region)s.") % {"region": words.REGIONS[region]}
    return told if certain else told + " " + _("Changes before that time were not kept, so this is as far as we know.")


@register.simple_tag
def method_words(method: str) -> str:
    """How a choice was made."""
    return str(words.METHODS[method])


@register.filter
def get(values: dict[str, Any], name: str) -> Any:
    """A value whose name is no word of the template language."""
    return values.get(name)


@register.simple_tag(takes_context=True)
def categories(context: dict[str, Any], version: Version, table: Table) -> str:
    """What the policy calls the categories of a table."""
    return ", ".join(category_titles(version.document, table, context["language"]))


@register.simple_tag(takes_context=True)
def value(context: dict[str, Any], row: dict[str, Any], column: Column) -> Any:
    """One value of a row, as a person reads it."""
    found = row[column.name]
    if isinstance(found, dict):
        named = found.get("name") if found.keys() == {"number", "name"} else None
        told = ((_(name.replace("_", " ").capitalize()), said) for name, said in found.items())
        return named or format_html_join(mark_safe("<br>"), "{}: {}", told)
    if isinstance(found, str) and (moment := _moment(column, found)):
        return date_format(localtime(moment), "DATETIME_FORMAT")
    if column.name == "purpose" and (known := context["version"].document.purposes.get(found)):
        return known.title.said(context["language"])
    return dict(column.choices).get(str(found), "" if found is None else found)


def _moment(column: Column, text: str) -> datetime | None:
    return parse_datetime(text) if column.name == "at" or column.name.endswith(("_at", "since")) else None
