"""Which pictures a fold is tested on: identities are never torn apart, and each fold has its share of what is rare."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Row = tuple[str, str, str, dict[str, list[int]]]  # set, identity, track, allowed values by head


def fold_of(rows: Sequence[Row], folds: int) -> NDArray[np.int64]:
    """Return the fold, 0 to folds − 1, of every row; the same rows always give the same folds."""
    counts = Counter(label for row in rows for label in _known(row))
    first: dict[str, tuple[str, tuple[str, int], str]] = {}
    for row in rows:
        rarest = min(_known(row), key=lambda label: counts[label], default=("", 0))
        scramble = hashlib.sha256(row[1].encode()).hexdigest()
        first.setdefault(row[1], (row[0], rarest, scramble))
    order = {identity: place for place, identity in enumerate(sorted(first, key=first.__getitem__))}
    return np.array([order[row[1]] % folds for row in rows], np.int64)


def _known(row: Row) -> list[tuple[str, int]]:
    return [(head, values[0]) for head, values in sorted(row[3].items()) if len(values) == 1 and head[0] != "_"]
