"""Which wanted plates a camera's reads may be. Pure: patterns and reads in, matches out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np

from inference.core.plates import ALPHABET, Confusions, Pattern, PlateRead, default_confusions
from inference.core.plates.asked import take_apart
from inference.core.plates.codes import code_of
from inference.core.plates.distance import Coded, distances, matching
from inference.core.plates.evidence import foreign_of, is_foreign, match_chance
from inference.core.plates.marks import region_length
from inference.core.plates.segment import read_plates
from inference.core.plates.text import MANY, ONE

# One character that is taken for a like one, two neighbouring digits turned round, the region's name overlooked, or one
# character lost or added: the first digit, or any if no plate is what was read; not two mistakes, and not one between
# characters that are nothing like each other (those cost 0.9 and more).
SIMILAR_WITHIN = 0.85
# Of plates at random no larger share may match a pattern: more would be alerts about everybody.
MOST_MATCHING = 1 / 1000
# Plates like what is wanted are alerts only where hardly any other plate is: they are some thirty times as many.
NEAR_MATCHING = 1 / 100_000
_LEAST_DISTANCE = 0.01
# More characters that no reader knows are more than one mistake, however each is taken.
_MOST_FOREIGN = 3


@dataclass(frozen=True)
class Wanted:
    """A pattern that is looked out for; `key` is the caller's."""

    key: int
    pattern: Pattern


@dataclass(frozen=True)
class Match:
    """Read number `read` may be what `key` stands for; `distance` 0 as it was asked for, more for one like it."""

    key: int
    read: int
    distance: float


def is_too_open(pattern: Pattern) -> bool:
    """Say whether too many plates would match."""
    return match_chance(pattern) > MOST_MATCHING


def covers(pattern: Pattern, other: Pattern) -> bool:
    """Say whether each plate that `other` stands for is one that `pattern` stands for."""

    @cache
    def does(at: int, place: int) -> bool:
        wide, narrow = pattern.items[at:], other.items[place:]
        if not wide or not narrow:
            return not narrow and all(item == MANY for item in wide)
        if wide[0] == MANY:
            return does(at + 1, place) or does(at, place + 1)
        is_wider = wide[0] == ONE or (narrow[0] != ONE and set(narrow[0]) <= set(wide[0]))
        return narrow[0] != MANY and is_wider and does(at + 1, place + 1)

    return does(0, 0)


def has_similar(pattern: Pattern) -> bool:
    """Say whether plates that are only like the pattern are alerts, too."""
    return match_chance(pattern) <= NEAR_MATCHING


def can_match(pattern: Pattern, confusions: Confusions | None = None) -> bool:
    """Say whether any read could match, be it a misread one: a reader gives what stands on plates, and nothing else."""
    foreign = foreign_of(pattern)
    if not foreign:
        return True
    if len(foreign) > _MOST_FOREIGN or not has_similar(pattern):
        return False
    costs = confusions or default_confusions()
    reads = [PlateRead(text) for text in _likest_texts(pattern, costs) if text]
    return next(find_matches([Wanted(0, pattern)], reads, costs), None) is not None


def find_matches(
    wanted: Iterable[Wanted], reads: Sequence[PlateRead], confusions: Confusions | None = None
) -> Iterator[Match]:
    """Compare every read with every wanted plate.

    A reader's other choices of a character count, too: what matches by one of them is like what is wanted.
    """
    if not reads:
        return
    plates = read_plates(range(len(reads)), reads).coded(np.arange(len(reads), dtype=np.uint32))
    costs = confusions or default_confusions()
    for one in wanted:
        found = _distances(one.pattern, plates, costs)
        for read in np.flatnonzero(found <= SIMILAR_WITHIN).tolist():
            yield Match(one.key, read, round(float(found[read]), 4))


def distance_of(pattern: Pattern, read: PlateRead, confusions: Confusions | None = None) -> float | None:
    """Give the distance of one read; None if it is not alike."""
    return next((match.distance for match in find_matches([Wanted(0, pattern)], [read], confusions)), None)


def _likest_texts(pattern: Pattern, costs: Confusions) -> Iterator[str]:
    """The texts of known characters that are nearest: each foreign one is taken for the likest, or overlooked, as a
    region is."""
    swaps = costs.swaps[:, [code_of(one) for one in ALPHABET]]
    places: list[tuple[str, ...]] = []
    for item in pattern.items:
        if is_foreign(item):
            places.append((ALPHABET[int(swaps[code_of(item)].argmin())], ""))
        else:
            places.append(("" if item == MANY else "0" if item == ONE else item[0],))
    for text in map("".join, product(*places)):
        yield text
        yield text[region_length(text) :]


def _distances(
    pattern: Pattern, plates: Coded, confusions: Confusions
) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    exact = matching(pattern, plates) == 0
    if not has_similar(pattern):
        return np.where(exact, 0.0, np.inf).astype(np.float32)
    # A list says what is wanted: of what no plate has, none is meant that has a character more or fewer.
    asked = replace(take_apart(pattern), is_broken=False)
    near = np.maximum(distances(asked, plates, confusions), _LEAST_DISTANCE)
    return np.where(exact, 0.0, near).astype(np.float32)
