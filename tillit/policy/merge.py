"""Bring together two changes of one policy text: by meaning first, so that only a real contradiction is one.

Two people who changed different fields are both heard, however near each other the lines stand. Where both changed the
same field otherwise, nothing is decided and nothing lost: the conflict names the place with both values.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tillit.policy.document import Path
from tillit.policy.edit import CannotEdit, Tree, normalised, put, remove, rewrite
from tillit.policy.merge_comments import carry_comments
from tillit.policy.merge_lines import Agreed, Disputed, merged_lines
from tillit.policy.problems import PolicyErrors, written
from tillit.policy.reading import read_tree


class _Absent:
    """What stands at a place where nothing stands."""

    def __repr__(self) -> str:
        return "ABSENT"


#: The value of a side that deleted the place, or never had it.
ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Place:
    """Where both sides changed the same thing: by its path, or by its lines where the YAML cannot be read.

    ``base``, ``ours`` and ``theirs`` are plain values or ABSENT; for lines they are texts. ``line`` is that of the
    merged text with both versions; 0 for a place by path.
    """

    path: Path
    base: Any
    ours: Any
    theirs: Any
    line: int = 0

    @property
    def key(self) -> str:
        """The name of the place, unlike that of any other place of the conflict."""
        return f"line {self.line}" if self.line else written(self.path)


@dataclass(frozen=True, slots=True)
class Merged:
    """Both changes in one text."""

    text: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The places where somebody must choose, and a text that shows both versions of the lines between marks."""

    places: tuple[Place, ...]
    text_with_both: str


def merge(base: str, *, ours: str, theirs: str) -> Merged | Conflict:
    """Bring together what two people made of one text.

    Succeeds whenever they changed different entries, fields or languages of a text; a list counts as one value, except
    the officers. A text that cannot be read as YAML is merged by its lines alone.
    """
    base, ours, theirs = normalised(base), normalised(ours), normalised(theirs)
    if ours in (base, theirs) or theirs == base:
        return Merged(ours if theirs == base else theirs)
    lines = _by_lines(base, ours, theirs)
    try:
        trees = [read_tree(text)[0] for text in (base, ours, theirs)]
    except PolicyErrors:
        return Merged(lines) if isinstance(lines, str) else _conflict_of_lines(base, ours, theirs)
    places: list[Place] = []
    tree = _merged(*trees, path=(), places=places)
    if places:
        return Conflict(tuple(places), _with_marks(base, ours, theirs))
    if isinstance(lines, str) and _reads_as(lines, tree):
        return Merged(lines)
    try:
        return Merged(_by_meaning(base, ours, theirs, tree))
    except CannotEdit:
        return _conflict_of_lines(base, ours, theirs)


def resolve(conflict: Conflict, base: str, *, ours: str, theirs: str, take_ours: Collection[str]) -> str:
    """Give the merged text where the places named in ``take_ours`` (by key) are ours, and the others theirs.

    Everything else of both sides is in it. Raises PolicyErrors or CannotEdit as `edit.put` does.
    """
    base, ours, theirs = normalised(base), normalised(ours), normalised(theirs)
    if any(place.line for place in conflict.places):
        return _resolved_lines(base, ours, theirs, take_ours=take_ours)
    for place in conflict.places:
        # Both sides get the chosen value, so that the place is no conflict any more.
        taken = place.ours if place.key in take_ours else place.theirs
        ours, theirs = _set(ours, place.path, taken), _set(theirs, place.path, taken)
    merged = merge(base, ours=ours, theirs=theirs)
    if isinstance(merged, Conflict):
        raise CannotEdit("The two versions cannot be brought together here. Do it in the YAML.")
    return merged.text


def _set(text: str, path: Path, value: Any) -> str:
    try:
        return remove(text, path) if value is ABSENT else put(text, path, value)
    except LookupError:  # not there, which is what was chosen
        return text


def _merged(base: Any, ours: Any, theirs: Any, *, path: Path, places: list[Place]) -> Any:
    """The merge of plain values; what contradicts itself is added to ``places``, with theirs in the result."""
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    if isinstance(ours, dict) and isinstance(theirs, dict) and isinstance(base, dict | _Absent):
        before = {} if isinstance(base, _Absent) else base
        return _merged_mapping(before, ours, theirs, path=path, places=places)
    if (
        path == ("officers",)
        and len({len(each) if isinstance(each, list) else -1 for each in (base, ours, theirs)}) == 1
    ):
        triples = enumerate(zip(base, ours, theirs, strict=True))
        return [_merged(*triple, path=(*path, index), places=places) for index, triple in triples]
    places.append(Place(path, base, ours, theirs))
    return theirs


