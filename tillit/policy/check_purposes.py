"""Checks of the purposes: their grounds, whether they can be refused, and what the program needs of them."""

from collections.abc import Collection, Iterator, Mapping

from tillit.policy.bases import COMPULSORY_BASES, OBJECTIONABLE_BASES, SPECIAL_BASES, Basis, Objection
from tillit.policy.document import Document, Path, Purpose
from tillit.policy.findings import Finding
from tillit.policy.regions import GDPR_REGIONS
from tillit.policy.required import CODE_CATEGORIES, CODE_PURPOSES, SENDING_PURPOSES, STANDING_PURPOSES
from tillit.policy.rules import MAX_PURPOSES, Place, bases_by_region


def purpose_findings(document: Document) -> Iterator[Finding]:
    """Find what is wrong with the purposes of a document."""
    for purpose_id, purpose in document.purposes.items():
        path: Path = ("purposes", purpose_id)
        yield from _grounds(purpose, path=path)
        yield from _objection(purpose, path=path)
        yield from _special_categories(document, purpose, path=path)
    yield from _needed_by_the_program(document)


def limit_findings(
    document: Document, *, places: Mapping[str, Place], ask_again: Collection[str] = ()
) -> Iterator[Finding]:
    """Find a document with more purposes than a workspace has bits left.

    ``places`` are the bits used up by earlier versions, dropped purposes included; asking anew takes one more.
    """
    used = sum((place.refused_bits | 1 << place.bit).bit_count() for place in places.values())
    new = [name for name in document.purposes if name not in places]
    again = [name for name in dict.fromkeys(ask_again) if name in places and name in document.purposes]
    over = used + len(new) + len(again) - MAX_PURPOSES
    if over <= 0:
        return
    if not used:
        yield Finding(
            ("purposes",),
            f"There are {len(document.purposes)} purposes; at most {MAX_PURPOSES} are possible, because each "
            "person's choices are one bit a purpose in a 64-bit number.",
            "Join purposes a person would always decide about together.",
        )
        return
    asked = f", and {len(again)} whose consent is asked for anew" if again else ""
    yield Finding(
        ("purposes",),
        f"The workspace has used {used} of {MAX_PURPOSES} places for purposes, dropped ones included, and this "
        f"document needs {len(new) + len(again)} more: {len(new)} new{asked}. That is {over} too many.",
        "Use the id of an earlier purpose that means the same, join purposes a person would always decide about "
        "together, or ask anew for fewer of them.",
    )


def _grounds(purpose: Purpose, *, path: Path) -> Iterator[Finding]:
    """Source: GDPR art 6(1), 6(1)(f), 13(1)(d)."""
    if not purpose.grounds:
        mend = "Give it a ground under “basis”, such as “default: consent”, or delete it."
        yield Finding((*path, "basis"), "The purpose has no basis in any region.", mend)
    bases = bases_by_region(purpose)
    for region in sorted(GDPR_REGIONS):
        if bases[region] is Basis.OPT_OUT:
            key = region.code if region.code in purpose.basis else "default"
            yield Finding(
                (*path, "basis", key),
                f"“opt-out” is no ground in {region.code}: its law knows six, and silence is none of them.",
                f"Give {region.code} one of the six grounds of the GDPR, or “none”.",
            )
    if Basis.LEGITIMATE_INTEREST in purpose.grounds and purpose.balancing is None:
        mend = "Add “balancing:” that weighs the interest against the person's."
        yield Finding(path, "The purpose rests on a legitimate interest without a balancing test.", mend)
    if purpose.consent_lasts is not None and Basis.CONSENT not in purpose.grounds:
        mend = "Delete it, or rest the purpose on consent somewhere."
        yield Finding((*path, "consent_lasts"), "Consent lapses here, but none is ever asked for.", mend)


