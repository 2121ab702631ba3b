"""The three-way merge of lines: what neither, one or both sides changed between two places that all three share."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple


class Agreed(NamedTuple):
    """Lines on which nobody disagrees: unchanged, or changed by one side or by both alike."""

    lines: list[str]


class Disputed(NamedTuple):
    """Lines that both sides changed, and not alike."""

    base: list[str]
    ours: list[str]
    theirs: list[str]


def merged_lines(base: str, ours: str, theirs: str) -> list[Agreed | Disputed]:
    """Merge three texts by their lines, in order; joined, the agreed lines are the merged text.

    Source: Khanna, Kunal and Pierce, “A formal investigation of diff3” (2007), for the division into stable and
    unstable chunks.
    """
    sides = [_split(side) for side in (base, ours, theirs)]
    return list(_chunks(*sides))


def _split(text: str) -> list[str]:
    """Lines with their ends; the last gets one, so that two last lines compare alike."""
    whole = text if text.endswith("\n") or not text else f"{text}\n"
    return whole.splitlines(keepends=True)


def _chunks(base: list[str], ours: list[str], theirs: list[str]) -> Iterator[Agreed | Disputed]:
    in_ours, in_theirs = _matches(base, ours), _matches(base, theirs)
    at, at_ours, at_theirs = 0, 0, 0
    for line in [*sorted(in_ours.keys() & in_theirs.keys()), len(base)]:
        # Both sides kept this line: what lies before it is one chunk.
        end_ours = in_ours.get(line, len(ours)) if line < len(base) else len(ours)
        end_theirs = in_theirs.get(line, len(theirs)) if line < len(base) else len(theirs)
        yield from _decided(base[at:line], ours[at_ours:end_ours], theirs[at_theirs:end_theirs])
        if line < len(base):
            yield Agreed([base[line]])
        at, at_ours, at_theirs = line + 1, end_ours + 1, end_theirs + 1


def _matches(base: list[str], side: list[str]) -> dict[int, int]:
    """The line of the side that is each line of the base, where it was kept."""
    blocks = SequenceMatcher(None, base, side, autojunk=False).get_matching_blocks()
    return {block.a + offset: block.b + offset for block in blocks for offset in range(block.size)}


def _decided(base: list[str], ours: list[str], theirs: list[str]) -> Iterator[Agreed | Disputed]:
    if ours in (base, theirs):
        chunk: Agreed | Disputed = Agreed(theirs)
    elif theirs == base:
        chunk = Agreed(ours)
    else:
        chunk = Disputed(base, ours, theirs)
    if not isinstance(chunk, Agreed) or chunk.lines:
        yield chunk
