"""The tables of a statement: grounds, sources, recipients, safeguards, trackers, retention."""

from collections.abc import Iterator

from tillit.policy.bases import Basis
from tillit.policy.document import Document, Purpose, Recipient, Tracker
from tillit.policy.markdown import Anchors, cell, plain, table
from tillit.policy.regions import NAMED_REGIONS, Region, region_of
from tillit.policy.statement_words import Words


def grounds_in_words(purpose: Purpose, words: Words) -> str:
    """Say on which grounds a purpose rests where: regions named by the document first, then all others."""
    rest = purpose.basis.get("default", Basis.NONE)
    named: dict[Basis, list[str]] = {}
    for code, basis in purpose.basis.items():
        if code != "default" and basis is not rest:
            named.setdefault(basis, []).append(words.region(NAMED_REGIONS[code]))
    if not named:
        return f"{words.basis(rest)} ({words.phrase('everywhere')})"
    parts = [f"{words.basis(basis)} ({', '.join(regions)})" for basis, regions in named.items()]
    return "; ".join([*parts, f"{words.phrase('elsewhere')} {words.basis(rest)}"])


def sources(document: Document, words: Words, anchors: Anchors) -> Iterator[str]:
    """Write where information comes from. Source: GDPR art 14(2)(f)."""
    if not document.sources:
        return
    yield f"## {words.phrase('sources')}"
    yield anchors.of(*(source.clauses for source in document.sources.values()))
    yield "\n".join(
        f"- **{cell(source.title.said(words.language))}.** {cell(source.warranty.said(words.language))} "
        f"({_titles(document, source.categories, words)})"
        for source in document.sources.values()
    )


def recipients(document: Document, words: Words, anchors: Anchors) -> Iterator[str]:
    """Write who receives information. Source: GDPR art 13(1)(e)-(f); California Civil Code 1798.83."""
    if not document.recipients:
        return
    yield f"## {words.phrase('recipients')}"
    yield anchors.of(*(recipient.clauses for recipient in document.recipients.values()))
    yield "\n".join(f"- {_recipient(document, recipient, words)}" for recipient in document.recipients.values())


def called(recipient: Recipient, words: Words) -> str:
    """Give what a recipient is called in a language: its title if it is no single party, else its name."""
    return cell(recipient.title.said(words.language)) if recipient.title else plain(recipient.name)


def _recipient(document: Document, recipient: Recipient, words: Words) -> str:
    address = f"{plain(recipient.address)}, {recipient.country}"
    said = [
        f"**{called(recipient, words)}**" + ("." if recipient.title else f", {address}."),
        f"{cell(recipient.business.said(words.language))}.",
        f"{words.phrase('information')}: {_titles(document, recipient.categories, words)}.",
    ]
    if recipient.safeguard is not None:
        title = document.safeguards[recipient.safeguard].title.said(words.language)
        said.append(f"{words.phrase('protected_by')}: [{cell(title)}](#safeguard-{recipient.safeguard}).")
    elif region_of(recipient.country) is Region.EEA:
        said.append(f"({words.phrase('in_eea')})")
    if recipient.direct_marketing:
        said.append(words.phrase("own_marketing"))
    if recipient.policy is not None:
        said.append(f"{words.phrase('own_policy')}: <{recipient.policy}>")
    return " ".join(said)


def safeguards(document: Document, words: Words, anchors: Anchors) -> Iterator[str]:
    """Write what protects transfers. Source: GDPR art 13(1)(f)."""
    if not document.safeguards:
        return
    yield f"### {words.phrase('protected_by')}"
    yield anchors.of(*(safeguard.clauses for safeguard in document.safeguards.values()))
    lines = []
    for safeguard_id, safeguard in document.safeguards.items():
        until = f", {words.phrase('until')} {safeguard.expires}" if safeguard.expires else ""
        line = (
            f'- <a id="safeguard-{safeguard_id}"></a>**{cell(safeguard.title.said(words.language))}.** '
            f"{plain(safeguard.reference)} ({safeguard.valid_from}{until})."
        )
        if safeguard.recourse is not None:
            line += f" {words.phrase('recourse')}: {cell(safeguard.recourse.said(words.language))}"
        lines.append(line)
    yield "\n".join(lines)


def trackers(document: Document, words: Words, anchors: Anchors) -> Iterator[str]:
    """Write the cookie statement. Source: Directive 2002/58/EC art 5(3)."""
    if not document.trackers:
        return
    yield f"## {words.phrase('trackers')}"
    yield anchors.of(*(tracker.clauses for tracker in document.trackers.values()))
    head = [words.phrase(name) for name in ("name", "purpose", "about", "lasts", "needs")]
    yield table(head, (_tracker(document, tracker, words) for tracker in document.trackers.values()))


def _tracker(document: Document, tracker: Tracker, words: Words) -> list[str]:
    purpose = document.purposes[tracker.purpose].title.said(words.language) if tracker.purpose else ""
    lasts = words.phrase("session") if tracker.lasts == "session" else words.period(tracker.lasts)
    needs = words.phrase("essential" if tracker.essential else "if_permitted")
    return [
        f"{cell(tracker.title.said(words.language))} (`{tracker.name}`)",
        cell(purpose),
        cell(tracker.description.said(words.language)),
        lasts,
        needs,
    ]


def retention(document: Document, words: Words, anchors: Anchors) -> Iterator[str]:
    """Write how long each category is kept. Source: GDPR art 13(2)(a)."""
    yield f"## {words.phrase('retention')}"
    yield anchors.of(*(rule.clauses for rule in document.retention.values()))
    head = [words.phrase(name) for name in ("information", "kept", "then", "why")]
    rows = []
    for category_id, rule in document.retention.items():
        law = f" ({plain(rule.law)})" if rule.law else ""
        rows.append(
            [
                cell(document.categories[category_id].title.said(words.language)),
                f"{words.period(rule.keep)} {words.trigger(rule.after)}",
                words.phrase(rule.then),
                cell(rule.reason.said(words.language)) + law,
            ]
        )
    yield table(head, rows)


def _titles(document: Document, categories: tuple[str, ...], words: Words) -> str:
    if categories == ("all",):
        return words.phrase("everything")
    return ", ".join(cell(document.categories[name].title.said(words.language)) for name in categories)
