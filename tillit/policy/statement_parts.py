"""The sections of a statement: the short form, the layers of its audiences, and what is said with tables."""

from collections.abc import Iterable, Iterator, Mapping

from tillit.policy.document import Audience, Officer, Regime
from tillit.policy.regions import NAMED_REGIONS
from tillit.policy.roles import Role
from tillit.policy.statement_blocks import (
    Block,
    Cell,
    Facts,
    Line,
    Prose,
    Row,
    Section,
    Span,
    Table,
    links,
    mail,
    plain,
    said,
)
from tillit.policy.statement_rows import PurposeRow, RecipientRow, RetentionRow, TrackerRow
from tillit.policy.statement_tables import (
    Writing,
    address_lines,
    last_day,
    purpose_entry,
    purpose_table,
    recipient_table,
    retention_table,
    safeguard_table,
    tracker_table,
)
from tillit.policy.values import Period

#: The role whose purposes an audience's layer shows.
AUDIENCE_ROLES: Mapping[Audience, Role] = {
    Audience.CONTACTS: Role.CONTACT,
    Audience.VISITORS: Role.VISITOR,
    Audience.MEMBERS: Role.MEMBER,
    Audience.PARTNERS: Role.PARTNER,
    Audience.APPLICANTS: Role.APPLICANT,
    Audience.CUSTOMERS: Role.CUSTOMER,
}

#: How purposes are grouped, in the order a person can do something about them.
GROUPS = ("consent", "mixed", "unless", "weighed", "agreed", "law", "necessary")

#: Purposes that the short form names in each group before it counts the rest.
_NAMED = 5


def short_form(
    write: Writing,
    *,
    purposes: tuple[PurposeRow, ...],
    recipients: tuple[RecipientRow, ...],
    retention: tuple[RetentionRow, ...],
) -> Section:
    """Say on half a page who, what for, what a person can do, who gets it, how long, and whom to ask.

    Source: GDPR art 12(1); Guidelines WP260 rev.01, paragraphs 35-37 (layered notices).
    """
    operator, phrase = write.document.operator, write.phrase
    who: Cell = (
        (Span(operator.name, strong=True), Span(f", {operator.address}.")),
        said(write.said(operator.business)),
    )
    pairs = (
        (phrase("short_who"), who),
        (phrase("short_use"), tuple(_uses(write, purposes))),
        (phrase("short_choices"), tuple(_choices(write))),
        (phrase("short_share"), (_shared(write, recipients),)),
        (phrase("short_keep"), (_kept(write, retention),)),
        (phrase("short_ask"), tuple(_ask(write))),
    )
    return Section(title=phrase("short"), anchors=("short",), blocks=(Facts(pairs),))


def _uses(write: Writing, purposes: tuple[PurposeRow, ...]) -> Iterator[Line]:
    for group in GROUPS:
        rows = [row for row in purposes if row.group == group]
        if not rows:
            continue
        line = [Span(f"{write.phrase(f'group_{group}')}: ", strong=True)]
        shown = rows if len(rows) <= _NAMED + 1 else rows[:_NAMED]
        for row in shown:
            line += ([Span(", ")] if len(line) > 1 else []) + [write.purpose_link(row.id)]
        if rest := len(rows) - len(shown):
            line += [Span(" "), Span(write.phrase("and_more").format(count=rest), f"#purposes-{group}")]
        yield (*line, Span("."))


def _choices(write: Writing) -> Iterator[Line]:
    objections = write.document.operator.objections
    yield (Span(f"{write.phrase('short_no')} "), Span(objections, mail(objections)), Span("."))
    yield (Span(f"{write.phrase('short_rights')} "), Span(write.phrase("see_rights"), "#rights"), Span("."))
    yield (Span(f"{write.phrase('short_cookies')} "), Span(write.phrase("see_trackers"), "#trackers"), Span("."))


def _shared(write: Writing, rows: tuple[RecipientRow, ...]) -> Line:
    if not rows:
        return plain(write.phrase("short_nobody"))
    abroad = sum(not row.in_eea for row in rows)
    counted = write.phrase("recipients_count").format(count=len(rows))
    if abroad:
        counted += write.phrase("recipients_abroad").format(count=abroad)
    return (Span(f"{counted}: "), Span(write.phrase("see_recipients"), "#recipients"), Span("."))


def _kept(write: Writing, rows: tuple[RetentionRow, ...]) -> Line:
    periods = sorted((row.rule.keep for row in rows), key=_length)
    if not periods:
        return plain("")
    shortest, longest = (write.words.period(each) for each in (periods[0], periods[-1]))
    name = "short_keep_one" if shortest == longest else "short_keep_range"
    counted = write.phrase(name).format(period=shortest, shortest=shortest, longest=longest)
    return (Span(f"{counted}: "), Span(write.phrase("see_retention"), "#retention"), Span("."))


def _length(period: Period) -> float:
    """Order periods; a month counts as its mean length, which decides nothing but the order."""
    return period.months * 30.44 + period.days


