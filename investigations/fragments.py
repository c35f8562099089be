"""Which tracks are pieces of one: the tracker lost somebody behind a post, and began anew on the other side.

Pure functions over plain values; the database is not known here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST_GAP_S = 6.0
LONGEST_OVERLAP_S = 0.5  # the old track is held for a moment after the new one has begun
# In heights of the box: a person of 1.7 m runs about two of them in a second; vehicles are far quicker.
PERSON_HEIGHTS_PER_S, VEHICLE_HEIGHTS_PER_S = 2.0, 8.0
NEAR_HEIGHTS = 0.5
LARGEST_GROWTH = 2.0
LEAST_ALIKE = 0.5  # cosine; two pictures of one person mostly lie above, also from behind

Box = Sequence[float]


@dataclass(frozen=True)
class Piece:
    """One track of one camera: when it was there, where it began and ended, and its feature where there is one."""

    key: int
    camera: int
    from_s: float
    until_s: float
    first_box: Box
    last_box: Box
    feature: NDArray[np.float32] | None = None


def join_pieces(pieces: Iterable[Piece], *, heights_per_s: float = PERSON_HEIGHTS_PER_S) -> dict[int, int]:
    """Return for each piece the key of its group, which is that of the group's first piece in the order given."""
    ordered = list(pieces)
    by_camera: dict[int, list[Piece]] = {}
    for piece in ordered:
        by_camera.setdefault(piece.camera, []).append(piece)
    before = {key: other for rows in by_camera.values() for key, other in _links(rows, heights_per_s)}
    names: dict[int, int] = {}
    groups = {piece.key: _root(piece.key, before) for piece in ordered}
    return {key: names.setdefault(root, key) for key, root in groups.items()}


def _links(pieces: list[Piece], heights_per_s: float) -> Iterable[tuple[int, int]]:
    """Yield (piece, the one that it goes on from). Each is gone on from once, by the one that begins the soonest."""
    open_ends: list[Piece] = []
    for piece in sorted(pieces, key=lambda row: (row.from_s, row.key)):
        open_ends = [row for row in open_ends if piece.from_s - row.until_s <= LONGEST_GAP_S]
        likely = [row for row in open_ends if _goes_on(row, piece, heights_per_s)]
        if likely:
            nearest = min(likely, key=lambda row: _apart(row, piece))
            open_ends.remove(nearest)
            yield piece.key, nearest.key
        open_ends.append(piece)


def _goes_on(a: Piece, b: Piece, heights_per_s: float) -> bool:
    gap_s = b.from_s - a.until_s
    if gap_s < -LONGEST_OVERLAP_S or b.until_s <= a.until_s:
        return False
    tall, short = sorted((_height(a.last_box), _height(b.first_box)), reverse=True)
    if tall > LARGEST_GROWTH * short or _apart(a, b) > tall * (NEAR_HEIGHTS + heights_per_s * max(0.0, gap_s)):
        return False
    return a.feature is None or b.feature is None or float(a.feature @ b.feature) >= LEAST_ALIKE


def _apart(a: Piece, b: Piece) -> float:
    """How far apart the one's end and the other's beginning are, in pixels between the boxes' centres."""
    ax1, ay1, ax2, ay2 = a.last_box
    bx1, by1, bx2, by2 = b.first_box
    return float(np.hypot((ax1 + ax2 - bx1 - bx2) / 2, (ay1 + ay2 - by1 - by2) / 2))


def _height(box: Box) -> float:
    return max(1.0, box[3] - box[1])


def _root(key: int, before: dict[int, int]) -> int:
    while key in before:
        key = before[key]
    return key
