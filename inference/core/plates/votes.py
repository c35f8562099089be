"""One read of many of the same plate.

Reads are laid under each other, character by character, as speech recognisers' answers are (Fiscus 1997, ROVER): where
one has a character that another lacks, there is a slot in which "nothing" stands for the vote too, so that a missed
digit or region spoils no other place. In each slot the evidence of the reads is added up. Reads that have too little in
common are of different plates; the surest plate is answered for, the others make it less sure.

The frames of a track show the same dirt and the same angle, so their mistakes are alike: the second read for a
character counts half, the third a third.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, product

from inference.core.plates.formats import REGIONS
from inference.core.plates.reads import CHOICES
from inference.core.plates.text import Character, PlateRead

NOTHING = ""
# A single read is never taken for surer than this where another says something else.
SUREST = 0.99
# How often a reader overlooks a region's name: its absence is never surer than the rest.
OVERLOOKED = 0.3
# Reads that share a smaller part of their characters than this are of different plates.
LEAST_SHARED = 0.5
_LEAST = 1e-6

# What stands in a slot, with the chance a read gives it; the best first. Of a region both characters are one.
Chances = dict[str, float]


@dataclass(frozen=True)
class _Slot:
    """One place of the plate: what each read says of it, in the order of the reads."""

    votes: list[Chances]

    @property
    def named(self) -> set[str]:
        return {_best(vote) for vote in self.votes}


@dataclass(frozen=True)
class _Group:
    """Reads of one plate: its region, then its other places."""

    region: _Slot
    body: list[_Slot]
    sure: list[float]


# A slot and what a read has there; None where one side has nothing.
Pair = tuple[_Slot | None, Chances | None]


def vote(reads: Sequence[PlateRead]) -> PlateRead:
    """Combine reads of one track's plate.

    Args:
        reads: At least one, in any order.

    Returns:
        The text with the most evidence in each place. A single read is returned as it is; the confidence means the
        same as a single read's: reads that agree make it surer, others less sure.

    Raises:
        ValueError: There are no reads.
    """
    if not reads:
        raise ValueError("A vote needs a read.")
    ordered = sorted(reads, key=lambda read: (-read.confidence, read.text))
    if len(ordered) == 1:
        return ordered[0]
    groups: list[_Group] = []
    for read in ordered:
        _join(groups, read)
    said = sorted(map(_conclude, groups), key=lambda read: -read.confidence)
    against = sum(_odds(other.confidence) for other in said[1:])
    best = said[0]
    return PlateRead(best.text, _share(best.confidence, against), best.characters)


def _join(groups: list[_Group], read: PlateRead) -> None:
    """Lay a read under the group that it has most in common with, or begin one."""
    region, body = _taken_apart(read)
    laid = [(group, _laid(group.body, body)) for group in groups]
    shared = [_shared(pairs) / max(1, min(len(group.body), len(body))) for group, pairs in laid]
    if not groups or max(shared) < LEAST_SHARED:
        groups.append(_Group(_Slot([region]), [_Slot([one]) for one in body], [read.confidence]))
        return
    group, pairs = laid[shared.index(max(shared))]
    group.region.votes.append(region)
    # Who lacks a character is as sure of that as of the whole read.
    lacking: list[Chances] = [{NOTHING: sure} for sure in group.sure]
    new: Chances = {NOTHING: read.confidence}
    group.body[:] = [_Slot([*(slot.votes if slot else lacking), one or new]) for slot, one in pairs]
    group.sure.append(read.confidence)


def _taken_apart(read: PlateRead) -> tuple[Chances, list[Chances]]:
    """Give the region (or nothing) and the other characters, with chances that are brought to the confidence.

    Each raw chance is surer than the confidence, which is that of all together; all are moved by as much, so that the
    lowest meets it.
    """
    choices: list[Chances] = [dict(one.choices) for one in read.characters] or [{} for _one in read.text]
    for chances, one in zip(choices, read.text, strict=True):
        chances.setdefault(one, read.confidence)
    lowest = min((_logit(chances[one]) for chances, one in zip(choices, read.text, strict=True)), default=0.0)
    by = _logit(read.confidence) - lowest
    moved = [_moved(chances, one, by) for chances, one in zip(choices, read.text, strict=True)]
    name = read.text[:2]
    if name not in REGIONS:
        return {NOTHING: min(read.confidence, 1 - OVERLOOKED)}, moved
    return {name: min(chances[one] for chances, one in zip(moved, name, strict=False))}, moved[2:]


def _moved(chances: Chances, best: str, by: float) -> Chances:
    """Move the best choice's chance by so much in log-odds; the others share what is left as they did."""
    chance = 1 / (1 + math.exp(-(_logit(chances[best]) + by)))
    rest = sum(chances.values()) - chances[best]
    scale = min(1.0, (1 - chance) / rest) if rest > 0 else 0.0
    return {best: chance} | {one: other * scale for one, other in chances.items() if one != best}


