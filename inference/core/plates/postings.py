"""Keys with the rows that have them, sorted; and which keys a plate has.

Pairs: a plate has four parts (class number, letter, first two and last two digits of the serial number), each a number,
and a key for each two of them. Two mistakes spoil at most two parts, so that a plate with two mistakes still shares a
whole pair with what was meant (the pigeonhole of partial matches). Grams: two neighbouring characters, two with one
between, and the first and the last. Every text that matches a pattern has all of the pattern's grams.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from inference.core.plates.asked import Asked
from inference.core.plates.codes import END, IS_DIGIT, NONE, OTHER, START, Codes, code_of, lay_out
from inference.core.plates.pattern import Pattern
from inference.core.plates.text import MANY, ONE

Keys = NDArray[np.uint32]
Rows = NDArray[np.uint32]

FIRST, LAST, NUMBER, LETTER = range(4)
# Each part stands first in one pair, so that all plates with that part lie together there.
PAIRS = ((FIRST, LAST), (LAST, NUMBER), (NUMBER, LETTER), (LETTER, FIRST), (FIRST, NUMBER), (LETTER, LAST))
_PART_BITS = 12
# A part that is known in part stands for at most so many values; beyond, it counts as open.
MOST_VALUES = 64
_NEXT, _SKIP = 0, 1

_NIBBLES = np.array([0 if not code else code if IS_DIGIT[code] else 11 + code % 5 for code in range(256)], np.uint32)
_ANY_DIGIT = tuple(range(1, 11))


@dataclass(frozen=True)
class Postings:
    """Distinct keys in ascending order, and the rows of keys[k] at rows[starts[k]:starts[k + 1]]."""

    keys: Keys
    starts: NDArray[np.int64]
    rows: Rows

    def lists(self, keys: Iterable[int]) -> list[Rows]:
        """Give the rows of each key that there is, as views."""
        wanted = np.fromiter(keys, np.uint32)
        if not len(self.keys):
            return []
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found = at[self.keys[at] == wanted]
        return [self.rows[self.starts[one] : self.starts[one + 1]] for one in found]

    def span(self, low: int, high: int) -> Rows:
        """Give the rows of all keys from low to below high, as a view."""
        first, last = np.searchsorted(self.keys, np.array([low, high], np.uint64).astype(np.uint32))
        found: Rows = self.rows[self.starts[first] : self.starts[last]]
        return found


def make_postings(keys: Keys, rows: Rows) -> Postings:
    """Sort (key, row) and leave out what is there twice."""
    both = (keys.astype(np.uint64) << np.uint64(32)) | rows
    both.sort()
    if len(both):
        both = both[np.concatenate(([True], both[1:] != both[:-1]))]
    every = (both >> np.uint64(32)).astype(np.uint32)
    starts = np.flatnonzero(np.concatenate((np.ones(min(1, len(every)), np.bool_), every[1:] != every[:-1])))
    return Postings(every[starts], np.append(starts, len(every)), both.astype(np.uint32))


def pair_keys(codes: Codes) -> list[Keys]:
    """Give the six keys of each of N plates, in the order of PAIRS."""
    layout = lay_out(codes)
    nibbles = np.concatenate(
        [np.zeros((len(codes), 3), np.uint32), _NIBBLES[codes], np.zeros((len(codes), 3), np.uint32)], 1
    )
    every = np.arange(len(codes))

    def at(column: NDArray[np.intp]) -> Keys:
        found: Keys = nibbles[every, column + 3]
        return found

    serial, length = layout.serial, layout.length
    number_end = np.where(layout.letter >= 0, layout.letter, serial)
    number = [np.where(number_end - back >= layout.region, at(number_end - back), 0) for back in (3, 2, 1)]
    is_pair = length - serial >= 2
    parts = [
        np.where(is_pair, at(serial) << 4 | at(serial + 1), 0),
        np.where(is_pair, at(length - 2) << 4 | at(length - 1), 0),
        number[0] << 8 | number[1] << 4 | number[2],
        np.where(layout.letter >= 0, codes[every, layout.letter], 0),
    ]
    return [(parts[one].astype(np.uint32) << _PART_BITS) | parts[other].astype(np.uint32) for one, other in PAIRS]


def part_values(asked: Asked) -> list[list[int] | None]:
    """Give the values each part may have, in the order of the parts; None for an open part."""
    letter = None if asked.letter == ONE else [code_of(one) for one in asked.letter]
    return [_digit_values(asked.first), _digit_values(asked.last), _digit_values(asked.number[-3:]), letter]


def pair_key(one: int, other: int) -> int:
    """Make the key of a pair from its two parts."""
    return one << _PART_BITS | other


def part_span(value: int) -> tuple[int, int]:
    """Give the keys, from and below, of all pairs that begin with a part's value."""
    return value << _PART_BITS, (value + 1) << _PART_BITS


def gram_keys(codes: Codes, rows: Rows) -> tuple[Keys, Rows]:
    """Give all grams of N plates, and the row of each."""
    length = (codes != NONE).sum(axis=1)
    framed = np.concatenate([np.full((len(codes), 1), START, np.uint8), codes, np.zeros((len(codes), 1), np.uint8)], 1)
    framed[np.arange(len(codes)), length + 1] = END
    keys, owners = [], []
    for gap in (_NEXT, _SKIP):
        inner = framed if gap == _NEXT else codes
        for column in range(inner.shape[1] - 1 - gap):
            one, other = inner[:, column], inner[:, column + 1 + gap]
            held = np.flatnonzero((one != NONE) & (other != NONE) & (one != OTHER) & (other != OTHER))
            keys.append(_gram(gap, one[held], other[held]))
            owners.append(rows[held])
    return np.concatenate(keys), np.concatenate(owners)


def pattern_grams(pattern: Pattern) -> list[list[int]]:
    """Give the grams that every text matching the pattern has: for each, its keys, of which it has one."""
    framed: Sequence[str | int] = (START, *pattern.items, END)
    found = []
    for at in range(len(framed) - 1):
        found.append(_gram_of(_NEXT, framed[at], framed[at + 1]))
        if 0 < at < len(framed) - 3 and framed[at + 1] != MANY:
            found.append(_gram_of(_SKIP, framed[at], framed[at + 2]))
    return [keys for keys in found if keys]


def _gram(gap: int, one: Codes, other: Codes) -> Keys:
    return np.uint32(gap << 16) | one.astype(np.uint32) << np.uint32(8) | other


def _gram_of(gap: int, one: str | int, other: str | int) -> list[int]:
    """Empty if one of the two is open."""
    ends = [
        [item] if isinstance(item, int) else [] if item in (ONE, MANY) else [code_of(c) for c in item]
        for item in (one, other)
    ]
    return [gap << 16 | first << 8 | second for first, second in product(*ends)]


def _digit_values(items: tuple[str, ...]) -> list[int] | None:
    """Pack the nibbles of up to three items, for each way to read them."""
    choices = [_ANY_DIGIT if one == ONE else tuple({int(_NIBBLES[code_of(c)]) for c in one}) for one in items]
    if not items or int(np.prod([len(one) for one in choices])) > MOST_VALUES:
        return None
    values = []
    for nibbles in product(*choices):
        value = 0
        for nibble in nibbles:
            value = value << 4 | nibble
        values.append(value)
    return values
