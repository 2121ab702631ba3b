"""Random rules, people, choices and policy documents, for properties that must hold for all of them."""

from typing import Any

from hypothesis import strategies as st

from tillit.policy.bases import COMPULSORY_BASES, Basis
from tillit.policy.document import Document
from tillit.policy.fold import Choice, ChoiceState
from tillit.policy.regions import NAMED_REGIONS, REGION_COUNT, Region
from tillit.policy.required import CODE_CATEGORIES, SENDING_PURPOSES, STANDING_PURPOSES
from tillit.policy.roles import EVERYONE, ROLE_NAMES
from tillit.policy.rules import MAX_PURPOSES, PersonState, Rule

bits = st.integers(0, MAX_PURPOSES - 1)
region_sets = st.integers(0, (1 << REGION_COUNT) - 1)
regions = st.sampled_from(list(Region))
roles = st.integers(0, 63)
flags = st.integers(0, 7)
choice_bits = st.integers(0, (1 << MAX_PURPOSES) - 1)
identifiers = st.from_regex(r"[a-z][a-z0-9]{1,8}(\.[a-z][a-z0-9]{1,8})?", fullmatch=True)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Any rule the database columns can hold, also ones no document compiles to."""
    return Rule(
        purpose=draw(identifiers),
        bit=draw(bits),
        refused_bits=draw(st.one_of(st.just(0), bits.map(lambda bit: 1 << bit), choice_bits)),
        roles=draw(st.one_of(roles, st.just(EVERYONE))),
        default_regions=draw(region_sets),
        consent_regions=draw(region_sets),
        refusable=draw(st.booleans()),
        sends=draw(st.booleans()),
        allowed_when_restricted=draw(st.booleans()),
        categories=draw(st.frozensets(identifiers, max_size=4)),
        clause="C9",
    )


@st.composite
def states(draw: st.DrawFn) -> PersonState:
    """Any person: a known region, any roles and flags, any bits, also bits in both columns."""
    return PersonState(
        region=int(draw(st.one_of(regions, st.integers(0, REGION_COUNT - 1)))),
        roles=draw(roles),
        flags=draw(flags),
        granted=draw(choice_bits),
        refused=draw(choice_bits),
    )


@st.composite
def rules_and_states(draw: st.DrawFn) -> tuple[Rule, PersonState]:
    """A rule and a person whose choices about its purpose are often set: random bits alone rarely meet."""
    rule, state = draw(rules()), draw(states())
    place = 1 << rule.bit
    granted = state.granted | place if draw(st.booleans()) else state.granted & ~place
    refused = state.refused | place if draw(st.booleans()) else state.refused & ~rule.refused_bits
    return rule, state._replace(granted=granted, refused=refused)


def choices() -> st.SearchStrategy[list[Choice]]:
    """A history of choices, oldest first, about few purposes so that they meet."""
    return st.lists(
        st.builds(Choice, st.integers(0, 3), st.sampled_from(ChoiceState), st.none(), st.just(0)), max_size=30
    )


def _texts(word: str) -> dict[str, str]:
    return {"en": f"The {word}", "sv": f"Det {word}"}


def _party(**more: Any) -> dict[str, Any]:
    return {"name": "Example AB", "address": "Exempelgatan 1", "country": "SE", **more}


@st.composite
def bases(draw: st.DrawFn) -> dict[str, str]:
    """A ground for every region by default, and others for some; no ``opt-out`` where the GDPR rules."""
    gdpr = [basis.value for basis in Basis if basis is not Basis.OPT_OUT]
    chosen = {"default": draw(st.sampled_from(gdpr))}
    for name in draw(st.lists(st.sampled_from(sorted(NAMED_REGIONS)), max_size=5)):
        chosen[name] = draw(st.sampled_from(gdpr if name in ("EEA", "UK") else [basis.value for basis in Basis]))
    if set(chosen.values()) == {"none"}:
        chosen["EEA"] = "consent"
    return chosen


@st.composite
def purposes(draw: st.DrawFn, categories: list[str]) -> dict[str, Any]:
    """A purpose that passes the checks of its grounds."""
    basis = draw(bases())
    grounds = {Basis(value) for value in basis.values()}
    if grounds & COMPULSORY_BASES and Basis.OPT_OUT in grounds:
        basis = {"default": "consent"}
        grounds = {Basis.CONSENT}
    return {
        "title": _texts("purpose"),
        "description": _texts("use"),
        "roles": draw(st.lists(st.sampled_from(sorted(ROLE_NAMES)), min_size=1, unique=True)),
        "categories": draw(st.lists(st.sampled_from(categories), min_size=1, unique=True)),
        "basis": basis,
        "objection": "review" if grounds & COMPULSORY_BASES else "at-once",
        "sends": draw(st.booleans()),
        "allowed_when_restricted": draw(st.booleans()),
        "balancing": _texts("balance"),
    }


def needed_purpose(purpose_id: str, categories: list[str]) -> dict[str, Any]:
    """One of the purposes the program needs, in the plainest form that passes the checks."""
    standing = purpose_id in STANDING_PURPOSES
    return {
        "title": _texts(purpose_id),
        "description": _texts(purpose_id),
        "roles": "everyone",
        "categories": sorted(CODE_CATEGORIES.get(purpose_id, categories)),
        "basis": {"default": "legal-obligation" if standing or purpose_id == "service.message" else "consent"},
        "sends": purpose_id in SENDING_PURPOSES,
        "allowed_when_restricted": standing,
    }


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """A policy document as plain values, that loads and passes every check."""
    needed = sorted(frozenset().union(*CODE_CATEGORIES.values()))
    categories = sorted({*needed, *draw(st.lists(identifiers, max_size=3))})
    made = {name: needed_purpose(name, categories) for name in [*CODE_CATEGORIES, "rights.fulfil"]}
    extra = draw(st.dictionaries(identifiers, purposes(categories), max_size=6))
    return {
        "operator": _party(
            seat="Stockholm", business=_texts("trade"), objections="no@example.com", privacy="me@example.com"
        ),
        "officers": [_party(title=_texts("officer"))],
        "languages": ["en", "sv"],
        "categories": {
            name: {"title": _texts(name), "description": _texts(name), "dpv": ["pd:Contact"]} for name in categories
        },
        "purposes": {**extra, **made},
        "retention": {
            name: {"keep": "2 years", "after": "collected", "reason": _texts("reason")} for name in categories
        },
        "rights": {"all": {"title": _texts("rights"), "rights": {"access": _texts("copy")}, "how": _texts("way")}},
        "statement": {
            "title": _texts("policy"),
            "introduction": _texts("beginning"),
            "sections": {"start": {"title": _texts("start"), "text": _texts("text")}},
        },
    }


def documents() -> st.SearchStrategy[Document]:
    """A policy document that loads and passes every check."""
    return trees().map(Document.model_validate)
