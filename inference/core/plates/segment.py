"""A sealed part of the index: plates as codes, with their postings; never changed but for plates struck out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.core.plates.codes import CODED, NONE, OTHER, Codes, encode, lay_out
from inference.core.plates.codes import code_of as code
from inference.core.plates.confusions import FAR_CHOICE, MOST_CHOICES, choice_cost
from inference.core.plates.distance import Coded
from inference.core.plates.postings import Postings, gram_keys, make_postings, pair_keys
from inference.core.plates.text import MOST_CHARACTERS, PlateRead

Rows = NDArray[np.uint32]
# A plate is posted as read and with one character replaced by another choice, for so many likeliest replacements.
MOST_VARIANTS = 4


@dataclass(frozen=True)
class Plates:
    """N stored plates.

    Attributes:
        ids: N, int64, the caller's.
        codes: N×MOST_CHARACTERS.
        lengths: N, characters.
        regions: N, how many of them are the region.
        choice_at: N, where in `choices` the reader's other choices stand; 0 for none.
        choices: (1 + those that have any)×MOST_CHARACTERS×MOST_CHOICES codes; the first is empty.
        costs: As choices, what each costs.
        others: Texts with characters that have no code, by id.
    """

    ids: NDArray[np.int64]
    codes: Codes
    lengths: NDArray[np.uint8]
    regions: NDArray[np.uint8]
    choice_at: NDArray[np.uint32]
    choices: Codes
    costs: NDArray[np.float16]
    others: dict[int, str]

    def coded(self, rows: Rows) -> Coded:
        at = self.choice_at[rows]
        chosen = np.flatnonzero(at)
        lengths, regions = self.lengths[rows].astype(np.intp), self.regions[rows].astype(np.intp)
        return Coded(self.codes[rows], lengths, regions, chosen, self.choices[at[chosen]], self.costs[at[chosen]])

    def text(self, row: int) -> str:
        if (self.codes[row] == OTHER).any():
            return self.others[int(self.ids[row])]
        return "".join(CODED[one - 1] for one in self.codes[row] if one != NONE)

    def take(self, rows: Rows) -> Plates:
        """Keep only some."""
        has_choices = self.choice_at[rows] > 0
        held = self.choice_at[rows][has_choices]
        choice_at = np.zeros(len(rows), np.uint32)
        choice_at[has_choices] = np.arange(1, len(held) + 1)
        ids, codes = self.ids[rows], self.codes[rows]
        kept = np.concatenate((np.zeros(1, np.uint32), held))
        names = {one: self.others[one] for one in ids[(codes == OTHER).any(axis=1)].tolist()}
        return Plates(
            ids, codes, self.lengths[rows], self.regions[rows], choice_at, self.choices[kept], self.costs[kept], names
        )


@dataclass(frozen=True)
class Segment:
    """Plates with their postings; `alive` says which were not struck out."""

    plates: Plates
    alive: NDArray[np.bool_]
    pairs: tuple[Postings, ...]
    grams: Postings

    def __len__(self) -> int:
        return len(self.alive)


def read_plates(ids: Sequence[int], reads: Sequence[PlateRead]) -> Plates:
    """Write reads as codes. Texts are at most MOST_CHARACTERS long (the index sees to it)."""
    codes = encode([one.text for one in reads])
    choice_at = np.zeros(len(reads), np.uint32)
    shape = (MOST_CHARACTERS, MOST_CHOICES)
    choices, costs = [np.zeros(shape, np.uint8)], [np.zeros(shape, np.float16)]
    for row, read in enumerate(reads):
        if read.characters and (found := _choices(read)) is not None:
            choice_at[row] = len(choices)
            choices.append(found[0])
            costs.append(found[1])
    strange = np.flatnonzero((codes == OTHER).any(axis=1)).tolist()
    others = {int(ids[row]): reads[row].text for row in strange}
    layout = lay_out(codes)
    lengths, regions = layout.length.astype(np.uint8), layout.region.astype(np.uint8)
    return Plates(
        np.array(ids, np.int64), codes, lengths, regions, choice_at, np.stack(choices), np.stack(costs), others
    )


def join_plates(parts: Sequence[Plates]) -> Plates:
    """Put plates one after the other."""
    offset, choice_at = 0, []
    for one in parts:
        choice_at.append(np.where(one.choice_at > 0, one.choice_at + np.uint32(offset), 0).astype(np.uint32))
        offset += len(one.choices) - 1
    return Plates(
        np.concatenate([one.ids for one in parts]),
        np.concatenate([one.codes for one in parts]),
        np.concatenate([one.lengths for one in parts]),
        np.concatenate([one.regions for one in parts]),
        np.concatenate(choice_at),
        np.concatenate([parts[0].choices, *(one.choices[1:] for one in parts[1:])]),
        np.concatenate([parts[0].costs, *(one.costs[1:] for one in parts[1:])]),
        {key: text for one in parts for key, text in one.others.items()},
    )


def seal(plates: Plates) -> Segment:
    """Make the postings of plates."""
    codes, rows = _with_variants(plates)
    pairs = tuple(make_postings(keys, rows) for keys in pair_keys(codes))
    return Segment(plates, np.ones(len(plates.ids), np.bool_), pairs, make_postings(*gram_keys(codes, rows)))


def merge(segments: Sequence[Segment]) -> Segment:
    """Make one segment of several, without what was struck out."""
    kept = [one.plates.take(np.flatnonzero(one.alive).astype(np.uint32)) for one in segments]
    return seal(join_plates(kept))


def _choices(read: PlateRead) -> tuple[Codes, NDArray[np.float16]] | None:
    """Give the other choices of each character and what they cost; None if there are none worth keeping."""
    codes = np.zeros((MOST_CHARACTERS, MOST_CHOICES), np.uint8)
    costs = np.zeros((MOST_CHARACTERS, MOST_CHOICES), np.float16)
    for at, (best, character) in enumerate(zip(read.text, read.characters, strict=True)):
        chances = dict(character.choices)
        top = chances.pop(best, max(chances.values(), default=0.0))
        likely = sorted(((choice_cost(chance, top), one) for one, chance in chances.items()))[:MOST_CHOICES]
        for place, (cost, one) in enumerate(likely):
            if cost <= FAR_CHOICE and code(one) != OTHER:
                codes[at, place], costs[at, place] = code(one), cost
    return (codes, costs) if codes.any() else None


def _with_variants(plates: Plates) -> tuple[Codes, Rows]:
    """Give all plates, then those with one character replaced by another choice; with the row of each."""
    rows = np.arange(len(plates.ids), dtype=np.uint32)
    owners = np.flatnonzero(plates.choice_at).astype(np.uint32)
    if not len(owners):
        return plates.codes, rows
    choices = plates.choices[plates.choice_at[owners]].reshape(len(owners), -1)
    costs = plates.costs[plates.choice_at[owners]].reshape(len(owners), -1)
    likely = np.argsort(np.where(choices == NONE, np.inf, costs), axis=1, kind="stable")[:, :MOST_VARIANTS]
    replaced = np.take_along_axis(choices, likely, 1)
    which, place = np.nonzero(replaced)
    variants = plates.codes[owners[which]]
    variants[np.arange(len(which)), likely[which, place] // MOST_CHOICES] = replaced[which, place]
    return np.concatenate([plates.codes, variants]), np.concatenate([rows, owners[which]])