def _ask(write: Writing) -> Iterator[Line]:
    privacy = write.document.operator.privacy
    yield (Span(privacy, mail(privacy)),)
    for officer in write.document.officers[:1]:
        email = officer.email or ""
        title = write.name(officer.title)
        yield (Span(f"{title}: "), Span(email, mail(email))) if email else (Span(f"{title}: {officer.name}"),)
    yield (Span(write.phrase("see_contact"), "#contact"),)


def layers(write: Writing, *, audience: Audience | None) -> Iterator[Section]:
    """Give the operator's own sections: the reader's layer, or all without an audience, then what is for everyone."""
    spoken = [each for each in Audience if each is not Audience.EVERYONE]
    for layer in (*spoken, Audience.EVERYONE):
        sections = [each for each in write.document.statement.sections.items() if each[1].audience is layer]
        if not sections or (audience not in (None, layer) and layer is not Audience.EVERYONE):
            continue
        yield Section(
            title=write.words.audience(layer),
            anchors=(f"for-{layer}",),
            sections=tuple(
                Section(
                    title=write.name(section.title),
                    anchors=(f"section-{name}", *write.anchors.of(section.clauses)),
                    blocks=(Prose(write.said(section.text)),),
                )
                for name, section in sections
            ),
        )


def purposes(write: Writing, rows: tuple[PurposeRow, ...]) -> Section:
    """Give what information is used for, grouped by what a person's word does.

    Source: GDPR art 13(1)(c)-(d), 13(2)(e).
    """
    groups = []
    for group in GROUPS:
        mine = [row for row in rows if row.group == group]
        if mine:
            blocks = (Prose(write.phrase(f"about_{group}")), purpose_table(write, mine))
            entries = tuple(purpose_entry(write, row) for row in mine)
            title = write.phrase(f"group_{group}")
            groups.append(Section(title=title, anchors=(f"purposes-{group}",), blocks=blocks, sections=entries))
    return _part(write, "purposes", Prose(write.phrase("purposes_intro")), sections=tuple(groups))


def categories(write: Writing) -> Section:
    """Give the kinds of information. Source: GDPR art 14(1)(d)."""
    rows = []
    for name, category in write.document.categories.items():
        covers = [said(write.said(category.description))]
        if category.special:
            covers.append(plain(write.phrase("special"), strong=True))
        title = (plain(write.name(category.title), strong=True),)
        rows.append(Row((title, tuple(covers)), (f"category-{name}", *write.anchors.of(category.clauses))))
    table = Table("categories", (write.phrase("kind"), write.phrase("covers")), tuple(rows))
    return _part(write, "categories", Prose(write.phrase("categories_intro")), table)


def sources(write: Writing) -> Section | None:
    """Give where information comes from. Source: GDPR art 14(2)(f)."""
    if not write.document.sources:
        return None
    rows = []
    for name, source in write.document.sources.items():
        why = [said(write.said(source.warranty))]
        if source.expires:
            why.append(plain(write.phrase("valid_until").format(day=last_day(write, source.expires))))
        title = (plain(write.name(source.title), strong=True),)
        gives = (write.category_titles(source.categories, everything=source.categories == ("all",)),)
        rows.append(Row((title, gives, tuple(why)), (f"source-{name}", *write.anchors.of(source.clauses))))
    columns = tuple(write.phrase(each) for each in ("source", "information", "warranty"))
    return _part(write, "sources", Prose(write.phrase("sources_intro")), Table("sources", columns, tuple(rows)))


def recipients(write: Writing, rows: tuple[RecipientRow, ...]) -> Section | None:
    """Give who receives information, what protects it abroad, and who may use it for marketing of its own.

    Source: GDPR art 13(1)(e)-(f); California Civil Code 1798.83(b)(1).
    """
    if not rows:
        return None
    below = []
    if write.document.safeguards:
        intro = Prose(write.phrase("safeguards_intro"))
        below.append(_part(write, "safeguards", intro, safeguard_table(write)))
    below.append(_own_marketing(write, rows))
    table = recipient_table(write, rows)
    return _part(write, "recipients", Prose(write.phrase("recipients_intro")), table, sections=tuple(below))


def _own_marketing(write: Writing, rows: tuple[RecipientRow, ...]) -> Section:
    named = [(write.called(row.id), f"#recipient-{row.id}") for row in rows if row.recipient.direct_marketing]
    title = write.phrase("marketing_heading")
    if not named:
        return Section(title=title, anchors=("marketing",), blocks=(Prose(write.phrase("marketing_none")),))
    pairs = Facts(((write.phrase("recipients"), (links(named),)),))
    return Section(title=title, anchors=("marketing",), blocks=(Prose(write.phrase("marketing_some")), pairs))


def trackers(write: Writing, rows: tuple[TrackerRow, ...]) -> Section:
    """Give the cookie statement. Source: Directive 2002/58/EC art 5(3)."""
    if not rows:
        return _part(write, "trackers", Prose(write.phrase("no_trackers")))
    intro, choice = Prose(write.phrase("trackers_intro")), Prose(write.phrase("trackers_choice"))
    return _part(write, "trackers", intro, tracker_table(write, rows), choice)


