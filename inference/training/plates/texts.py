"""Plate texts as the ten places that the reader answers for, and the folds of real plates. Needs no torch.

Every Korean plate fits ten places: two syllables of a region, up to three leading digits, a letter, four digits. A
place that a plate lacks holds `EMPTY`; two leading digits stand right-aligned, before the letter. Old construction
plates have no letter. The circled use mark of construction plates (영, 자, 관) is no part of the number and not read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from inference.core.plates.formats import ALPHABET, LETTERS, REGIONS

EMPTY = len(ALPHABET)
PLACES = 10
REGION, LEADING, LETTER, NUMBER = slice(0, 2), slice(2, 5), 5, slice(6, 10)
FOLDS = 5

_NUMBER_OF = {character: number for number, character in enumerate(ALPHABET)}
_PLATE = re.compile(
    rf"(?P<region>{'|'.join(REGIONS)})?(?P<leading>[0-9]{{1,3}})(?P<letter>[{LETTERS}])?(?P<number>[0-9]{{4}})"
)


def places_of(text: str) -> list[int]:
    """Return the text's ten places as numbers of `ALPHABET`, `EMPTY` where it has none.

    Raises:
        ValueError: The text is no plate of a known form.
    """
    match = _PLATE.fullmatch(text)
    if match is None or (match["letter"] is None and (match["region"] is None or len(match["leading"]) != 2)):
        raise ValueError(f"{text!r} is no plate of a known form.")
    parts = f"{match['region'] or '':2}{match['leading']:>3}{match['letter'] or ' '}{match['number']}"
    return [_NUMBER_OF.get(character, EMPTY) for character in parts]


def text_of(places: Sequence[int]) -> str:
    """Return what the places say, gaps left out."""
    return "".join(ALPHABET[place] for place in places if place != EMPTY)


def without_region(text: str) -> str:
    return re.sub(rf"^({'|'.join(REGIONS)})", "", text)


def cleaned(text: str) -> str:
    """Return a carrier's label without blanks and without the circled use mark before the region."""
    text = re.sub(r"\s", "", text)
    return re.sub(rf"^[영자관](?=({'|'.join(REGIONS)})\d)", "", text)


def fold_of(text: str) -> int:
    """Deal a plate to one of the folds by its number without the region: one vehicle is never in two folds."""
    return hashlib.sha256(without_region(text).encode()).digest()[0] % FOLDS


def form_of(text: str) -> str:
    """Name the text's form: what is on the plate, each digit a 0, the letter 가 and a region 서울."""
    bare = without_region(text)
    return ("서울" if bare != text else "") + re.sub(r"[가-힣]", "가", re.sub(r"\d", "0", bare))
