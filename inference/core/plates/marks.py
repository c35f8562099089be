"""Which characters of a read differ from what was asked for, so that people see it at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inference.core.plates.asked import Asked, Items, meant
from inference.core.plates.pattern import Pattern
from inference.core.plates.text import MANY, ONE, is_hangul


class State(StrEnum):
    """What a character of a read is to what was asked for."""

    SAME = "same"
    OPEN = "open"  # nobody asked for it
    OTHER = "other"
    ADDED = "added"  # stands where nothing was asked for
    MISSING = "missing"  # asked for, and not read


DIFFERENT = frozenset({State.OTHER, State.ADDED, State.MISSING})
# What a mark costs where the rest can be laid beside each other in several ways: a character on one side alone costs
# more than another one, but not in front of all others, where most are lost.
_OTHER, _GAP, _FRONT_GAP = 4, 5, 4


@dataclass(frozen=True)
class Mark:
    """One character: of the read or, if it is missing there, of what was asked for.

    Attributes:
        asked: What was asked for at its place: ? if that is not one character, empty if nothing was.
    """

    character: str
    state: State
    asked: str = ""


def mark_plate(pattern: Pattern, text: str) -> tuple[Mark, ...]:
    """Lay a read beside what was asked for, so that as few characters differ as possible.

    Args:
        pattern: See `parse_pattern`. A region's name is open if none is asked for.
        text: A normalised text.

    Returns:
        A mark for each character of the text, and one for each character that is missing in it.
    """
    return min((_marked(asked, text) for asked in meant(pattern)), key=_unlikeness)


def _marked(asked: Asked, text: str) -> tuple[Mark, ...]:
    head = 0 if asked.region or asked.is_region_open else region_length(text)
    opened = tuple(Mark(one, State.OPEN) for one in text[:head])
    return opened + tuple(_trace(_Laid(asked.region + asked.body, text[head:], len(asked.region))))


def _unlikeness(marks: Sequence[Mark]) -> tuple[int, int]:
    """Fewer characters that differ count first, then fewer that nobody asked for."""
    states = [mark.state for mark in marks]
    return sum(state in DIFFERENT for state in states), states.count(State.OPEN)


def region_length(text: str) -> int:
    """Syllables before the first digit."""
    return next((at for at, one in enumerate(text) if not is_hangul(one)), 0)


@dataclass(frozen=True)
class _Laid:
    """Items and a text that are laid beside each other; the body begins with item number `front`."""

    items: Items
    text: str
    front: int

    def costs(self) -> list[list[int]]:
        """The least differences between the rest of the items and the rest of the text, from each pair of places on."""
        items, text = len(self.items), len(self.text)
        costs = [[0] * (text + 1) for _item in range(items + 1)]
        for at in range(items, -1, -1):
            for place in range(text, -1, -1):
                ways = self.ways(at, place)
                costs[at][place] = min((cost + costs[a][b] for _state, cost, a, b in ways), default=0)
        return costs

    def ways(self, at: int, place: int) -> list[tuple[State, int, int, int]]:
        """What may stand here: its state, what it costs, and where it leads. The first of equals is taken."""
        is_left = place < len(self.text)
        gap = _FRONT_GAP if at == self.front else _GAP
        added = [(State.ADDED, gap, at, place + 1)] if is_left else []
        if at == len(self.items):
            return added
        item = self.items[at]
        if item == MANY:
            onward = [(State.OPEN, 0, at, place + 1)] if is_left else []
            return [(State.MISSING, 0, at + 1, place), *onward]
        there = [self._there(item, at, place)] if is_left else []
        return [*there, *added, (State.MISSING, gap, at + 1, place)]

    def _there(self, item: str, at: int, place: int) -> tuple[State, int, int, int]:
        is_same = item == ONE or self.text[place] in item
        state = State.OPEN if item == ONE else State.SAME if is_same else State.OTHER
        return state, 0 if is_same else _OTHER, at + 1, place + 1


def _trace(laid: _Laid) -> Iterator[Mark]:
    """Walk from both beginnings along the least differences."""
    costs, at, place = laid.costs(), 0, 0
    while ways := laid.ways(at, place):
        state, _cost, after, onward = next(way for way in ways if costs[at][place] == way[1] + costs[way[2]][way[3]])
        asked = _sign(laid.items[at]) if after > at else ""
        if onward > place:
            yield Mark(laid.text[place], state, asked)
        elif asked != MANY:
            yield Mark(asked, State.MISSING, asked)
        at, place = after, onward


def _sign(item: str) -> str:
    return item if len(item) == 1 else ONE