def retention(write: Writing, rows: tuple[RetentionRow, ...]) -> Section:
    """Give how long information is kept, and which laws demand that it is. Source: GDPR art 13(2)(a)."""
    duties = (_duties(write),) if write.document.duties else ()
    intro = Prose(write.phrase("retention_intro"))
    return _part(write, "retention", intro, retention_table(write, rows), sections=duties)


def _duties(write: Writing) -> Section:
    rows = []
    for name, duty in write.document.duties.items():
        kept = f"{write.words.period(duty.keep)} {write.words.trigger(duty.after)}"
        title: Cell = (plain(write.name(duty.title), strong=True), plain(duty.law))
        about: Cell = (write.category_titles(duty.categories, everything=duty.categories == ("all",)),)
        rows.append(Row((title, about, (plain(kept),)), (f"duty-{name}", *write.anchors.of(duty.clauses))))
    columns = tuple(write.phrase(each) for each in ("duty", "information", "kept"))
    return _part(write, "duties", Prose(write.phrase("duties_intro")), Table("duties", columns, tuple(rows)))


def measures(write: Writing) -> Section | None:
    """Give how information is protected. Source: GDPR art 30(1)(g), 32."""
    if not write.document.measures:
        return None
    rows = []
    for name, measure in write.document.measures.items():
        title: Cell = (plain(write.name(measure.title), strong=True),)
        anchors = (f"measure-{name}", *write.anchors.of(measure.clauses))
        rows.append(Row((title, (said(write.said(measure.description)),)), anchors))
    columns = (write.phrase("measure"), write.phrase("does_what"))
    return _part(write, "measures", Table("measures", columns, tuple(rows)))


def rights(write: Writing) -> Section:
    """Give the rights of each regime, how to use them and where to complain. Source: GDPR art 13(2)(b)-(d)."""
    regimes = tuple(_regime(write, name, regime) for name, regime in write.document.rights.items())
    return _part(write, "rights", Prose(write.phrase("rights_intro")), sections=regimes)


def _regime(write: Writing, name: str, regime: Regime) -> Section:
    given: list[tuple[str, Cell]] = [
        (write.words.right(right), (said(write.said(text)),)) for right, text in regime.rights.items()
    ]
    where = _regions(write, regime.regions, elsewhere="elsewhere")
    using: list[tuple[str, Cell]] = [
        (write.phrase("holds_for"), (plain(where[:1].upper() + where[1:]),)),
        (write.phrase("how"), (said(write.said(regime.how)),)),
    ]
    if regime.verification is not None:
        using.append((write.phrase("verification"), (said(write.said(regime.verification)),)))
    if regime.authority is not None:
        lines = [plain(regime.authority.name, strong=True), *address_lines(write, regime.authority)]
        using.append((write.phrase("authority"), tuple(lines)))
    blocks: tuple[Block, ...] = (Facts(tuple(given)), Facts(tuple(using)))
    anchors = (f"rights-{name}", *write.anchors.of(regime.clauses))
    return Section(title=write.name(regime.title), anchors=anchors, blocks=blocks)


def contact(write: Writing) -> Section:
    """Give every address: the operator's, and the officers'. Source: GDPR art 13(1)(a)-(b)."""
    operator, phrase = write.document.operator, write.phrase
    post = [plain(operator.name, strong=True), *address_lines(write, operator)]
    if operator.registration:
        post.append(plain(f"{phrase('registration')}: {operator.registration}"))
    pairs: list[tuple[str, Cell]] = [
        (phrase("privacy"), ((Span(operator.privacy, mail(operator.privacy)),),)),
        (phrase("objections"), ((Span(operator.objections, mail(operator.objections)),),)),
        (phrase("post"), tuple(post)),
        *(_officer(write, officer) for officer in write.document.officers),
    ]
    clauses = write.anchors.of(operator.clauses, *(officer.clauses for officer in write.document.officers))
    return Section(title=phrase("contact"), anchors=("contact", *clauses), blocks=(Facts(tuple(pairs)),))


def _officer(write: Writing, officer: Officer) -> tuple[str, Cell]:
    lines = [plain(officer.name, strong=True), *address_lines(write, officer)]
    served = _regions(write, officer.regions, elsewhere="other_regions")
    lines.append(plain(f"{write.phrase('serves')}: {served}"))
    return write.name(officer.title), tuple(lines)


def _regions(write: Writing, codes: Iterable[str], *, elsewhere: str) -> str:
    return write.words.regions(NAMED_REGIONS[code] for code in codes) or write.phrase(elsewhere)


def _part(write: Writing, name: str, *blocks: Block, sections: tuple[Section, ...] = ()) -> Section:
    return Section(title=write.phrase(name), anchors=(name,), blocks=blocks, sections=sections)
