"""Texts of plates: one spelling for what people type and readers give, and what a reader says of a plate.

A text is written without gaps, in composed syllables and ASCII digits: 12가3456, 서울12가3456; the upper of two lines
first. It may be anything a plate could be misread as, so that length and characters are checked here, formats are not.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from inference.core.errors import PlateError, say
from inference.core.plates.formats import LETTERS, REGION_SYLLABLES

MOST_CHARACTERS = 12
# Typed with gaps and jamo apart, the longest plate has some thirty characters.
MOST_TYPED = 64
# A syllable that is typed apart has at most so many of them.
MOST_JAMO = 3
ONE, MANY = "?", "*"

_FIRST, _VOWELS, _FINALS = 0xAC00, 21, 28
_INITIAL_BASE, _VOWEL_BASE = 0x1100, 0x1161
# What Koreans write for a character they do not know: 12가34○○, 12가34XX.
_UNKNOWN = str.maketrans(dict.fromkeys("XＸ○◯〇●□■☐_＿？", ONE))
# Latin letters that people and programs write for digits; no plate has any.
_DIGIT_OF = str.maketrans("OQDILZSBGT", "0001125867")
_BARE_INITIAL = re.compile(r"([가-힣])([ᄀ-ᄒ])")
# A consonant or vowel by itself as it is typed, for Unicode's normal form of it.
JAMO_AS_TYPED = str.maketrans(
    {unicodedata.normalize("NFKC", chr(one)): chr(one) for one in (*range(0x3131, 0x3164), *range(0x3165, 0x318F))}
)
# Finals that regions' names have, by the initial that is written alike: ㄱ ㄴ ㄹ ㅁ ㅇ.
_FINAL_OF = {"\u1100": 1, "\u1102": 4, "\u1105": 8, "\u1106": 16, "\u110b": 21}


@dataclass(frozen=True)
class Character:
    """What a reader takes one character for: (character, probability), best first."""

    choices: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class PlateRead:
    """What a reader says of one plate.

    Attributes:
        text: The best choice of each character.
        confidence: How likely all characters are right, 0 to 1.
        characters: As many as the text has, or none where only the text is known.
    """

    text: str
    confidence: float = 1.0
    characters: tuple[Character, ...] = ()

    def __post_init__(self) -> None:
        if self.characters and len(self.characters) != len(self.text):
            raise PlateError(say("The read “{text}” does not have as many characters as choices.", text=self.text))
        for character in self.characters:
            if not all(
                len(one) == 1 and math.isfinite(chance) and 0 <= chance <= 1 for one, chance in character.choices
            ):
                raise PlateError(say("The read “{text}” has choices that are no characters.", text=self.text))


def normalise_plate(typed: str) -> str:
    """Give the one spelling of a whole plate.

    Understood: composed and decomposed syllables, jamo typed apart (ㄱㅏ), full-width and circled characters, digits of
    other scripts, lower case; gaps, hyphens, dots and brackets fall away.

    Raises:
        PlateError: Empty, longer than a plate can be, or with something that is on no plate.
    """
    text = _spell(typed)
    if any(one in (ONE, MANY) or is_jamo(one) for one in text):
        raise PlateError(say("“{typed}” is only a part of a plate.", typed=shown(typed)))
    if len(text) > MOST_CHARACTERS:
        raise PlateError(say("“{typed}” is longer than a plate.", typed=shown(typed)))
    return text


def spell_pattern(typed: str) -> str:
    """Give the one spelling of a pattern: as of a plate, with ? (also ○, _, X), * and single jamo left in.

    Raises:
        PlateError: As normalise_plate.
    """
    text = re.sub(r"\*+", MANY, _spell(typed))
    if len(text.replace(MANY, "")) > MOST_CHARACTERS:
        raise PlateError(say("“{typed}” is longer than a plate.", typed=shown(typed)))
    return text


def is_hangul(character: str) -> bool:
    """Say whether it is a whole syllable."""
    return "가" <= character <= "힣"


def is_jamo(character: str) -> bool:
    """Say whether it is a consonant or vowel by itself, as spell_pattern leaves it."""
    return "\u1100" <= character <= "\u11ff"


def jamo_of(syllable: str) -> tuple[int, int, int]:
    """Take a syllable apart: numbers of its initial, vowel and final (0 for none)."""
    rest, final = divmod(ord(syllable) - _FIRST, _FINALS)
    return *divmod(rest, _VOWELS), final


def letters_with(jamo: str) -> str:
    """Give the letters of plates that begin with a consonant or hold a vowel; empty if there are none."""
    initial, vowel = ord(jamo) - _INITIAL_BASE, ord(jamo) - _VOWEL_BASE
    return "".join(one for one in LETTERS if jamo_of(one)[0] == initial or jamo_of(one)[1] == vowel)


def with_digits(spelled: str) -> str:
    """Put the digit for each Latin letter that is written like one: O1가3456 becomes 01가3456."""
    return spelled.translate(_DIGIT_OF)


def shown(typed: str) -> str:
    """Make what was typed fit for a message: its letters put together, printable and short."""
    composed = unicodedata.normalize("NFKC", typed[: MOST_JAMO * (MOST_TYPED + 1)]).translate(JAMO_AS_TYPED)
    clean = "".join(one if one.isprintable() else "·" for one in composed[: MOST_TYPED + 1])
    return clean if len(clean) <= MOST_TYPED else clean[: MOST_TYPED - 1] + "…"


def _spell(typed: str) -> str:
    if len(typed) > MOST_TYPED:
        raise PlateError(say("“{typed}” is longer than a plate.", typed=shown(typed)))
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed).upper())
    whole = _BARE_INITIAL.sub(_close_syllable, composed).translate(_UNKNOWN)
    text = "".join(_plain(one, typed) for one in whole)
    if not text:
        raise PlateError(say("No plate was given."))
    return text


def _close_syllable(found: re.Match[str]) -> str:
    """서우ㄹ is 서울; but in 가ㄴ the consonant is another letter's beginning, as no letter has a final."""
    closed = chr(ord(found[1]) + _FINAL_OF.get(found[2], 0))
    return closed if closed != found[1] and closed in REGION_SYLLABLES else found[0]


def _plain(character: str, typed: str) -> str:
    """Give what a character is written as: itself, an ASCII digit, or nothing for gaps and marks."""
    if character in (ONE, MANY) or "A" <= character <= "Z" or is_hangul(character) or is_jamo(character):
        return character
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category[0] in "ZP" or category == "Cf" or character in "\t\n\r":
        return ""
    raise PlateError(say("“{one}” in “{typed}” is on no plate.", one=shown(character), typed=shown(typed)))
