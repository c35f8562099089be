"""Number plates as people ask for them: their one spelling, the pattern that it stands for, and what that means."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import ngettext

from inference.core.errors import PlateError, say
from inference.core.plates import REGIONS, Part, Pattern, parse_pattern
from inference.core.plates.asked import meant, take_apart
from inference.core.plates.evidence import foreign_of, has_shape
from inference.core.plates.text import JAMO_AS_TYPED, MANY, MOST_TYPED, ONE, shown, spell_pattern, with_digits
from inference.sentences import in_words
from portal.sentences import gettext as _

# As it may be typed, with gaps and letters taken apart, and as it is kept.
LONGEST_TYPED, LONGEST_KEPT = MOST_TYPED, 20
# Two digits, a letter and four digits, the region aside. What is shorter is what somebody remembers of a plate,
# wherever it stands or, with a region, at the front.
SHORTEST_WHOLE = 7


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
    knows, * for several, ㄱ for a letter that begins so; empty if nothing was typed. A part has no * that it is
    understood to have. ValidationError if it is none."""
    if not typed.strip():
        return ""
    try:
        plate = spell_pattern(typed).translate(JAMO_AS_TYPED)
        pattern, part = pattern_of(plate), plate.strip(MANY)
        plate = part if pattern_of(part) == pattern else plate
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
    asked = take_apart(pattern)
    if MANY in plate or len(asked.body) >= SHORTEST_WHOLE:
        return pattern
    is_beginning = "".join(asked.region) in REGIONS and bool(asked.body)
    return parse_pattern(plate, Part.START if is_beginning else Part.ANY)


def meaning_of(typed: str) -> PlateMeaning:
    """Say what would be looked for, and what a search takes it for besides."""
    meaning = meaning_as_written(typed)
    if not meaning.plate or not any(asked.is_broken for asked in meant(pattern_of(meaning.plate))):
        return meaning
    return replace(meaning, note=f"{meaning.note} {_('Plates with one character more or fewer are found too.')}")


def meaning_as_written(typed: str) -> PlateMeaning:
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
        said = _("Unlike a Korean number plate; it is looked for as it is written.")
        note = " ".join(filter(None, [said, _unknown_to_readers(pattern), hint_of(plate)]))
    elif is_part(plate) and pattern.items[0] != MANY:
        note = _("The beginning of a number plate: what follows is open.")
    elif is_part(plate):
        note = _("A part of a number plate: it may stand anywhere.")
    else:
        note = _("Those that a camera may have misread are found too, after those that match.")
    return PlateMeaning(plate, parts=tuple(_say_parts(pattern)), note=note, is_odd=is_odd)


def signs_of(characters: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(characters))


def _unknown_to_readers(pattern: Pattern) -> str:
    foreign = foreign_of(pattern)
    return _("No reader of plates knows %(signs)s.") % {"signs": signs_of(foreign)} if foreign else ""


def hint_of(plate: str) -> str:
    """Name the plate that a spelled one was meant for, if Latin letters stand in it for digits; else empty."""
    meant_plate = with_digits(plate)
    if meant_plate == plate or not has_shape(pattern_of(meant_plate)):
        return ""
    return _("Letters stand in it for digits: is it %(plate)s?") % {"plate": meant_plate}


def is_part(plate: str) -> bool:
    """Is this spelled plate a part of one, which may stand anywhere?"""
    return MANY not in plate and MANY in pattern_of(plate).items


def has_plate(typed: str, *fields: str) -> Q:
    """By which lists of requests and watched plates find rows: one of the fields has what was typed, however it is
    spelled; no row if that is no part of a plate."""
    part = _part_to_find(typed)
    return Q.create([(f"{field}__icontains", part) for field in fields], connector=Q.OR) if part else Q(pk__in=[])


def _part_to_find(typed: str) -> str:
    try:
        spelled = spell_pattern(typed).translate(JAMO_AS_TYPED)
    except PlateError:
        return ""
    return spelled.strip(MANY) if any(one.isdigit() for one in spelled) else ""


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