def _conclude(group: _Group) -> PlateRead:
    """Settle every slot; the confidence is the least sure one's, of those too in which nothing stands after all."""
    settled = [_settled(slot) for slot in (group.region, *group.body) if slot.named != {NOTHING}]
    written = [chances for chances in settled if _best(chances) != NOTHING]
    characters = tuple(chain.from_iterable(_characters(chances) for chances in written))
    text = "".join(_best(chances) for chances in written)
    return PlateRead(text, min(chances[_best(chances)] for chances in settled), characters)


def _settled(slot: _Slot) -> Chances:
    """What stands in a slot after the vote, best first, with its chance."""
    beliefs = {one: _belief(vote.get(one, 0.0) for vote in slot.votes) for vote in slot.votes for one in vote}
    best = max(beliefs, key=lambda one: (beliefs[one], one))
    rivals = slot.named - {best}
    against = sum(_odds(_belief(vote[one] for vote in slot.votes if _best(vote) == one)) for one in rivals)
    chance = _share(beliefs[best], against)
    others = {one: _odds(belief) for one, belief in beliefs.items() if one != best}
    total = 1 + _odds(beliefs[best]) + sum(others.values())
    scale = min(1.0, (1 - chance) * total / max(sum(others.values()), _LEAST))
    ranked = sorted(others, key=lambda one: (-others[one], one))
    return {best: chance} | {one: others[one] / total * scale for one in ranked}


def _belief(chances: Iterable[float]) -> float:
    """The chance that not all who say so are wrong, each next one counting less."""
    ordered = sorted((min(chance, SUREST) for chance in chances), reverse=True)
    wrong = sum(math.log1p(-chance) / place for place, chance in enumerate(ordered, start=1))
    return 1 - math.exp(wrong)


def _characters(chances: Chances) -> list[Character]:
    """As many characters as the best choice has, each with the choices of its place."""
    length = len(_best(chances))
    found: list[Chances] = [{} for _ in range(length)]
    for choice, chance in chances.items():
        if len(choice) == length:
            for place, one in zip(found, choice, strict=True):
                place[one] = min(1.0, place.get(one, 0.0) + chance)
    ranked = [sorted(place.items(), key=lambda pair: -pair[1])[:CHOICES] for place in found]
    return [Character(tuple(pairs)) for pairs in ranked]


def _laid(slots: Sequence[_Slot], body: Sequence[Chances]) -> list[Pair]:
    """Lay the characters of a read beside slots at the least cost (edit distance)."""
    named, read = [slot.named for slot in slots], [_best(vote) for vote in body]
    costs = [[float(row + column) for column in range(len(body) + 1)] for row in range(len(slots) + 1)]
    for row, column in product(range(1, len(slots) + 1), range(1, len(body) + 1)):
        swap = costs[row - 1][column - 1] + _cost(named[row - 1], read[column - 1])
        costs[row][column] = min(swap, costs[row - 1][column] + 1, costs[row][column - 1] + 1)
    pairs: list[Pair] = []
    row, column = len(slots), len(body)
    while row or column:
        cost = costs[row][column]
        if row and column and cost == costs[row - 1][column - 1] + _cost(named[row - 1], read[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((slots[row], body[column]))
        elif row and cost == costs[row - 1][column] + 1:
            row -= 1
            pairs.append((slots[row], None))
        else:
            column -= 1
            pairs.append((None, body[column]))
    return pairs[::-1]


def _cost(named: set[str], read: str) -> float:
    """A digit is read as another digit, seldom as a letter."""
    if read in named:
        return 0.0
    return 1.0 if any(one.isdigit() == read.isdigit() for one in named if one) else 2.0


def _shared(pairs: Sequence[Pair]) -> int:
    """In how many characters a read agrees with one of a group's reads."""
    return sum(1 for slot, one in pairs if slot and one and _best(one) in slot.named)


def _best(chances: Chances) -> str:
    return next(iter(chances))


def _share(chance: float, against: float) -> float:
    """A chance where others have odds of their own."""
    odds = _odds(chance)
    return odds / (1 + odds + against)


def _odds(chance: float) -> float:
    return chance / max(1 - chance, _LEAST)


def _logit(chance: float) -> float:
    clipped = min(max(chance, _LEAST), 1 - _LEAST)
    return math.log(clipped / (1 - clipped))