def _merged_mapping(base: Tree, ours: Tree, theirs: Tree, *, path: Path, places: list[Place]) -> Tree:
    merged: Tree = {}
    for key in dict.fromkeys([*theirs, *ours, *base]):
        sides = [side.get(key, ABSENT) for side in (base, ours, theirs)]
        value = _merged(*sides, path=(*path, key), places=places)
        if value is not ABSENT:
            merged[key] = value
    return merged


def _reads_as(text: str, tree: Tree) -> bool:
    try:
        return read_tree(text)[0] == tree
    except PolicyErrors:
        return False


def _by_meaning(base: str, ours: str, theirs: str, tree: Tree) -> str:
    """Their text with our changes written into it, and our comments carried over."""
    return carry_comments(rewrite(theirs, tree), base=base, of=ours)


def _by_lines(base: str, ours: str, theirs: str) -> str | None:
    """The merge of the lines, or None where they contradict."""
    chunks = merged_lines(base, ours, theirs)
    if any(isinstance(chunk, Disputed) for chunk in chunks):
        return None
    return "".join(line for chunk in chunks if isinstance(chunk, Agreed) for line in chunk.lines)


def _with_marks(base: str, ours: str, theirs: str) -> str:
    """The text in which disputed lines stand twice, between the marks that version control uses."""
    return "".join(line for _place, lines in _marked(base, ours, theirs) for line in lines)


def _conflict_of_lines(base: str, ours: str, theirs: str) -> Conflict:
    places = tuple(place for place, _lines in _marked(base, ours, theirs) if place is not None)
    return Conflict(places, _with_marks(base, ours, theirs))


def _resolved_lines(base: str, ours: str, theirs: str, *, take_ours: Collection[str]) -> str:
    chunks = [
        lines if place is None else [place.ours if place.key in take_ours else place.theirs]
        for place, lines in _marked(base, ours, theirs)
    ]
    return "".join(line for lines in chunks for line in lines)


def _marked(base: str, ours: str, theirs: str) -> Iterator[tuple[Place | None, list[str]]]:
    """The lines of the text with marks, chunk by chunk; a disputed chunk comes with its place."""
    at = 1
    for chunk in merged_lines(base, ours, theirs):
        if isinstance(chunk, Agreed):
            place, lines = None, chunk.lines
        else:
            place = Place((), "".join(chunk.base), "".join(chunk.ours), "".join(chunk.theirs), at)
            lines = ["<<<<<<< yours\n", *chunk.ours, "=======\n", *chunk.theirs, ">>>>>>> theirs\n"]
        yield place, lines
        at += len(lines)


def changed_entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[Path, str]:
    """Say which entries differ between two trees: ``new``, ``changed`` or ``gone`` by (section, id).

    Sections that are one part, such as the operator, count as one entry (section,).
    """
    found: dict[Path, str] = {}
    for section in dict.fromkeys([*before, *after]):
        old, new = before.get(section), after.get(section)
        if old == new:
            continue
        old_entries, new_entries = _entries(section, old), _entries(section, new)
        for key in dict.fromkeys([*old_entries, *new_entries]):
            if key not in old_entries:
                found[(section, *key)] = "new"
            elif key not in new_entries:
                found[(section, *key)] = "gone"
            elif old_entries[key] != new_entries[key]:
                found[(section, *key)] = "changed"
    return found


#: Sections that are one part, not a collection of entries.
SINGLE = ("operator", "statement", "languages")


def _entries(section: str, value: Any) -> dict[Path, Any]:
    if value is None:
        return {}
    if section == "statement" and isinstance(value, dict):
        sections = value.get("sections")
        inner: dict[Path, Any] = (
            {("sections", key): each for key, each in sections.items()} if isinstance(sections, dict) else {}
        )
        return {(): {key: each for key, each in value.items() if key != "sections"}, **inner}
    if section not in SINGLE and isinstance(value, dict):
        return {(key,): each for key, each in value.items()}
    if section not in SINGLE and isinstance(value, list):
        return {(index,): each for index, each in enumerate(value)}
    return {(): value}
