"""Plates as rows of numbers: one byte a character, and where region, letter and serial number stand.

A text of any shape gets a place for each part, so that misread texts are laid out as well as they can be: the letter is
the syllable before the last four characters, else the last one, and the serial number what follows it; without a
letter, the serial number is the last four. The region is one or two syllables before the first digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.core.plates.formats import DIGITS, LETTERS, REGION_SYLLABLES, REGIONS, SERIAL_DIGITS
from inference.core.plates.text import MOST_CHARACTERS, is_hangul

Codes = NDArray[np.uint8]

# What pads short texts; the marks before and after a text; and every character that has no code of its own. OTHER is
# like nothing, not even itself.
NONE, END, START, OTHER = 0, 253, 254, 255

_OPEN = (chr(0xAC00 + initial * 588 + vowel * 28) for initial in range(19) for vowel in (0, 1, 4, 8, 13, 18, 20))
_SPECIAL = "외교영사준국협정표합육해공임시"
# Letters in use come first, then all syllables that a letter could be misread as, and those of special plates.
CODED = "".join(
    dict.fromkeys(DIGITS + LETTERS + REGION_SYLLABLES + _SPECIAL + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "".join(_OPEN))
)
_CODE = {one: code for code, one in enumerate(CODED, start=1)}
_TABLE = np.full(0x110000, OTHER, np.uint8)
_TABLE[[ord(one) for one in CODED]] = np.arange(1, len(CODED) + 1)
_TABLE[0] = NONE
IS_HANGUL = np.array([0 < code <= len(CODED) and is_hangul(CODED[code - 1]) for code in range(256)])
IS_DIGIT = np.array([0 < code <= len(DIGITS) for code in range(256)])
_IS_REGION = np.zeros((256, 256), np.bool_)
for _name in REGIONS:
    _IS_REGION[_CODE[_name[0]], _CODE[_name[1]]] = True


@dataclass(frozen=True)
class Layout:
    """Where the parts of N texts stand: columns, N each.

    Attributes:
        length: Characters.
        region: Characters of the region, 0 to 2; the rest begins there.
        letter: Column of the letter, -1 without one.
        serial: Where the serial number begins.
    """

    length: NDArray[np.intp]
    region: NDArray[np.intp]
    letter: NDArray[np.intp]
    serial: NDArray[np.intp]


def code_of(character: str) -> int:
    """Give a character's code, OTHER if it has none."""
    return _CODE.get(character, OTHER)


def encode(texts: Sequence[str]) -> Codes:
    """Write texts as codes.

    Args:
        texts: N, each of at most MOST_CHARACTERS characters; what is longer is cut.

    Returns:
        N×MOST_CHARACTERS, left-aligned, padded with NONE.
    """
    wide = np.array(texts, dtype=f"<U{MOST_CHARACTERS}").reshape(len(texts), 1)
    found: Codes = _TABLE[wide.view(np.uint32)] if len(texts) else np.zeros((0, MOST_CHARACTERS), np.uint8)
    return found


def lay_out(codes: Codes) -> Layout:
    """Find the parts of N×MOST_CHARACTERS codes."""
    hangul = IS_HANGUL[codes]
    length = (codes != NONE).sum(axis=1)
    region = _region_lengths(codes, hangul)
    columns = np.arange(codes.shape[1])
    last = np.where(hangul & (columns >= region[:, None]), columns, -1).max(axis=1, initial=-1)
    usual = length - SERIAL_DIGITS - 1
    stands = (usual >= region) & hangul[np.arange(len(codes)), np.maximum(usual, 0)]
    last = np.where(stands, usual, last)
    serial = np.where(last >= 0, last + 1, np.maximum(region, length - SERIAL_DIGITS))
    return Layout(length, region, last, serial)


def have_shape(codes: Codes, lengths: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say which of N texts without a region have the shape of a plate: two or three digits, a syllable, four digits."""
    usual = np.maximum(lengths - SERIAL_DIGITS - 1, 0)
    is_between = (usual == 2) | (usual == 3)
    has_letter = IS_HANGUL[codes[np.arange(len(codes)), usual]]
    found: NDArray[np.bool_] = is_between & has_letter & (IS_DIGIT[codes].sum(axis=1) == lengths - 1)
    return found


def _region_lengths(codes: Codes, hangul: NDArray[np.bool_]) -> NDArray[np.intp]:
    """A single syllable in front is a region only if the letter follows later; two also if they are one's name."""
    leading = np.cumprod(hangul[:, :3], axis=1).sum(axis=1)
    more = hangul.sum(axis=1) > leading
    named = _IS_REGION[codes[:, 0], codes[:, 1]]
    lengths: NDArray[np.intp] = np.select(
        [leading == 1, leading == 2, leading >= 3], [more * 1, (more | named) * 2, 2], 0
    ).astype(np.intp)
    return lengths
