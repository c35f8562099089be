"""What every gallery engine does."""

from collections.abc import Container, Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from inference.models import Feature


class Match(NamedTuple):
    """A stored feature, its camera and its cosine similarity (-1 to 1) to the query."""

    sighting_id: int
    score: float
    camera_id: int = 0


class Found(NamedTuple):
    """What a search of the gallery gives.

    Attributes:
        matches: The best, best first.
        compared: How many features were compared.
        cosines: By camera, the cosines of all that were compared there or of a fair sample: how alike everybody is.
    """

    matches: list[Match]
    compared: int
    cosines: dict[int, NDArray[np.float32]]


class Gallery(Protocol):
    def compare(
        self,
        query: NDArray[np.float32],
        features: QuerySet[Feature],
        *,
        limit: int,
        without: Container[int] = (),
    ) -> Found:
        """Compare a query with `features`, and say what was found and how alike everybody is.

        Args:
            query: Q×D (or D) unit vectors of one target; a stored feature's score is its best over them.
            features: who may be compared: the rows, already limited to what the asking person may see, to one
                model, and to the cameras and hours asked for. Nothing else is ever returned.
            limit: how many matches at most.
            without: sightings (by key) to leave out.
        """
        ...

    def search(self, query: NDArray[np.float32], features: QuerySet[Feature], *, limit: int) -> list[Match]:
        """Return the matches of `compare` alone."""
        ...

    def rebuild(self, embedder: str) -> int:
        """Throw the derived index of one model away and make it anew from the rows; return how many it holds."""
        ...

    def forget(self, places: Iterable[tuple[int, datetime]]) -> None:
        """Drop what was derived from these cameras' sightings of these days (each by camera and any of its times),
        because rows of theirs were destroyed. What still has rows is made anew from them when it is searched."""
        ...
