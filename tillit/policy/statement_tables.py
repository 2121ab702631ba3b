"""The statement's tables and entries, laid out from the rows of what is executed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from tillit.policy import references
from tillit.policy.bases import Basis
from tillit.policy.document import Document, Party, Safeguard
from tillit.policy.markdown import plain as escaped
from tillit.policy.statement_blocks import (
    Anchors,
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
    web,
)
from tillit.policy.statement_rows import PurposeRow, Reach, RecipientRow, RetentionRow, TrackerRow
from tillit.policy.statement_words import Words
from tillit.policy.values import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What every part of a statement is written with: the document, the words, the day, the anchors given so far."""

    document: Document
    words: Words
    day: date
    anchors: Anchors = field(default_factory=Anchors)
    hidden: frozenset[str] = frozenset()

    def said(self, texts: Texts) -> str:
        """Give a text of the document in the language, as Markdown, with its references in words."""
        return references.said(self.document, texts, self.words.language, write=escaped)

    def name(self, texts: Texts) -> str:
        """Give a title of the document in the language, as plain text."""
        return references.said(self.document, texts, self.words.language)

    def phrase(self, name: str) -> str:
        """Give one of the statement's own phrases."""
        return self.words.phrase(name)

    def category_titles(self, names: Iterable[str], *, everything: bool) -> Line:
        """Name categories, each leading to what it covers."""
        if everything:
            return (Span(self.phrase("everything"), "#categories"),)
        return links([(self.name(self.document.categories[name].title), f"#category-{name}") for name in names])

    def called(self, recipient_id: str) -> str:
        """Give what a recipient is called: its title if it is no single party, else its name."""
        recipient = self.document.recipients[recipient_id]
        return self.name(recipient.title) if recipient.title else recipient.name

    def purpose_link(self, purpose_id: str) -> Span:
        """Name a purpose, leading to it unless this layer leaves it out."""
        title = self.name(self.document.purposes[purpose_id].title)
        return Span(title, "" if purpose_id in self.hidden else f"#purpose-{purpose_id}")


def grounds(write: Writing, row: PurposeRow) -> Cell:
    """Say on which ground a purpose rests where."""
    return _by_place(write, row.reaches, lambda each: write.words.basis(each.basis or Basis.NONE))


def your_say(write: Writing, row: PurposeRow) -> Cell:
    """Say where a "no" works; only once if it works alike everywhere that the purpose is done."""
    done = tuple(each for each in row.reaches if each.basis is not None)
    return _by_place(write, done, lambda each: write.words.say(each.basis, each.refusal))


def _by_place(write: Writing, made: tuple[Reach, ...], say: Callable[[Reach], str]) -> Cell:
    """Say something of each place, once for all places of which the same is said; "elsewhere" comes last."""
    places: dict[str, list[Reach]] = {}
    for reach in made:
        places.setdefault(say(reach), []).append(reach)
    if len(places) == 1:
        return tuple(plain(_capital(text)) for text in places)
    ordered = sorted(places.items(), key=lambda each: any(reach.elsewhere for reach in each[1]))
    return tuple((Span(f"{_capital(place(write, where))}: ", strong=True), Span(text)) for text, where in ordered)


def place(write: Writing, where: list[Reach]) -> str:
    """Name a place by its regions; the one that holds for all the others is elsewhere."""
    if any(reach.elsewhere for reach in where):
        return write.phrase("elsewhere")
    return write.words.regions(region for reach in where for region in reach.regions)


def purpose_table(write: Writing, rows: Iterable[PurposeRow]) -> Table:
    """Lay out purposes with their grounds and what a person can do about each."""
    return Table(
        "purposes",
        tuple(write.phrase(name) for name in ("purpose", "ground", "your_say", "about")),
        tuple(
            Row(((_one(write.purpose_link(row.id)),), grounds(write, row), your_say(write, row), (whom(write, row),)))
            for row in rows
        ),
    )


def whom(write: Writing, row: PurposeRow) -> Line:
    """Say whom a purpose concerns."""
    return plain(write.phrase("everybody") if row.everybody else write.words.series(map(write.words.role, row.roles)))


