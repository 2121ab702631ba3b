"""Checks of recipients and of what protects a transfer: whether it covers, when it ends, what takes over."""

from collections.abc import Iterator
from datetime import date, timedelta

from tillit.policy.document import Document, Path, Recipient, Safeguard, SafeguardKind
from tillit.policy.findings import Finding
from tillit.policy.regions import Region, region_of
from tillit.policy.transfers import safeguard_in_force

#: How long before its end a safeguard is warned of: time for a new agreement to be signed.
WARNED = timedelta(days=30)


def transfer_findings(document: Document) -> Iterator[Finding]:
    """Find recipients to whom data would leave the EEA unprotected, or may not go. Source: GDPR art 44-49."""
    for recipient_id, recipient in document.recipients.items():
        yield from _protection(document, recipient, path=("recipients", recipient_id))
    yield from _fallbacks(document)
    yield from _nothing_to_receive(document)


def _protection(document: Document, recipient: Recipient, *, path: Path) -> Iterator[Finding]:
    if region_of(recipient.country) is Region.EEA:
        return
    safeguard = document.safeguards.get(recipient.safeguard or "")
    if recipient.safeguard is None and not adequacy(document, recipient):
        yield Finding(
            path,
            f"The recipient is in {recipient.country}, outside the EEA, and nothing protects the transfer.",
            "Name a “safeguard:” that covers it.",
        )
    elif safeguard is not None and not _covers(safeguard, recipient):
        yield Finding(
            (*path, "safeguard"),
            f"The safeguard “{recipient.safeguard}” does not cover {recipient.country}.",
            "Name one that does, or add the country to it if that is true.",
        )


def adequacy(document: Document, recipient: Recipient) -> list[str]:
    """Give the adequacy decisions of the document that cover the recipient's country."""
    return [
        name
        for name, safeguard in document.safeguards.items()
        if safeguard.kind is SafeguardKind.ADEQUACY and recipient.country in safeguard.countries
    ]


def _covers(safeguard: Safeguard, recipient: Recipient) -> bool:
    return not safeguard.countries or recipient.country in safeguard.countries


def _fallbacks(document: Document) -> Iterator[Finding]:
    """Find safeguards whose fallback leads back to themselves."""
    for safeguard_id, safeguard in document.safeguards.items():
        visited = {safeguard_id}
        following = safeguard.fallback
        while following is not None and following in document.safeguards and following not in visited:
            visited.add(following)
            following = document.safeguards[following].fallback
        if following == safeguard_id:
            yield Finding(
                ("safeguards", safeguard_id, "fallback"),
                "The fallback leads back to the same safeguard.",
                "Name another one, or none.",
            )


def _nothing_to_receive(document: Document) -> Iterator[Finding]:
    """Find purposes that name a recipient which may receive nothing of what they use."""
    for purpose_id, purpose in document.purposes.items():
        for index, name in enumerate(purpose.recipients):
            recipient = document.recipients.get(name)
            if recipient is None or purpose.uses_every_category or recipient.categories == ("all",):
                continue
            if not set(purpose.categories) & set(recipient.categories):
                yield Finding(
                    ("purposes", purpose_id, "recipients", index),
                    f"“{name}” may receive none of the categories that the purpose uses.",
                    f"Add those it gets to “categories” of the recipient “{name}”, or take the recipient out here.",
                )


def dated_findings(document: Document, *, today: date) -> Iterator[Finding]:
    """Find what has expired or soon will: safeguards in use, sources, and due reviews."""
    for recipient_id, recipient in document.recipients.items():
        yield from _unprotected(document, recipient, path=("recipients", recipient_id), today=today)
    yield from _ending(document, today=today)
    for source_id, source in document.sources.items():
        path: Path = ("sources", source_id, "expires")
        if source.expires is not None and source.expires <= today:
            yield Finding(
                path, f"The source ran out on {source.expires}.", "Get the warranty renewed, or take the source out."
            )
        elif source.expires is not None and source.expires <= today + WARNED:
            mend = "Get the warranty renewed before that day."
            yield Finding(path, f"The source runs out on {source.expires}.", mend, "advice")
    for safeguard_id, safeguard in document.safeguards.items():
        if safeguard.review is not None and safeguard.review <= today:
            mend = "Review whether it still protects, and set the next date."
            place = ("safeguards", safeguard_id, "review")
            yield Finding(place, f"The review was due on {safeguard.review}.", mend, "advice")


def _unprotected(document: Document, recipient: Recipient, *, path: Path, today: date) -> Iterator[Finding]:
    """Find a recipient whose protection has ended, whether it is named or follows from the country."""
    mend = "Renew it, name another one, or stop sharing with the recipient."
    named = recipient.safeguard
    if named in document.safeguards:
        if not safeguard_in_force(document, named, today=today):
            what = f"The safeguard “{named}” is not in force on {today}, nor is a fallback."
            yield Finding((*path, "safeguard"), what, mend)
        return
    covering = adequacy(document, recipient)
    if covering and not any(safeguard_in_force(document, each, today=today) for each in covering):
        yield Finding(path, f"The safeguard “{covering[0]}” is not in force on {today}, nor is a fallback.", mend)


def _ending(document: Document, *, today: date) -> Iterator[Finding]:
    """Find safeguards that end within thirty days, or have ended and are covered by a fallback alone."""
    used = {each.safeguard for each in document.recipients.values()}
    for safeguard_id, safeguard in document.safeguards.items():
        end = safeguard.expires
        if (
            end is None
            or end > today + WARNED
            or not (safeguard_id in used or safeguard.kind is SafeguardKind.ADEQUACY)
        ):
            continue
        after = safeguard_in_force(document, safeguard_id, today=max(end, today))
        follows = f"“{after}” takes over then." if after else "Nothing takes over: sharing under it stops that day."
        yield Finding(
            ("safeguards", safeguard_id, "expires"),
            f"The safeguard {'ends' if end > today else 'ended'} on {end}. {follows}",
            "Renew it and move the date, or name another safeguard where this one is named.",
            "advice",
        )
