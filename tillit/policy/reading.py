"""YAML text to plain values, with the line of each: the only place that trusts nothing in the file."""

from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from tillit.policy.problems import Lines, Path, PolicyErrors, Problem, written

#: The largest document read. The reference policy has 0.09 MB and takes 0.15 s; 1 MB of short words took 9 s.
MAX_SIZE_BYTES = 1_000_000

#: Lists and mappings inside each other; a policy document needs six.
MAX_DEPTH = 20

#: Shorter texts are read anew each time: that is quicker than it matters, and they would displace whole documents.
KEPT_FROM_CHARACTERS = 2000

_PLAIN = "tag:yaml.org,2002:"


def read_text(source: str | FilePath) -> str:
    """Give the text of a document: a path is read as UTF-8, a string is the text itself.

    Raises PolicyErrors when the file cannot be read, is too large or is not UTF-8.
    """
    if isinstance(source, FilePath):
        return _decode(_file_bytes(source))
    if len(source.encode("utf-8", "replace")) > MAX_SIZE_BYTES:
        raise _too_large()
    return source.removeprefix("\ufeff")


def _file_bytes(path: FilePath) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE_BYTES + 1)
    except OSError as error:
        raise _fatal(
            1,
            f"The file {path} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check the name and who may read it.",
        ) from error
    if len(content) > MAX_SIZE_BYTES:
        raise _too_large()
    return content


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _fatal(line, "The file is not UTF-8 text.", "Save it with the encoding UTF-8.") from error


def read_tree(text: str) -> tuple[dict[str, Any], Lines]:
    """Read YAML text as plain mappings, lists and values, and the line of each.

    Values are texts, numbers, truth values or None; dates stay texts. Raises PolicyErrors on broken
    YAML, an empty document, duplicate keys, aliases and tags.
    """
    node = compose(text)
    if node is None:
        raise _fatal(1, "The document is empty.", "Start with “tillit policy new”.")
    if not isinstance(node, MappingNode):
        raise _fatal(1, "The document is no mapping of sections.", "Start with “operator:” and what belongs to it.")
    reader = _TreeReader()
    tree = reader.value(node, ())
    if reader.problems:
        raise PolicyErrors(reader.problems)
    return tree, Lines(reader.lines)


def compose(text: str) -> Node | None:
    """Read YAML text as nodes that know their places. Raises PolicyErrors on broken YAML. Never change a node.

    Who edits a document asks for the same text several times, at 150 ms for the reference policy.
    """
    return _composed(text) if len(text) > KEPT_FROM_CHARACTERS else _compose(text)


@lru_cache(maxsize=4)
def _composed(text: str) -> Node | None:
    return _compose(text)


def _compose(text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    try:
        return yaml.compose(text)  # type: ignore[no-any-return]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        what = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise _fatal(
            line, f"The YAML is broken: {what}.", "Look at the indentation, the colons and the quotes here."
        ) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _fatal(line, "There is a control character.", "Delete it.") from error
    except YAMLError as error:
        raise _fatal(1, f"The YAML is broken: {error}.", "Compare it with the reference policy.") from error
    except RecursionError as error:
        raise _too_deep(1) from error


class _TreeReader:
    """Turns nodes to values once each, so that an alias, which shows a node twice, is found."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def value(self, node: Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if id(node) in self._seen:
            self._report(path, "An alias (*name) repeats another part.", "Write the part out; aliases are not read.")
            return None
        self._seen.add(id(node))
        if len(path) > MAX_DEPTH:
            raise _too_deep(line)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = (*path, str(key_node.value) if isinstance(key_node, ScalarNode) else "?")
            key = place[-1]
            if not isinstance(key_node, ScalarNode):
                self.lines.setdefault(place, key_node.start_mark.line + 1)
                self._report(place, "A key is a list or a mapping.", "Use a word as the key.")
            elif key in mapping:
                self._report(
                    place,
                    f"“{key}” is written twice; the first is on line {self.lines[place]}.",
                    "Keep one of them.",
                    line=key_node.start_mark.line + 1,
                )
            else:
                self.lines[place] = key_node.start_mark.line + 1
                mapping[str(key)] = self.value(value_node, place)
        return mapping

    def _scalar(self, node: Node, path: Path) -> Any:
        kind = str(node.tag).removeprefix(_PLAIN)
        text = str(node.value)
        if kind in ("str", "timestamp", "float"):
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on")
        if kind == "int":
            return int(text) if text.lstrip("+-").isdecimal() and len(text) < 20 else text
        self._report(path, f"The tag {node.tag} is not read here.", "Write a plain value without a tag.")
        return None

    def _report(self, path: Path, message: str, mend: str, *, line: int | None = None) -> None:
        place = self.lines[path] if line is None else line
        self.problems.append(Problem(place, written(path), message, mend))


def _fatal(line: int, message: str, mend: str) -> PolicyErrors:
    return PolicyErrors([Problem(line, "", message, mend)])


def _too_large() -> PolicyErrors:
    return _fatal(
        1,
        f"The document is larger than {MAX_SIZE_BYTES // 1000} kB.",
        "A policy document describes uses of data and holds none; take out what is not policy.",
    )


def _too_deep(line: int) -> PolicyErrors:
    return _fatal(line, "Lists and mappings are nested too deeply.", f"At most {MAX_DEPTH} may be inside each other.")
