"""Number plates found again: each process that searches holds the rows of `Plate` in memory.

The rows are the truth. The first search reads them all, each later one what was added since; of what it finds it asks
the rows once more, and what was deleted or superseded meanwhile is struck out. Only the reads of one reader are held
together: what two make of a plate is never compared.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import islice
from threading import Lock
from time import monotonic
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import Count, Sum
from numpy.typing import NDArray

from inference.core.plates import Pattern, PlateIndex, PlateRead
from inference.core.plates.confusions import FAR_CHOICE, SCALE
from inference.core.plates.places import Place, Places, Scope
from inference.engine import confusions_of
from inference.models import Plate, PlateQuerySet, plate_read

logger = logging.getLogger(__name__)

# Read at once: more would need more memory, fewer more merges of the index.
ROWS_AT_ONCE = 50_000
# SQLite allows 32,766 variables in a statement.
IDS_AT_ONCE = 5_000
# Ids are dealt out in order, but committed in any: of two analyses that end together the one with the smaller ids may
# come later. So the last of them are compared with the rows, not only what lies above looked for.
RECENT = 20_000
# What retention destroys lies far below those: everything is compared now and then, so that memory does not fill.
COMPARE_ALL_EVERY_S = 3600.0
# Other choices of a character below this share of the best are not looked for: the text alone says as much.
LEAST_SHARE = math.exp(-FAR_CHOICE * SCALE)
FIELDS = (
    "pk",
    "text",
    "characters",
    "sighting__camera_id",
    "sighting__first_seen_at",
    "sighting__last_seen_at",
    "sighting__is_small",
    "sighting__is_superseded",
)
_making = Lock()


@dataclass(frozen=True)
class PlateMatch:
    """A stored plate, and how unlike what was asked for its text is; 0 matches. Of plates with one text the likest read
    counts for all."""

    plate_id: int
    sighting_id: int
    text: str
    distance: float


def find_plates(
    pattern: Pattern,
    *,
    camera_ids: Iterable[int],
    starts_at: datetime,
    ends_at: datetime,
    includes_small: bool,
    limit: int,
    reader: str | None = None,
) -> list[PlateMatch]:
    """Find plates that match or are like a pattern, of one reader (the one in use unless another is named); the best
    first, of equals the newest.

    Whether somebody may look at these cameras and hours is the caller's to check.
    """
    cameras = np.fromiter(camera_ids, np.int64)
    reader = settings.PLATE_READER_MODEL if reader is None else reader
    if not reader or not len(cameras) or limit <= 0:
        return []
    scope = Scope(cameras, starts_at.timestamp(), ends_at.timestamp(), includes_small=includes_small)
    return stored_plates(reader).find(pattern, scope, limit=limit)


def warm() -> None:
    """Read the plates in ahead of the first search, in a thread of its own."""
    try:
        if settings.PLATE_READER_MODEL:
            stored_plates(settings.PLATE_READER_MODEL).refresh()
    except Exception:  # nobody waits for it: whoever searches tries again, and is told
        logger.exception("the plates could not be read in")
    finally:
        connection.close()


def stored_plates(reader: str) -> StoredPlates:
    """The plates of one reader, held once in a process."""
    with _making:
        return _stored_plates(reader)


def forget_plates() -> None:
    """Let go of what this process holds; the next search reads the rows anew."""
    _stored_plates.cache_clear()


class StoredPlates:
    """The plates of one reader in memory. Many threads may search; one at a time brings them up to date."""

    def __init__(self, reader: str) -> None:
        self.reader = reader
        self._index: PlateIndex | None = None
        self._places = Places.of([])
        self._compared_at_s = 0.0
        self._reading = Lock()

    def __len__(self) -> int:
        return len(self._places)

    def find(self, pattern: Pattern, scope: Scope, *, limit: int) -> list[PlateMatch]:
        """See `find_plates`."""
        index = self.refresh()
        for heal in (self._read_again, self._compare_all):
            matches, stale = self._search(index, pattern, scope, limit)
            if not stale:
                return matches
            with self._reading:
                heal(index, np.array(stale, np.int64))
        return self._search(index, pattern, scope, limit)[0]

    def refresh(self) -> PlateIndex:
        """Read what was added since the last time, all at first."""
        with self._reading:
            if self._index is None:
                self._index = self._read_all()
            elif monotonic() - self._compared_at_s > COMPARE_ALL_EVERY_S:
                self._compare(self._index)
            else:
                self._compare(self._index, above=self._last_id - RECENT)
            return self._index

    def _search(
        self, index: PlateIndex, pattern: Pattern, scope: Scope, limit: int
    ) -> tuple[list[PlateMatch], list[int]]:
        """What is found, and the ids of what is found though its row is gone or superseded."""
        hits = index.rank(pattern, limit=limit, allowed=partial(self._places.within, scope)).hits
        found = list(islice(((pk, hit) for hit in hits for pk in hit.ids), limit))
        sightings = self._sightings([pk for pk, _hit in found])
        matches = [
            PlateMatch(pk, sightings[pk, hit.text], hit.text, hit.distance)
            for pk, hit in found
            if (pk, hit.text) in sightings
        ]
        return matches, [pk for pk, hit in found if (pk, hit.text) not in sightings]

    def _sightings(self, ids: Sequence[int]) -> dict[tuple[int, str], int]:
        """The sightings of plates by id and text, of rows that still stand."""
        found: dict[tuple[int, str], int] = {}
        for at in range(0, len(ids), IDS_AT_ONCE):
            rows = self._rows().current().filter(pk__in=ids[at : at + IDS_AT_ONCE])
            found |= {(pk, text): sighting for pk, text, sighting in rows.values_list("pk", "text", "sighting_id")}
        return found

    @property
    def _last_id(self) -> int:
        return int(self._places.ids.max(initial=0))

    def _rows(self) -> PlateQuerySet:
        return Plate.objects.of_reader(self.reader)

    def _read_all(self) -> PlateIndex:
        index, self._places = PlateIndex(confusions_of(self.reader)), Places.of([])
        last = -1
        while self._last_id > last:
            last = self._last_id
            self._take(index, self._rows().filter(pk__gt=last).order_by("pk")[:ROWS_AT_ONCE])
        self._compared_at_s = monotonic()
        return index

    def _compare(self, index: PlateIndex, *, above: int = 0) -> None:
        """Make everything with a higher id what the rows are."""
        if not above:
            self._compared_at_s = monotonic()
        known, rows = self._places.above(above), self._rows().filter(pk__gt=above).order_by()
        there = rows.aggregate(count=Count("pk"), total=Sum("pk"))
        if (there["count"], there["total"] or 0) == (len(known), int(known.sum())):
            return  # nothing new and nothing gone: before most searches, so without fetching the ids
        stored = np.fromiter(rows.values_list("pk", flat=True).iterator(ROWS_AT_ONCE), np.int64)
        self._drop(index, np.setdiff1d(known, stored))
        self._add(index, np.setdiff1d(stored, known))

    def _compare_all(self, index: PlateIndex, _stale: NDArray[np.int64]) -> None:
        """For when much was deleted at once."""
        self._compare(index)

    def _read_again(self, index: PlateIndex, stale: NDArray[np.int64]) -> None:
        self._drop(index, stale)
        self._add(index, np.sort(stale))

    def _add(self, index: PlateIndex, ids: NDArray[np.int64]) -> None:
        """Take in the rows of ids, as far as they are there."""
        for at in range(0, len(ids), IDS_AT_ONCE):
            self._take(index, self._rows().filter(pk__in=ids[at : at + IDS_AT_ONCE].tolist()).order_by("pk"))

    def _take(self, index: PlateIndex, rows: PlateQuerySet) -> None:
        # Row by row: many thousand lists of choices at once would keep the garbage collector busy.
        both = [(_place(row), _as_read(row)) for row in rows.values_list(*FIELDS).iterator()]
        places = Places.of(place for place, _read in both)
        # The places first: what the index finds without one counts as out of scope.
        self._places = self._places.joined(places)
        index.add(places.ids.tolist(), [read for _place, read in both])

    def _drop(self, index: PlateIndex, ids: NDArray[np.int64]) -> None:
        if len(ids):
            self._places = self._places.without(ids)
            index.remove(ids.tolist())


@cache
def _stored_plates(reader: str) -> StoredPlates:
    return StoredPlates(reader)


def _place(row: tuple[Any, ...]) -> Place:
    pk, _text, _characters, camera_id, first, last, is_small, is_superseded = row
    return pk, camera_id, first.timestamp(), last.timestamp(), is_small, is_superseded


def _as_read(row: tuple[Any, ...]) -> PlateRead | str:
    """Give the text alone where no other choice is likely enough: of a million reads most are sure."""
    _pk, text, characters, *_place = row
    is_open = any(len(place) > 1 and place[1][1] > LEAST_SHARE * place[0][1] for place in characters)
    return plate_read(text, 1.0, characters) if is_open else text
