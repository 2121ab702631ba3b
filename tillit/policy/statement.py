"""The published statement: a policy document as readable Markdown, layered by whom it speaks to."""

from collections.abc import Iterator
from datetime import date

from tillit.policy.document import Audience, Category, Document, Party, Purpose, Regime
from tillit.policy.markdown import Anchors, cell, plain, table
from tillit.policy.regions import NAMED_REGIONS
from tillit.policy.roles import ROLE_NAMES
from tillit.policy.statement_parts import called, grounds_in_words, recipients, retention, safeguards, sources, trackers
from tillit.policy.statement_words import Words

#: The role whose purposes an audience's layer shows.
_AUDIENCE_ROLES = {
    Audience.CONTACTS: "contact",
    Audience.VISITORS: "visitor",
    Audience.MEMBERS: "member",
    Audience.PARTNERS: "partner",
    Audience.APPLICANTS: "applicant",
    Audience.CUSTOMERS: "customer",
}


def render(
    document: Document,
    *,
    language: str,
    version: str = "",
    published: date | None = None,
    audience: Audience | None = None,
) -> str:
    """Write the statement as Markdown in one language.

    ``version`` names the version (its digest or number) and ``published`` is its date; without a
    date the statement says that it is a draft. With an ``audience`` only its layer, what is for
    everyone, and the purposes that concern it are shown. Every clause that the document cites has an
    anchor ``clause-c9``, every purpose ``purpose-marketing.email``.

    Source: GDPR art 12(1), 13, 14; California Business and Professions Code 22575.
    """
    words, anchors = Words(language), Anchors()
    blocks: list[str] = [
        *_head(document, words, anchors, version=version, published=published),
        *_layers(document, words, anchors, audience=audience),
        *_purposes(document, words, anchors, audience=audience),
        *_categories(document, words, anchors),
        *sources(document, words, anchors),
        *recipients(document, words, anchors),
        *safeguards(document, words, anchors),
        *trackers(document, words, anchors),
        *retention(document, words, anchors),
        *_rights(document, words, anchors),
        *_contacts(document, words, anchors),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(document: Document, words: Words, anchors: Anchors, *, version: str, published: date | None) -> Iterator[str]:
    statement = document.statement
    yield f"# {statement.title.said(words.language)}"
    when = f"{words.phrase('in_force_from')} {published}" if published else words.phrase("draft")
    yield f"*{when}*" + (f" · {words.phrase('version')} `{version}`" if version else "")
    yield anchors.of(statement.clauses, document.operator.clauses)
    yield statement.introduction.said(words.language)
    operator = document.operator
    yield f"**{plain(operator.name)}**, {plain(operator.address)}. {operator.business.said(words.language)}"


def _layers(document: Document, words: Words, anchors: Anchors, *, audience: Audience | None) -> Iterator[str]:
    for layer in Audience:
        sections = [each for each in document.statement.sections.values() if each.audience is layer]
        wanted = audience in (None, layer) or layer is Audience.EVERYONE
        if not (sections and wanted):
            continue
        yield f"## {words.audience(layer)}"
        for section in sections:
            yield anchors.of(section.clauses)
            yield f"### {section.title.said(words.language)}"
            yield section.text.said(words.language)


def _purposes(document: Document, words: Words, anchors: Anchors, *, audience: Audience | None) -> Iterator[str]:
    role = _AUDIENCE_ROLES.get(audience) if audience else None
    shown = {
        purpose_id: purpose
        for purpose_id, purpose in document.purposes.items()
        if role is None or role in purpose.roles or "everyone" in purpose.roles
    }
    yield f"## {words.phrase('purposes')}"
    head = [words.phrase("purpose"), words.phrase("ground"), words.phrase("your_say")]
    rows = [
        [
            f"[{cell(purpose.title.said(words.language))}](#purpose-{purpose_id})",
            grounds_in_words(purpose, words),
            words.objection(purpose.effective_objection),
        ]
        for purpose_id, purpose in shown.items()
    ]
    yield table(head, rows)
    for purpose_id, purpose in shown.items():
        yield f'<a id="purpose-{purpose_id}"></a>' + anchors.of(purpose.clauses)
        yield f"### {purpose.title.said(words.language)}"
        yield purpose.description.said(words.language)
        yield "\n".join(_purpose_facts(document, purpose, words))


def _purpose_facts(document: Document, purpose: Purpose, words: Words) -> Iterator[str]:
    language = words.language
    yield f"- **{words.phrase('ground')}:** {grounds_in_words(purpose, words)}"
    yield f"- **{words.phrase('your_say')}:** {words.objection(purpose.effective_objection)}"
    yield f"- **{words.phrase('about')}:** {_who(purpose, words)}"
    if purpose.uses_every_category:
        used = words.phrase("everything")
    else:
        used = ", ".join(document.categories[name].title.said(language) for name in purpose.categories)
    yield f"- **{words.phrase('information')}:** {used}"
    if purpose.recipients:
        names = ", ".join(called(document.recipients[name], words) for name in purpose.recipients)
        yield f"- **{words.phrase('received_by')}:** {names}"
    if purpose.consent_lasts is not None:
        yield f"- **{words.phrase('lapses')}:** {words.period(purpose.consent_lasts)}"
    if purpose.balancing is not None:
        yield f"- **{words.phrase('weighed')}:** {cell(purpose.balancing.said(language))}"
    if purpose.compulsory is not None:
        yield f"- **{words.phrase('compulsory')}:** {cell(purpose.compulsory.said(language))}"
    if purpose.role == "processor":
        yield f"- {words.phrase('as_processor')}"


def _who(purpose: Purpose, words: Words) -> str:
    if "everyone" in purpose.roles:
        return words.phrase("everybody")
    return ", ".join(words.role(ROLE_NAMES[name]) for name in purpose.roles)


def _categories(document: Document, words: Words, anchors: Anchors) -> Iterator[str]:
    yield f"## {words.phrase('categories')}"
    yield anchors.of(*(category.clauses for category in document.categories.values()))
    yield "\n".join(_category(category, words) for category in document.categories.values())


def _category(category: Category, words: Words) -> str:
    protected = f" {words.phrase('special')}" if category.special else ""
    title, said = category.title.said(words.language), category.description.said(words.language)
    return f"- **{cell(title)}.** {cell(said)}{protected}"


def _rights(document: Document, words: Words, anchors: Anchors) -> Iterator[str]:
    yield f"## {words.phrase('rights')}"
    for regime in document.rights.values():
        yield anchors.of(regime.clauses)
        yield f"### {regime.title.said(words.language)}"
        yield "\n".join(
            f"- **{words.right(right)}.** {cell(text.said(words.language))}" for right, text in regime.rights.items()
        )
        yield from _using_rights(regime, words)


def _using_rights(regime: Regime, words: Words) -> Iterator[str]:
    yield f"**{words.phrase('how')}.** {regime.how.said(words.language)}"
    if regime.verification is not None:
        yield f"**{words.phrase('verification')}.** {regime.verification.said(words.language)}"
    if regime.authority is not None:
        yield f"**{words.phrase('authority')}.** {_address(regime.authority)}"


def _contacts(document: Document, words: Words, anchors: Anchors) -> Iterator[str]:
    operator = document.operator
    yield f"## {words.phrase('contact')}"
    yield anchors.of(*(officer.clauses for officer in document.officers))
    lines = [
        f"- **{words.phrase('privacy')}:** {plain(operator.privacy)}",
        f"- **{words.phrase('objections')}:** {plain(operator.objections)}",
        f"- {_address(operator)}",
    ]
    for officer in document.officers:
        names = ", ".join(words.region(NAMED_REGIONS[code]) for code in officer.regions)
        where = f" ({names})" if names else ""
        lines.append(f"- **{cell(officer.title.said(words.language))}**{where}: {_address(officer)}")
    yield "\n".join(lines)


def _address(party: Party) -> str:
    known = [party.name, party.address, party.country, party.email, party.phone, party.website]
    return ", ".join(plain(each) for each in known if each)
