"""Which characters of a read differ from what was asked for, so that people see it at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from inference.core.plates.asked import take_apart
from inference.core.plates.pattern import Pattern
from inference.core.plates.text import MANY, ONE, is_hangul


class State(StrEnum):
    """What a character of a read is to what was asked for."""

    SAME = "same"
    OPEN = "open"  # nobody asked for it
    OTHER = "other"
    ADDED = "added"  # stands where nothing was asked for
    MISSING = "missing"  # asked for, and not read


@dataclass(frozen=True)
class Mark:
    """One character: of the read or, if it is missing there, of what was asked for."""

    character: str
    state: State


def mark_plate(pattern: Pattern, text: str) -> tuple[Mark, ...]:
    """Lay a read beside what was asked for, so that as few characters differ as possible.

    Args:
        pattern: See `parse_pattern`. A region's name is open if none is asked for.
        text: A normalised text.

    Returns:
        A mark for each character of the text, and one for each character that is missing in it.
    """
    asked = take_apart(pattern)
    head = 0 if asked.region or asked.is_region_open else _region_length(text)
    opened = tuple(Mark(one, State.OPEN) for one in text[:head])
    return opened + tuple(_trace(pattern.items, text[head:], _costs(pattern.items, text[head:])))


def _region_length(text: str) -> int:
    """Syllables before the first digit."""
    return next((at for at, one in enumerate(text) if not is_hangul(one)), 0)


def _costs(items: Sequence[str], text: str) -> list[list[int]]:
    """The least differences between the rest of the items and the rest of the text, from each pair of places on."""
    costs = [[0] * (len(text) + 1) for _item in range(len(items) + 1)]
    for at in range(len(items), -1, -1):
        for place in range(len(text), -1, -1):
            if at == len(items):
                costs[at][place] = len(text) - place
            else:
                costs[at][place] = min(cost + costs[a][b] for _state, cost, a, b in _ways(items, text, at, place))
    return costs


def _ways(items: Sequence[str], text: str, at: int, place: int) -> list[tuple[State, int, int, int]]:
    """What may stand here: its state, what it costs, and where it leads. The first of equals is taken."""
    item = items[at]
    is_left = place < len(text)
    if item == MANY:
        onward = [(State.OPEN, 0, at, place + 1)] if is_left else []
        return [(State.MISSING, 0, at + 1, place), *onward]
    ways = []
    if is_left:
        is_same = item == ONE or text[place] in item
        state = State.OPEN if item == ONE else State.SAME if is_same else State.OTHER
        ways = [(state, int(not is_same), at + 1, place + 1), (State.ADDED, 1, at, place + 1)]
    return [*ways, (State.MISSING, 1, at + 1, place)]


def _trace(items: Sequence[str], text: str, costs: Sequence[Sequence[int]]) -> list[Mark]:
    marks: list[Mark] = []
    at = place = 0
    while at < len(items):
        ways = _ways(items, text, at, place)
        state, _cost, after, onward = next(way for way in ways if costs[at][place] == way[1] + costs[way[2]][way[3]])
        if onward > place:
            marks.append(Mark(text[place], state))
        elif items[at] != MANY:
            marks.append(Mark(items[at] if len(items[at]) == 1 else ONE, State.MISSING))
        at, place = after, onward
    return [*marks, *(Mark(one, State.ADDED) for one in text[place:])]
