"""Pairs of policy documents, the second made from the first by a few random edits."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.policy.document import Document
from tillit.policy.regions import NAMED_REGIONS
from tillit.policy.roles import ROLE_NAMES

Tree = dict[str, Any]
Edit = Callable[[st.DrawFn, Tree], None]


def _texts(draw: st.DrawFn) -> dict[str, str]:
    words = st.sampled_from(["we use it", "we do not use it", "We use  it.", "we sue it", "mail", "mail and post"])
    return {"en": draw(words), "sv": draw(words)}


def _purpose(draw: st.DrawFn, tree: Tree) -> dict[str, Any]:
    return tree["purposes"][draw(st.sampled_from(sorted(tree["purposes"])))]


def _categories(draw: st.DrawFn, tree: Tree) -> Any:
    some = st.lists(st.sampled_from(sorted(tree["categories"])), min_size=1, max_size=4, unique=True)
    return draw(st.one_of(some, st.just("all")))


def basis(draw: st.DrawFn, tree: Tree) -> None:
    _purpose(draw, tree)["basis"] = draw(our.bases())


def one_region(draw: st.DrawFn, tree: Tree) -> None:
    grounds = _purpose(draw, tree)["basis"]
    region = draw(st.sampled_from(sorted(NAMED_REGIONS)))
    grounds[region] = draw(st.sampled_from(["consent", "contract", "legitimate-interest", "opt-out", "none"]))


def roles(draw: st.DrawFn, tree: Tree) -> None:
    some = st.lists(st.sampled_from(sorted(ROLE_NAMES)), min_size=1, unique=True)
    _purpose(draw, tree)["roles"] = draw(st.one_of(some, st.just("everyone")))


def used(draw: st.DrawFn, tree: Tree) -> None:
    _purpose(draw, tree)["categories"] = _categories(draw, tree)


def flag(draw: st.DrawFn, tree: Tree) -> None:
    _purpose(draw, tree)[draw(st.sampled_from(["sends", "allowed_when_restricted", "marketing"]))] = draw(st.booleans())


def objection(draw: st.DrawFn, tree: Tree) -> None:
    _purpose(draw, tree)["objection"] = draw(st.sampled_from(["at-once", "review", "none", None]))


def other_terms(draw: st.DrawFn, tree: Tree) -> None:
    terms = {
        "role": st.sampled_from(["controller", "joint-controller", "processor"]),
        "consent_lasts": st.sampled_from(["3 years", "36 months", "1 year", "90 days", None]),
        "title": st.just(_texts(draw)),
        "description": st.just(_texts(draw)),
        "balancing": st.sampled_from([None, _texts(draw)]),
        "clauses": st.sampled_from([[], ["C9"], ["C9", "E5"]]),
    }
    name = draw(st.sampled_from(sorted(terms)))
    _purpose(draw, tree)[name] = draw(terms[name])


def whole_purpose(draw: st.DrawFn, tree: Tree) -> None:
    name = draw(st.sampled_from([*sorted(tree["purposes"]), "added.here"]))
    if name in tree["purposes"]:
        del tree["purposes"][name]
    else:
        tree["purposes"][name] = draw(our.purposes(sorted(tree["categories"])))


def category(draw: st.DrawFn, tree: Tree) -> None:
    name = draw(st.sampled_from(["added", *sorted(tree["categories"])]))
    if name == "added" and name not in tree["categories"]:
        tree["categories"][name] = {"title": _texts(draw), "description": _texts(draw), "dpv": ["pd:Contact"]}
    else:
        tree["categories"][name]["special"] = draw(st.booleans())


def recipient(draw: st.DrawFn, tree: Tree) -> None:
    name = draw(st.sampled_from(["relay", "partner"]))
    if name in tree.setdefault("recipients", {}) and draw(st.booleans()):
        del tree["recipients"][name]
        for purpose in tree["purposes"].values():
            purpose["recipients"] = [each for each in purpose.get("recipients", []) if each != name]
        return
    tree["recipients"][name] = {
        "name": draw(st.sampled_from(["Relay AB", "Post AB"])),
        "address": "Exempelgatan 1",
        "country": draw(st.sampled_from(["SE", "US"])),
        "business": _texts(draw),
        "role": draw(st.sampled_from(["processor", "partner"])),
        "categories": _categories(draw, tree),
        "direct_marketing": draw(st.booleans()),
        "safeguard": draw(st.sampled_from(["shield", None])),
    }
    _purpose(draw, tree)["recipients"] = [name]


def safeguard(draw: st.DrawFn, tree: Tree) -> None:
    tree["safeguards"] = {
        "shield": {
            "title": _texts(draw),
            "kind": draw(st.sampled_from(["adequacy", "framework"])),
            "valid_from": "2026-01-01",
            "expires": draw(st.sampled_from([None, "2027-01-01"])),
            "reference": "2026/1",
        }
    }


def tracker(draw: st.DrawFn, tree: Tree) -> None:
    if tree.get("trackers") and draw(st.booleans()):
        del tree["trackers"]
        return
    tree["trackers"] = {
        "pixel": {
            "title": _texts(draw),
            "description": _texts(draw),
            "kind": "pixel",
            "name": "p",
            "categories": _categories(draw, tree),
            "essential": draw(st.booleans()),
            "lasts": draw(st.sampled_from(["session", "0 days", "1 year", "13 months"])),
            "host": draw(st.sampled_from([None, "example.org"])),
        }
    }


def retention(draw: st.DrawFn, tree: Tree) -> None:
    rule = tree["retention"][draw(st.sampled_from(sorted(tree["retention"])))]
    rule["keep"] = draw(st.sampled_from(["2 years", "24 months", "3 years", "40 days"]))
    rule["after"] = draw(st.sampled_from(["collected", "last-contact"]))
    rule["then"] = draw(st.sampled_from(["delete", "anonymise"]))


def rights(draw: st.DrawFn, tree: Tree) -> None:
    regime = tree["rights"]["all"]
    named = draw(st.lists(st.sampled_from(["access", "erase", "port"]), min_size=1, unique=True))
    regime["rights"] = {name: _texts(draw) for name in named}
    regime["how"] = _texts(draw)
    if draw(st.booleans()):
        tree["rights"]["here"] = {**deepcopy(regime), "regions": draw(st.sampled_from([["EEA"], ["EEA", "UK"]]))}
    else:
        tree["rights"].pop("here", None)


def operator(draw: st.DrawFn, tree: Tree) -> None:
    fields = ["name", "registration", "privacy", "objections", "address", "phone"]
    tree["operator"][draw(st.sampled_from(fields))] = draw(
        st.sampled_from(["Other AB", "559000-0000", "x@example.org"])
    )
    tree["officers"][0]["name"] = draw(st.sampled_from(["Example AB", "Officer"]))


def words(draw: st.DrawFn, tree: Tree) -> None:
    tree["statement"]["introduction"] = _texts(draw)
    sections = tree["statement"]["sections"]
    name = draw(st.sampled_from(["start", "end"]))
    sections[name] = {
        "title": _texts(draw),
        "text": _texts(draw),
        "audience": draw(st.sampled_from(["everyone", "members"])),
    }


def duties_and_measures(draw: st.DrawFn, tree: Tree) -> None:
    tree["measures"] = draw(st.sampled_from([{}, {"lock": {"title": _texts(draw), "description": _texts(draw)}}]))
    duty = {"title": _texts(draw), "law": draw(st.sampled_from(["a", "b"])), "keep": "7 years", "after": "year-ended"}
    tree["duties"] = draw(st.sampled_from([{}, {"books": {**duty, "categories": _categories(draw, tree)}}]))


def sources(draw: st.DrawFn, tree: Tree) -> None:
    source = {"title": _texts(draw), "kind": "import", "categories": _categories(draw, tree), "warranty": _texts(draw)}
    tree["sources"] = draw(st.sampled_from([{}, {"list": source}]))


def languages(draw: st.DrawFn, tree: Tree) -> None:
    tree["languages"] = draw(st.sampled_from([["en", "sv"], ["sv", "en"], ["en"]]))


EDITS: list[Edit] = [
    *(basis, one_region, one_region, roles, used, flag, objection, other_terms, whole_purpose, category, recipient),
    *(safeguard, tracker, retention, rights, operator, words, duties_and_measures, sources, languages),
]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Document, Document]:
    """Two documents: the second is the first with none to five edits, or (rarely) one of its own."""
    tree = draw(our.trees())
    for edit in draw(st.lists(st.sampled_from(EDITS), max_size=5)):
        edit(draw, tree)
    old = Document.model_validate(deepcopy(tree))
    for edit in draw(st.lists(st.sampled_from(EDITS), max_size=5)):
        edit(draw, tree)
    return old, Document.model_validate(tree)