def purpose_entry(write: Writing, row: PurposeRow) -> Section:
    """Lay out everything there is to say about one purpose."""
    purpose = row.purpose
    pairs: list[tuple[str, Cell]] = [
        (write.phrase("ground"), grounds(write, row)),
        (write.phrase("your_say"), your_say(write, row)),
        (write.phrase("about"), (whom(write, row),)),
        (write.phrase("information"), (write.category_titles(row.categories, everything=row.everything),)),
    ]
    if row.recipients:
        named = [(write.called(name), f"#recipient-{name}") for name in row.recipients]
        pairs.append((write.phrase("received_by"), (links(named),)))
    if purpose.consent_lasts is not None and any(each.basis is Basis.CONSENT for each in row.reaches):
        period = write.words.period(purpose.consent_lasts)
        pairs.append((write.phrase("lapses"), (plain(write.phrase("lapses_after").format(period=period)),)))
    if purpose.balancing is not None:
        pairs.append((write.phrase("weighed"), (said(write.said(purpose.balancing)),)))
    if purpose.compulsory is not None:
        pairs.append((write.phrase("compulsory"), (said(write.said(purpose.compulsory)),)))
    if purpose.role != "controller":
        pairs.append((write.phrase("on_behalf"), (plain(write.phrase(f"as_{purpose.role}")),)))
    if row.still_when_restricted:
        pairs.append((write.phrase("when_restricted"), (plain(write.phrase("still_when_restricted")),)))
    return Section(
        title=write.name(purpose.title),
        anchors=(f"purpose-{row.id}", *write.anchors.of(purpose.clauses)),
        blocks=(Prose(write.said(purpose.description)), Facts(tuple(pairs))),
        entry=True,
    )


def recipient_table(write: Writing, rows: Iterable[RecipientRow]) -> Table:
    """Lay out who receives what for which purposes. Source: GDPR art 13(1)(e)-(f); California Civil Code 1798.83."""
    return Table(
        "recipients",
        tuple(write.phrase(name) for name in ("recipient", "does", "information", "protected_by")),
        tuple(_recipient(write, row) for row in rows),
    )


def _recipient(write: Writing, row: RecipientRow) -> Row:
    recipient = row.recipient
    who: list[Line] = [plain(write.called(row.id), strong=True)]
    if recipient.title is None:  # a group of recipients has a title, and no address of its own
        who += address_lines(write, recipient)
    does: list[Line] = [said(write.said(recipient.business)), plain(_capital(write.words.recipient(recipient.role)))]
    if recipient.direct_marketing:
        does.append(plain(write.phrase("own_marketing"), strong=True))
    if recipient.policy is not None:
        does.append((Span(write.phrase("own_policy"), web(recipient.policy)),))
    gets: list[Line] = [write.category_titles(row.categories, everything=row.everything)]
    if shown := [name for name in row.purposes if name not in write.hidden]:
        named: list[Span] = [Span(f"{write.phrase('for_purposes')}: ", strong=True)]
        for name in shown:
            named += ([Span(", ")] if len(named) > 1 else []) + [write.purpose_link(name)]
        gets.append(tuple(named))
    anchors = (f"recipient-{row.id}", *write.anchors.of(recipient.clauses))
    return Row((tuple(who), tuple(does), tuple(gets), protection(write, row)), anchors)


def protection(write: Writing, row: RecipientRow) -> Cell:
    """Say what protects a transfer on the statement's day, and what takes over when it ends."""
    if row.in_eea:
        return (plain(write.phrase("in_eea")),)
    holding = row.protected_by(write.day)
    lines: list[Line] = [] if holding else [plain(write.phrase("unprotected"), strong=True)]
    names = [name for name, _ in row.safeguards]
    after = names[names.index(holding) + 1 :] if holding else []
    for name, safeguard in row.safeguards:
        link = Span(write.name(safeguard.title), f"#safeguard-{name}", strong=name == holding)
        if name == holding:
            lines.append((link, Span(f", {dates(write, safeguard)}")))
        elif name in after:
            lines.append((Span(f"{write.phrase('if_it_ends')}: "), link))
    return tuple(lines)


def dates(write: Writing, safeguard: Safeguard) -> str:
    """Say from when to when a safeguard holds."""
    begun = "since" if safeguard.valid_from <= write.day and not safeguard.expires else "from"
    since = write.phrase(begun).format(day=write.words.day(safeguard.valid_from))
    if safeguard.expires is None:
        return since
    return f"{since} {write.phrase('through').format(day=last_day(write, safeguard.expires))}"


def last_day(write: Writing, expires: date) -> str:
    """Name the last day of something that ends before ``expires`` begins."""
    return write.words.day(expires - timedelta(days=1))


