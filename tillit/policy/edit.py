"""Change a policy text at a place, and leave every other character of it as it is: comments, order, layout.

The text is cut at the places that the YAML reader gives for each value, so nothing else is written anew. What a change
would make is read back before it is returned.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from tillit.policy.document import Document, Path
from tillit.policy.problems import written
from tillit.policy.reading import compose, read_tree
from tillit.policy.writing import written_entry, written_value

Tree = dict[str, Any]

_COMMENT = re.compile(r"[ \t]+(#[^\n]*)")
_HEADER_COMMENT = re.compile(r"[>|][-+0-9]*[ \t]+(#[^\n]*)")


class NoSuchPlace(LookupError):
    """There is nothing at this path of the policy text."""


class CannotEdit(ValueError):
    """This part is written in a way that only a person can change: edit the YAML itself."""


@dataclass(frozen=True, slots=True)
class _Cut:
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a value stands: from just after its colon or dash, on a line indented by ``indent``."""

    start: int
    indent: int
    item: bool = False


def normalised(text: str) -> str:
    """Give a text with line breaks as we write them and without byte order mark; browsers send other ones."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def entry(text: str, path: Path) -> Any:
    """Give the plain value at a path. Raises NoSuchPlace, and PolicyErrors when the YAML is broken."""
    return _at(read_tree(normalised(text))[0], path)


def put(text: str, path: Path, value: Any) -> str:
    """Give the text with a value at a path: changed where it differs, added where it is missing.

    A list is lengthened by the index behind its last item. Raises NoSuchPlace when there is nothing to put it into,
    PolicyErrors when the YAML is broken, CannotEdit when the part is written in a way this cannot change.
    """
    plain = normalised(text)
    return rewrite(plain, _in_order(_with(read_tree(plain)[0], path, value, whole=path)))


def remove(text: str, path: Path) -> str:
    """Give the text without what stands at a path, and without the comment right above it. Raises as `put` does."""
    plain = normalised(text)
    return rewrite(plain, _without(read_tree(plain)[0], path, whole=path))


def rewrite(text: str, tree: Tree) -> str:
    """Give the text changed so that it reads as ``tree``, each difference where it stands. Raises as `put` does."""
    plain = normalised(text)
    before, _lines = read_tree(plain)
    if before == tree:
        return plain
    root = compose(plain)
    assert root is not None  # an empty document is a problem that read_tree has named
    cuts = sorted(_changes(plain, root, _Slot(0, -2), before, tree), key=lambda cut: (cut.start, cut.end))
    result, place = [], 0
    for cut in cuts:
        result += [plain[place : cut.start], cut.text]
        place = cut.end
    changed = "".join([*result, plain[place:]])
    if _worded(read_tree(changed)[0]) != _worded(tree):
        raise CannotEdit("This part is written in a way that the form cannot change. Change it in the YAML.")
    return changed


def _at(tree: Any, path: Path) -> Any:
    for length, step in enumerate(path):
        if not _has(tree, step):
            raise NoSuchPlace(f"There is no {written(path[: length + 1])}.")
        tree = tree[step]
    return tree


def _has(tree: Any, step: str | int) -> bool:
    if isinstance(tree, dict):
        return step in tree
    return isinstance(tree, list) and isinstance(step, int) and 0 <= step < len(tree)


def _with(tree: Any, path: Path, value: Any, *, whole: Path) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if tree is None:
        tree = {} if isinstance(step, str) else []
    if isinstance(tree, dict) and isinstance(step, str):
        return {**tree, step: _with(tree.get(step), rest, value, whole=whole)}
    if isinstance(tree, list) and isinstance(step, int) and 0 <= step <= len(tree):
        old = tree[step] if step < len(tree) else None
        return [*tree[:step], _with(old, rest, value, whole=whole), *tree[step + 1 :]]
    raise NoSuchPlace(f"There is nothing to put {written(whole)} into.")


def _in_order(root: Tree) -> Tree:
    """The sections of a document in the order of the guide, so that a new one gets its place."""
    known = [name for name in Document.model_fields if name in root]
    return {name: root[name] for name in [*known, *(name for name in root if name not in known)]}


def _without(tree: Any, path: Path, *, whole: Path) -> Any:
    step, rest = path[0], path[1:]
    if not _has(tree, step):
        raise NoSuchPlace(f"There is no {written(whole)}.")
    if rest:
        inner = _without(tree[step], rest, whole=whole)
        return {**tree, step: inner} if isinstance(tree, dict) else [*tree[:step], inner, *tree[int(step) + 1 :]]
    if isinstance(tree, dict):
        return {key: value for key, value in tree.items() if key != step}
    return [value for index, value in enumerate(tree) if index != step]


def _worded(value: Any) -> Any:
    """A value with the one word that stands for a list of itself, as the document's models take it."""
    if isinstance(value, Mapping):
        return {key: _worded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [each if isinstance(each, str) else _worded(each) for each in value]
    return [value] if value in ("everyone", "all") else value


def _same(old: Any, new: Any) -> bool:
    return bool(_worded(old) == _worded(new))


def _changes(text: str, node: Node, slot: _Slot, old: Any, new: Any) -> Iterator[_Cut]:
    """The cuts that turn the value of a node from old to new; as small as its layout allows."""
    if _same(old, new):
        return
    block = isinstance(node, CollectionNode) and not node.flow_style
    if block and isinstance(node, MappingNode) and isinstance(new, dict) and _is_kept_in_part(slot, old, new):
        yield from _mapping_changes(text, node, old, new)
    elif block and isinstance(node, SequenceNode) and isinstance(new, list) and _is_longer_or_shorter(old, new):
        yield from _list_changes(text, node, old, new)
    else:
        yield _replaced(text, node, slot, new)


def _is_kept_in_part(slot: _Slot, old: Any, new: Tree) -> bool:
    """Whether a key stays; of a list's item the first must, since it stands on the line of the dash."""
    return next(iter(old)) in new if slot.item else any(key in new for key in old)


def _is_longer_or_shorter(old: list[Any], new: list[Any]) -> bool:
    """Whether items changed in place, were added behind the last, or only taken out."""
    if not new:
        return False
    return len(new) >= len(old) or _kept(old, new) is not None


def _kept(old: list[Any], new: list[Any]) -> list[int] | None:
    """The indexes of the old items that make the new list, or None if it is no part of the old one."""
    kept, place = [], 0
    for item in new:
        while place < len(old) and not _same(old[place], item):
            place += 1
        if place == len(old):
            return None
        kept.append(place)
        place += 1
    return kept


def _mapping_changes(text: str, node: MappingNode, old: Tree, new: Tree) -> Iterator[_Cut]:
    pairs = {str(key.value): (key, value) for key, value in node.value}
    indent = node.value[0][0].start_mark.column
    for name in old:
        key, value = pairs[name]
        if name in new:
            yield from _changes(text, value, _slot(text, key, indent=indent), old[name], new[name])
        else:
            yield _deleted(text, _line_start(text, key.start_mark.index), _content_end(text, value, key))
    added: dict[str | None, list[str]] = {}
    before: str | None = None
    for name in new:
        if name in old:
            before = name
        else:
            added.setdefault(before, []).append(name)
    for after, names in added.items():
        lines = [written_entry(name, new[name], indent=indent) for name in names]
        gap = "\n\n" if _is_spaced(text, node) else "\n"
        if after is None:
            first = next(pairs[name][0] for name in old if name in new)
            yield _inserted_before(text, first, lines, gap=gap)
        else:
            key, value = pairs[after]
            yield _inserted_behind(text, _content_end(text, value, key), lines, gap=gap)


def _inserted_before(text: str, key: Node, lines: list[str], *, gap: str) -> _Cut:
    place, start = key.start_mark.index, _line_start(text, key.start_mark.index)
    if text[start:place].strip():  # behind a dash
        return _Cut(place, place, "".join(f"{line.lstrip(' ')}{gap}{' ' * (place - start)}" for line in lines))
    above = _with_comment(text, start)
    return _Cut(above, above, "".join(f"{line}{gap}" for line in lines))


def _inserted_behind(text: str, end: int, lines: list[str], *, gap: str) -> _Cut:
    place = _line_end(text, end)
    made = gap + gap.join(lines)
    return _Cut(place, place, made if place < len(text) else f"{made}\n")


def _is_spaced(text: str, node: MappingNode) -> bool:
    """Whether the entries of a mapping stand apart by empty lines."""
    ends = [_content_end(text, value, key) for key, value in node.value]
    starts = [key.start_mark.index for key, _value in node.value]
    gaps = [text[end:start] for end, start in zip(ends, starts[1:], strict=False)]
    return bool(gaps) and sum("\n\n" in gap for gap in gaps) * 2 > len(gaps)


def _list_changes(text: str, node: SequenceNode, old: list[Any], new: list[Any]) -> Iterator[_Cut]:
    kept = _kept(old, new) if len(new) < len(old) else None
    if kept is not None:
        for index, item in enumerate(node.value):
            if index not in kept:
                yield _deleted(text, _line_start(text, item.start_mark.index), _content_end(text, item))
        return
    indent = text.rfind("-", 0, node.value[0].start_mark.index) - _line_start(text, node.value[0].start_mark.index)
    for index, item in enumerate(node.value):
        dash = text.rfind("-", 0, item.start_mark.index)
        yield from _changes(text, item, _Slot(dash + 1, indent, item=True), old[index], new[index])
    place = _line_end(text, _content_end(text, node.value[-1]))
    begin = f"\n{' ' * indent}-"
    for value in new[len(old) :]:
        yield _Cut(place, place, begin + written_value(value, indent=indent, column=indent + 1, item=True))


def _replaced(text: str, node: Node, slot: _Slot, new: Any) -> _Cut:
    """A value written anew; a comment on its line stays on it."""
    end = max(slot.start, _content_end(text, node, start=slot.start))
    column = slot.start - _line_start(text, slot.start)
    made = written_value(new, indent=slot.indent, column=column, item=slot.item)
    comment = _HEADER_COMMENT.match(text, node.start_mark.index) or _COMMENT.match(text, end)
    if comment is None:
        return _Cut(slot.start, end, made)
    first, line_break, rest = made.partition("\n")
    stop = max(end, comment.end()) if comment.start() == end else end
    return _Cut(slot.start, stop, f"{first}  {comment[1]}{line_break}{rest}")


def _deleted(text: str, start: int, end: int) -> _Cut:
    """Whole lines taken out, with the comment lines right above them and one of two empty lines around them."""
    above = _with_comment(text, start)
    stop = min(_line_end(text, end) + 1, len(text))
    if text[:above].endswith("\n\n") and (text[stop : stop + 1] in ("\n", "")):
        above -= 1
    return _Cut(above, stop, "")


def _with_comment(text: str, start: int) -> int:
    """Where the comment right above a line begins: lines indented alike, without an empty one between."""
    begin = re.compile(r" *").match(text, start)
    comment = (begin[0] if begin else "") + "#"
    while start > 0 and text.startswith(comment, _line_start(text, start - 1)):
        start = _line_start(text, start - 1)
    return start


def _slot(text: str, key: Node, *, indent: int) -> _Slot:
    return _Slot(text.index(":", key.end_mark.index) + 1, indent)


def _content_end(text: str, node: Node, key: Node | None = None, *, start: int = 0) -> int:
    """Where the last character of a value stands; the reader itself counts comments and empty lines behind it."""
    if isinstance(node, ScalarNode):
        if node.style in ("|", ">"):
            return int(node.start_mark.index) + len(text[node.start_mark.index : node.end_mark.index].rstrip())
        if node.start_mark.index == node.end_mark.index:  # nothing after the colon
            return text.index(":", key.end_mark.index) + 1 if key is not None else start
        return int(node.end_mark.index)
    if getattr(node, "flow_style", False):
        return int(node.end_mark.index)
    if isinstance(node, MappingNode):
        key, value = node.value[-1]
        return _content_end(text, value, key)
    return _content_end(text, node.value[-1], start=node.value[-1].start_mark.index)


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    found = text.find("\n", place)
    return len(text) if found < 0 else found
