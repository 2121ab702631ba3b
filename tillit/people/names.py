"""How a name is taken apart for finding: into words without case, accents and punctuation.

`words` here and `tillit_name_words()` in the database do the same (a test compares them): the database writes the words
of every name, and what is typed is taken apart here.
"""

from __future__ import annotations

import re
import unicodedata

#: The category whose values are names.
CATEGORY = "identity"
MAX_WORD_CHARS = 40  # of a word that is kept: an entry of an index has little room, and nobody types more
MAX_WORDS = 8  # of a typed text that are looked for

_ACCENTS = re.compile("[\u0300-\u036f]")
_ALIKE = str.maketrans("øłđðþæœßıς", "olddtaosiσ")  # letters that are no other letter with an accent
_SEPARATORS = str.maketrans(dict.fromkeys("\t\n\r-–’'`.,;:/\\()[]\"&+_@*|", " "))


def words(text: str) -> list[str]:
    """Return the words of a text, in order, as names are kept: `Anna-Karin Öberg` is `anna`, `karin`, `oberg`."""
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_ALIKE)
    return [word[:MAX_WORD_CHARS] for word in text.lower().translate(_SEPARATORS).split(" ") if word]