def safeguard_table(write: Writing) -> Table:
    """Lay out what can protect a transfer. Source: GDPR art 13(1)(f)."""
    rows = []
    for name, safeguard in write.document.safeguards.items():
        title: list[Line] = [plain(write.name(safeguard.title), strong=True)]
        if safeguard.countries:
            title.append(plain(write.words.series(map(write.words.country, safeguard.countries))))
        recourse: Cell = (said(write.said(safeguard.recourse)),) if safeguard.recourse else ()
        cells = (tuple(title), (plain(_capital(dates(write, safeguard))),), (plain(safeguard.reference),), recourse)
        rows.append(Row(cells, (f"safeguard-{name}", *write.anchors.of(safeguard.clauses))))
    return Table(
        "safeguards",
        tuple(write.phrase(name) for name in ("safeguard", "holds", "reference", "recourse")),
        tuple(rows),
    )


def tracker_table(write: Writing, rows: Iterable[TrackerRow]) -> Table:
    """Lay out what is stored on devices. Source: Directive 2002/58/EC art 5(3)."""
    return Table(
        "trackers",
        tuple(write.phrase(name) for name in ("name", "purpose", "provider", "lasts", "needs")),
        tuple(_tracker(write, row) for row in rows),
    )


def _tracker(write: Writing, row: TrackerRow) -> Row:
    tracker = row.tracker
    name: Cell = (
        plain(write.name(tracker.title), strong=True),
        (Span(tracker.name, code=True), Span(f" · {write.phrase(tracker.kind)}")),
        write.category_titles(tracker.categories, everything=tracker.categories == ("all",)),
    )
    aim: list[Line] = [said(write.said(tracker.description))]
    if tracker.purpose:
        aim.append((Span(f"{write.phrase('for_purposes')}: "), write.purpose_link(tracker.purpose)))
    provider: list[Line] = [(Span(row.provider.name, "#contact" if row.own else f"#recipient-{tracker.recipient}"),)]
    if tracker.host:
        provider.append((Span(tracker.host, code=True),))
    return Row(
        (name, tuple(aim), tuple(provider), (plain(lasting(write, row)),), needs(write, row)),
        (f"tracker-{row.id}", *write.anchors.of(tracker.clauses)),
    )


def lasting(write: Writing, row: TrackerRow) -> str:
    """Say how long a tracker stays."""
    if row.tracker.lasts != "session":
        return write.words.period(row.tracker.lasts)
    return write.phrase("session_moment" if row.tracker.kind in ("pixel", "link") else "session_browser")


def needs(write: Writing, row: TrackerRow) -> Cell:
    """Say what a tracker waits for, by place."""
    if not row.reaches:
        return (plain(_capital(write.phrase("essential"))),)
    return _by_place(write, row.reaches, lambda each: write.phrase(_need(each)))


def _need(reach: Reach) -> str:
    if reach.basis is None:
        return "need_never"
    return "need_consent" if reach.basis is Basis.CONSENT else f"need_{reach.refusal}"


def retention_table(write: Writing, rows: Iterable[RetentionRow]) -> Table:
    """Lay out how long each category is kept. Source: GDPR art 13(2)(a)."""
    made = []
    for row in rows:
        rule, category = row.rule, write.document.categories[row.id]
        why: list[Line] = [said(write.said(rule.reason))]
        if rule.law:
            why.append(plain(rule.law))
        cells: tuple[Cell, ...] = (
            ((Span(write.name(category.title), f"#category-{row.id}"),),),
            (plain(f"{write.words.period(rule.keep)} {write.words.trigger(rule.after)}"),),
            (plain(_capital(write.phrase(rule.then))),),
            tuple(why),
        )
        made.append(Row(cells, (f"retention-{row.id}", *write.anchors.of(rule.clauses))))
    columns = tuple(write.phrase(name) for name in ("information", "kept", "then", "why"))
    return Table("retention", columns, tuple(made))


def address_lines(write: Writing, party: Party) -> list[Line]:
    """Give a party's address and ways to reach it, a line each."""
    lines: list[Line] = [plain(f"{party.address}, {write.words.country(party.country)}")]
    if party.email:
        lines.append((Span(party.email, mail(party.email)),))
    if party.phone:
        lines.append(plain(party.phone))
    if party.website:
        lines.append((Span(party.website, web(party.website)),))
    return lines


def _one(span: Span) -> Line:
    return (span,)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
