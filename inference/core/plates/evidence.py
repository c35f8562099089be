"""How much a plate that was read speaks for a vehicle, as a logarithm of odds.

A read at the distance d of what was asked for is taken to be e^(-SCALE d) times as likely as the right one, if it is
the vehicle's own plate (that is what the costs of `confusions` mean), and as likely as any plate of the pattern's
shape, if it is another's. Now and then a read has nothing to do with the plate, so that no read rules a vehicle out.
None of this is measured on vehicles: it puts a list in order, and no chance of being right is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from inference.core.plates.asked import take_apart
from inference.core.plates.confusions import SCALE
from inference.core.plates.formats import ALPHABET, DIGITS, LETTERS, REGION_TWO, REGIONS, SERIAL_DIGITS
from inference.core.plates.pattern import Pattern
from inference.core.plates.text import MANY, ONE

# From this distance on nobody is listed for the plate alone: two digits are wrong and like nothing that was asked for.
FAR_PLATE = 1.75
# Share of reads that have nothing to do with the plate: a sticker, a neighbour's plate, guesses in the dark.
MISREAD = 0.05
# How many digits stand before the letter, and the share of plates on which so many do. By eye.
CLASS_DIGITS = ((2, 0.6), (3, 0.4))

_States = dict[frozenset[int], float]


def match_chance(pattern: Pattern) -> float:
    """Give the chance that a plate drawn at random matches a pattern: a region only if one is asked for.

    Args:
        pattern: See `parse_pattern`.

    Returns:
        Above 0 for whatever fits the shape of a plate; for what fits none, as for a plate of as many characters.
    """
    has_region = any(item not in (ONE, MANY) for item in take_apart(pattern).region)
    return body_chance(pattern) / (len(REGIONS) if has_region else 1)


def body_chance(pattern: Pattern) -> float:
    """Give `match_chance` with the region aside, which people and readers leave out."""
    body = take_apart(pattern).body
    fixed = sum(item not in (ONE, MANY) for item in body)
    return _shape_chance(body) or 1 / len(DIGITS) ** fixed


def has_shape(pattern: Pattern) -> bool:
    """Say whether any plate in use matches a pattern, by where digits and letters stand; one with a region too."""
    if _shape_chance(take_apart(pattern).body) > 0.0:
        return True
    return any(_fit_chance(pattern.items, (*region, *_places(REGION_TWO.class_digits))) > 0.0 for region in REGIONS)


def foreign_of(pattern: Pattern) -> tuple[str, ...]:
    """Give the characters of a pattern that no reader of plates knows."""
    return tuple(item for item in pattern.items if is_foreign(item))


def is_foreign(item: str) -> bool:
    return item not in (ONE, MANY) and not any(one in ALPHABET for one in item)


def plate_evidence(distance: float, chance: float, *, misread: float = MISREAD) -> float:
    """Say how much a read speaks for its vehicle being the one looked for.

    Args:
        distance: From what was asked for; see `plate_distance`.
        chance: That a plate at random would match; see `match_chance`.
        misread: Share of reads that have nothing to do with the plate.

    Returns:
        A natural logarithm of odds: at most -log(chance), at least log(misread).
    """
    return math.log((1 - misread) * math.exp(-SCALE * distance) / chance + misread)


def far_from(chance: float, *, far: float = FAR_PLATE) -> float:
    """Give the distance beyond which a read makes nobody a candidate: `far`, and less where little was asked for, so
    that plates at random would be as near."""
    return min(far, -math.log(min(chance, 1.0)) / SCALE)


def _shape_chance(items: Sequence[str]) -> float:
    return sum(share * _fit_chance(items, _places(digits)) for digits, share in CLASS_DIGITS)


def _places(class_digits: int) -> tuple[str, ...]:
    """What may stand in each place of a plate without a region."""
    return (DIGITS,) * class_digits + (LETTERS,) + (DIGITS,) * SERIAL_DIGITS


def _fit_chance(items: Sequence[str], places: Sequence[str]) -> float:
    """Walk through all plates of a shape at once: sets of places reached in the pattern, with their chances."""
    states: _States = {_opened(items, [0]): 1.0}
    for characters in places:
        states = _stepped(items, states, characters)
    return sum(chance for reached, chance in states.items() if len(items) in reached)


def _stepped(items: Sequence[str], states: _States, characters: str) -> _States:
    after: _States = {}
    for reached, chance in states.items():
        for one in characters:
            now = _opened(items, _beyond(items, reached, one))
            if now:
                after[now] = after.get(now, 0.0) + chance / len(characters)
    return after


def _beyond(items: Sequence[str], reached: Iterable[int], one: str) -> Iterable[int]:
    for at in reached:
        if at < len(items) and items[at] == MANY:
            yield at
        elif at < len(items) and (items[at] == ONE or one in items[at]):
            yield at + 1


def _opened(items: Sequence[str], reached: Iterable[int]) -> frozenset[int]:
    """Add what * lets pass."""
    every = set(reached)
    for at in sorted(every):
        place = at
        while place < len(items) and items[place] == MANY:
            place += 1
            every.add(place)
    return frozenset(every)
