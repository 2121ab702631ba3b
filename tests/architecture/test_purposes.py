"""The purposes the checker asks for are those under which the code works: found in the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.environment import ROOT
from tillit.edge.recording import PURPOSE as EDGE
from tillit.policy.required import CODE_PURPOSES

SOURCES = [path for path in sorted((ROOT / "tillit").rglob("*.py")) if "migrations" not in path.parts]

# Calls whose purpose is not written there, each with where it comes from.
PASSED_ON = {
    "api/endpoints/persons.py": "the one that the caller names, of those that the key is for",
    "campaigns/actions.py": "the campaign's own",
    "campaigns/preview.py": "the campaign's own",
    "delivery/claims.py": "the campaign's own, or the message's",
    "people/bulk/one_by_one.py": "the act's own",
    "people/bulk/run.py": "the act's own",
    "people/exporting/run.py": "the one that whoever exports chooses",
    "people/exporting/start.py": "the one that whoever exports chooses",
    "people/importing/refusals.py": "the import's own",
    "people/importing/run.py": "the import's own",
    "people/importing/start.py": "the one that whoever imports chooses, of those that let files in",
    "people/importing/trial.py": "the import's own",
    "people/segments/queries.py": "the one that a segment is counted for",
}

# What those come down to: a campaign is for a purpose that sends, and these two always exist.
CAMPAIGNS = {"marketing.email", "service.message"}
# A policy need not let in what sellers report; then no such file comes in.
IMPORTS = {"audience.import"}


@cache
def constants(path: Path) -> dict[str, str]:
    """Names given to a text at the top of a module, also several at once, and those it imports from our modules."""
    found: dict[str, str] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tillit."):
            source = ROOT / Path(*(node.module or "").split(".")).with_suffix(".py")
            known = constants(source) if source.is_file() else {}
            found |= {alias.asname or alias.name: known[alias.name] for alias in node.names if alias.name in known}
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            pairs = zip(target.elts, value.elts, strict=True) if _several(target, value) else [(target, value)]
            for name, text in pairs:
                if isinstance(name, ast.Name) and isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found[name.id] = text.value
    return found


def _several(target: ast.expr, value: ast.expr) -> bool:
    return isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)


def calls() -> Iterator[tuple[Path, ast.expr]]:
    """The purpose of every call of `processing(workspace, purpose, …)`."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "processing":
                yield path, node.args[1]


def purpose_of(path: Path, written: ast.expr) -> str | None:
    if isinstance(written, ast.Constant):
        return str(written.value)
    if isinstance(written, ast.Name):
        return constants(path).get(written.id)
    if isinstance(written, ast.Attribute) and isinstance(written.value, ast.Name):
        return _of_module(path, written.value.id, written.attr)
    return None


def _of_module(path: Path, module: str, name: str) -> str | None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == module for alias in node.names):
            source = ROOT / Path(*(node.module or "").split("."), f"{module}.py")
            return constants(source).get(name) if source.is_file() else None
    return None


def test_the_code_works_under_the_purposes_that_the_check_asks_for():
    found = {(path.relative_to(ROOT / "tillit").as_posix(), purpose_of(path, written)) for path, written in calls()}
    unsaid = {path for path, purpose in found if purpose is None}
    assert unsaid == set(PASSED_ON), "say in PASSED_ON where the purpose comes from"
    used = {purpose for _, purpose in found if purpose is not None}
    assert used | CAMPAIGNS | IMPORTS | {EDGE} == CODE_PURPOSES
