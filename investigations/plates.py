"""Number plates as people ask for them: their one spelling, the pattern that it stands for, and what that means."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inference.core.errors import PlateError, say
from inference.core.plates import Part, Pattern, parse_pattern
from inference.core.plates.evidence import has_shape
from inference.core.plates.text import MANY, MOST_TYPED, ONE, shown, spell_pattern
from inference.sentences import in_words

# As it may be typed, with gaps and letters taken apart, and as it is kept.
LONGEST_TYPED, LONGEST_KEPT = MOST_TYPED, 20
# Two digits, a letter and four digits. What is shorter is what somebody remembers of a plate, wherever it stands.
SHORTEST_WHOLE = 7
# A consonant or vowel by itself is kept as it is typed, not as Unicode's normal form has it.
_JAMO = str.maketrans(
    {unicodedata.normalize("NFKC", chr(one)): chr(one) for one in (*range(0x3131, 0x3164), *range(0x3165, 0x318F))}
)


@dataclass(frozen=True)
class PlateMeaning:
    """What was typed: its spelling, or why it is no plate; what is looked for, part by part; and what to know of it."""

    plate: str = ""
    problem: str = ""
    parts: tuple[str, ...] = ()
    note: str = ""
    is_odd: bool = False


def read_plate(typed: str) -> str:
    """Return a number plate as it is kept and compared: without gaps, in plain digits, ? for a character that nobody
    knows, * for several, ㄱ for a letter that begins so; empty if nothing was typed. ValidationError if it is none."""
    if not typed.strip():
        return ""
    try:
        plate = spell_pattern(typed).translate(_JAMO)
        pattern_of(plate)
        if len(plate) > LONGEST_KEPT:
            raise PlateError(say("“{typed}” is longer than a plate.", typed=shown(typed)))
    except PlateError as error:
        raise ValidationError(in_words(error)) from error
    return plate


def pattern_of(plate: str) -> Pattern:
    """Return what a spelled plate is compared by.

    Raises:
        PlateError: It leaves everything open, or has something that is on no plate.
    """
    pattern = parse_pattern(plate)
    is_part = MANY not in plate and pattern.least_characters < SHORTEST_WHOLE
    return parse_pattern(plate, Part.ANY) if is_part else pattern


def meaning_of(typed: str) -> PlateMeaning:
    """Say what would be looked for."""
    try:
        plate = read_plate(typed)
    except ValidationError as error:
        return PlateMeaning(problem=" ".join(error.messages))
    if not plate:
        return PlateMeaning()
    pattern = pattern_of(plate)
    is_odd = not has_shape(pattern)
    if is_odd:
        note = _("Unlike a Korean number plate; it is looked for as it is written.")
    elif is_part(plate):
        note = _("A part of a number plate: it may stand anywhere.")
    else:
        note = _("Those that a camera may have misread are found too, after those that match.")
    return PlateMeaning(plate, parts=tuple(_say_parts(pattern)), note=note, is_odd=is_odd)


def is_part(plate: str) -> bool:
    """Is this spelled plate a part of one, which may stand anywhere?"""
    return MANY not in plate and MANY in pattern_of(plate).items


def part_to_find(typed: str) -> str:
    """Return what lists of requests look for in their plates; empty if what was typed is no part of one."""
    try:
        spelled = spell_pattern(typed).translate(_JAMO)
    except PlateError:
        return ""
    return spelled if any(one.isdigit() for one in spelled) else ""


def _say_parts(pattern: Pattern) -> Iterator[str]:
    for kind, items in groupby(pattern.items, key=_kind):
        run = list(items)
        if kind == MANY:
            yield _("any characters, or none")
        elif kind == ONE:
            yield ngettext("%(count)d unknown character", "%(count)d unknown characters", len(run)) % {
                "count": len(run)
            }
        elif kind == "letters":
            yield from (_("one of %(letters)s") % {"letters": " ".join(item)} for item in run)
        else:
            yield "".join(run)


def _kind(item: str) -> str:
    if item in (ONE, MANY):
        return item
    return "as it is" if len(item) == 1 else "letters"
