"""A pattern taken apart as a plate: what it says of region, class number, letter and serial number; and whether a part
may be meant as a whole plate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inference.core.plates.formats import REGIONS, SERIAL_DIGITS
from inference.core.plates.pattern import Pattern
from inference.core.plates.text import MANY, ONE, is_hangul

Items = tuple[str, ...]

# Two open characters before a whole class number and letter can only be the region.
_OPEN_REGION = re.compile(r"\?\?[d?]{2,3}[h?]")
_OPEN_LETTER = re.compile(r"d{2,3}\?")
# What stands on plates, the region aside; and what is left of the shortest without one character.
_SHAPE = re.compile(rf"[d?]{{2,3}}[h?][d?]{{{SERIAL_DIGITS}}}")
_ONE_SHORT = re.compile(r"[d?][h?][d?]{4}|[d?]{6}|[d?]{2}[h?][d?]{3}")


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes:
        region: Items of the region's name; empty if none is asked for.
        is_region_open: Whether any region will do, as none is.
        body: The other items.
        number: Items of the class number; empty if it is open, wholly or in length.
        letter: The letter's item; ONE if it is open.
        first: The first two items of the serial number; empty if open.
        last: Its last two.
        is_broken: Whether the body has more or fewer characters than any plate, or not where plates have them.
    """

    region: Items
    is_region_open: bool
    body: Items
    number: Items
    letter: str
    first: Items
    last: Items
    is_broken: bool


def take_apart(pattern: Pattern) -> Asked:
    """Find the parts of a pattern, as far as it has them. They help to find candidates and decide nothing."""
    kinds = "".join(_kind(one) for one in pattern.items)
    regions = _region_length(pattern.items, kinds)
    body, kinds = pattern.items[regions:], kinds[regions:]
    letter = _letter_place(kinds)
    before, after = _sides(body, letter)
    return Asked(
        region=pattern.items[:regions],
        is_region_open=not regions and kinds.startswith(MANY),
        body=body,
        number=() if MANY in before else before,
        letter=ONE if letter is None else body[letter],
        first=_closed(after[:2]),
        last=_closed(after[-2:]),
        is_broken=MANY not in kinds and not _SHAPE.fullmatch(kinds),
    )


def meant(pattern: Pattern) -> tuple[Asked, ...]:
    """Give the ways in which a pattern may be meant: as it is, and a part with one character fewer than the shortest
    plate as that plate, of which somebody left one out. What begins with a region may stand at the front alone."""
    asked = take_apart(pattern)
    is_part = pattern.items[-1:] == (MANY,) and (bool(asked.region) or pattern.items[:1] == (MANY,))
    body = asked.body[:-1] if asked.region else asked.body[1:-1]
    if is_part and _ONE_SHORT.fullmatch("".join(map(_kind, body))):
        return asked, take_apart(Pattern(asked.region + body))
    return (asked,)


def _kind(item: str) -> str:
    if item in (ONE, MANY):
        return item
    return "h" if is_hangul(item[0]) else "d"


def _region_length(items: Items, kinds: str) -> int:
    leading = len(kinds) - len(kinds.lstrip("h"))
    is_more = kinds.count("h") > leading
    if leading >= 2:
        return 2 if leading > 2 or is_more or "".join(items[:2]) in REGIONS else 0
    if leading == 1:
        return int(is_more)
    return 2 if _OPEN_REGION.match(kinds) else 0


def _letter_place(kinds: str) -> int | None:
    """The syllable before the last four, else the last syllable, else the ? where a letter would stand."""
    usual = kinds[-SERIAL_DIGITS - 1 : -SERIAL_DIGITS]
    if MANY not in kinds and (usual == "h" or (usual == ONE and "h" not in kinds)):
        return len(kinds) - SERIAL_DIGITS - 1
    if "h" in kinds:
        return kinds.rindex("h")
    found = _OPEN_LETTER.match(kinds)
    return found.end() - 1 if found else None


def _sides(body: Items, letter: int | None) -> tuple[Items, Items]:
    """Items before and after the letter; without one, the last four are the serial number if as many are given."""
    if letter is not None:
        return body[:letter], body[letter + 1 :]
    tail = body[-SERIAL_DIGITS:]
    if len(tail) < SERIAL_DIGITS or MANY in tail:
        return (MANY,), (MANY,)
    return body[:-SERIAL_DIGITS], tail


def _closed(items: Items) -> Items:
    return () if MANY in items or len(items) < 2 else items
