"""Which classes may be one vehicle, so that telling them apart must not be asked. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.training.vehicles.folds import LABELLED


def may_be_one(classes: Sequence[str], apart: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """Say which classes (set/identity) may be one vehicle: tracks of one clip, unless they are certainly apart.

    Returns:
        (C+1)×(C+1) booleans, symmetric; the last row and column and the diagonal are false.
    """
    sources = np.array([name.split("/")[0] for name in classes])
    unsure = np.zeros((len(classes) + 1, len(classes) + 1), bool)
    unsure[:-1, :-1] = (sources[:, None] == sources[None, :]) & (sources != LABELLED)[:, None]
    np.fill_diagonal(unsure, val=False)
    places = {name: place for place, name in enumerate(classes)}
    for source, first, second in apart:
        a, b = places.get(f"{source}/{first}"), places.get(f"{source}/{second}")
        if a is not None and b is not None:
            unsure[a, b] = unsure[b, a] = False
    return unsure