def _objection(purpose: Purpose, *, path: Path) -> Iterator[Finding]:
    """Source: GDPR art 7(3), 21(1)-(3)."""
    place = (*path, "objection") if purpose.objection is not None else path
    objection = purpose.effective_objection
    if purpose.marketing and objection is not Objection.AT_ONCE:
        mend = "Say “objection: at-once”, and rest it on a ground that can be refused."
        yield Finding(place, "Direct marketing can always be refused, at once.", mend)
    elif purpose.grounds & OBJECTIONABLE_BASES and objection is Objection.NONE:
        mend = "Say “objection: at-once”, or “review” if somebody weighs each objection."
        yield Finding(place, "A legitimate interest or public task leaves the person a right to object.", mend)
    if purpose.grounds & COMPULSORY_BASES and objection is Objection.AT_ONCE:
        mend = "Put the parts that can be refused into a purpose of their own."
        yield Finding(place, "What a contract or the law requires cannot be refused, yet this purpose can.", mend)
    if Basis.OPT_OUT in purpose.grounds and objection is not Objection.AT_ONCE:
        mend = "Say “objection: at-once”."
        yield Finding(place, "The ground “opt-out” means that the person can refuse at once.", mend)


def _special_categories(document: Document, purpose: Purpose, *, path: Path) -> Iterator[Finding]:
    """Source: GDPR art 9(1)-(2)."""
    used = document.categories if purpose.uses_every_category else purpose.categories
    special = [name for name in used if name in document.categories and document.categories[name].special]
    wrong = purpose.grounds - SPECIAL_BASES
    if special and wrong:
        yield Finding(
            (*path, "basis"),
            f"The special category “{special[0]}” may not be used on the ground “{min(wrong)}”.",
            "Rest the purpose on consent, or take the category out of it.",
        )


def _needed_by_the_program(document: Document) -> Iterator[Finding]:
    for purpose_id in sorted(CODE_PURPOSES):
        purpose = document.purposes.get(purpose_id)
        path: Path = ("purposes", purpose_id)
        if purpose is None:
            mend = f"Add “{purpose_id}:”; the reference policy shows how."
            yield Finding(path, f"The program needs the purpose “{purpose_id}”.", mend)
            continue
        yield from _needed_categories(document, purpose, purpose_id=purpose_id)
        if purpose_id in STANDING_PURPOSES:
            yield from _standing(purpose, path=path)
        if purpose.sends != (purpose_id in SENDING_PURPOSES):
            mend = f"Say “sends: {str(not purpose.sends).lower()}”."
            does = "sends messages" if not purpose.sends else "sends no message"
            yield Finding((*path, "sends"), f"The program {does} under “{purpose_id}”.", mend)


def _needed_categories(document: Document, purpose: Purpose, *, purpose_id: str) -> Iterator[Finding]:
    needed = CODE_CATEGORIES.get(purpose_id, frozenset(document.categories))
    path: Path = ("purposes", purpose_id, "categories")
    missing = sorted(needed - set(purpose.categories))
    if missing and not purpose.uses_every_category:
        mend = f"Add {', '.join(missing)}."
        yield Finding(path, f"The program reads {', '.join(missing)} under “{purpose_id}”, which is not listed.", mend)
    for name in sorted(needed - set(document.categories)):
        mend = f"Add “{name}:” under “categories”."
        yield Finding(("categories",), f"The program needs the category “{name}”.", mend)


def _standing(purpose: Purpose, *, path: Path) -> Iterator[Finding]:
    """Find what would stop a purpose without which no refusal could be recorded and no request answered."""
    bases = bases_by_region(purpose)
    if purpose.refusable or Basis.CONSENT in bases or None in bases:
        mend = "Rest it everywhere on a legal obligation, a contract or a legitimate interest with “review”."
        yield Finding((*path, "basis"), "The program must be able to do this for everybody, whatever they chose.", mend)
    if not purpose.allowed_when_restricted:
        mend = "Say “allowed_when_restricted: true”."
        yield Finding(path, "The program must be able to do this for a restricted person, too.", mend)
    if purpose.roles != ("everyone",):
        mend = "Say “roles: everyone”."
        yield Finding((*path, "roles"), "The program must be able to do this for every person.", mend)
