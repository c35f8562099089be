"""Which characters are taken for each other, and what each mistake costs.

A cost is the negative logarithm of how often a mistake is made for each time that it is
not, over SCALE: characters that are often confused cost little, unrelated ones 1, a character too many or too few more
than 1. The default table is a prior from the shapes and sounds of the characters, not a measurement; what a reader's
own confusions are worth is read from a table of counts (`load_confusions`).

Of characters too many or too few two kinds cost less than others. The first digit is lost and added far more often than
any other. And a text that no plate can have is a mistake for certain: how seldom such mistakes happen is then no
argument, only of how many plates it may be a read.

A mistake can lie on either side: the plate was misread, or what is asked for was misread or misremembered. So the cost
of two characters is that of the mean of both ways, and the same whichever of them is asked for; and so is that of a
character on one side alone.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.core.errors import PlateError, say
from inference.core.plates.codes import CODED, IS_DIGIT, NONE, OTHER, code_of
from inference.core.plates.formats import DIGITS
from inference.core.plates.text import is_hangul, jamo_of

Costs = NDArray[np.float32]

# A mistake that happens once in e^8 = 2,981 times costs 1. A reader that takes a character for one like it every
# hundredth time pays 0.58, so that two such mistakes are less likely than one odd one.
SCALE = 8.0
# The most that a digit costs for another: an odd mistake is one of nine digits, but one of some forty letters.
ODD_DIGIT = 0.9
# What the prior takes for the likest pair; a likeness of 0 below costs this, of 1 as much as any mistake.
LIKEST_COST = 0.5
LEAST_COST = 0.05
# A text with one character too few may be a read of 37 plates at most, by where in the serial number it is missing and
# what it is: e^(-8 d) is 1/37 at 0.45. The rest is for texts that are no read of a plate at all, and makes two of them
# cost no less than one odd letter.
BROKEN_GAP = 0.5
# The shipped reader lost the first digit of 16 of 5,775 hard made plates and put one before it in 7, but lost only 4
# and added 2 of the 36,000 other characters, none at the end. Two open readers lost the first in 4 of 380 reads of real
# plates and put one before it in 2, and in none with at most two mistakes a digit behind the letter.
FRONT_GAP = 0.8
# However seldom others are lost, they cost no more than this, at which 98 % of the plates read with one character too
# many were among the first ten of a million; at 1.2 they were 93 %, and the shipped reader's mistakes say 1.25.
LEAST_GAP, MOST_GAP = BROKEN_GAP, 1.1
# In a table of counts, the place where a plate begins behind the region.
FRONT = "^"
# Counts of a table weigh as much as the prior once a character was read this often.
PRIOR_COUNT = 100.0
# How many of a read's choices of a character count beside the best, and from what cost on they no longer do.
MOST_CHOICES = 2
# 0.5 is a fiftieth of the best's chance.
FAR_CHOICE = 0.5
_COUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")

# Unlikeness of pairs, 0 to 1, by eye and ear.
_DIGIT_PAIRS = {
    0.35: ("08", "17", "38", "68", "56", "69"),
    0.45: ("06", "09", "35", "89", "14", "27", "47", "23", "58"),
    0.6: ("39", "59", "49", "12", "13", "37", "03", "05", "28"),
}
# Jamo as they are numbered in syllables. Vowels: ㅏ 0, ㅐ 1, ㅓ 4, ㅔ 5, ㅗ 8, ㅛ 12, ㅜ 13, ㅠ 17, ㅡ 18, ㅣ 20.
_VOWELS = {
    0.25: ((0, 1), (4, 5), (8, 13)),
    0.3: ((0, 4), (8, 18), (13, 18)),
    0.45: ((0, 20), (4, 20), (1, 5), (4, 8)),
    0.6: ((4, 13), (0, 8), (1, 4)),
}
# Initials: ㄱ 0, ㄴ 2, ㄷ 3, ㄹ 5, ㅁ 6, ㅂ 7, ㅅ 9, ㅇ 11, ㅈ 12, ㅊ 14, ㅋ 15, ㅌ 16, ㅍ 17, ㅎ 18.
_INITIALS = {
    0.3: ((9, 12), (3, 5), (6, 7), (11, 18), (0, 15), (3, 16), (12, 14), (6, 11)),
    0.4: ((2, 3), (0, 2), (7, 17), (2, 5), (6, 3), (0, 5), (0, 12), (0, 3), (9, 11), (16, 5)),
    0.6: ((7, 11), (6, 5), (7, 5), (9, 2), (0, 9), (7, 18)),
}
_LATIN = {0.2: ("O0", "I1", "L1", "Q0", "D0", "Z2", "S5", "B8", "G6", "T7")}


@dataclass(frozen=True)
class Confusions:
    """What each mistake costs.

    Attributes:
        swaps: 256×256 by code, the same in both directions.
        gap: A character that only one of two texts has, if both may stand on a plate.
        front_gap: The same of the first of all, the region aside.
        broken_gap: The same wherever it is, if one of the texts can stand on no plate.
        turned: Two neighbours that changed places.
        region_missing: A region's name on one side alone: readers overlook it, people leave it out.
        region_wrong: The most that another region's name costs.
    """

    swaps: Costs
    gap: float = MOST_GAP
    front_gap: float = FRONT_GAP
    broken_gap: float = BROKEN_GAP
    turned: float = 0.8
    region_missing: float = 0.25
    region_wrong: float = 0.9


@cache
def default_confusions() -> Confusions:
    """Make the prior table, once for all who ask: it cannot be written to."""
    swaps = np.ones((256, 256), np.float32)
    for costs in (_DIGIT_PAIRS, _LATIN):
        for cost, pairs in costs.items():
            for pair in pairs:
                first, second = map(code_of, pair)
                swaps[first, second] = swaps[second, first] = cost
    syllables = [one for one in CODED if is_hangul(one)]
    for one in syllables:
        for other in syllables:
            swaps[code_of(one), code_of(other)] = _syllable_cost(one, other)
    priors = _finished(LIKEST_COST + (1 - LIKEST_COST) * swaps)
    priors.setflags(write=False)
    return Confusions(priors)


def confusions_from_counts(counts: Mapping[tuple[str, str], float], prior: Confusions | None = None) -> Confusions:
    """Learn costs from what a reader made of characters.

    Args:
        counts: (true, read) → how often, or the sum of its chances; right reads included. An empty true character is
            one that the reader added, an empty read one that it missed; FRONT in place of a character is whether
            the first of a plate was missed, or one put before it.
        prior: What holds where little was counted.

    Returns:
        Costs; of characters that were never read, the prior's, and so of those missed and added if there are none: not
        every table has them.
    """
    before = prior or default_confusions()
    swaps = before.swaps.copy()
    totals: dict[str, float] = {}
    for (true, _), count in counts.items():
        totals[true] = totals.get(true, 0) + count
    for true, total in totals.items():
        if code_of(true) == OTHER:
            continue
        seen = np.zeros(256)
        for (one, read), count in counts.items():
            if one == true and read:
                seen[code_of(read)] += count
        swaps[code_of(true)] = _weighed(seen, total, before.swaps[code_of(true)], code_of(true))
    inner = {pair: count for pair, count in counts.items() if FRONT not in pair}
    front = {pair: count for pair, count in counts.items() if FRONT in pair}
    gaps = {"gap": _gap(inner, before.gap), "front_gap": _gap(front, before.front_gap)}
    return replace(before, swaps=_finished(_both_ways(swaps)), **gaps)


def load_confusions(path: Path) -> Confusions:
    """Read a table of a reader's confusions.

    The file is UTF-8, tab-separated, with the header `true read count`: one line for each pair of characters, right
    reads included; `true` is empty for an added character, `read` for a missed one. With `^` in place of the character
    it is that with which a plate begins, the region aside: `^ ^` counts the plates that begin as they should. A count
    may be a decimal number.

    Raises:
        PlateError: It cannot be read, or a line is not of this form.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PlateError(say("The table of confusions {name} cannot be read.", name=path.name)) from error
    if not rows or rows[0] != ["true", "read", "count"]:
        raise PlateError(say("The table of confusions {name} must begin with: true, read, count.", name=path.name))
    counts: dict[tuple[str, str], float] = {}
    for line, row in enumerate(rows[1:], start=2):
        if row:
            pair, count = _counted(row, line, path.name)
            counts[pair] = counts.get(pair, 0) + count
    return confusions_from_counts(counts)


