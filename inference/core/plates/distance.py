"""How unlike plates are to what was asked for, for many at once.

Distances are sums of the costs of `confusions`. The recursion is that of Damerau and Levenshtein with weights
(Lowrance, Wagner, "An Extension of the String-to-String Correction Problem", 1975), for neighbours that changed places,
and takes patterns: * costs nothing, ? costs nothing against any one character. Without a table of confusions the same
recursion says which texts match. A region's name is compared by itself, because readers overlook it and
people leave it out.

A character that one side alone has costs less in front of all others, and where one side can stand on no plate
(`confusions` says why).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from inference.core.plates.asked import Asked, meant
from inference.core.plates.codes import NONE, OTHER, Codes, code_of, encode, have_shape, lay_out
from inference.core.plates.confusions import Confusions, Costs
from inference.core.plates.formats import DIGITS
from inference.core.plates.pattern import Pattern
from inference.core.plates.text import MANY, ONE

MOST_REGION = 2
# More characters too many or too few than this are not a likeness, and are not worked out.
MOST_GAPS = 3


@dataclass(frozen=True)
class Gaps:
    """What a character costs that either a pattern or a text has alone: N each.

    Attributes:
        inner: Anywhere.
        front: Before all others.
    """

    inner: Costs
    front: Costs


@dataclass(frozen=True)
class Coded:
    """N stored plates.

    Attributes:
        codes: N×L.
        lengths: N, characters.
        regions: N, how many of them are the region.
        chosen: Which plates their reader saw other choices for.
        choices: Those choices, chosen×L×K codes, NONE where there is none.
        costs: What each costs against the best.
    """

    codes: Codes
    lengths: NDArray[np.intp]
    regions: NDArray[np.intp]
    chosen: NDArray[np.intp]
    choices: Codes
    costs: NDArray[np.float16]

    def bodies(self) -> Coded:
        """Leave out the regions."""
        codes, choices, costs = self.codes.copy(), self.choices.copy(), self.costs.copy()
        for by in range(1, MOST_REGION + 1):
            for array, of in (
                (codes, self.regions),
                (choices, self.regions[self.chosen]),
                (costs, self.regions[self.chosen]),
            ):
                rows = np.flatnonzero(of == by)
                array[rows, :-by] = array[rows, by:]
                array[rows, -by:] = NONE
        return Coded(codes, self.lengths - self.regions, np.zeros_like(self.regions), self.chosen, choices, costs)

    def heads(self) -> Coded:
        """Leave out all but the regions."""
        ends = slice(0, MOST_REGION)
        return Coded(
            self.codes[:, ends], self.regions, self.regions, self.chosen, self.choices[:, ends], self.costs[:, ends]
        )


def coded(texts: Sequence[str]) -> Coded:
    """Take plain texts, without other choices."""
    codes = encode(texts)
    layout = lay_out(codes)
    none = np.zeros((0, codes.shape[1], 1), np.uint8)
    return Coded(codes, layout.length, layout.region, np.zeros(0, np.intp), none, none.astype(np.float16))


def matching(pattern: Pattern, plates: Coded) -> Costs:
    """Say which plates match, character for character: 0 by the reader's best choices, more by its others, else
    infinite."""
    return align(pattern.items, _swaps(tables_of(pattern.items, None), plates), plates.lengths)


def distances(asked: Asked, plates: Coded, confusions: Confusions) -> Costs:
    """Give the distance of N plates from what was asked."""
    bodies = plates.bodies()
    swaps = _swaps(tables_of(asked.body, confusions), bodies)
    gaps = _gaps(asked, bodies, confusions)
    return align(asked.body, swaps, bodies.lengths, gaps, confusions.turned) + _region_costs(asked, plates, confusions)


def nearest(ways: Sequence[Asked], plates: Coded, confusions: Confusions) -> Costs:
    """Give the distance of N plates from what was asked, in whichever way it was meant (`asked.meant`)."""
    found: Costs = np.min([distances(asked, plates, confusions) for asked in ways], axis=0)
    return found


def plate_distance(asked: Pattern, stored: str, confusions: Confusions) -> float:
    """Give the distance of one normalised text."""
    return float(nearest(meant(asked), coded([stored]), confusions)[0])


def tables_of(items: Sequence[str], confusions: Confusions | None) -> Costs:
    """Give what each item of a pattern costs against each code.

    Args:
        items: M, each ONE, MANY or the characters that may stand there.
        confusions: None for a table that knows right and wrong alone.

    Returns:
        M×256; infinite against NONE, and for MANY throughout.
    """
    tables = np.full((len(items), 256), np.inf, np.float32)
    for table, item in zip(tables, items, strict=True):
        if item == ONE:
            table[:] = 0.0
        elif item != MANY:
            codes = [code_of(one) for one in item]
            if confusions:
                table[:] = confusions.swaps[codes].min(axis=0)
            else:
                table[[code for code in codes if code != OTHER]] = 0.0
        table[NONE] = np.inf
    return tables


def align(
    items: Sequence[str],
    swaps: Costs,
    lengths: NDArray[np.intp],
    gaps: Gaps | None = None,
    turned: float = math.inf,
) -> Costs:
    """Find the least cost of making each of N texts from a pattern.

    Args:
        items: M.
        swaps: M×L×N, what item m costs against the character in column l of text n (the cheapest of its choices).
        lengths: N, characters of each text, at most L.
        gaps: None to allow no character too many or too few.
        turned: What two neighbours cost that changed places.

    Returns:
        N costs, infinite where the text cannot be made, or not with MOST_GAPS.
    """
    columns, count = swaps.shape[1:]
    band = columns if MANY in items else MOST_GAPS if gaps else 0
    never = np.full(count, np.inf, np.float32)
    inner, front = (gaps.inner, gaps.front) if gaps else (never, never)
    before = [np.zeros(count, np.float32), *accumulate([front, *[inner] * (columns - 1)])][: columns + 1]
    earlier = before
    for at, item in enumerate(items):
        if item == MANY:
            now = [*accumulate(before, np.minimum)]
        else:
            near = range(max(0, at - band), min(columns, at + band + 1))
            now = [before[0] + (inner if at else front), *[never] * columns]
            now[near.start + 1 : near.stop + 1] = (before[column] + swaps[at, column] for column in near)
            if at and _can_turn(items[at - 1], item) and math.isfinite(turned):
                _take_turned(now, near, earlier, swaps[at - 1 : at + 1], turned)
            if gaps:
                _take_gaps(now, near, before, inner)
        earlier, before = before, now
    return np.stack(before)[lengths, np.arange(count)]


def _take_turned(now: list[Costs], near: Iterable[int], earlier: Sequence[Costs], swaps: Costs, turned: float) -> None:
    """Lower the costs where this item and the last one changed places."""
    last, this = swaps
    for column in near:
        if column:
            crossed = this[column - 1] + last[column]
            np.minimum(now[column + 1], earlier[column - 1] + crossed + np.float32(turned), out=now[column + 1])


def _take_gaps(now: list[Costs], near: Iterable[int], before: Sequence[Costs], inner: Costs) -> None:
    """Lower the costs where this item or a character of the text is alone."""
    for column in near:
        np.minimum(now[column + 1], before[column + 1] + inner, out=now[column + 1])
        np.minimum(now[column + 1], now[column] + inner, out=now[column + 1])


def _gaps(asked: Asked, bodies: Coded, confusions: Confusions) -> Gaps:
    """A text is broken if no plate has it, and so is every one beside a pattern that no plate has."""
    is_broken = asked.is_broken | ~have_shape(bodies.codes, bodies.lengths)
    costs = np.array([confusions.gap, confusions.front_gap], np.float32)
    inner, front = np.where(is_broken[:, None], np.minimum(costs, np.float32(confusions.broken_gap)), costs).T
    return Gaps(np.ascontiguousarray(inner), np.ascontiguousarray(front))


def _swaps(tables: Costs, plates: Coded) -> Costs:
    """M×L×N: what each item costs against the cheapest choice of each character; L as the longest text needs."""
    widest = int(plates.lengths.max(initial=0))
    swaps: Costs = np.take(tables, np.ascontiguousarray(plates.codes[:, :widest].T), axis=1, mode="clip")
    if len(plates.chosen):
        others = tables[:, plates.choices[:, :widest]] + plates.costs[:, :widest].astype(np.float32)
        cheapest = np.minimum(swaps[:, :, plates.chosen], others.min(axis=3).transpose(0, 2, 1))
        swaps[:, :, plates.chosen] = cheapest
    return swaps


def _region_costs(asked: Asked, plates: Coded, confusions: Confusions) -> Costs:
    is_there, missing = plates.regions > 0, np.float32(confusions.region_missing)
    if asked.is_region_open:
        return np.zeros(len(is_there), np.float32)
    if not asked.region:
        return np.where(is_there, missing, np.float32(0.0))
    heads = plates.heads()
    gap = np.full(len(is_there), confusions.gap, np.float32)
    found = align(asked.region, _swaps(tables_of(asked.region, confusions), heads), heads.lengths, Gaps(gap, gap))
    return np.where(is_there, np.minimum(found, np.float32(confusions.region_wrong)), missing)


def _can_turn(one: str, other: str) -> bool:
    """Only digits change places with their neighbour; a letter among digits is not mistaken for one of them."""
    return one in DIGITS and other in DIGITS and one != other
