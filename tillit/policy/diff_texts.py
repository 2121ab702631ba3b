"""Two versions of a text, word by word, and whether the difference is more than a trifle."""

import re
from difflib import SequenceMatcher
from functools import lru_cache

from tillit.policy.diff_kinds import Piece
from tillit.policy.values import Texts

_WORD = re.compile(r"\S+\s*")
_MARKS = re.compile(r"[^\w{}:.-]+|[.:-]+$|^[.:-]+")
_DOUBLED = re.compile(r"([^\W\d_])\1+")


@lru_cache(maxsize=512)
def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """Cut two texts into the words they share, those that are gone and those that are new, in reading order.

    The words of "same" and "gone" joined give the old text, those of "same" and "new" the new one.
    """
    before, after = _WORD.findall(old), _WORD.findall(new)
    found: list[Piece] = []
    for what, i, j, k, m in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(Piece("same", "".join(before[i:j])))
            continue
        if j > i:
            found.append(Piece("gone", "".join(before[i:j])))
        if m > k:
            found.append(Piece("new", "".join(after[k:m])))
    return tuple(found)


def reworded(old: Texts | None, new: Texts | None) -> dict[str, tuple[Piece, ...]]:
    """Compare a text in every language; languages in which it did not change are left out."""
    before, after = old.root if old else {}, new.root if new else {}
    return {
        language: pieces(before.get(language, ""), after.get(language, ""))
        for language in {**after, **before}
        if before.get(language, "") != after.get(language, "")
    }


def more_than_a_trifle(old: Texts | None, new: Texts | None) -> bool:
    """Say whether a rewording may have changed the meaning in some language.

    A trifle is what changes no word: marks, spaces, capitals, or a slip of the pen within a longer word. A text
    in a language that was not there before, where others were, is a translation and a trifle too.
    """
    before, after = old.root if old else {}, new.root if new else {}
    if not before or not after:
        return bool(before or after)
    return any(not _alike(before[language], after[language]) for language in set(before) & set(after)) or not (
        set(before) & set(after)
    )


def _alike(old: str, new: str) -> bool:
    before, after = _plain(old), _plain(new)
    return len(before) == len(after) and all(a == b or _slip(a, b) for a, b in zip(before, after, strict=True))


def _plain(text: str) -> list[str]:
    return [word for each in text.split() if (word := _MARKS.sub("", each).casefold())]


def _slip(old: str, new: str) -> bool:
    """Two letters swapped, or one doubled: “recieve” and “receive” are alike, “consent” and “content” are not."""
    if min(len(old), len(new)) < 5 or old[0] != new[0]:
        return False
    return sorted(old) == sorted(new) or _DOUBLED.sub(r"\1", old) == _DOUBLED.sub(r"\1", new)