def choice_cost(chance: float, best: float) -> float:
    """Say what a reader's other choice costs against its best, on the scale of confusions."""
    if chance <= 0.0 or best <= 0.0:
        return math.inf
    return max(LEAST_COST, math.log(best / chance) / SCALE)


def _syllable_cost(one: str, other: str) -> float:
    """Initials and vowels are mistaken by themselves; both at once costs both, at most 1."""
    (initial, vowel, final), (other_initial, other_vowel, other_final) = jamo_of(one), jamo_of(other)
    cost = _pair_cost(_INITIALS, initial, other_initial) + _pair_cost(_VOWELS, vowel, other_vowel)
    return min(1.0, cost + (0.4 if final != other_final else 0.0))


def _pair_cost(table: Mapping[float, Sequence[tuple[int, int]]], one: int, other: int) -> float:
    if one == other:
        return 0.0
    return next((cost for cost, pairs in table.items() if (one, other) in pairs or (other, one) in pairs), 0.7)


def _both_ways(swaps: Costs) -> Costs:
    """Take the mean of the chances of either direction."""
    chances = np.exp(-SCALE * swaps.astype(np.float64))
    with np.errstate(divide="ignore"):
        costs = -np.log((chances + chances.T) / 2) / SCALE
    return np.asarray(costs, np.float32)


