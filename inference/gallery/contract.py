"""What every gallery engine does."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from inference.models import Feature


class Match(NamedTuple):
    """A stored feature and its cosine similarity (-1 to 1) to the query."""

    sighting_id: int
    score: float


class Gallery(Protocol):
    def search(self, query: NDArray[np.float32], features: QuerySet[Feature], *, limit: int) -> list[Match]:
        """Return the `limit` best of `features`, best first.

        Args:
            query: Q×D (or D) unit vectors of one target; a stored feature's score is its best over them.
            features: who may be compared: the rows, already limited to what the asking person may see, to one
                model, and to the cameras and hours asked for. Nothing else is ever returned.
            limit: how many at most.
        """
        ...

    def rebuild(self, embedder: str) -> int:
        """Throw the derived index of one model away and make it anew from the rows; return how many it holds."""
        ...

    def forget(self, places: Iterable[tuple[int, datetime]]) -> None:
        """Drop what was derived from these cameras' sightings of these days (each by camera and any of its times),
        because rows of theirs were destroyed. What still has rows is made anew from them when it is searched."""
        ...
