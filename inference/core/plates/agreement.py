"""Whether two reads can be of one plate: nobody shall take two vehicles for one because they look alike.

Knows nothing of pictures. A read may be wrong, and a picture may show a part of a plate only, so that differing texts
alone say little.
"""

from __future__ import annotations

from collections import Counter

from inference.core.plates.confusions import Confusions
from inference.core.plates.distance import plate_distance
from inference.core.plates.evidence import FAR_PLATE
from inference.core.plates.marks import State, mark_plate, region_length
from inference.core.plates.pattern import Pattern
from inference.core.plates.reads import SURE
from inference.core.plates.text import PlateRead

# A read that is likelier right than wrong.
LIKELY = 0.5
# Farther than any one mistake that readers often make: likely confusions, neighbours turned round, a character lost.
ONE_MISTAKE = 0.85


def are_of_two_plates(one: PlateRead, other: PlateRead, confusions: Confusions) -> bool:
    """Say whether two reads contradict each other, as no doubt about them explains how they differ.

    What only one of them has is no contradiction: it may have been lost, or hidden. Where a character stands in place
    of another, two sure reads are of two plates; others are if so many mistakes at once are unlikely.

    Args:
        one: A read; its confidence is a share of right reads, see `reads.SURE`.
        other: Another, perhaps of the same plate.
        confusions: Of their reader.
    """
    asked, text = _comparable(one.text, other.text)
    pattern = Pattern(tuple(asked))
    counts = Counter(mark.state for mark in mark_plate(pattern, text))
    if not (counts[State.OTHER] or (counts[State.ADDED] and counts[State.MISSING])):
        return False
    doubt = min(one.confidence, other.confidence)
    if doubt >= SURE:
        return True
    return plate_distance(pattern, text, confusions) > (ONE_MISTAKE if doubt >= LIKELY else FAR_PLATE)


def _comparable(one: str, other: str) -> tuple[str, str]:
    """Leave out a region that only one of them has, and put them in an order that does not depend on who came first."""
    heads = [region_length(text) for text in (one, other)]
    if min(heads) == 0:
        one, other = one[heads[0] :], other[heads[1] :]
    first, second = sorted((one, other), key=lambda text: (-len(text), text))
    return first, second