def _finished(swaps: Costs) -> Costs:
    """A character is itself for nothing; what has no code is like nothing."""
    digits = np.ix_(IS_DIGIT, IS_DIGIT)
    swaps[digits] = np.minimum(swaps[digits], ODD_DIGIT)
    np.fill_diagonal(swaps, 0.0)
    swaps[OTHER], swaps[:, OTHER] = 1.0, 1.0
    swaps[NONE], swaps[:, NONE] = np.inf, np.inf
    return swaps


def _weighed(seen: NDArray[np.float64], total: float, prior: Costs, right: int) -> Costs:
    """Mix counts with the prior's chances, and bring what comes out to costs."""
    chances = np.where(np.isfinite(prior), np.exp(-SCALE * prior.astype(np.float64)), 0.0)
    mixed = seen + PRIOR_COUNT * chances
    with np.errstate(divide="ignore"):
        costs = np.log(max(mixed[right], 1e-9) / mixed) / SCALE
    weighed: Costs = np.clip(costs, LEAST_COST, 1.0).astype(np.float32)
    return prior if total <= 0 else weighed


def _gap(counts: Mapping[tuple[str, str], float], prior: float) -> float:
    """Learn what a character on one side alone costs: the mean of its being missed and of its being added, where it is
    one of ten digits."""
    there = sum(count for (true, _), count in counts.items() if true)
    missed = sum(count for (_, read), count in counts.items() if not read)
    added = sum(count for (true, _), count in counts.items() if not true)
    if not missed + added:
        return prior
    happened = (missed + added / len(DIGITS)) / 2
    chance = (happened + PRIOR_COUNT * math.exp(-SCALE * prior)) / (there + PRIOR_COUNT)
    return min(MOST_GAP, max(LEAST_GAP, -math.log(chance) / SCALE))


def _counted(row: Sequence[str], line: int, name: str) -> tuple[tuple[str, str], float]:
    pair, number = tuple(row[:2]), row[2] if len(row) == 3 else ""
    if len(row) != 3 or not _COUNT.fullmatch(number):
        raise PlateError(say("Line {line} of {name} is not: true, read, count.", line=line, name=name))
    if any(one not in ("", FRONT) and (len(one) > 1 or code_of(one) == OTHER) for one in pair) or not any(pair):
        raise PlateError(say("Line {line} of {name} names something that is no character.", line=line, name=name))
    return (pair[0], pair[1]), float(number)
