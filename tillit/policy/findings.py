"""What a check finds: a place in the document, what is wrong there, how to mend it."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from tillit.policy.problems import Level, Path


class Finding(NamedTuple):
    """A problem before its line is known."""

    path: Path
    message: str
    mend: str
    level: Level = "error"


def unknown(path: Path, noun: str, name: str, known: Iterable[str]) -> Finding:
    """Say that a name refers to nothing, and suggest the nearest one that exists."""
    near = get_close_matches(name, list(known), n=1)
    mend = f"Did you mean “{near[0]}”?" if near else f"Declare the {noun}, or delete its name here."
    return Finding(path, f"There is no {noun} “{name}”.", mend)
