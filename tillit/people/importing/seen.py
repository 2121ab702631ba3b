"""Which addresses a file has held so far: exact, at 13 to 27 bytes an address."""

from __future__ import annotations

from array import array
from collections.abc import Iterable


class Seen:
    """A set of 64-bit integers in one flat array; a Python set takes four times the memory.

    Two addresses count as one with a probability of n² / 2⁶⁵: under one in a million for five million rows.
    """

    def __init__(self, *, expected: int = 1000) -> None:
        self._size = 1 << max(10, (expected * 5 // 3).bit_length())
        self._slots = array("Q", bytes(8 * self._size))
        self._held = 0

    def add_all(self, values: Iterable[int]) -> list[int]:
        """Add values; return the positions of those that were in already."""
        slots, mask, held = self._slots, self._size - 1, self._held
        known = []
        for position, value in enumerate(values):
            number = value or 1  # 0 marks a free slot
            place = number & mask
            while (there := slots[place]) and there != number:
                place = (place + 1) & mask
            if there:
                known.append(position)
                continue
            slots[place] = number
            held += 1
            if held * 5 > self._size * 3:
                self._held = held
                self._grow()
                slots, mask = self._slots, self._size - 1
        self._held = held
        return known

    def _grow(self) -> None:
        bigger = Seen(expected=self._size)
        bigger.add_all(number for number in self._slots if number)
        self._slots, self._size = bigger._slots, bigger._size
